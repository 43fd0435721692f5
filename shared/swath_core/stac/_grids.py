"""Grids that items are counted in: cells of centroids, as H3, geohash or map tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath_core.summaries import cells_at

Floats = NDArray[np.float64]

_BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz"
_BITS = 5
_TURN, _HALF_TURN = 360.0, 180.0
_MERCATOR_NORTH = 85.0511287798066
"""Where the square of the web map ends: atan(sinh(pi))."""


@dataclass(frozen=True)
class Grid:
    """A grid: its cells of a precision (``least`` to ``most``) at longitudes and latitudes."""

    cells: Callable[[Floats, Floats, int], list[str]]
    least: int
    most: int
    default: int


def geohashes(longitudes: Floats, latitudes: Floats, length: int) -> list[str]:
    """Return the geohash, of so many characters, of each place."""
    bits = length * _BITS
    east = _steps((longitudes + _HALF_TURN) / _TURN, (bits + 1) // 2)
    north = _steps((latitudes + _HALF_TURN / 2) / _HALF_TURN, bits // 2)
    return [_geohash(x, y, bits) for x, y in zip(east, north, strict=True)]


def _steps(shares: Floats, bits: int) -> list[int]:
    """Return which of 2^bits equal steps each share of the whole lies in."""
    whole = 1 << bits
    found: list[int] = np.clip(np.floor(shares * whole), 0, whole - 1).astype(np.int64).tolist()
    return found


def _geohash(east: int, north: int, bits: int) -> str:
    """Return the text of bits of longitude and latitude, taken in turn from the highest."""
    number, turns = 0, [(bits + 1) // 2, bits // 2]
    for bit in range(bits):
        which = bit % 2
        turns[which] -= 1
        number = number << 1 | ((east, north)[which] >> turns[which] & 1)
    shifts = range(bits - _BITS, -1, -_BITS)
    return "".join(_BASE32[number >> shift & (len(_BASE32) - 1)] for shift in shifts)


def tiles(longitudes: Floats, latitudes: Floats, zoom: int) -> list[str]:
    """Return the web map tile, ``z/x/y``, of each place; beyond 85 degrees that at the edge."""
    angles = np.radians(np.clip(latitudes, -_MERCATOR_NORTH, _MERCATOR_NORTH))
    south = (1 - np.arcsinh(np.tan(angles)) / np.pi) / 2
    columns = _steps((longitudes + _HALF_TURN) / _TURN, zoom)
    rows = _steps(south, zoom)
    return [f"{zoom}/{x}/{y}" for x, y in zip(columns, rows, strict=True)]


GRIDS = {
    "grid_geohex_frequency": Grid(cells_at, 0, 15, 3),
    "grid_geohash_frequency": Grid(geohashes, 1, 12, 3),
    "grid_geotile_frequency": Grid(tiles, 0, 29, 5),
}
"""By the name of the aggregation: H3 cells by resolution, geohashes by length, tiles by zoom."""
