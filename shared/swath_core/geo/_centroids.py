"""Where footprints lie: their centroids, also of those across the antimeridian."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

_HALF_TURN = 180.0
_ROUNDING = 1e-9


def centroids_of(
    footprints: Sequence[bytes],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitudes and latitudes of the centroids of footprints, given as WKB on the plane."""
    shapes = _rejoined(shapely.from_wkb(np.array(footprints, dtype=object)))
    centroids = shapely.centroid(shapes)
    longitudes = (shapely.get_x(centroids) + _HALF_TURN) % (2 * _HALF_TURN) - _HALF_TURN
    return longitudes, shapely.get_y(centroids)


def _rejoined(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return footprints that were cut at the antimeridian in one piece, beyond 180 degrees."""
    west, _, east, _ = shapely.bounds(shapes).T
    for index in np.flatnonzero(east - west > _HALF_TURN):
        shifted = shapely.transform(shapes[index], _eastward)
        left, _, right, _ = shapely.bounds(shifted)
        # Halves of one footprint move together as they are; a band around the earth is torn.
        whole = abs(shifted.area - shapes[index].area) <= _ROUNDING * shifted.area
        if whole and right - left < east[index] - west[index]:
            shapes[index] = shifted
    return shapes


def _eastward(points: NDArray[np.float64]) -> NDArray[np.float64]:
    moved = points.copy()
    moved[points[:, 0] < 0, 0] += 2 * _HALF_TURN
    return moved
