"""H3 cells as plain polygons on the longitude/latitude plane, and which of them an area touches.

A cell's boundary taken as straight lines between its vertices, in degrees, is a tile: neighbours
share their vertices, so at every resolution the tiles fill the plane without gap or overlap (at
resolutions 0 to 3 their areas add up to 360 x 180 square degrees to 1e-10). A cell that crosses the
antimeridian is two pieces, one at either edge of the plane; the two cells that hold a pole are
carried up to it. Spherical point lookup plays no part, which is what makes covers exact.

A cover is found by spreading from a seed in every part of the area to the neighbours of cells that
touch it. A part is connected and tiles fill the plane, so the cells that touch it are connected
through shared edges, and the spread ends having found every one of them. ``h3.polygon_to_cells`` is
not used: its covers of two intersecting polygons can be disjoint, since it mixes planar edges with
spherical cells, and it is wrong around the poles and beyond 180 degrees.

Between two resolutions there are groups: the seven children of a cell as one group of three and two
of two, so that the side of tiles grows by 1.6 from step to step instead of by 2.6. A group is named
by minus the id of one of its cells; its tile is that of its cells together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Cell = int
"""An H3 cell; less than 0: a group, by minus the id of the cell that stands for it."""
Geometries = NDArray[np.object_]

TOLERANCE = 1e-9
"""Degrees within which a cell counts as touched: about 0.1 mm. It absorbs rounding where tiles
are cut (at most 2e-13), and a cell too many costs one posting, never an answer."""

MOST_IN_GROUP = 3

_GROUPS = ((0, 4, 6), (2, 3), (5, 1))
"""Digits of the children that form a group; the first stands for it. They share edges. A pentagon
has no child 1."""
_GROUP_OF = {digit: group for group in _GROUPS for digit in group}
_FINEST_H3 = 15

_FURTHEST_SEED = 6
_REMEMBERED = 40_000
_remembered: dict[Cell, shapely.Geometry] = {}


@dataclass(frozen=True, slots=True)
class PlanarCells:
    """Cells and their tiles, index by index; a tile is a Polygon or a MultiPolygon."""

    cells: Sequence[Cell]
    tiles: Geometries


def planar_cells(cells: Iterable[Cell]) -> PlanarCells:
    """Return the tiles of cells. Tiles are kept for the next call, up to a bound."""
    wanted = list(cells)
    found = {cell: _remembered.get(cell) for cell in wanted}
    missing = [cell for cell, tile in found.items() if tile is None]
    if missing:
        plain = [cell for cell in missing if cell > 0]
        made = dict(zip(plain, _tiles(plain), strict=True)) if plain else {}
        made |= {cell: _group_tile(cell) for cell in missing if cell < 0}
        found |= made
        if len(_remembered) + len(made) > _REMEMBERED:
            _remembered.clear()  # other threads may be here as well: each works on its own copy
        _remembered.update(made)
    tiles = np.empty(len(wanted), dtype=object)
    tiles[:] = [found[cell] for cell in wanted]
    return PlanarCells(wanted, tiles)


def group_of(cell: Cell) -> Cell:
    """Return the group that a cell is in."""
    shift = 3 * (_FINEST_H3 - h3.get_resolution(cell))
    first = _GROUP_OF[cell >> shift & 7][0]
    group: Cell = -(cell & ~(7 << shift) | first << shift)
    return group


def members(group: Cell) -> list[Cell]:
    """Return the cells of a group."""
    shift = 3 * (_FINEST_H3 - h3.get_resolution(-group))
    bare = -group & ~(7 << shift)
    cells = [bare | digit << shift for digit in _GROUP_OF[-group >> shift & 7]]
    return [cell for cell in cells if h3.is_valid_cell(cell)]


def _group_tile(group: Cell) -> shapely.Geometry:
    return shapely.union_all(planar_cells(members(group)).tiles)


def _tiles(cells: list[Cell]) -> list[shapely.Geometry]:
    """Build tiles, the plain ones all at once."""
    rings: list[list[tuple[float, float]]] = []
    special: dict[int, shapely.Geometry] = {}
    for number, cell in enumerate(cells):
        ring = [(x, y) for y, x in h3.cell_to_boundary(cell)]
        west = min(ring)[0]
        if max(ring)[0] - west > 180:  # noqa: PLR2004 - half a turn
            special[number] = _edge_tile(ring)
            ring = [(0.0, 0.0)] * 3
        rings.append(ring)
    sizes = [len(ring) for ring in rings]
    points = np.array([point for ring in rings for point in ring])
    owners = np.repeat(np.arange(len(rings)), sizes)
    tiles = list(shapely.polygons(shapely.linearrings(points, indices=owners)))
    for number, tile in special.items():
        tiles[number] = tile
    return tiles


def _edge_tile(ring: list[tuple[float, float]]) -> shapely.Geometry:
    """Return the tile of a cell that crosses the antimeridian or holds a pole."""
    unwrapped = [ring[0]]
    for x, y in [*ring[1:], ring[0]]:
        step = (x - unwrapped[-1][0] + 180.0) % 360.0 - 180.0
        unwrapped.append((unwrapped[-1][0] + step, y))
    turn = unwrapped[-1][0] - unwrapped[0][0]
    if abs(turn) > 180:  # noqa: PLR2004 - once round the pole
        pole = 90.0 if sum(y for _, y in ring) > 0 else -90.0
        unwrapped += [(unwrapped[-1][0], pole), (unwrapped[0][0], pole)]
    polygon = shapely.Polygon(unwrapped)
    pieces = []
    for shift in (-360.0, 0.0, 360.0):
        window = shapely.box(shift - 180.0, -90, shift + 180.0, 90)
        piece = shapely.intersection(polygon, window)
        if piece.area > 0:
            pieces.append(shapely.transform(piece, lambda xy, s=shift: xy - [s, 0.0]))
    return shapely.union_all(pieces)


# ---- covers


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


def cover_by_groups(
    area: BaseGeometry, resolution: int, most: int | None = None
) -> frozenset[Cell] | None:
    """Return the groups of cells of a resolution that touch an area; None where over ``most``."""
    cells = cover(area, resolution, None if most is None else MOST_IN_GROUP * most)
    if cells is None:
        return None
    groups = frozenset(map(group_of, cells))
    return groups if most is None or len(groups) <= most else None


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
