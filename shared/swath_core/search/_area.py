"""Areas on the ground, roughly: what the planner's estimates are made of.

Images that touch a convex area have their centres in the area widened by a footprint. How large
that is on average over all directions is Steiner's formula for two convex bodies: the sum of the
areas, and the product of the perimeters divided by 2 pi.
"""

from __future__ import annotations

import math

import h3.api.basic_int as h3
import shapely
from shapely.geometry.base import BaseGeometry

_KM_PER_DEGREE = 111.195
_TYPICAL_CELLS = 20
_HEXAGON_PERIMETER = 3.7224  # of a regular hexagon of area 1
_SQUARE_PERIMETER = 4.0
_LEAST_SIDE = 0.05
_LEAST_SHRINK = 0.05


def footprint_side(rung: int) -> float:
    """Return the side in km of a typical footprint whose fine rung is this one."""
    cell: float = h3.average_hexagon_area(rung, unit="km^2")
    return max(_LEAST_SIDE, (math.sqrt(_TYPICAL_CELLS) - 1) * math.sqrt(cell))


def widened_cell(rung: int, side: float) -> float:
    """Return the area in km² of a cell of a rung widened by a footprint of a side in km."""
    cell: float = h3.average_hexagon_area(rung, unit="km^2")
    return _steiner(cell, _HEXAGON_PERIMETER * math.sqrt(cell), side)


def widened(area: BaseGeometry, side: float) -> float:
    """Return the area in km² of a query widened by a footprint of a side in km."""
    _, south, _, north = area.bounds
    shrink = max(_LEAST_SHRINK, math.cos(math.radians((south + north) / 2)))
    hull = shapely.convex_hull(area)
    flat = shapely.transform(hull, lambda xy: xy * [_KM_PER_DEGREE * shrink, _KM_PER_DEGREE])
    filled = area.area / hull.area if hull.area > 0 else 1.0
    length = flat.length * (2.0 if hull.geom_type == "LineString" else 1.0)
    return max(1e-6, _steiner(flat.area * filled, length, side))


def _steiner(area: float, perimeter: float, side: float) -> float:
    return area + perimeter * _SQUARE_PERIMETER * side / (2 * math.pi) + side * side
