"""From a stored file to the target grid: nearest by exact coordinates, kernels by GDAL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from affine import Affine
from pyproj import CRS
from rasterio.crs import CRS as GDAL_CRS
from rasterio.enums import Resampling
from rasterio.warp import reproject

from swath_core.raster.coordinates import (
    Coordinates,
    points_in_source,
    source_coordinates,
)
from swath_core.raster.crs import same_crs, transform_points
from swath_core.raster.files import (
    FilePool,
    RawPixels,
    dataset_grid,
    overview_level,
    read_window,
)
from swath_core.raster.grid import Grid, Window
from swath_core.raster.sources import BandSource, FileSource

Array = np.ndarray[Any, Any]

_RESAMPLING = {
    "near": Resampling.nearest,
    "bilinear": Resampling.bilinear,
    "cubic": Resampling.cubic,
    "cubicspline": Resampling.cubic_spline,
    "lanczos": Resampling.lanczos,
    "average": Resampling.average,
    "mode": Resampling.mode,
    "max": Resampling.max,
    "min": Resampling.min,
    "med": Resampling.med,
    "q1": Resampling.q1,
    "q3": Resampling.q3,
}
_RADIUS = {"bilinear": 1, "cubic": 2, "cubicspline": 2, "lanczos": 3}
"""Source pixels at full resolution that a kernel reaches on each side; the others: their pixel."""
TOLERANCE = 1e-3
"""Pixels of the source that GDAL's scanline approximation may be off by (GDAL's default: 0.125)."""
_EDGE = 1e-10
"""Part of a pixel by which GDAL's nearest moves a centre that falls on a pixel's edge."""
MAX_SOURCE_BYTES = 192 * 2**20
"""Source pixels that one warp holds at once; beyond it the window is halved."""


@dataclass(frozen=True, slots=True)
class BandPixels:
    """One band over a window of the target.

    ``inside`` is False where the file does not reach; ``valid`` False where it holds nodata.
    """

    position: int
    values: Array
    inside: Array
    valid: Array


def footprint_window(target: Grid, source: Grid) -> Window:
    """Return the window of the target that the source can touch (never less, often a bit more)."""
    columns, rows = _lattice(source)
    x, y = source.ground(columns, rows)
    if not same_crs(source.crs, target.crs):
        x, y = transform_points(source.crs, target.crs, x, y)
        if np.isnan(x).any():
            return target.window
    there_x, there_y = target.pixels(target.nearest_turn(x), y)
    left, right = _reach(there_x, target.width)
    top, bottom = _reach(there_y, target.height)
    return Window(top, left, bottom - top, right - left)


def _lattice(source: Grid, points: int = 33) -> tuple[Array, Array]:
    columns, rows = np.meshgrid(
        np.linspace(0.0, source.width, points), np.linspace(0.0, source.height, points)
    )
    return columns.ravel(), rows.ravel()


def _reach(values: Array, size: int) -> tuple[int, int]:
    """Return the first and the last-but-one pixel of a range, with what edges may bulge between."""
    low, high = float(values.min()), float(values.max())
    margin = 2.0 + (high - low) / 64
    return (
        max(0, min(size, math.floor(low - margin))),
        max(0, min(size, math.ceil(high + margin))),
    )


def reduction(target: Grid, source: Grid, window: Window) -> float:
    """Return how many source pixels a target pixel spans, in the direction that it spans fewer.

    The median over a lattice of points of the window: one figure for the whole image, so that
    all strips of a raster are read from one overview.
    """
    columns, rows = np.meshgrid(
        window.column + np.linspace(0.0, window.width - 1.0, 5),
        window.row + np.linspace(0.0, window.height - 1.0, 5),
    )
    here = points_in_source(target, source, columns, rows)
    east = points_in_source(target, source, columns + 1, rows)
    south = points_in_source(target, source, columns, rows + 1)
    spans = np.minimum(
        np.hypot(east.x - here.x, east.y - here.y), np.hypot(south.x - here.x, south.y - here.y)
    )
    return float(np.nanmedian(spans)) if np.isfinite(spans).any() else 1.0


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file of one image over the whole target: where it can reach and which level is read."""

    file: FileSource
    level: int
    reach: Window


def plan_file(pool: FilePool, file: FileSource, target: Grid) -> FilePlan:
    """Return how a file is read for a target grid. Raises FileUnreadable."""
    info = pool.info(file.path)
    reach = footprint_window(target, info.grid)
    if reach.empty:
        return FilePlan(file, 0, reach)
    ratio = reduction(target, info.grid, reach)
    return FilePlan(file, overview_level(info.factors, ratio), reach)


