"""Which tiles of the UTM grids a shape touches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ._utm import to_utm, zone_of

_ZONE = 6.0  # degrees
_STEP = 0.05  # degrees between points that an edge is bent at when it is projected
_MERIDIAN = 500000.0


def touched(shape: Any, side: float) -> Iterator[tuple[int, int, int]]:
    """(zone, ti, tj) of every tile of `side` metres that meets `shape`, in longitude and latitude.

    Each zone sees the part of the shape inside its six degrees, projected with bent edges.
    """
    import shapely
    from shapely.geometry import box

    west, _, east, _ = shape.bounds
    for zone in range(zone_of(max(west, -180.0)), zone_of(min(east, 180.0)) + 1):
        left = _ZONE * zone - 186.0
        part = shape.intersection(box(left, -90.0, left + _ZONE, 90.0))
        if part.is_empty or (shape.area > 0 and part.area == 0):
            continue
        projected = shapely.transform(
            shapely.segmentize(part, _STEP), lambda points, z=zone: _project(points, z)
        )
        yield from ((zone, ti, tj) for ti, tj in _tiles(projected, side))


def _tiles(projected: Any, side: float) -> Iterator[tuple[int, int]]:
    import shapely
    from shapely.geometry import box

    shapely.prepare(projected)
    minx, miny, maxx, maxy = projected.bounds
    columns = range(
        math.floor((minx - _MERIDIAN) / side), math.floor((maxx - _MERIDIAN) / side) + 1
    )
    for tj in range(math.floor(miny / side), math.floor(maxy / side) + 1):
        for ti in columns:
            left, bottom = _MERIDIAN + ti * side, tj * side
            if projected.intersects(box(left, bottom, left + side, bottom + side)):
                yield ti, tj


def _project(points: Any, zone: int) -> Any:
    import numpy as np

    return np.array([to_utm(lon, lat, zone) for lon, lat in points], dtype=float).reshape(-1, 2)
