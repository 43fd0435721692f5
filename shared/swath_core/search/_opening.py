"""Which cells a query opens: the cover of the ladder that is expected to read least.

An image is read once for each opened cell that it touches. So what a cover reads goes with the area
of its cells, each widened by a footprint, and what matches with the area of the query, widened
likewise: the density of images cancels out, and nothing has to be known of it.

A cover may mix rungs: a cell stands for the part of the query that lies in it, and a few finer
cells can stand for the same part where it is small. Any such cover finds everything: where a
footprint meets the query, some opened cell holds the point, and the image is posted in every
cell of that rung that it touches, or at its own coarser rung, whose cells are opened as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import h3.api.basic_int as h3
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.index import RUNGS, IndexState, cover, planar_cells

from ._area import footprint_side, widened, widened_cell

MOST_PARTITIONS = 16
MOST_POINT_PARTITIONS = 2
PARTITION_COST = 0.04
"""Postings per match that a further partition has to save to be worth a request of its own."""

_FEW = 0.1
_INSIDE_MARGIN = 1e-7
_AREAS = frozenset({"Polygon", "MultiPolygon"})


@dataclass(frozen=True, slots=True)
class OpenedCell:
    """A partition of cells that a query opens.

    ``own``: of the images that end at the rung, otherwise of those that pass it. ``inside``: the
    cell lies in the query's area as a whole. ``share``: postings expected from it for one match.
    """

    rung: int
    cell: int
    own: bool
    inside: bool
    share: float


@dataclass(frozen=True, slots=True)
class Opening:
    """The partitions that a query opens, and the postings expected from all of them per match."""

    cells: tuple[OpenedCell, ...]
    ratio: float


@lru_cache(maxsize=256)
def open_cells(wkb: bytes, state: IndexState, most: int) -> Opening | None:
    """Return the best opening for an area (WKB); None where every rung opens too many partitions.

    Pure in area and index state, so the pages of a search plan once.
    """
    if not state.ending and not state.few:
        return Opening((), 1.0)
    area = _within_extent(shapely.from_wkb(wkb), state.extent)
    if area is None:
        return Opening((), 1.0)
    if area.geom_type == "Point":
        most = MOST_POINT_PARTITIONS
    ladder = _Ladder(area, state, most)
    covers = [_Cover.uniform(ladder, rung) for rung in RUNGS if rung <= ladder.finest]
    possible = [each for each in covers if each is not None]
    if not possible:
        return None
    best = min(possible, key=lambda each: each.cost)
    return (_refined(best) if area.geom_type in _AREAS else best).opening()


Key = tuple[int, int]  # rung, cell
Partition = tuple[int, bool, int]  # rung, own, cell


class _Ladder:
    """A query's area, a product's fine rungs, and what the planner has computed about them."""

    def __init__(self, area: BaseGeometry, state: IndexState, most: int) -> None:
        self.area = area
        self.most = most
        self.ending = state.ending
        self.few = state.few
        self.fine = sorted(state.ending | state.few)
        self.finest = self.fine[-1]
        self._uniform: dict[int, frozenset[int] | None] = {}
        self._weights: dict[tuple[int, bool], float] = {}
        images = {each: 1.0 if each in state.ending else _FEW for each in self.fine}
        self._images = {each: number / sum(images.values()) for each, number in images.items()}
        self._matches = {each: widened(area, footprint_side(each)) for each in self.fine}

    def cells(self, rung: int) -> frozenset[int] | None:
        """Return the cover at one rung; None where it has too many cells."""
        if rung not in self._uniform:
            if self.area.geom_type == "Point":
                touched = cover(self.area, rung) or frozenset()
                self._uniform[rung] = frozenset(sorted(touched)[:1])  # each holds all at the point
            else:
                self._uniform[rung] = cover(self.area, rung, self.most)
        return self._uniform[rung]

    def families(self, rung: int) -> Iterator[bool]:
        """Yield which partitions of a cell hold all images at its rung: own, passing."""
        if rung in self.ending:
            yield True
        if rung in self.few or rung < self.finest:
            yield False

    def weight(self, rung: int, own: bool) -> float:  # noqa: FBT001 - a member of partitions
        """Return the postings for one match that a partition at a rung is expected to give."""
        if (rung, own) not in self._weights:
            held = [each for each in self.fine if each > rung] + [rung] * (rung in self.few)
            held = [rung] if own else held
            self._weights[rung, own] = sum(self._weight(rung, each) for each in held)
        return self._weights[rung, own]

    def _weight(self, rung: int, fine: int) -> float:
        read = widened_cell(rung, footprint_side(fine))
        return self._images[fine] * read / self._matches[fine]


class _Cover:
    """Cells of one or more rungs that hold the query together, and the partitions they open."""

    def __init__(
        self, ladder: _Ladder, cells: frozenset[Key], partitions: frozenset[Partition]
    ) -> None:
        self.ladder = ladder
        self.cells = cells
        self.partitions = partitions

    @classmethod
    def of(cls, ladder: _Ladder, cells: frozenset[Key]) -> _Cover | None:
        """Return the cover by these cells; None where it opens too many partitions."""
        partitions = {(rung, own, cell) for rung, cell in cells for own in ladder.families(rung)}
        finest = max(rung for rung, _ in cells)
        for rung in ladder.fine:
            coarse = ladder.cells(rung) if rung < finest else frozenset()
            if coarse is None:
                return None
            partitions |= {(rung, True, cell) for cell in coarse}
        if len(partitions) > ladder.most:
            return None
        return cls(ladder, cells, frozenset(partitions))

    @classmethod
    def uniform(cls, ladder: _Ladder, rung: int) -> _Cover | None:
        """Return the cover by the cells of one rung; None where it opens too many partitions."""
        cells = ladder.cells(rung)
        return cls.of(ladder, frozenset((rung, cell) for cell in cells)) if cells else None

    @property
    def ratio(self) -> float:
        """Postings expected for one match."""
        return sum(self.ladder.weight(rung, own) for rung, own, _ in self.partitions)

    @property
    def cost(self) -> float:
        """What covers are compared by."""
        return self.ratio + PARTITION_COST * len(self.partitions)

    def opening(self) -> Opening:
        """Return the cover as the plan needs it."""
        ordered = sorted(self.partitions)
        inside = _inside(self.ladder.area, [cell for _, _, cell in ordered])
        cells = tuple(
            OpenedCell(rung, cell, own, within, self.ladder.weight(rung, own))
            for (rung, own, cell), within in zip(ordered, inside, strict=True)
        )
        return Opening(cells, max(1.0, self.ratio))


def _refined(best: _Cover) -> _Cover:
    """Return a cover with cells replaced by finer ones as long as that saves."""
    waiting = set(best.cells)
    while waiting:
        key = max(waiting)
        waiting.discard(key)
        finer = _replacement(best, key)
        candidate = finer and _Cover.of(best.ladder, best.cells - {key} | finer)
        if finer and candidate and candidate.cost < best.cost:
            best = candidate
            waiting |= finer
    return best


def _replacement(best: _Cover, key: Key) -> frozenset[Key] | None:
    """Return cells of the next finer rung that hold the query's part in a cell."""
    rung, cell = key
    if rung >= best.ladder.finest:
        return None
    finer = RUNGS[RUNGS.index(rung) + 1]
    part = shapely.intersection(best.ladder.area, planar_cells([cell]).tiles[0])
    room = best.ladder.most - len(best.partitions) + 2
    cells = None if part.is_empty else cover(part, finer, room)
    return None if cells is None else frozenset((finer, each) for each in cells)


def _inside(area: BaseGeometry, cells: Sequence[int]) -> Iterable[bool]:
    """Return for each cell whether it lies in the area, a margin away from its edge."""
    if area.geom_type not in _AREAS or not cells:
        return [False] * len(cells)
    tiles = planar_cells(cells).tiles
    within = shapely.contains_properly(area, tiles)
    if within.any():
        within &= shapely.distance(shapely.boundary(area), tiles) > _INSIDE_MARGIN
    listed: list[bool] = np.asarray(within).tolist()
    return listed


def _within_extent(area: BaseGeometry, extent: frozenset[int]) -> BaseGeometry | None:
    """Return the part of an area where the product can have images; None if there is none."""
    touched = cover(area, 0) or frozenset()
    live = [cell for cell in touched if h3.get_base_cell_number(cell) in extent]
    if not live:
        return None
    if len(live) == len(touched) or area.geom_type not in _AREAS:
        return area
    part = shapely.intersection(area, shapely.union_all(planar_cells(live).tiles))
    return part if part.geom_type in _AREAS else area
