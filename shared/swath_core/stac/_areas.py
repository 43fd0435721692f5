"""The area of a search: ``bbox`` or ``intersects``, as a geometry on the plane."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from swath_core.documents import finite, shown
from swath_core.errors import BadRequest

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_FLAT, _SOLID = 4, 6
_EAST, _NORTH = 180.0, 90.0
_FORMS = "west,south,east,north in degrees, or six numbers with heights after south and north"

Box = tuple[float, float, float, float]


def parse_box(value: object) -> Box:
    """Return west, south, east, north of a ``bbox``; west > east crosses 180 degrees.

    Heights are checked and left out: footprints have none. Raises BadRequest.
    """
    numbers = value if isinstance(value, list | tuple) else None
    found = [finite(each) for each in numbers or ()]
    if numbers is None or len(found) not in {_FLAT, _SOLID} or None in found:
        raise _bad(value)
    bounds: Sequence[float] = [each for each in found if each is not None]
    if len(bounds) == _SOLID:
        if bounds[2] > bounds[5]:
            raise _bad(value, "the lower height comes first")
        bounds = [*bounds[:2], *bounds[3:5]]
    west, south, east, north = bounds
    if south > north:
        raise _bad(value, "south lies north of north")
    if max(abs(west), abs(east)) > _EAST or max(abs(south), abs(north)) > _NORTH:
        raise _bad(value, "longitudes lie within 180 degrees, latitudes within 90")
    return west, south, east, north


def _bad(value: object, reason: str = "") -> BadRequest:
    said = f" ({reason})" if reason else ""
    return BadRequest(
        f"bbox: {shown(value)} was sent{said}; accepted is {_FORMS}", parameter="bbox"
    )


def box_area(box: Box) -> BaseGeometry:
    """Return the area of a box; one without width or height is a line or a point."""
    import shapely  # noqa: PLC0415 - only for searches by place

    west, south, east, north = box
    if west > east:
        parts = [(west, south, _EAST, north), (-_EAST, south, east, north)]
        return shapely.union_all([box_area(part) for part in parts])
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)


def intersects_area(value: object) -> BaseGeometry:
    """Return the area of an ``intersects``, a GeoJSON geometry or its text. Raises BadRequest."""
    from swath_core.geo import query_geometry  # noqa: PLC0415 - only for searches by place

    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            message = f"intersects: {shown(value)} is not JSON ({error})"
            raise BadRequest(message, parameter="intersects") from error
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        message = f"intersects: {shown(value)} was sent, but a GeoJSON geometry is expected"
        raise BadRequest(message, parameter="intersects")
    return query_geometry(value)


def bounds_of(geometry: dict[str, Any]) -> list[float]:
    """Return the ``bbox`` of a stored footprint (RFC 7946, section 5.2).

    Where its parts meet across 180 degrees, west is greater than east.
    """
    sides = [tuple(zip(*ring, strict=True)) for ring in _exteriors(geometry)]
    xs = [(min(side[0]), max(side[0])) for side in sides]
    ys = [number for side in sides for number in side[1]]
    west, east = min(xs)[0], max(east for _, east in xs)
    if west == -_EAST and east == _EAST and (-_EAST, _EAST) not in xs:
        west, east = _across(xs)
    return [west, min(ys), east, max(ys)]


def _exteriors(geometry: dict[str, Any]) -> list[list[list[float]]]:
    coordinates = geometry["coordinates"]
    return [coordinates[0]] if geometry["type"] == "Polygon" else [part[0] for part in coordinates]


def _across(xs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return west and east of parts that lie at both edges of the map, around the widest gap."""
    spans = sorted(xs)
    gap, west, east = 0.0, -_EAST, _EAST
    reached = spans[0][1]
    for low, high in spans[1:]:
        if low - reached > gap:
            gap, west, east = low - reached, low, reached
        reached = max(reached, high)
    return west, east
