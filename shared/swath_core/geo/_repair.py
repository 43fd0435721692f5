"""Repair of polygons whose rings cross: one definition for footprints, searches and cutlines.

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

MOST_CROSSINGS = 5_000
"""Places where edges may cross: at most so many are repaired, in well under a second."""
MOST_OVERLAPS = (100_000, 5)
"""Pairs of edges whose boxes may overlap: so many, and so many more for each edge."""
_FEW_EDGES = 100
"""Edges whose pairs are fewer than either limit."""
_PAIRS_AT_ONCE = 2_000_000
_PAIRS_COMPARED_AT_ONCE = 250_000

Array = np.ndarray[Any, Any]


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
