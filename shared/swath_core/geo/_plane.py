"""Footprints and query areas on the plane: the antimeridian, the poles, rings that are not simple.

GeoJSON leaves open what a step of more than 180 degrees of longitude means. Here:

* positions beyond 180 degrees (170 to 190) are taken as they stand, and wrapped;
* a ring whose steps, each taken the short way, add up to a full turn holds a pole: the one of the
  hemisphere that it lies in, if its direction (the right-hand rule of RFC 7946, section 3.1.6)
  agrees or it lies wholly poleward of 45 degrees;
* another ring with such a step is a wide one as it stands where it runs counterclockwise, as the
  right-hand rule asks of an exterior, and crosses the antimeridian where it runs clockwise; but a
  band more than twelve times as long as it is high crosses the antimeridian in either case, since
  that is what a small footprint across it looks like;
* a step from exactly -180 to exactly 180 is the edge of the map.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from swath_core.errors import BadRequest

from ._parse import Parts, Position, Ring, Rings, parse_geojson, parse_geometry
from ._repair import areas, check_edges, merged, repaired

LONGEST_FOOTPRINT = 2_000
"""Positions of a footprint; each posting of the image carries a copy of it (16 bytes each)."""

LONGEST_QUERY = 20_000
"""Positions of a query's geometry."""

_FORMS = (
    "a GeoJSON geometry, Feature or FeatureCollection in longitude and latitude, "
    "as JSON text, or WKT"
)

_HALF_TURN = 180.0
_TURN = 360.0
_POLEWARD = 45.0
_THIN = 12.0


def normalise_footprint(value: object) -> dict[str, Any]:
    """Return the GeoJSON Polygon or MultiPolygon that the catalog stores for a footprint.

    Crossings of the antimeridian are split, poles are closed, self-intersections repaired.
    Raises ValueError with the reason where there is no area to speak of, or too many positions.
    """
    parts = parse_geojson(value)
    if parts.lines or parts.points or not parts.polygons:
        message = "a footprint has to be a Polygon or a MultiPolygon"
        raise ValueError(message)
    if parts.vertices() > LONGEST_FOOTPRINT:
        message = (
            f"the footprint has {parts.vertices()} positions, but at most {LONGEST_FOOTPRINT} "
            "are stored: simplify it"
        )
        raise ValueError(message)
    return to_geojson(planar_polygons(parts.polygons))


def footprint(geojson: dict[str, Any]) -> Polygon | MultiPolygon:
    """Return the shapely geometry of a stored (normalised) footprint."""
    coordinates = geojson["coordinates"]
    if geojson["type"] == "Polygon":
        return Polygon(coordinates[0], coordinates[1:])
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in coordinates])


def to_geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """Return a polygon or multi-polygon as GeoJSON with plain lists."""
    if geometry.geom_type == "Polygon":
        return {"type": "Polygon", "coordinates": _rings(geometry)}
    polygons = [_rings(polygon) for polygon in shapely.get_parts(geometry)]
    return {"type": "MultiPolygon", "coordinates": polygons}


def _rings(polygon: BaseGeometry) -> list[Ring]:
    rings = shapely.get_rings(polygon)
    return [shapely.get_coordinates(ring).tolist() for ring in rings]


def query_geometry(value: object) -> BaseGeometry:
    """Return the area of a search's ``intersects`` as a valid geometry on the plane.

    Takes a GeoJSON object, its JSON text, WKT, or JSON text of either (what the published
    clients send for a user's string). Raises BadRequest.
    """
    try:
        parts = parse_geometry(value)
        _check(parts)
        return planar(parts)
    except (ValueError, RecursionError, shapely.errors.GEOSException) as error:
        message = f"intersects: {error}; accepted is {_FORMS}"
        raise BadRequest(message, parameter="intersects") from error


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


# ---- from parts to the plane


def planar(parts: Parts) -> BaseGeometry:
    """Return the parts as one valid geometry on the plane.

    A polygon when there are only polygons; otherwise the collection of what there is.
    Raises ValueError where a polygon has no area.
    """
    geometries: list[BaseGeometry] = []
    if parts.polygons:
        geometries.append(planar_polygons(parts.polygons))
    lines = [shapely.LineString(_short_way(line)) for line in parts.lines]
    check_edges(lines)
    geometries += [_split(line) for line in lines]
    geometries += [shapely.Point(_wrap(x), y) for x, y in parts.points]
    if len(geometries) == 1:
        return geometries[0]
    return shapely.union_all(geometries) if not parts.polygons else _collect(geometries)


