"""Bounds in any CRS as a polygon in longitude and latitude."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from swath.shapes import box_of

from ._utm import to_lonlat

_POINTS = 21  # along each edge, which is straight in the CRS and bent in longitude and latitude
_UTM = re.compile(r"EPSG:32([67])(0[1-9]|[1-5]\d|60)", re.IGNORECASE)
_SOUTHERN = 10_000_000.0  # false northing of the southern zones, in metres
_RADIUS = 6378137.0  # of web Mercator's sphere, in metres
_LONLAT = frozenset({"EPSG:4326", "OGC:CRS84"})
Bounds = tuple[float, float, float, float]


def extent(bounds: Bounds, crs: str) -> Any:
    """The shapely polygon of (minx, miny, maxx, maxy) in `crs`; two parts across 180 degrees.

    Raises ValueError for a CRS that neither this module nor an installed library knows.
    """
    if crs.upper() in _LONLAT:
        return box_of(bounds)
    convert = _converter(crs)
    corners = [convert(x, y) for x, y in _ring(bounds)]
    return _polygon(corners)


def _ring(bounds: Bounds) -> Iterator[tuple[float, float]]:
    minx, miny, maxx, maxy = bounds
    steps = [step / _POINTS for step in range(_POINTS)]
    yield from ((minx + (maxx - minx) * s, miny) for s in steps)
    yield from ((maxx, miny + (maxy - miny) * s) for s in steps)
    yield from ((maxx - (maxx - minx) * s, maxy) for s in steps)
    yield from ((minx, maxy - (maxy - miny) * s) for s in steps)


def _polygon(corners: list[tuple[float, float]]) -> Any:
    from shapely import affinity, union_all
    from shapely.geometry import Polygon, box

    lons = [lon for lon, _ in corners]
    if max(lons) - min(lons) <= 180.0:  # noqa: PLR2004 - degrees
        return Polygon(corners)
    whole = Polygon([(lon % 360.0, lat) for lon, lat in corners])
    west, east = (
        whole.intersection(box(0, -90, 180, 90)),
        whole.intersection(box(180, -90, 360, 90)),
    )
    return union_all([west, affinity.translate(east, -360.0)])


def _converter(crs: str) -> Callable[[float, float], tuple[float, float]]:
    utm = _UTM.fullmatch(crs)
    if utm:
        north = 0.0 if utm[1] == "6" else _SOUTHERN
        return lambda x, y: to_lonlat(x, y - north, int(utm[2]))
    if crs.upper() == "EPSG:3857":
        return _from_mercator
    try:
        from pyproj import Transformer
    except ImportError:
        raise ValueError(
            f"an area in {crs} becomes longitude and latitude by pyproj: pip install pyproj, or "
            "give the area as a geometry"
        ) from None
    convert: Any = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True).transform
    return lambda x, y: (float((found := convert(x, y))[0]), float(found[1]))


def _from_mercator(x: float, y: float) -> tuple[float, float]:
    lat = math.degrees(math.atan(math.sinh(y / _RADIUS)))
    return math.degrees(x / _RADIUS), lat