def warp_file(pool: FilePool, plan: FilePlan, target: Grid, window: Window) -> list[BandPixels]:
    """Return a file's bands over a window of the target (empty where it does not reach it).

    ``window`` must lie within the plan's reach. Raises FileUnreadable.
    """
    info = pool.info(plan.file.path)
    indexes = sorted({band.index for band in plan.file.bands})
    with pool.borrow(plan.file.path, plan.level) as dataset:
        source = dataset_grid(dataset) if plan.level else info.grid
        coordinates = source_coordinates(target, source, window)
        needed = _needed(plan.file.bands, coordinates, source)
        if needed.empty:
            return []
        size = needed.height * needed.width * len(indexes) * np.dtype(info.dtypes[0]).itemsize
        too_large = size > MAX_SOURCE_BYTES and max(window.height, window.width) > 1
        if not too_large:
            raw = read_window(dataset, indexes, needed, with_mask=info.has_mask)
    if too_large:
        return _in_halves(pool, plan, target, window)
    warper = _Warper(target, source, window, coordinates, raw)
    return [
        warper.warp(band, raw.values[indexes.index(band.index)], _nodata(band, info.nodata))
        for band in plan.file.bands
    ]


def _nodata(band: BandSource, of_file: Sequence[float | None]) -> float | None:
    return band.nodata if band.nodata is not None else of_file[band.index - 1]


def _in_halves(pool: FilePool, plan: FilePlan, target: Grid, window: Window) -> list[BandPixels]:
    tall = window.height >= window.width
    half = (window.height if tall else window.width) // 2
    if tall:
        first = Window(window.row, window.column, half, window.width)
        second = Window(window.row + half, window.column, window.height - half, window.width)
    else:
        first = Window(window.row, window.column, window.height, half)
        second = Window(window.row, window.column + half, window.height, window.width - half)
    parts = [(part, warp_file(pool, plan, target, part)) for part in (first, second)]
    return _joined(window, parts)


def _joined(window: Window, parts: Sequence[tuple[Window, list[BandPixels]]]) -> list[BandPixels]:
    whole: dict[int, BandPixels] = {}
    for part, bands in parts:
        cut = part.within(window)
        for band in bands:
            shape = (window.height, window.width)
            joined = whole.setdefault(
                band.position,
                BandPixels(
                    band.position,
                    np.zeros(shape, band.values.dtype),
                    np.zeros(shape, bool),
                    np.zeros(shape, bool),
                ),
            )
            joined.values[cut], joined.inside[cut] = band.values, band.inside
            joined.valid[cut] = band.valid
    return list(whole.values())


def _needed(bands: Sequence[BandSource], coordinates: Coordinates, source: Grid) -> Window:
    """Return the window of the source that the pixels with these centres are computed from."""
    margin = max(_margin(band.resampling, coordinates) for band in bands)
    left, right = _span(coordinates.x, margin, source.width)
    top, bottom = _span(coordinates.y, margin, source.height)
    return Window(top, left, bottom - top, right - left)


def _margin(resampling: str, coordinates: Coordinates) -> int:
    if resampling == "near":
        return 0
    # a kernel widens with the reduction; steps between neighbours bound it in either direction
    widest = max(
        1.0,
        *(
            _widest_step(values, axis)
            for values in (coordinates.x, coordinates.y)
            for axis in (0, 1)
        ),
    )
    return math.ceil((_RADIUS.get(resampling, 0) + 1) * widest) + 2


def _widest_step(values: Array, axis: int) -> float:
    if values.shape[axis] < 2:  # noqa: PLR2004 - no neighbours
        return 0.0
    steps = np.abs(np.diff(values, axis=axis))
    finite = steps[np.isfinite(steps)]
    return float(finite.max()) if finite.size else 0.0


def _span(values: Array, margin: int, size: int) -> tuple[int, int]:
    near = values[(values >= -margin - 1) & (values <= size + margin + 1)]
    if near.size == 0:
        return 0, 0
    low, high = float(near.min()), float(near.max())
    first = max(0, math.floor(low + _EDGE) - margin)
    return min(first, size - 1), max(0, min(size, math.floor(high + _EDGE) + 1 + margin))


class _Warper:
    """The warp of one window of one file, band by band."""

    def __init__(
        self,
        target: Grid,
        source: Grid,
        window: Window,
        coordinates: Coordinates,
        raw: RawPixels,
    ) -> None:
        self._target, self._source, self._window = target, source, window
        self._coordinates, self._raw = coordinates, raw
        self._picker: _Picker | None = None

    def warp(self, band: BandSource, values: Array, nodata: float | None) -> BandPixels:
        if band.resampling == "near":
            pixels = self._nearest(band, values, nodata)
        else:
            pixels = self._kernel(band, values, nodata)
        return _processed(band, pixels)

    def _nearest(self, band: BandSource, values: Array, nodata: float | None) -> BandPixels:
        if self._picker is None:
            self._picker = _Picker(self._coordinates, self._source, self._raw)
        picked = self._picker.pick(values)
        inside = self._picker.inside
        return BandPixels(band.position, picked, inside, is_data(picked, nodata))

    def _kernel(self, band: BandSource, values: Array, nodata: float | None) -> BandPixels:
        raw = self._raw
        present = np.ones(values.shape, np.uint8) if raw.mask is None else raw.mask.astype(np.uint8)
        inside = self._reproject(present, band.resampling, 0) > 0
        if nodata is None and raw.mask is None:
            warped = self._reproject(values, band.resampling, None)
            return BandPixels(band.position, warped, inside, inside)
        fill = nodata if nodata is not None else unused_value(values)
        if raw.mask is not None:
            values = np.where(raw.mask, values, np.asarray(fill).astype(values.dtype))
        warped = self._reproject(values, band.resampling, fill)
        return BandPixels(band.position, warped, inside, is_data(warped, fill))

    def _reproject(self, values: Array, resampling: str, nodata: float | None) -> Array:
        window, raw = self._window, self._raw.window
        out = np.full((window.height, window.width), 0 if nodata is None else nodata, values.dtype)
        for turn in _turns(self._target, self._source):
            reproject(
                np.ascontiguousarray(values),
                out,
                src_transform=turn
                @ self._source.transform
                @ Affine.translation(raw.column, raw.row),
                src_crs=_gdal_crs(self._source.crs),
                src_nodata=nodata,
                dst_transform=self._target.transform
                @ Affine.translation(window.column, window.row),
                dst_crs=_gdal_crs(self._target.crs),
                dst_nodata=nodata,
                resampling=_RESAMPLING[resampling],
                tolerance=TOLERANCE,
                init_dest_nodata=False,
            )
        return out


