"""From a stored file to the target grid: nearest by exact coordinates, kernels by GDAL."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from swath_core.nodata import holds_data, own_nodata

from ._coordinates import (
    Coordinates,
    points_in_source,
    source_coordinates,
)
from ._crs import same_crs, transform_points
from ._files import (
    FileInfo,
    FilePool,
    FileUnreadable,
    RawPixels,
    overview_level,
)
from ._grid import Grid, Window
from ._kernels import Kernels, WarpInput, unused_value
from ._sources import BandSource, FileSource

Array = np.ndarray[Any, Any]

_RADIUS = {"bilinear": 1, "cubic": 2, "cubicspline": 2, "lanczos": 3}
"""Source pixels at full resolution that a kernel reaches on each side; the others: their pixel."""
_EDGE = 1e-10
"""Part of a pixel by which GDAL's nearest moves a centre that falls on a pixel's edge."""
_CACHED_PIXELS = 32_768
"""Pixels that are indexed at a time: few enough to stay in a processor's cache."""
MAX_SOURCE_BYTES = 64 * 2**20
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
    """Return how a file is read for a target grid. Raises FileUnreadable, Unavailable."""
    info = pool.info(file.path)
    if file.declared:
        _check(file, info)
    reach = footprint_window(target, info.grid)
    if reach.empty:
        return FilePlan(file, 0, reach, Reduction(1.0, 1.0, 1.0))
    reduced = reduction(target, info.grid, reach)
    return FilePlan(file, overview_level(info.factors, reduced.least), reach, reduced)


def _check(file: FileSource, info: FileInfo) -> None:
    """Check that a file that the catalog did not write is as described. Raises FileUnreadable."""
    for band, declared in zip(file.bands, file.declared, strict=True):
        if band.index > len(info.dtypes):
            raise FileUnreadable(
                f"the remote file has {len(info.dtypes)} band(s), and none that is number "
                f"{band.index}"
            )
        found = info.dtypes[band.index - 1]
        if not np.can_cast(found, declared):
            raise FileUnreadable(
                f"the remote file's band {band.index} is {found}, which the catalog's band of "
                f"{declared} does not hold"
            )
    if info.block_bytes > MAX_SOURCE_BYTES:
        raise FileUnreadable(
            f"the remote file has blocks of {info.block_bytes} bytes; they may have "
            f"{MAX_SOURCE_BYTES}: no Cloud-Optimized GeoTIFF"
        )


def warp_file(pool: FilePool, plan: FilePlan, target: Grid, window: Window) -> list[BandPixels]:
    """Return a file's bands over a window of the target (empty where it does not reach it).

    ``window`` must lie within the plan's reach. Raises FileUnreadable, Unavailable.
    """
    info = pool.info(plan.file.path)
    indexes = sorted({band.index for band in plan.file.bands})
    source = pool.info(plan.file.path, plan.level).grid
    coordinates = source_coordinates(target, source, window)
    scale = (
        min(1.0, info.grid.width / source.width / plan.reduction.x),
        min(1.0, info.grid.height / source.height / plan.reduction.y),
    )
    needed = _needed(plan.file.bands, coordinates, source, 1.0 / min(scale))
    if needed.empty:
        return []
    size = needed.height * needed.width * len(indexes) * np.dtype(info.dtypes[0]).itemsize
    if size > MAX_SOURCE_BYTES and max(window.height, window.width) > 1:
        return _in_halves(pool, plan, target, window)
    raw = pool.read(plan.file.path, plan.level, indexes, needed, with_mask=info.has_mask)
    bands = [replace(band, nodata=_nodata(band, info.nodata)) for band in plan.file.bands]
    values = [raw.values[indexes.index(band.index)] for band in bands]
    return _Warper(WarpInput(target, source, window, coordinates, raw, scale)).warp(bands, values)


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
    least, most = -margin - 1, size + margin + 1
    low, high = float(values.min()), float(values.max())
    if not (low >= least and high <= most):  # also where some are NaN
        near = values[(values >= least) & (values <= most)]
        if near.size == 0:
            return 0, 0
        low, high = float(near.min()), float(near.max())
    first = max(0, math.floor(low + _EDGE) - margin)
    return min(first, size - 1), max(0, min(size, math.floor(high + _EDGE) + 1 + margin))


