"""Which cells of one resolution an area touches: exactly, whatever the area.

Candidates spread from a seed in every part of the area to the neighbours of cells that touch it. An
area's part is connected and tiles fill the plane, so the cells that touch it are connected through
shared edges, and the spread ends having found every one of them. ``h3.polygon_to_cells`` is not
used: its covers of two intersecting polygons can be disjoint, since it mixes planar edges
with spherical cells, and it is wrong around the poles and beyond 180 degrees.
"""

from __future__ import annotations

from collections.abc import Iterable

import h3.api.basic_int as h3
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ._cells import Cell, planar_cells

TOLERANCE = 1e-9
"""Degrees within which a cell counts as touched: about 0.1 mm. It absorbs rounding where tiles
are cut (at most 2e-13), and a cell too many costs one posting, never an answer."""

_FURTHEST_SEED = 6


def cover(area: BaseGeometry, resolution: int, most: int | None = None) -> frozenset[Cell] | None:
    """Return the cells of a resolution that touch an area on the plane.

    Returns None as soon as there are more than ``most``.
    """
    parts = shapely.get_parts(area)
    if len(parts) > 1:
        shapely.prepare(parts)
    shapely.prepare(area)
    found: set[Cell] = set()
    tested: set[Cell] = set()
    for part in parts:
        seed = _seed(part, resolution)
        if seed in found:
            continue
        frontier = {seed}
        found |= frontier
        tested |= frontier
        while frontier:
            near = {n for cell in frontier for n in h3.grid_disk(cell, 1)} - tested
            tested |= near
            frontier = _touching(area, near)
            found |= frontier
            if most is not None and len(found) > most:
                return None
    return frozenset(found) if most is None or len(found) <= most else None


def _seed(part: BaseGeometry, resolution: int) -> Cell:
    """Return a cell that touches a connected part: one around any of its points."""
    x, y = shapely.get_coordinates(part)[0]
    point = shapely.Point(x, y)
    center = h3.latlng_to_cell(y, x, resolution)
    for distance in range(_FURTHEST_SEED):
        touching = _touching(point, h3.grid_ring(center, distance))
        if touching:
            return min(touching)
    message = f"no cell of resolution {resolution} at {x}, {y}"  # pragma: no cover
    raise AssertionError(message)  # pragma: no cover


def _touching(area: BaseGeometry, cells: Iterable[Cell]) -> set[Cell]:
    candidates = planar_cells(cells)
    if not candidates.cells:
        return set()
    near = shapely.dwithin(area, candidates.tiles, TOLERANCE)
    return {candidates.cells[number] for number in np.flatnonzero(near).tolist()}
