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

Polygons whose rings cross are repaired: one definition for footprints, searches and cutlines.
What a repair costs grows with the places where edges cross; what it costs to find them, and to
tell that there are none, with the pairs of edges whose boxes overlap. Of n edges there may be
n²/2 of either, so a limit of positions bounds neither: both are counted first, up to their limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from swath_core.errors import BadRequest

from ._parse import Parts, Position, Ring, Rings, parse_geojson, parse_geometry

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

MOST_CROSSINGS = 5_000
"""Places where edges may cross: at most so many are repaired, in well under a second."""
MOST_OVERLAPS = (100_000, 5)
"""Pairs of edges whose boxes may overlap: so many, and so many more for each edge."""
_FEW_EDGES = 100
"""Edges whose pairs are fewer than either limit."""
_PAIRS_AT_ONCE = 100_000
_PAIRS_COMPARED_AT_ONCE = 25_000

Array = np.ndarray[Any, Any]


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
    if parts.points:
        geometries += list(shapely.points([(_wrap(x), y) for x, y in parts.points]))
    if len(geometries) == 1:
        return geometries[0]
    return shapely.union_all(geometries) if not parts.polygons else _collect(geometries)


def _collect(geometries: list[BaseGeometry]) -> BaseGeometry:
    flat = shapely.get_parts(shapely.GeometryCollection(geometries))
    return shapely.GeometryCollection(list(flat))


def planar_polygons(polygons: list[Rings]) -> Polygon | MultiPolygon:
    """Return polygons as one valid Polygon or MultiPolygon on the plane. Raises ValueError."""
    beside = polygons_of([_on_one_side(each) for each in polygons])
    valid = [areas(MultiPolygon(each)) for each in repaired(beside)]
    split = [_split(each) for each in valid]
    pieces = [piece for each in split for piece in shapely.get_parts(areas(each))]
    if any(one is not other for one, other in zip(valid, split, strict=True)):
        check_edges(pieces)  # they were moved onto one another
    return merged(pieces)


def polygons_of(polygons: Sequence[Rings]) -> list[Polygon]:
    """Return polygons of rings, each exterior first, as they stand."""
    if not polygons:
        return []
    rings = [ring for polygon in polygons for ring in polygon]
    of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    of_polygon = np.repeat(np.arange(len(polygons)), [len(polygon) for polygon in polygons])
    positions = np.array([position for ring in rings for position in ring])
    closed = shapely.linearrings(positions, indices=of_ring)
    return list(shapely.polygons(closed, indices=of_polygon))


def _on_one_side(rings: Rings) -> Rings:
    """Return the rings of a polygon with longitudes that do not jump at the antimeridian."""
    exterior, *holes = rings
    exterior, moved = _unwrapped(exterior)
    if moved:
        west = min(x for x, _ in exterior)
        holes = [_beside(_short_way(hole), west) for hole in holes]
    return [exterior, *holes]


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


# ---- repair of polygons whose rings cross


def repaired(polygons: Sequence[Polygon]) -> list[list[Polygon]]:
    """Return the valid pieces with an area of each polygon (none for one without area).

    An area is inside if any ring's winding holds it; a hole is taken out. Raises ValueError as
    :func:`check_edges` does, also of edges of different polygons.
    """
    check_edges(polygons)
    return [_pieces(polygon) for polygon in polygons]


def merged(pieces: Sequence[Polygon]) -> Polygon | MultiPolygon:
    """Return valid polygons, whose edges were checked together, as one valid geometry."""
    if len(pieces) == 1:
        return pieces[0]
    together = MultiPolygon(list(pieces))
    return together if together.is_valid else areas(shapely.union_all(pieces))


def areas(geometry: BaseGeometry) -> Polygon | MultiPolygon:
    """Return the polygons of a geometry, without what collapsed. Raises ValueError if none."""
    pieces = _with_area(geometry)
    if not pieces:
        message = "a polygon has no area"
        raise ValueError(message)
    return pieces[0] if len(pieces) == 1 else MultiPolygon(pieces)


def _pieces(polygon: Polygon) -> list[Polygon]:
    if polygon.is_valid and polygon.area > 0:
        return [polygon]
    return _with_area(shapely.make_valid(polygon, method="structure", keep_collapsed=False))


