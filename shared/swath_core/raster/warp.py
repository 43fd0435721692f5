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
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

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
TOLERANCE = 1e-4
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


@dataclass(frozen=True, slots=True)
class Reduction:
    """How many source pixels a target pixel spans: along the source's rows and columns.

    ``least`` is the span in the target's direction that spans fewer: what an overview may take.
    """

    x: float
    y: float
    least: float


def reduction(target: Grid, source: Grid, window: Window) -> Reduction:
    """Return the reduction of a source on a target.

    The median over a lattice of points of the window: one figure for the whole image, so that all
    strips of a raster are read from one overview and with one width of kernel.
    """
    columns, rows = np.meshgrid(
        window.column + np.linspace(0.0, window.width - 1.0, 5),
        window.row + np.linspace(0.0, window.height - 1.0, 5),
    )
    here = points_in_source(target, source, columns, rows)
    east = points_in_source(target, source, columns + 1, rows)
    south = points_in_source(target, source, columns, rows + 1)
    x_east, y_east = east.x - here.x, east.y - here.y
    x_south, y_south = south.x - here.x, south.y - here.y
    least = np.minimum(np.hypot(x_east, y_east), np.hypot(x_south, y_south))
    return Reduction(
        _median(np.hypot(x_east, x_south)), _median(np.hypot(y_east, y_south)), _median(least)
    )


def _median(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else 1.0


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file of one image over the whole target: where it can reach, which level is read.

    ``reduction`` is that of the file itself, not of the overview.
    """

    file: FileSource
    level: int
    reach: Window
    reduction: Reduction


def plan_file(pool: FilePool, file: FileSource, target: Grid) -> FilePlan:
    """Return how a file is read for a target grid. Raises FileUnreadable."""
    info = pool.info(file.path)
    reach = footprint_window(target, info.grid)
    if reach.empty:
        return FilePlan(file, 0, reach, Reduction(1.0, 1.0, 1.0))
    reduced = reduction(target, info.grid, reach)
    return FilePlan(file, overview_level(info.factors, reduced.least), reach, reduced)


def warp_file(pool: FilePool, plan: FilePlan, target: Grid, window: Window) -> list[BandPixels]:
    """Return a file's bands over a window of the target (empty where it does not reach it).

    ``window`` must lie within the plan's reach. Raises FileUnreadable.
    """
    info = pool.info(plan.file.path)
    indexes = sorted({band.index for band in plan.file.bands})
    with pool.borrow(plan.file.path, plan.level) as dataset:
        source = dataset_grid(dataset) if plan.level else info.grid
        coordinates = source_coordinates(target, source, window)
        scale = (
            min(1.0, info.grid.width / source.width / plan.reduction.x),
            min(1.0, info.grid.height / source.height / plan.reduction.y),
        )
        needed = _needed(plan.file.bands, coordinates, source, 1.0 / min(scale))
        if needed.empty:
            return []
        size = needed.height * needed.width * len(indexes) * np.dtype(info.dtypes[0]).itemsize
        too_large = size > MAX_SOURCE_BYTES and max(window.height, window.width) > 1
        if not too_large:
            raw = read_window(dataset, indexes, needed, with_mask=info.has_mask)
    if too_large:
        return _in_halves(pool, plan, target, window)
    warper = _Warper(_Case(target, source, window, coordinates, raw, scale))
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


def _needed(
    bands: Sequence[BandSource], coordinates: Coordinates, source: Grid, reduced: float
) -> Window:
    """Return the window of the source that the pixels with these centres are computed from."""
    margin = max(_margin(band.resampling, coordinates, reduced) for band in bands)
    left, right = _span(coordinates.x, margin, source.width)
    top, bottom = _span(coordinates.y, margin, source.height)
    return Window(top, left, bottom - top, right - left)


def _margin(resampling: str, coordinates: Coordinates, reduced: float) -> int:
    if resampling == "near":
        return 0
    # a kernel widens with the reduction; steps between neighbours bound it in either direction
    widest = max(
        reduced,
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


@dataclass(frozen=True, slots=True)
class _Case:
    """One window of one file to be warped; ``scale`` is target pixels per source pixel, x and y."""

    target: Grid
    source: Grid
    window: Window
    coordinates: Coordinates
    raw: RawPixels
    scale: tuple[float, float]


class _Warper:
    """The warp of one window of one file, band by band."""

    def __init__(self, case: _Case) -> None:
        self._case = case
        self._picker: _Picker | None = None

    def warp(self, band: BandSource, values: Array, nodata: float | None) -> BandPixels:
        if band.resampling == "near":
            pixels = self._nearest(band, values, nodata)
        else:
            pixels = self._kernel(band, values, nodata)
        return _processed(band, pixels)

    def _nearest(self, band: BandSource, values: Array, nodata: float | None) -> BandPixels:
        case = self._case
        if self._picker is None:
            self._picker = _Picker(case.coordinates, case.source, case.raw)
        picked = self._picker.pick(values)
        inside = self._picker.inside
        return BandPixels(band.position, picked, inside, is_data(picked, nodata))

    def _kernel(self, band: BandSource, values: Array, nodata: float | None) -> BandPixels:
        case = self._case
        mask = case.raw.mask
        present = np.ones(values.shape, np.uint8) if mask is None else mask.astype(np.uint8)
        if mask is not None:
            nodata = unused_value(values) if nodata is None else nodata
            values = np.where(mask, values, np.asarray(nodata).astype(values.dtype))
        size = (case.window.height, case.window.width)
        inside, warped = np.zeros(size, bool), np.zeros(size, values.dtype)
        for turn in _turns(case.target, case.source):
            reached = self._reproject(present, band.resampling, 0, turn) > 0
            np.copyto(warped, self._reproject(values, band.resampling, nodata, turn), where=reached)
            inside |= reached
        valid = inside if nodata is None else is_data(warped, nodata)
        return BandPixels(band.position, warped, inside, valid)

    def _reproject(
        self, values: Array, resampling: str, nodata: float | None, turn: Affine
    ) -> Array:
        """Return GDAL's warp of a source array, through an uncompressed TIFF in memory."""
        case, window, raw = self._case, self._case.window, self._case.raw.window
        height, width = values.shape
        with MemoryFile() as memory:
            with memory.open(
                driver="GTiff",
                count=1,
                height=height,
                width=width,
                dtype=values.dtype,
                crs=_gdal_crs(case.source.crs),
                transform=turn @ case.source.transform @ Affine.translation(raw.column, raw.row),
            ) as written:
                written.write(values, 1)
            with (
                memory.open() as dataset,
                WarpedVRT(
                    dataset,
                    crs=_gdal_crs(case.target.crs),
                    transform=case.target.transform @ Affine.translation(window.column, window.row),
                    width=window.width,
                    height=window.height,
                    src_nodata=nodata,
                    nodata=nodata,
                    resampling=_RESAMPLING[resampling],
                    tolerance=TOLERANCE,
                    XSCALE=case.scale[0],
                    YSCALE=case.scale[1],
                ) as warped,
            ):
                pixels: Array = warped.read(1)
                return pixels


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
    return np.asarray(values != own)


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
