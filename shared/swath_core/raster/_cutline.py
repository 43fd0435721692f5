"""The cutline: GeoJSON or WKT in WGS84, as a mask on the target grid."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import shapely
from affine import Affine
from rasterio.features import geometry_mask
from shapely import affinity
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from swath_core.errors import BadRequest

from ._crs import WGS84, transform_bounds, transform_points
from ._grid import Grid, Window

MAX_VERTICES = 200_000
MAX_LATITUDE = 90.0
MAX_LONGITUDE = 540.0
EDGE_PARTS = 128
"""Longest piece of a cutline's edge, as a part of the target's extent, before reprojection."""


class Cutline:
    """The polygons of a cutline in the target's CRS, rasterised window by window."""

    def __init__(self, text: str, target: Grid, *, all_touched: bool = False) -> None:
        self._target = target
        self._all_touched = all_touched
        self._shapes = list(_shapes(parse_cutline(text), target))

    def inside(self, window: Window) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return where the pixels of a window lie inside: their centres, or any part of them."""
        size = (window.height, window.width)
        if not self._shapes:
            return np.zeros(size, bool)
        transform = self._target.transform @ Affine.translation(window.column, window.row)
        return np.asarray(
            geometry_mask(
                self._shapes, size, transform, all_touched=self._all_touched, invert=True
            ),
            bool,
        )


def parse_cutline(text: str) -> BaseGeometry:
    """Return the polygons of a cutline's text: WKT, GeoJSON or anything with a ``geometry``.

    Raises BadRequest with what is wrong.
    """
    try:
        geometry = _geometry(text)
    except (ValueError, TypeError, KeyError, RecursionError, shapely.errors.ShapelyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadRequest(
            f"shape is neither GeoJSON nor WKT that can be read: {reason}", parameter="shape"
        ) from error
    _check(geometry)
    geometry = geometry if geometry.is_valid else shapely.make_valid(geometry)
    polygons = [part for part in _polygons(geometry) if not part.is_empty]
    if not polygons:
        raise BadRequest(
            f"shape is a {geometry.geom_type} without area; it must be a Polygon or MultiPolygon",
            parameter="shape",
        )
    return shapely.union_all(polygons)


def _geometry(text: str) -> BaseGeometry:
    if not text.lstrip().startswith(("{", '"')):
        return shapely.from_wkt(text)
    value = json.loads(text)
    if isinstance(value, str):
        return shapely.from_wkt(value)
    return shapely.union_all([shape(member) for member in _members(value)])


def _members(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if isinstance(value.get("features"), list):
        for feature in value["features"]:
            yield from _members(feature)
    elif isinstance(value.get("geometry"), Mapping):
        yield value["geometry"]
    else:
        yield value


def _check(geometry: BaseGeometry) -> None:
    count = shapely.get_num_coordinates(geometry)
    if count > MAX_VERTICES:
        raise BadRequest(
            f"shape has {count} vertices; at most {MAX_VERTICES} are read", parameter="shape"
        )
    corners = np.asarray(geometry.bounds)
    if not np.isfinite(corners).all():
        raise BadRequest("shape is empty or not finite", parameter="shape")
    left, bottom, right, top = corners
    if max(abs(bottom), abs(top)) > MAX_LATITUDE or max(abs(left), abs(right)) > MAX_LONGITUDE:
        raise BadRequest(
            f"shape reaches from ({left:g}, {bottom:g}) to ({right:g}, {top:g}); its coordinates "
            "must be longitudes and latitudes in degrees (WGS84)",
            parameter="shape",
        )


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
    near = _surroundings(target)
    for turn in (0.0, -360.0, 360.0):
        moved = affinity.translate(geometry, xoff=turn) if turn else geometry
        if near is not None:
            moved = moved.intersection(near)
        for part in _polygons(moved):
            if not part.is_empty:
                yield _reprojected(part, target)


def _surroundings(target: Grid) -> BaseGeometry | None:
    try:
        left, bottom, right, top = transform_bounds(target.crs, WGS84, target.bounds, densify=64)
    except ValueError:
        return None
    x, y = (right - left) / 4 + 1e-6, (top - bottom) / 4 + 1e-6
    return box(left - x, max(-90.0, bottom - y), right + x, min(90.0, top + y))


def _reprojected(part: BaseGeometry, target: Grid) -> BaseGeometry:
    if target.crs.is_geographic and target.crs.equals(WGS84, ignore_axis_order=True):
        return part
    left, bottom, right, top = part.bounds
    longest = max(right - left, top - bottom, 1e-9) / EDGE_PARTS
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
