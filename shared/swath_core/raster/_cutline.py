"""The cutline: GeoJSON or WKT in WGS84, as a mask on the target grid."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from affine import Affine
from rasterio.features import geometry_mask
from shapely import affinity
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from swath_core.errors import BadRequest
from swath_core.geo import Parts, merged, parse_geometry, repaired

from ._crs import WGS84, transform_bounds, transform_points
from ._grid import Grid, Window
from ._request import Bounds

MAX_VERTICES = 200_000
EDGE_PARTS = 128
"""Longest piece of a cutline's edge, as a part of the cutline's extent, before reprojection."""
MAX_PARTS = (200_000, 1_000_000)
"""Pieces of the edges of one polygon, and of all: what is reprojected and rasterised in a second.
"""
ROWS_AT_ONCE = 256
"""GDAL looks at every edge for every row: few rows at a time, and the edges that are near them."""
MARGIN = 2
"""Pixels around those rows beyond which edges are cut off."""


class Cutline:
    """The polygons of a cutline in the target's CRS, rasterised window by window."""

    def __init__(self, text: str, target: Grid, *, all_touched: bool = False) -> None:
        self._target = target
        self._all_touched = all_touched
        self._shapes = list(_shapes(parse_cutline(text), target))

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
        near = shapely.clip_by_rect(self._shapes, left, bottom, right, top)
        shapes = [shape for shape in near if not shape.is_empty]
        if shapes:
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
        polygons = [Polygon(rings[0], rings[1:]) for rings in parts.polygons]
        pieces = [piece for valid in repaired(polygons) for piece in valid]
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


def _polygons(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    if geometry.geom_type == "Polygon":
        yield geometry
    for part in getattr(geometry, "geoms", ()):
        yield from _polygons(part)


def _shapes(geometry: BaseGeometry, target: Grid) -> Iterator[BaseGeometry]:
    """Yield the parts of a cutline that can meet the target, in its CRS.

    The cutline is first cut to the target's surroundings, because a vertex on the other side of
    the world may have no image in the target's CRS, and taken a turn east and west of where it is,
    because either may lie across the antimeridian.
    """
    near, parts = _surroundings(target), 0
    for turn in (0.0, -360.0, 360.0):
        moved = affinity.translate(geometry, xoff=turn) if turn else geometry
        if near is not None:
            moved = shapely.clip_by_rect(moved, *near)
        for part in _polygons(moved):
            if part.is_empty:
                continue
            longest = _longest_edge(part, target)
            parts += _check_parts(part, longest, parts)
            yield _reprojected(part, target, longest)


def _surroundings(target: Grid) -> Bounds | None:
    """Return a box around the target in longitude and latitude; None where it has none."""
    try:
        left, bottom, right, top = transform_bounds(target.crs, WGS84, target.bounds, densify=64)
    except ValueError:
        return None
    x, y = (right - left) / 4 + 1e-6, (top - bottom) / 4 + 1e-6
    return left - x, max(-90.0, bottom - y), right + x, min(90.0, top + y)


def _longest_edge(part: BaseGeometry, target: Grid) -> float:
    """Return the degrees beyond which an edge is divided: infinite where nothing is reprojected."""
    if target.crs.is_geographic and target.crs.equals(WGS84, ignore_axis_order=True):
        return math.inf
    left, bottom, right, top = part.bounds
    return float(max(right - left, top - bottom, 1e-9)) / EDGE_PARTS


def _check_parts(polygon: BaseGeometry, longest: float, before: int) -> int:
    """Return how many pieces a polygon's edges have. Raises BadRequest where that is too many."""
    parts = int(shapely.get_num_coordinates(polygon)) + int(polygon.length / longest)
    of_one, of_all = MAX_PARTS
    if parts > of_one or before + parts > of_all:
        raise BadRequest(
            f"shape has edges of {before + parts} pieces (a long edge is divided to follow its "
            f"line in srs); at most {of_one} in one polygon and {of_all} in all are rasterised: "
            "simplify it",
            parameter="shape",
        )
    return parts


def _reprojected(part: BaseGeometry, target: Grid, longest: float) -> BaseGeometry:
    if math.isinf(longest):
        return part
    dense = shapely.segmentize(part, longest)

    def move(at: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.column_stack(transform_points(WGS84, target.crs, at[:, 0], at[:, 1]))

    moved = shapely.transform(dense, move)
    if not np.isfinite(moved.bounds).all():
        raise BadRequest(
            "shape reaches places that the output's srs cannot express; cut it to the area that "
            "is asked for",
            parameter="shape",
        )
    return moved
