"""The area that a search asks for, in every form that clients send."""

from __future__ import annotations

import json

import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.definitions import shown
from swath_core.errors import BadRequest

from ._parse import Parts, parse_geojson
from ._plane import planar

LONGEST_QUERY = 20_000
"""Positions of a query's geometry."""

_FORMS = (
    "a GeoJSON geometry, Feature or FeatureCollection in longitude and latitude, "
    "as JSON text, or WKT"
)
_DEEPEST_TEXT = 3


def query_geometry(value: object) -> BaseGeometry:
    """Return the area of a search's ``intersects`` as a valid geometry on the plane.

    Takes a GeoJSON object, its JSON text, WKT, or JSON text of either (what the published
    clients send for a user's string). Raises BadRequest.
    """
    try:
        parts = _parts(value, 0)
        _check(parts)
        return planar(parts)
    except (ValueError, RecursionError, shapely.errors.GEOSException) as error:
        message = f"intersects: {error}; accepted is {_FORMS}"
        raise BadRequest(message, parameter="intersects") from error


def _parts(value: object, depth: int) -> Parts:
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
        return _parts(decoded, depth + 1)
    return _wkt(value)


def _wkt(text: str) -> Parts:
    try:
        geometry = shapely.from_wkt(text)
    except (shapely.errors.GEOSException, NotImplementedError) as error:
        message = f"{shown(text)} is neither GeoJSON nor WKT ({error})"
        raise ValueError(message) from error
    if geometry is None or geometry.is_empty:
        message = f"{shown(text)} is empty"
        raise ValueError(message)
    return parse_geojson(json.loads(shapely.to_geojson(shapely.force_2d(geometry))))


def _check(parts: Parts) -> None:
    vertices = parts.vertices()
    if vertices == 0:
        message = "the geometry is empty"
        raise ValueError(message)
    if vertices > LONGEST_QUERY:
        message = (
            f"the geometry has {vertices} positions, but at most {LONGEST_QUERY} are accepted: "
            "simplify it"
        )
        raise ValueError(message)
