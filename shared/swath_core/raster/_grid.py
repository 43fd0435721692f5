"""The target grid of a raster: CRS, geotransform, size, and the rules that choose them.

The size rules are those of the contract: ``round(extent / resolution)`` pixels of exactly the
asked resolution from the upper left corner, or exactly ``outsize`` pixels over the bounds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from pyproj import CRS

from swath_core.errors import BadRequest

from ._crs import parse_crs, same_crs, transform_bounds, transform_points
from ._request import MAX_COORDINATE, Bounds, RasterRequest

Floats = np.ndarray[Any, np.dtype[np.float64]]

MAX_SIDE = 100_000
MAX_VALUES = 1_200_000_000
"""Pixels times bands of one request: what a function computes and writes well within its time."""
TILING_ADVICE = (
    "Ask for it in tiles (split outputBounds, keep srs, resolution and targetAlignedPixels: the "
    "tiles then fit together), at a coarser resolution or in fewer bands"
)
HALF_TURN = 180.0
SMALLEST_PIXEL = 1e-13
"""Part of the coordinates' own size: about a thousand times the spacing of float64."""
SNAP = 1e-8
"""Part of a pixel that a bound may miss a multiple of the resolution by (GDAL's own for -tap)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of whole pixels: first row and column, height and width."""

    row: int
    column: int
    height: int
    width: int

    @property
    def empty(self) -> bool:
        """Whether the window holds no pixel."""
        return self.height <= 0 or self.width <= 0

    def intersection(self, other: Window) -> Window:
        """Return what both windows share (empty where they do not meet)."""
        row, column = max(self.row, other.row), max(self.column, other.column)
        bottom = min(self.row + self.height, other.row + other.height)
        right = min(self.column + self.width, other.column + other.width)
        return Window(row, column, max(0, bottom - row), max(0, right - column))

    def within(self, outer: Window) -> tuple[slice, slice]:
        """Return the slices that cut this window out of an array that holds ``outer``."""
        row, column = self.row - outer.row, self.column - outer.column
        return slice(row, row + self.height), slice(column, column + self.width)


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixels on the ground: ``transform`` takes (column, row) to the CRS's units."""

    crs: CRS
    transform: Affine
    width: int
    height: int

    @property
    def bounds(self) -> Bounds:
        """The box around the grid in its CRS: left, bottom, right, top."""
        corners = [
            self.transform @ corner
            for corner in ((0, 0), (self.width, 0), (self.width, self.height), (0, self.height))
        ]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return min(xs), min(ys), max(xs), max(ys)

    def ground(self, columns: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Return the places of pixel coordinates (0, 0 is the upper left corner)."""
        t = self.transform
        return t.a * columns + t.b * rows + t.c, t.d * columns + t.e * rows + t.f

    def pixels(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the pixel coordinates (columns, rows) of places in the CRS."""
        t = ~self.transform
        return t.a * x + t.b * y + t.c, t.d * x + t.e * y + t.f

    def nearest_turn(self, x: Floats) -> Floats:
        """Return longitudes moved by whole turns to within half a turn of the grid's centre.

        Only those further away are touched; in a projected CRS, none.
        """
        if not self.crs.is_geographic:
            return x
        left, _, right, _ = self.bounds
        centre = (left + right) / 2
        turned = centre + np.mod(x - centre + HALF_TURN, 2 * HALF_TURN) - HALF_TURN
        return np.where(np.abs(x - centre) > HALF_TURN, turned, x)

    @property
    def window(self) -> Window:
        """The whole grid as a window."""
        return Window(0, 0, self.height, self.width)

    @property
    def resolution(self) -> tuple[float, float]:
        """Width and height of a pixel in the CRS's units."""
        t = self.transform
        return math.hypot(t.a, t.d), math.hypot(t.b, t.e)

    @property
    def upright(self) -> bool:
        """Whether rows run east and columns south, without rotation."""
        t = self.transform
        return t.b == 0 and t.d == 0 and t.a > 0 > t.e


def target_grid(request: RasterRequest, sources: Sequence[Grid], band_count: int) -> Grid:
    """Return the grid that a request asks for over images with the given native grids.

    Raises BadRequest where bounds, resolution and size do not make a grid, or one too large.
    """
    first = sources[0]
    crs = first.crs if request.crs is None else parse_crs(request.crs, "srs")
    if request.is_native and len(sources) == 1 and same_crs(crs, first.crs) and first.upright:
        grid = first
    else:
        grid = _grid_over(request, crs, _bounds(request, crs, sources), first)
    _refuse_excess(grid, band_count)
    return grid


def _bounds(request: RasterRequest, crs: CRS, sources: Sequence[Grid]) -> Bounds:
    if request.bounds is None:
        return _union(crs, sources)
    bounds_crs = (
        crs if request.bounds_crs is None else parse_crs(request.bounds_crs, "outputBoundsSRS")
    )
    left, bottom, right, top = request.bounds
    if bounds_crs.is_geographic and right < left:
        right += 360.0  # a box across the antimeridian
    if not (left < right and bottom < top):
        raise BadRequest(
            f"outputBounds is {list(request.bounds)}; it must be [min x, min y, max x, max y] "
            "with min x < max x and min y < max y",
            parameter="outputBounds",
        )
    if same_crs(bounds_crs, crs):
        return left, bottom, right, top
    try:
        return transform_bounds(bounds_crs, crs, (left, bottom, right, top))
    except ValueError as error:
        raise BadRequest(f"outputBounds: {error}", parameter="outputBounds") from error


def _union(crs: CRS, sources: Sequence[Grid]) -> Bounds:
    boxes = [_extent(crs, source) for source in sources]
    if crs.is_geographic:
        centre = (boxes[0][0] + boxes[0][2]) / 2
        boxes = [_nearest_turn(box, centre) for box in boxes]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _nearest_turn(box: Bounds, centre: float) -> Bounds:
    shift = 360.0 * round((centre - (box[0] + box[2]) / 2) / 360.0)
    return box[0] + shift, box[1], box[2] + shift, box[3]


def _extent(crs: CRS, source: Grid) -> Bounds:
    if same_crs(source.crs, crs):
        return source.bounds
    try:
        return transform_bounds(source.crs, crs, source.bounds)
    except ValueError as error:
        raise BadRequest(f"srs: {error}; give outputBounds", parameter="srs") from error


def _grid_over(request: RasterRequest, crs: CRS, bounds: Bounds, first: Grid) -> Grid:
    left, bottom, right, top = bounds
    if request.size is not None:
        width, height = request.size
        x_size, y_size = (right - left) / width, (top - bottom) / height
        _check_pixel(bounds, x_size, y_size)
        return Grid(crs, Affine(x_size, 0, left, 0, -y_size, top), width, height)
    if request.resolution is not None:
        x_size = y_size = request.resolution
    else:
        x_size, y_size = _native_resolution(crs, first)
    _check_pixel(bounds, x_size, y_size)
    if request.align:
        left, bottom, right, top = _snap(bounds, x_size, y_size)
    width, height = _count(right - left, x_size), _count(top - bottom, y_size)
    return Grid(crs, Affine(x_size, 0, left, 0, -y_size, top), width, height)


def _check_pixel(bounds: Bounds, x_size: float, y_size: float) -> None:
    """Raise BadRequest where float64 cannot tell a pixel's edges (with room to interpolate)."""
    largest = max(map(abs, bounds))
    if min(x_size, y_size) < max(largest * SMALLEST_PIXEL, 1 / MAX_COORDINATE):
        raise BadRequest(
            f"a pixel would be {x_size:g} x {y_size:g} units of srs wide, at coordinates of up to "
            f"{largest:g}: too small for the precision of coordinates",
            parameter="outputBounds",
        )


def _snap(bounds: Bounds, x_size: float, y_size: float) -> Bounds:
    left, bottom, right, top = bounds
    return (
        math.floor(left / x_size + SNAP) * x_size,
        math.floor(bottom / y_size + SNAP) * y_size,
        math.ceil(right / x_size - SNAP) * x_size,
        math.ceil(top / y_size - SNAP) * y_size,
    )


def _count(extent: float, resolution: float) -> int:
    count = extent / resolution
    if not count < MAX_SIDE * 10:
        raise _too_large(f"{extent:g} / {resolution:g} pixels on a side")
    return max(1, math.floor(count + 0.5))


def _native_resolution(crs: CRS, first: Grid) -> tuple[float, float]:
    """Return the pixel size that keeps the pixels along the diagonal, as GDAL's warp does."""
    if same_crs(crs, first.crs):
        return first.resolution
    corners = np.array([first.transform @ (0, 0), first.transform @ (first.width, first.height)])
    x, y = transform_points(first.crs, crs, corners[:, 0], corners[:, 1])
    size = math.hypot(x[1] - x[0], y[1] - y[0]) / math.hypot(first.width, first.height)
    if not (math.isfinite(size) and size > 0):
        raise BadRequest(
            "the image has no natural resolution in this srs; give resolution or outsize",
            parameter="resolution",
        )
    return size, size


def _refuse_excess(grid: Grid, band_count: int) -> None:
    if max(grid.width, grid.height) > MAX_SIDE:
        raise _too_large(f"{grid.width} x {grid.height} pixels")
    if grid.width * grid.height * band_count > MAX_VALUES:
        raise _too_large(f"{grid.width} x {grid.height} pixels in {band_count} bands")


def _too_large(what: str) -> BadRequest:
    return BadRequest(
        f"the result would be {what}; one request gives at most {MAX_SIDE} pixels on a side and "
        f"{MAX_VALUES} values. {TILING_ADVICE}",
        parameter="outputBounds",
    )