def unused_value(values: Array) -> float:
    """Return a value of the array's type that the array does not hold: a stand-in for nodata."""
    if values.dtype.kind == "f":
        return float(np.finfo(values.dtype).min)
    limits = np.iinfo(values.dtype)
    for candidate in range(limits.max, limits.min - 1, -1):
        if not (values == candidate).any():
            return float(candidate)
    return 0.0  # an 8-bit window that holds all values


def _turns(target: Grid, source: Grid) -> list[Affine]:
    """Return the shifts by whole turns at which a geographic source can meet the target."""
    if not source.crs.is_geographic:
        return [Affine.identity()]
    left, _, right, _ = source.bounds
    low, high = -180.0, 180.0
    if target.crs.is_geographic:
        low, _, high, _ = target.bounds
    return [
        Affine.translation(turn, 0)
        for turn in (0.0, -360.0, 360.0)
        if left + turn < high and right + turn > low
    ] or [Affine.identity()]


@lru_cache(maxsize=256)
def _gdal_crs(crs: CRS) -> GDAL_CRS:
    code = crs.to_epsg(min_confidence=100)
    return GDAL_CRS.from_epsg(code) if code else GDAL_CRS.from_wkt(crs.to_wkt())


def is_data(values: Array, nodata: float | None) -> Array:
    """Return where values are not the nodata value, compared in the values' own type."""
    if nodata is None:
        return np.ones(values.shape, bool)
    if math.isnan(nodata):
        return ~np.isnan(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
    with np.errstate(over="ignore"):
        own = np.asarray(nodata, np.float64).astype(values.dtype)
    if values.dtype.kind != "f" and float(own) != nodata:
        return np.ones(values.shape, bool)
    return np.not_equal(values, own)


def _processed(band: BandSource, pixels: BandPixels) -> BandPixels:
    if not band.steps:
        return pixels
    values = pixels.values.astype(np.float64)
    computed = values
    for step in band.steps:
        computed = step.apply(computed)
    return BandPixels(
        pixels.position, np.where(pixels.valid, computed, values), pixels.inside, pixels.valid
    )


class _Picker:
    """Nearest neighbours: which source pixel each target pixel takes (GDAL's rule, floor)."""

    def __init__(self, coordinates: Coordinates, source: Grid, raw: RawPixels) -> None:
        x, y, window = coordinates.x, coordinates.y, raw.window
        inside_x = (x >= 0) & (x + _EDGE <= source.width)
        inside_y = (y >= 0) & (y + _EDGE <= source.height)
        self._columns = _index(x, inside_x, window.column, window.width)
        self._rows = _index(y, inside_y, window.row, window.height)
        self._separable = x.shape[0] == 1 and y.shape[1] == 1
        self._flat: Array | None = None
        inside = inside_x & inside_y
        self._all = bool(inside.all())
        self.inside = inside
        if raw.mask is not None:
            self.inside = inside & self._take(raw.mask)

    def pick(self, values: Array) -> Array:
        picked = self._take(values)
        return picked if self._all else np.where(self.inside, picked, values.dtype.type(0))

    def _take(self, values: Array) -> Array:
        if self._separable:
            return values[_slice_or_index(self._rows[:, 0])][:, _slice_or_index(self._columns[0])]
        if self._flat is None:
            self._flat = self._rows * values.shape[1] + self._columns
        return np.take(values, self._flat)


def _index(at: Array, inside: Array, start: int, count: int) -> Array:
    index = np.floor(np.where(inside, at, start) + _EDGE).astype(np.intp) - start
    return np.clip(index, 0, count - 1, out=index)


def _slice_or_index(index: Array) -> slice | Array:
    """Return a slice where indexes advance evenly: a view instead of a gather."""
    if index.size < 2:  # noqa: PLR2004 - nothing to compare
        return index
    step = int(index[1] - index[0])
    if step > 0 and bool((np.diff(index) == step).all()):
        return slice(int(index[0]), int(index[-1]) + 1, step)
    return index