class _Warper:
    """The warp of one window of one file."""

    def __init__(self, given: WarpInput) -> None:
        self._input = given
        self._kernels = Kernels(given)

    def warp(self, bands: Sequence[BandSource], values: Sequence[Array]) -> list[BandPixels]:
        """Return the pixels of bands whose source values are given in the same order."""
        groups: dict[tuple[str, float | None], list[int]] = {}
        for number, band in enumerate(bands):
            groups.setdefault((band.resampling, band.nodata), []).append(number)
        found: dict[int, BandPixels] = {}
        for (resampling, nodata), numbers in groups.items():
            group, given = [bands[n] for n in numbers], [values[n] for n in numbers]
            if resampling == "near":
                pixels = self._nearest(group, given, nodata)
            else:
                pixels = self._by_kernel(group, given, nodata)
            found.update(zip(numbers, map(_processed, group, pixels), strict=True))
        return [found[number] for number in range(len(bands))]

    def _nearest(
        self, bands: Sequence[BandSource], values: Sequence[Array], nodata: float | None
    ) -> list[BandPixels]:
        nearest = self._nearest_pixels
        taken = [nearest.take(of_band) for of_band in values]
        return [
            BandPixels(band.position, pixels, nearest.inside, holds_data(pixels, nodata))
            for band, pixels in zip(bands, taken, strict=True)
        ]

    @cached_property
    def _nearest_pixels(self) -> _NearestPixels:
        return _NearestPixels(self._input.coordinates, self._input.source, self._input.raw)

    def _by_kernel(
        self, bands: Sequence[BandSource], values: Sequence[Array], nodata: float | None
    ) -> list[BandPixels]:
        resampling, stack = bands[0].resampling, np.stack(values)
        own = own_nodata(nodata, stack.dtype)
        nodata = None if own is None else own.item()
        missing = self._missing(stack)
        stand_in = nodata
        if missing is not None:
            # GDAL's kernels know one kind of missing pixels: those of one value
            stand_in = unused_value(stack) if nodata is None else nodata
            stack = np.where(missing, np.asarray(stand_in).astype(stack.dtype), stack)
        warped = self._kernels.warp(stack, resampling, stand_in)
        inside = self._kernels.reached(resampling)
        found = []
        for band, pixels in zip(bands, warped, strict=True):
            valid = inside if stand_in is None else holds_data(pixels, stand_in)
            if nodata is None and pixels.dtype.kind == "f":
                pixels[inside & ~valid] = np.nan
            found.append(BandPixels(band.position, pixels, inside, valid))
        return found

    def _missing(self, stack: Array) -> Array | None:
        """Return where the file's mask or a NaN says that there is nothing; None if nowhere."""
        mask = self._input.raw.mask
        missing = None if mask is None else np.broadcast_to(~mask.astype(bool), stack.shape)
        if stack.dtype.kind == "f" and np.isnan(stack).any():
            missing = np.isnan(stack) if missing is None else missing | np.isnan(stack)
        return missing


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


class _NearestPixels:
    """Nearest neighbours: which source pixel each target pixel takes (GDAL's rule, floor)."""

    def __init__(self, coordinates: Coordinates, source: Grid, raw: RawPixels) -> None:
        x, y, window = coordinates.x, coordinates.y, raw.window
        self._take: Callable[[Array], Array]
        if x.shape[0] == 1 and y.shape[1] == 1:
            inside_x, columns = _index(x, source.width, window.column, window.width)
            inside_y, rows = _index(y, source.height, window.row, window.height)
            inside = inside_x & inside_y
            self._take = _RowsAndColumns(_slice_or_index(rows[:, 0]), _slice_or_index(columns[0]))
        else:
            inside, flat = _flat_index(coordinates, source, window)
            self._take = partial(np.take, indices=flat)
        self._all = bool(inside.all())
        self.inside = inside if raw.mask is None else inside & self._take(raw.mask)

    def take(self, values: Array) -> Array:
        taken = self._take(values)
        return taken if self._all else np.where(self.inside, taken, values.dtype.type(0))


@dataclass(frozen=True, slots=True)
class _RowsAndColumns:
    """Whole rows and columns of a window: what a target parallel to the source takes."""

    rows: slice | Array
    columns: slice | Array

    def __call__(self, values: Array) -> Array:
        return values[self.rows][:, self.columns]


def _flat_index(coordinates: Coordinates, source: Grid, window: Window) -> tuple[Array, Array]:
    """Return where the source reaches, and each pixel's place in the flat window that was read."""
    x, y = coordinates.x, coordinates.y
    inside, flat = np.empty(x.shape, bool), np.empty(x.shape, np.intp)
    height = max(1, _CACHED_PIXELS // x.shape[1])
    for row in range(0, x.shape[0], height):
        strip = slice(row, row + height)
        inside_x, columns = _index(x[strip], source.width, window.column, window.width)
        inside_y, rows = _index(y[strip], source.height, window.row, window.height)
        np.logical_and(inside_x, inside_y, out=inside[strip])
        np.multiply(rows, window.width, out=rows)
        np.add(rows, columns, out=flat[strip])
    return inside, flat


def _index(at: Array, size: int, start: int, count: int) -> tuple[Array, Array]:
    """Return which coordinates lie in the source, and their pixels counted from the window's."""
    inside = (at >= 0) & (at + _EDGE <= size)
    moved = np.where(inside, at, start)
    moved += _EDGE
    index = moved.astype(np.intp)  # rounds towards zero: floor, as nothing is negative
    index -= start
    return inside, np.clip(index, 0, count - 1, out=index)


def _slice_or_index(index: Array) -> slice | Array:
    """Return a slice where indexes advance evenly: a view instead of a gather."""
    if index.size < 2:  # noqa: PLR2004 - nothing to compare
        return index
    step = int(index[1] - index[0])
    if step > 0 and bool((np.diff(index) == step).all()):
        return slice(int(index[0]), int(index[-1]) + 1, step)
    return index
