"""The cells that a query reads: the cover of the ladder that is expected to read least.

An image is read once for each cell of the cover that it touches. So what a cover reads goes with
the area of its cells, each widened by a footprint, and what matches with the area of the query,
widened likewise: the density of images cancels out, and nothing has to be known of it. How large an
area widened by a footprint is, on average over all directions, is Steiner's formula for two convex
bodies: the sum of the areas, and the product of the perimeters divided by 2 pi.

A cover may mix rungs: a cell stands for the part of the query that lies in it, and a few finer
cells can stand for the same part where it is small. Any such cover finds everything: where a
footprint meets the query, some cell of the cover holds the point, and the image is posted in every
cell of that rung that it touches, or at its own coarser rung, whose cells are read as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import h3.api.basic_int as h3
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.documents import INDEX_VERSION
from swath_core.index import (
    FINEST_SHARDED,
    VERSIONS,
    IndexState,
    cover,
    cover_rungs,
    planar_cells,
    rung_area,
    rung_cover,
    rung_perimeter,
)

MOST_PARTITIONS = 16
MOST_POINT_PARTITIONS = 2
PARTITION_COST = 0.04
"""Postings per match that a further partition has to save to be worth a request of its own."""

_FEW = 0.1
_INSIDE_MARGIN = 1e-7
_AREAS = frozenset({"Polygon", "MultiPolygon"})

_KM_PER_DEGREE = 111.195
_SQUARE_PERIMETER = 4.0
_LEAST_SIDE = 0.05
_LEAST_SHRINK = 0.05


@dataclass(frozen=True, slots=True)
class CoverCell:
    """A cell's partition that a query reads.

    ``own``: of the images that end at the rung, otherwise of those that pass it. ``inside``: the
    cell lies in the query's area as a whole. ``share``: postings expected from it for one match.
    """

    rung: int
    cell: int
    own: bool
    inside: bool
    share: float


@dataclass(frozen=True, slots=True)
class CellCover:
    """The partitions that a query reads, and the postings expected from all of them per match."""

    cells: tuple[CoverCell, ...]
    ratio: float


@lru_cache(maxsize=256)
def best_cover(
    wkb: bytes, state: IndexState, most: int, version: int = INDEX_VERSION, shards: int = 1
) -> CellCover | None:
    """Return the best cover of an area (WKB); None where every rung takes too many partitions.

    ``version`` is the one of the product's index that is read, ``shards`` its shards.

    Pure in area and index state, so the pages of a search plan once.
    """
    used = state.used(version)
    if not used.ending and not used.few:
        return CellCover((), 1.0)
    area = _within_extent(shapely.from_wkb(wkb), state.extent)
    if area is None:
        return CellCover((), 1.0)
    if area.geom_type == "Point":
        most = min(most, MOST_POINT_PARTITIONS * shards)
    ladder = _Ladder(area, state, most, version, shards)
    candidates = [_Candidate.uniform(ladder, rung) for rung in ladder.rungs]
    possible = [each for each in candidates if each is not None]
    if not possible:
        return None
    best = min(possible, key=lambda each: each.cost)
    return (_refined(best) if area.geom_type in _AREAS else best).result()


Key = tuple[int, int]  # rung, cell
Partition = tuple[int, bool, int]  # rung, own, cell


class _Ladder:
    """A query's area, a product's fine rungs, and what the planner has computed about them."""

    def __init__(
        self, area: BaseGeometry, state: IndexState, most: int, version: int, shards: int
    ) -> None:
        used = state.used(version)
        self.area = area
        self.most = most
        self.steps = VERSIONS[version]
        self.rungs = cover_rungs(version, used)
        self.ending = used.ending
        self.few = used.few
        self._shards = shards if version > 1 else 1
        self.fine = sorted(used.ending | used.few)
        self.finest = self.fine[-1]
        self._uniform: dict[int, frozenset[int] | None] = {}
        self._weights: dict[tuple[int, bool], float] = {}
        images = {each: 1.0 if each in used.ending else _FEW for each in self.fine}
        self._images = {each: number / sum(images.values()) for each, number in images.items()}
        self._sides = {each: footprint_side(each, version) for each in self.fine}
        self._matches = {each: widened(area, self._sides[each]) for each in self.fine}

    def cells(self, rung: int) -> frozenset[int] | None:
        """Return the cover at one rung; None where it has too many cells."""
        if rung not in self._uniform:
            if self.area.geom_type == "Point":
                touched = rung_cover(self.area, rung) or frozenset()
                self._uniform[rung] = frozenset(sorted(touched)[:1])  # each holds all at the point
            else:
                self._uniform[rung] = rung_cover(self.area, rung, self.most)
        return self._uniform[rung]

    def families(self, rung: int) -> Iterator[bool]:
        """Yield which partitions of a cell hold all images at its rung: own, passing."""
        if rung in self.ending:
            yield True
        if rung in self.few or any(self.steps.passes(each, rung) for each in self.fine):
            yield False

    def is_posted_at(self, fine: int, rung: int) -> bool:
        """Return whether images that end at one rung are posted in the cells of another."""
        return fine == rung or self.steps.passes(fine, rung)

    def shards(self, rung: int) -> int:
        """Return how many partitions stand for one of a cell of a rung."""
        return self._shards if rung % 2 == 0 and rung <= 2 * FINEST_SHARDED else 1

    def weight(self, rung: int, own: bool) -> float:  # noqa: FBT001 - a member of partitions
        """Return the postings for one match that a partition at a rung is expected to give."""
        if (rung, own) not in self._weights:
            held = [each for each in self.fine if self.steps.passes(each, rung)]
            held += [rung] * (rung in self.few)
            held = [rung] if own else held
            self._weights[rung, own] = sum(self._weight(rung, each) for each in held)
        return self._weights[rung, own]

    def _weight(self, rung: int, fine: int) -> float:
        read = widened_cell(rung, self._sides[fine])
        return self._images[fine] * read / self._matches[fine]


class _Candidate:
    """A candidate: cells of rungs that hold the query together, and the partitions they need."""

    def __init__(
        self, ladder: _Ladder, cells: frozenset[Key], partitions: frozenset[Partition]
    ) -> None:
        self.ladder = ladder
        self.cells = cells
        self.partitions = partitions

    @classmethod
    def of(cls, ladder: _Ladder, cells: frozenset[Key]) -> _Candidate | None:
        """Return the cover by these cells; None where that takes too many partitions."""
        partitions = {(rung, own, cell) for rung, cell in cells for own in ladder.families(rung)}
        rungs = {rung for rung, _ in cells}
        for fine in ladder.fine:
            if all(ladder.is_posted_at(fine, rung) for rung in rungs):
                continue
            others = ladder.cells(fine)
            if others is None:
                return None
            partitions |= {(fine, True, cell) for cell in others}
            if fine in ladder.few and fine not in ladder.ending:
                partitions |= {(fine, False, cell) for cell in others}
        candidate = cls(ladder, cells, frozenset(partitions))
        return candidate if candidate.opened <= ladder.most else None

    @classmethod
    def uniform(cls, ladder: _Ladder, rung: int) -> _Candidate | None:
        """Return the cover by the cells of one rung; None where that takes too many partitions."""
        cells = ladder.cells(rung)
        return cls.of(ladder, frozenset((rung, cell) for cell in cells)) if cells else None

    @property
    def opened(self) -> int:
        """How many partitions are opened, shards counted."""
        return sum(self.ladder.shards(rung) for rung, _, _ in self.partitions)

    @property
    def ratio(self) -> float:
        """Postings expected for one match."""
        return sum(self.ladder.weight(rung, own) for rung, own, _ in self.partitions)

    @property
    def cost(self) -> float:
        """What covers are compared by."""
        return self.ratio + PARTITION_COST * self.opened

    def result(self) -> CellCover:
        """Return the cover as the plan needs it."""
        ordered = sorted(self.partitions)
        inside = _inside(self.ladder.area, [cell for _, _, cell in ordered])
        cells = tuple(
            CoverCell(rung, cell, own, within, self.ladder.weight(rung, own))
            for (rung, own, cell), within in zip(ordered, inside, strict=True)
        )
        return CellCover(cells, max(1.0, self.ratio))


def _refined(best: _Candidate) -> _Candidate:
    """Return a cover with cells replaced by finer ones as long as that saves."""
    waiting = set(best.cells)
    while waiting:
        key = max(waiting)
        waiting.discard(key)
        finer = _replacement(best, key)
        candidate = finer and _Candidate.of(best.ladder, best.cells - {key} | finer)
        if finer and candidate and candidate.cost < best.cost:
            best = candidate
            waiting |= finer
    return best


def _replacement(best: _Candidate, key: Key) -> frozenset[Key] | None:
    """Return cells of the next finer rung that hold the query's part in a cell."""
    rung, cell = key
    if rung >= best.ladder.finest:
        return None
    finer = next(each for each in best.ladder.rungs if each > rung)
    part = shapely.intersection(best.ladder.area, planar_cells([cell]).tiles[0])
    room = best.ladder.most - best.opened + 2
    cells = None if part.is_empty else rung_cover(part, finer, room)
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


# ---- areas on the ground, roughly


def footprint_side(rung: int, version: int = INDEX_VERSION) -> float:
    """Return the side in km of a typical footprint whose fine rung is this one."""
    typical = VERSIONS[version].typical
    return max(_LEAST_SIDE, (math.sqrt(typical) - 1) * math.sqrt(rung_area(rung)))


def widened_cell(rung: int, side: float) -> float:
    """Return the area in km² of a cell of a rung widened by a footprint of a side in km."""
    return _steiner(rung_area(rung), rung_perimeter(rung), side)


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