def _with_area(geometry: BaseGeometry) -> list[Polygon]:
    flat = shapely.get_parts(shapely.get_parts([geometry]))
    return [piece for piece in flat if piece.geom_type == "Polygon" and piece.area > 0]


def check_edges(geometries: Sequence[BaseGeometry]) -> None:
    """Raise ValueError with the number found if edges cross, or boxes of edges overlap, too often.

    Edges of polygons and lines that only share an end do not cross. Counting takes bounded memory
    and ends at the limit.
    """
    starts, ends = _edges(geometries)
    if len(starts) <= _FEW_EDGES:
        return
    lines = shapely.linestrings(np.stack([starts, ends], axis=1))
    tree = shapely.STRtree(lines)
    crossings = overlaps = 0
    most_overlaps = MOST_OVERLAPS[0] + MOST_OVERLAPS[1] * len(lines)
    for first, last in pairwise(_steps(starts, ends)):
        one, other = tree.query(lines[first:last])
        once = other > one + first
        one, other = one[once] + first, other[once]
        overlaps += one.size
        for at in range(0, one.size, _PAIRS_COMPARED_AT_ONCE):
            part = slice(at, at + _PAIRS_COMPARED_AT_ONCE)
            crossings += _crossings(starts, ends, one[part], other[part])
            _refuse(crossings, MOST_CROSSINGS, "edges cross each other at")
            _refuse(overlaps, most_overlaps, "edges lie across each other's extents in")


def _steps(starts: Array, ends: Array) -> list[int]:
    """Return where to divide the edges so that no part overlaps more others than are held at once.

    Boxes overlap no more often than their sides do, which sorting tells for each of two axes.
    """
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    bounds = [
        np.searchsorted(np.sort(low[:, axis]), high[:, axis], "right")
        - np.searchsorted(np.sort(high[:, axis]), low[:, axis], "left")
        for axis in (0, 1)
    ]
    upto = np.cumsum(np.minimum(*bounds))
    steps = [0]
    while steps[-1] < len(starts):
        held = upto[steps[-1] - 1] if steps[-1] else 0
        last = int(np.searchsorted(upto, held + _PAIRS_AT_ONCE, "right"))
        steps.append(max(last, steps[-1] + 1))
    return steps


def _refuse(found: int, limit: int, what: str) -> None:
    if found > limit:
        message = (
            f"its {what} {found} or more places, but at most {limit} are accepted: simplify it"
        )
        raise ValueError(message)


def _edges(geometries: Sequence[BaseGeometry]) -> tuple[Array, Array]:
    rings = shapely.get_rings(list(geometries))
    lines = [geometry for geometry in geometries if geometry.geom_type == "LineString"]
    at, line = shapely.get_coordinates([*rings, *lines], return_index=True)
    edge = (line[:-1] == line[1:]) & (at[:-1] != at[1:]).any(axis=1)
    return at[:-1][edge], at[1:][edge]


def _crossings(starts: Array, ends: Array, one: Array, other: Array) -> int:
    """Return how many pairs of edges (with boxes that overlap) meet elsewhere than in their ends.

    Edges on one line that overlap count, unless they are the same: they, too, have to be split.
    """
    a, b, c, d = starts[one], ends[one], starts[other], ends[other]
    along, across = b - a, d - c
    c_side, d_side = _cross(along, c - a), _cross(along, d - a)
    a_side, b_side = _cross(across, a - c), _cross(across, b - c)
    meet = (np.sign(c_side) * np.sign(d_side) <= 0) & (np.sign(a_side) * np.sign(b_side) <= 0)
    alike, opposed = _same(a, c) | _same(b, d), _same(a, d) | _same(b, c)
    identical = (_same(a, c) & _same(b, d)) | (_same(a, d) & _same(b, c))
    direction = (along * across).sum(axis=1)
    doubled = (alike & (direction > 0)) | (opposed & (direction < 0))
    on_one_line = (c_side == 0) & (d_side == 0) & doubled & ~identical
    return int(np.count_nonzero((meet & ~(alike | opposed)) | on_one_line))


def _cross(one: Array, other: Array) -> Array:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _same(one: Array, other: Array) -> Array:
    return np.asarray((one == other).all(axis=1))