def _collect(geometries: list[BaseGeometry]) -> BaseGeometry:
    flat = shapely.get_parts(shapely.GeometryCollection(geometries))
    return shapely.GeometryCollection(list(flat))


def planar_polygons(polygons: list[Rings]) -> Polygon | MultiPolygon:
    """Return polygons as one valid Polygon or MultiPolygon on the plane. Raises ValueError."""
    valid = [areas(MultiPolygon(each)) for each in repaired([_polygon(each) for each in polygons])]
    split = [_split(each) for each in valid]
    pieces = [piece for each in split for piece in shapely.get_parts(areas(each))]
    if any(one is not other for one, other in zip(valid, split, strict=True)):
        check_edges(pieces)  # they were moved onto one another
    return merged(pieces)


def _polygon(rings: Rings) -> Polygon:
    exterior, *holes = rings
    exterior, moved = _unwrapped(exterior)
    if moved:
        west = min(x for x, _ in exterior)
        holes = [_beside(_short_way(hole), west) for hole in holes]
    return Polygon(exterior, holes)


def _unwrapped(ring: Ring) -> tuple[Ring, bool]:
    """Return an exterior ring with continuous longitudes, and whether they were changed."""
    if any(abs(x) > _HALF_TURN for x, _ in ring):
        return ring, True
    if not any(_long(a, b) for a, b in pairwise(ring)):
        return ring, False
    unwrapped = _short_way(ring)
    turn = unwrapped[-1][0] - unwrapped[0][0]
    if abs(turn) > _HALF_TURN:
        return _polar(ring, unwrapped, east=turn > 0)
    return (unwrapped, True) if _crosses(ring, unwrapped) else (ring, False)


def _polar(ring: Ring, unwrapped: Ring, *, east: bool) -> tuple[Ring, bool]:
    latitudes = [y for _, y in ring]
    north, south = min(latitudes) >= 0, max(latitudes) <= 0
    poleward = min(map(abs, latitudes)) >= _POLEWARD
    if not (north or south) or not (poleward or east == north):
        return ring, False
    pole = 90.0 if north else -90.0
    (first, start), (last, _) = unwrapped[0], unwrapped[-1]
    closed = [(last, pole), (first, pole), (first, start)]
    return unwrapped + closed, True


def _crosses(ring: Ring, unwrapped: Ring) -> bool:
    if not shapely.LinearRing(ring).is_ccw:
        return True
    return _length_to_height(ring) > _THIN >= _length_to_height(unwrapped)


def _length_to_height(ring: Ring) -> float:
    west, south, east, north = shapely.LineString(ring).bounds
    return float((east - west) / max(north - south, 1e-12))


def _long(a: Position, b: Position) -> bool:
    return _HALF_TURN < abs(a[0] - b[0]) < _TURN


def _short_way(line: Ring) -> Ring:
    """Return a line whose steps of more than 180 degrees are taken the other way round."""
    if any(abs(x) > _HALF_TURN for x, _ in line):
        return line
    shift = 0.0
    out = [line[0]]
    for a, b in pairwise(line):
        if _long(a, b):
            shift += _TURN if b[0] < a[0] else -_TURN
        out.append((b[0] + shift, b[1]))
    return out


def _beside(ring: Ring, west: float) -> Ring:
    """Return a hole moved by whole turns to where its exterior is."""
    shift = 0.0
    while min(x for x, _ in ring) + shift < west - 1e-9:
        shift += _TURN
    while min(x for x, _ in ring) + shift >= west + _TURN:
        shift -= _TURN
    return [(x + shift, y) for x, y in ring]


def _split(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry cut at the antimeridian, each piece moved onto the plane."""
    west, _, east, _ = geometry.bounds
    if west >= -_HALF_TURN and east <= _HALF_TURN:
        return geometry
    pieces = []
    for turn in (-2, -1, 0, 1, 2):
        window = shapely.box(turn * _TURN - _HALF_TURN, -90, turn * _TURN + _HALF_TURN, 90)
        piece = shapely.intersection(geometry, window)
        if not piece.is_empty:
            pieces.append(shapely.transform(piece, lambda xy, t=turn: xy - [t * _TURN, 0.0]))
    return shapely.union_all(pieces)


def _wrap(x: float) -> float:
    return x if abs(x) <= _HALF_TURN else (x + _HALF_TURN) % _TURN - _HALF_TURN
