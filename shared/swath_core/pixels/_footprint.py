"""Footprints: the outline of a raster on the globe, as GeoJSON that does not cross 180 degrees.

What is not on Earth is cut off. Edges are densified until straight lines between longitudes and
latitudes follow them, the ring's longitudes are unwrapped so that they run on continuously, a ring
that runs once around is closed over the pole that it holds, a ring that touches a pole runs along
it, and the result is cut at the antimeridian (RFC 7946, section 3.1.9).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from ._earth import part_on_earth
from ._georeference import Position
from ._globe import TURN, Globe
from ._model import Refused
from ._ring import Point, Ring, trace

_WGS84 = Geod(ellps="WGS84")
_WAY_OUT = "expected a raster on Earth, or geometry among the image's attributes"
_MOST_POSITIONS = 1000


def corners(width: int, height: int) -> list[Point]:
    """Return the ring of a raster's corners in pixels: columns and rows, closed."""
    return [(0, 0), (0, height), (width, height), (width, 0), (0, 0)]


def footprint(
    name: str, where: Position, rings: Iterable[list[Point]], size: tuple[int, int]
) -> dict[str, Any]:
    """Return the GeoJSON of pixel rings (columns and rows, closed) on the globe.

    ``size`` is the raster's width and height. What of it is not on Earth is left out. Raises
    Refused where nothing is, naming the cause.
    """
    globe = Globe(where)
    shapes = (
        _geographic(name, globe, rings)
        if globe.is_geographic
        else (_projected(name, globe, rings, size))
    )
    whole = _simple(shapely.union_all([shapely.make_valid(shape) for shape in shapes]))
    polygons = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    if not polygons or whole.area == 0:
        raise Refused(f"{name}: its footprint has no area on the globe; {_WAY_OUT}")
    result = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    geojson: dict[str, Any] = json.loads(shapely.to_geojson(shapely.orient_polygons(result)))
    return geojson


def _simple(shape: BaseGeometry) -> BaseGeometry:
    """Drop the points that move the outline by less than a ten-thousandth of its width.

    More are dropped where the outline would still be long: the catalog stores a copy of it for
    every cell of its index.
    """
    if shape.is_empty:
        return shape
    west, south, east, north = shape.bounds
    # of a strip that lies aslant, its width counts: half of it is about area by length
    tolerance = min(east - west, north - south, shape.area / shape.length) / 1e4
    simple = shapely.simplify(shape, tolerance)
    while len(shapely.get_coordinates(simple)) > _MOST_POSITIONS:
        tolerance *= 2
        simple = shapely.simplify(shape, tolerance)
    return simple


def area(geometry: dict[str, Any]) -> float:
    """Return the square kilometres of a footprint, on the WGS 84 ellipsoid.

    It is summed over the eight octants: a geodesic polygon cannot be larger than half the globe.
    """
    shape = shapely.geometry.shape(geometry)
    total = 0.0
    for west in range(-180, 180, 90):
        for south in (-90, 0):
            octant = shapely.intersection(shape, shapely.box(west, south, west + 90, south + 90))
            for part in shapely.get_parts(octant):
                if part.geom_type == "Polygon":
                    dense = shapely.segmentize(part, 1.0)
                    total += abs(_WGS84.geometry_area_perimeter(dense)[0])
    return total / 1e6


def _geographic(name: str, globe: Globe, rings: Iterable[list[Point]]) -> list[BaseGeometry]:
    """Return the polygons of rings whose coordinates are degrees: straight edges stay straight."""
    shapes = []
    *_, d, e = globe.where.geotransform
    for ring in rings:
        points = globe.degrees(np.asarray(ring, dtype=float))
        lon, lat = points[:, 0], points[:, 1]
        # a grid of points, not of areas, overshoots the pole by half a pixel
        if not np.isfinite(points).all() or np.abs(lat).max() > 90 + 1e-9 + max(abs(d), abs(e)):
            raise Refused(
                f"{name}: its latitudes run from {lat.min():g} to {lat.max():g} in "
                f"{globe.where.crs.name!r} (geotransform {list(globe.where.geotransform)}), and "
                f"not from -90 to 90 at most: not on Earth, or the axes are swapped; {_WAY_OUT}"
            )
        _check_turns(name, lon)
        shapes.append(cut(shapely.Polygon(np.column_stack([lon, np.clip(lat, -90, 90)]))))
    return shapes


def _projected(
    name: str, globe: Globe, rings: Iterable[list[Point]], size: tuple[int, int]
) -> list[BaseGeometry]:
    earth = part_on_earth(globe, *size)
    if earth.is_empty:
        raise Refused(
            f"{name}: no part of it is on Earth: all of its corners are outside of the projection "
            f"{globe.where.crs.name!r} (geotransform {list(globe.where.geotransform)}, size "
            f"{size[0]} x {size[1]}); {_WAY_OUT}"
        )
    shapes = []
    for ring in rings:
        part = shapely.intersection(shapely.make_valid(shapely.Polygon(ring)), earth)
        rings_on_earth = [
            trace(globe, piece, size)
            for piece in shapely.get_parts(part)
            if piece.geom_type == "Polygon" and piece.area > 0
        ]
        shapes += [_on_the_plane(name, each) for each in rings_on_earth if len(each.lon) > 3]  # noqa: PLR2004 - corners, closed
    return shapes


def _on_the_plane(name: str, ring: Ring) -> BaseGeometry:
    """Return the polygon of a traced ring, cut at the antimeridian."""
    _check_turns(name, ring.lon)
    turned = ring.lon[-1] - ring.lon[0]
    if abs(turned) < TURN / 2:
        polygon = cut(shapely.Polygon(np.column_stack([ring.lon, ring.lat])))
        if len(ring.poles) == 2:  # noqa: PLR2004 - it surrounds what is not in it
            return shapely.difference(shapely.box(-180, -90, 180, 90), polygon)
        return polygon
    if len(ring.poles) != 1:
        raise Refused(
            f"{name}: its outline runs once around the globe, but holds "
            f"{'both poles' if ring.poles else 'no pole'}: its footprint cannot be told; "
            "expected geometry among the image's attributes"
        )
    pole = ring.poles[0]
    lon = np.append(ring.lon, [ring.lon[-1], ring.lon[0]])
    return cut(shapely.Polygon(np.column_stack([lon, np.append(ring.lat, [pole, pole])])))


def _check_turns(name: str, lon: npt.NDArray[np.float64]) -> None:
    if np.ptp(lon) > TURN + 1 or np.abs(lon).max() > 3 * TURN:
        raise Refused(
            f"{name}: its outline spans longitudes {lon.min():g} to {lon.max():g}; "
            f"expected at most one turn, or geometry among the image's attributes"
        )


def cut(polygon: BaseGeometry) -> BaseGeometry:
    """Return a polygon of unwrapped longitudes cut and shifted into -180 to 180."""
    valid = shapely.make_valid(polygon)
    west, _, east, _ = valid.bounds
    if east - west >= TURN:
        _, south, _, north = valid.bounds
        if abs(valid.area - (east - west) * (north - south)) < 1e-9 * valid.area:
            return shapely.box(-180, south, 180, north)
    parts = []
    for turn in range(math.floor((west + 180) / TURN), math.floor((east + 180) / TURN) + 1):
        strip = shapely.box(turn * TURN - 180, -90, turn * TURN + 180, 90)
        part = shapely.intersection(valid, strip)
        if part.area > 0:
            parts.append(shapely.transform(part, _shift(-turn * TURN)))
    return shapely.union_all(parts)


def _shift(degrees: float) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    return lambda points: np.add(points, (degrees, 0.0))
