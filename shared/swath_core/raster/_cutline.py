"""The cutline: GeoJSON or WKT in WGS84, as a mask on the target grid."""

from __future__ import annotations

import json
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
import shapely
from affine import Affine
from rasterio.features import geometry_mask
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from swath_core.errors import BadRequest
from swath_core.geo import Parts, merged, parse_geometry, polygons_of, repaired, to_geojson

from ._crs import WGS84, transform_bounds, transform_points
from ._grid import Grid, Window
from ._request import Bounds

MAX_VERTICES = 50_000
AREA = 2
SHORTEST_EDGE = 1e-11
EDGE_PARTS = 128
"""Longest piece of a cutline's edge, as a part of the cutline's extent, before reprojection."""
MAX_PARTS = (100_000, 300_000)
"""Pieces of the edges of one polygon, and of all: what is reprojected in a third of a second."""
MAX_ACROSS = 2_000
"""Edges that may cross one row or column of pixels: what it costs to cut polygons to a window grows
with the square of the edges that cross its sides."""
ROWS_AT_ONCE = 256
"""GDAL looks at every edge for every row: few rows at a time, and the edges that are near them."""
MARGIN = 2
"""Pixels around those rows beyond which edges are cut off."""

Places = np.ndarray[Any, np.dtype[np.float64]]
Shapes = np.ndarray[Any, np.dtype[np.object_]]

# rasterio silences a warning while it burns, in a way that other threads undo
_burning = Lock()


