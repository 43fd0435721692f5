"""From GeoJSON or WKT to plain coordinate parts, with an error that says what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import shapely

from swath_core.documents import finite, shown

Position = tuple[float, float]
Ring = list[Position]
Rings = list[Ring]

_DEEPEST = 8
_DEEPEST_TEXT = 3
_DEEPEST_WKT = 12
_FURTHEST_LONGITUDE = 540.0
_NUMBERS = (float, int)  # a bool is neither, as a type
_LATITUDE_SLACK = 1e-9
_SHORTEST_RING = 4


@dataclass(slots=True)
class Parts:
    """The polygons (each exterior first, then holes), lines and points of a geometry."""

    polygons: list[Rings] = field(default_factory=list)
    lines: list[Ring] = field(default_factory=list)
    points: Ring = field(default_factory=list)

    def vertices(self) -> int:
        """Return the number of positions in all parts."""
        rings = sum(len(ring) for rings in self.polygons for ring in rings)
        return rings + sum(map(len, self.lines)) + len(self.points)


def parse_geometry(value: object, depth: int = 0) -> Parts:
    """Return the parts of GeoJSON, of its JSON text, of WKT, or of JSON text of either.

    Raises ValueError, or what shapely raises.
    """
    if not isinstance(value, str):
        return parse_geojson(value)
    if depth >= _DEEPEST_TEXT:
        message = "text within text within text"
        raise ValueError(message)
    if value.lstrip()[:1] in {"{", '"', "["}:
        try:
            decoded = json.loads(value)
        except ValueError as error:
            message = f"{shown(value)} is not JSON ({error})"
            raise ValueError(message) from error
        return parse_geometry(decoded, depth + 1)
    return _wkt(value)


def _wkt(text: str) -> Parts:
    if _depth(text) > _DEEPEST_WKT:  # GEOS recurses, and a stack that is full ends the process
        message = f"{shown(text)} has more than {_DEEPEST_WKT} brackets within each other"
        raise ValueError(message)
    try:
        geometry = shapely.from_wkt(text)
    except (shapely.errors.GEOSException, NotImplementedError) as error:
        message = f"{shown(text)} is neither GeoJSON nor WKT ({error})"
        raise ValueError(message) from error
    if geometry is None or geometry.is_empty:
        message = f"{shown(text)} is empty"
        raise ValueError(message)
    return parse_geojson(json.loads(shapely.to_geojson(shapely.force_2d(geometry))))


def _depth(text: str) -> int:
    """Return how many brackets are open at once at most."""
    brackets = (1 if bracket == "(" else -1 for bracket in re.findall(r"[()]", text))
    return max(accumulate(brackets), default=0)


def parse_geojson(value: object) -> Parts:
    """Return the parts of a GeoJSON geometry, Feature or FeatureCollection.

    Raises ValueError naming the member that is wrong. Heights are dropped.
    """
    parts = Parts()
    for geometry in _geometries(value, 0):
        _add(parts, geometry)
    return parts


def _geometries(value: object, depth: int) -> Iterator[dict[str, Any]]:
    if not isinstance(value, dict):
        message = f"{shown(value)} is not a GeoJSON object"
        raise ValueError(message)  # noqa: TRY004 - the caller turns ValueError into its answer
    if depth > _DEEPEST:
        message = f"the GeoJSON is nested more than {_DEEPEST} deep"
        raise ValueError(message)
    kind = value.get("type")
    if kind == "Feature":
        yield from _geometries(value.get("geometry"), depth + 1)
    elif kind in ("FeatureCollection", "GeometryCollection"):
        name = "features" if kind == "FeatureCollection" else "geometries"
        for member in _sequence(value.get(name), name):
            yield from _geometries(member, depth + 1)
    else:
        yield value


def _add(parts: Parts, geometry: dict[str, Any]) -> None:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        parts.polygons.append(_polygon(coordinates))
    elif kind == "MultiPolygon":
        parts.polygons.extend(_polygon(each) for each in _sequence(coordinates, "coordinates"))
    elif kind == "LineString":
        parts.lines.append(_line(coordinates))
    elif kind == "MultiLineString":
        parts.lines.extend(_line(each) for each in _sequence(coordinates, "coordinates"))
    elif kind == "Point":
        parts.points.append(_position(coordinates))
    elif kind == "MultiPoint":
        parts.points.extend(_position(each) for each in _sequence(coordinates, "coordinates"))
    else:
        message = (
            f"type {shown(kind)} is none of Polygon, MultiPolygon, LineString, MultiLineString, "
            "Point, MultiPoint, GeometryCollection, Feature, FeatureCollection"
        )
        raise ValueError(message)


def _polygon(value: object) -> Rings:
    rings = [_ring(each) for each in _sequence(value, "coordinates of a Polygon")]
    if not rings:
        message = "a Polygon has no ring"
        raise ValueError(message)
    return rings


def _ring(value: object) -> Ring:
    ring = [_position(each) for each in _sequence(value, "a ring")]
    if ring and ring[0] != ring[-1]:
        ring.append(ring[0])
    if len(ring) < _SHORTEST_RING:
        message = f"a ring has {len(ring)} positions, but at least {_SHORTEST_RING} are needed"
        raise ValueError(message)
    return ring


def _line(value: object) -> Ring:
    line = [_position(each) for each in _sequence(value, "a line")]
    if len(line) < 2:  # noqa: PLR2004 - a line has two ends
        message = f"a line has {len(line)} positions, but at least 2 are needed"
        raise ValueError(message)
    return line


def _position(value: object) -> Position:
    if type(value) is list and len(value) == 2:  # noqa: PLR2004 - what nearly all are
        x, y = value
        if type(x) in _NUMBERS and type(y) in _NUMBERS and -180 <= x <= 180 and -90 <= y <= 90:  # noqa: PLR2004
            return float(x), float(y)
    return _odd_position(value)


def _odd_position(value: object) -> Position:
    """Return a position that has a height, or lies beyond 180 degrees. Raises ValueError."""
    numbers = _sequence(value, "a position")
    if not 2 <= len(numbers) <= 4:  # noqa: PLR2004 - x, y and at most z, m
        message = f"position {shown(value)} is not [longitude, latitude]"
        raise ValueError(message)
    x, y = (_number(each, value) for each in numbers[:2])
    if abs(x) > _FURTHEST_LONGITUDE:
        message = f"longitude {x} is outside -{_FURTHEST_LONGITUDE} to {_FURTHEST_LONGITUDE}"
        raise ValueError(message)
    if abs(y) > 90 + _LATITUDE_SLACK:
        message = f"latitude {y} is outside -90 to 90 (positions are [longitude, latitude])"
        raise ValueError(message)
    return x, min(90.0, max(-90.0, y))


def _number(value: object, position: object) -> float:
    number = finite(value)
    if number is not None:
        return number
    message = f"position {shown(position)} does not consist of finite numbers of degrees"
    raise ValueError(message)


def _sequence(value: object, what: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        message = f"{what}: {shown(value)} is not an array"
        raise ValueError(message)  # noqa: TRY004 - the caller turns ValueError into its answer
    return list(value)