class Cutline:
    """The polygons of a cutline in the target's CRS, rasterised window by window."""

    def __init__(self, text: str, target: Grid, *, all_touched: bool = False) -> None:
        self._target = target
        self._all_touched = all_touched
        self._shapes = _shapes(parse_cutline(text), target)
        _check_across(self._shapes, target)

    def inside(self, window: Window) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return where the pixels of a window lie inside: their centres, or any part of them."""
        inside = np.zeros((window.height, window.width), bool)
        for row in range(0, window.height, ROWS_AT_ONCE):
            height = min(ROWS_AT_ONCE, window.height - row)
            part = Window(window.row + row, window.column, height, window.width)
            self._burn(part, inside[row : row + height])
        return inside

    def _burn(self, window: Window, inside: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        transform = self._target.transform @ Affine.translation(window.column, window.row)
        left, top = transform @ (-MARGIN, -MARGIN)
        right, bottom = transform @ (window.width + MARGIN, window.height + MARGIN)
        near = _areas(shapely.clip_by_rect(self._shapes, left, bottom, right, top))
        if near.size:
            shapes = [to_geojson(shape) for shape in near]
            with _burning:
                inside[:] = geometry_mask(
                    shapes, inside.shape, transform, all_touched=self._all_touched, invert=True
                )


def parse_cutline(text: str) -> BaseGeometry:
    """Return the polygons of a cutline's text: WKT, GeoJSON or anything with a ``geometry``.

    Longitudes stay as they are, up to 540 degrees. Raises BadRequest with what is wrong.
    """
    try:
        parts = parse_geometry(_geometry(text))
        _check(parts)
        valid = repaired(polygons_of(parts.polygons))
        pieces = [piece for polygons in valid for piece in polygons]
    except (ValueError, RecursionError, shapely.errors.ShapelyError) as error:
        reason = " ".join(str(error).split())[:300]
        raise BadRequest(
            f"shape is no GeoJSON or WKT of an area in longitude and latitude: {reason}",
            parameter="shape",
        ) from error
    if not pieces:
        raise BadRequest(
            "shape has no area; it must be a Polygon or MultiPolygon", parameter="shape"
        )
    return merged(pieces)


def _geometry(text: str) -> object:
    """Return what :func:`parse_geometry` takes: features and geometries need not say their type."""
    if not text.lstrip().startswith("{"):
        return text
    return _typed(json.loads(text))


def _typed(value: object) -> object:
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("features"), list):
        members = [_typed(feature) for feature in value["features"]]
        return {"type": "GeometryCollection", "geometries": members}
    return _typed(value["geometry"]) if isinstance(value.get("geometry"), dict) else value


def _check(parts: Parts) -> None:
    if parts.vertices() > MAX_VERTICES:
        message = f"it has {parts.vertices()} positions; at most {MAX_VERTICES} are read"
        raise ValueError(message)


def _shapes(geometry: BaseGeometry, target: Grid) -> Shapes:
    """Return the polygons of a cutline that can meet the target, in its CRS.

    The cutline is first cut to the target's surroundings, because a vertex on the other side of
    the world may have no image in the target's CRS, and taken a turn east and west of where it is,
    because either may lie across the antimeridian.
    """
    near = _surroundings(target)
    turns = [affinity.translate(geometry, xoff=turn) for turn in (0.0, -360.0, 360.0)]
    if near is not None:
        turns = shapely.clip_by_rect(_areas(turns), *near)
    polygons = _areas(turns)
    longest = _longest_edges(polygons, target, near)
    _check_parts(polygons, longest)
    return polygons if longest is None else _reprojected(polygons, target, longest)


def _areas(geometries: Sequence[BaseGeometry] | Shapes) -> Shapes:
    """Return the polygons in geometries, without what is empty."""
    parts = shapely.get_parts(shapely.get_parts(geometries))
    return np.asarray(parts[(shapely.get_dimensions(parts) == AREA) & ~shapely.is_empty(parts)])


def _surroundings(target: Grid) -> Bounds | None:
    """Return a box around the target in longitude and latitude; None where it has none."""
    try:
        left, bottom, right, top = transform_bounds(target.crs, WGS84, target.bounds, densify=64)
    except ValueError:
        return None
    x, y = (right - left) / 4 + 1e-6, (top - bottom) / 4 + 1e-6
    return left - x, max(-90.0, bottom - y), right + x, min(90.0, top + y)


def _longest_edges(polygons: Shapes, target: Grid, near: Bounds | None) -> Places | None:
    """Return the degrees beyond which the edges of each polygon are divided.

    That is no less than two pixels: a line of that length is as good as straight. None where
    nothing is reprojected.
    """
    if target.crs.is_geographic and target.crs.equals(WGS84, ignore_axis_order=True):
        return None
    left, bottom, right, top = shapely.bounds(polygons).reshape(-1, 4).T
    extent = np.maximum(right - left, top - bottom)
    shortest = max(2 * _pixel(target, near), SHORTEST_EDGE)
    return np.asarray(np.maximum(extent / EDGE_PARTS, shortest))


def _pixel(target: Grid, near: Bounds | None) -> float:
    """Return about the shorter side of a pixel in degrees; 0 where that is not known."""
    if near is None:
        return 0.0
    left, bottom, right, top = near
    return min((right - left) / target.width, (top - bottom) / target.height) / 1.5


def _check_parts(polygons: Shapes, longest: Places | None) -> None:
    """Raise BadRequest where the edges of one polygon, or of all, have too many pieces."""
    parts = shapely.get_num_coordinates(polygons)
    if longest is not None:
        parts = parts + (shapely.length(polygons) / longest).astype(np.int64)
    of_one, of_all = MAX_PARTS
    if parts.max(initial=0) > of_one or parts.sum() > of_all:
        raise BadRequest(
            f"shape has edges of {parts.sum()} pieces (a long edge is divided to follow its "
            f"line in srs); at most {of_one} in one polygon and {of_all} in all are rasterised: "
            "simplify it",
            parameter="shape",
        )


def _check_across(shapes: Shapes, target: Grid) -> None:
    """Raise BadRequest where edges cross one row or column of pixels too often."""
    at, ring = shapely.get_coordinates(shapely.get_rings(shapes), return_index=True)
    same = ring[:-1] == ring[1:]
    inverse = ~target.transform
    columns, rows = inverse @ (at[:, 0], at[:, 1])
    for what, places, size in (("row", rows, target.height), ("column", columns, target.width)):
        found = _most_across(places[:-1][same], places[1:][same], size)
        if found > MAX_ACROSS:
            raise BadRequest(
                f"shape has edges that cross one {what} of pixels {found} times; at most "
                f"{MAX_ACROSS} times are rasterised: simplify it",
                parameter="shape",
            )


def _most_across(start: Places, end: Places, size: int) -> int:
    """Return how many edges at most cross the same line between two rows (or columns) of pixels."""
    first = np.clip(np.floor(np.minimum(start, end)) + 1, 0, size + 1).astype(np.int64)
    last = np.clip(np.floor(np.maximum(start, end)) + 1, 0, size + 1).astype(np.int64)
    crosses = last > first
    begin = np.bincount(first[crosses], minlength=size + 2)
    stop = np.bincount(last[crosses], minlength=size + 2)
    return int(np.cumsum(begin - stop).max())


def _reprojected(polygons: Shapes, target: Grid, longest: Places) -> Shapes:
    def move(at: Places) -> Places:
        return np.column_stack(transform_points(WGS84, target.crs, at[:, 0], at[:, 1]))

    moved = shapely.transform(shapely.segmentize(polygons, longest), move)
    if not np.isfinite(shapely.bounds(moved)).all():
        raise BadRequest(
            "shape reaches places that the output's srs cannot express; cut it to the area that "
            "is asked for",
            parameter="shape",
        )
    return np.asarray(moved)
