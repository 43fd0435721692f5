"""The ladder of rungs: in which cells a footprint is posted.

A rung is twice an H3 resolution; an odd one stands for the groups between two resolutions. An
image ends at one rung, its fine rung, and is posted in each cell that it touches there. It passes
the coarser rungs that are made for passing, and is posted in their cells, too. A cell has two
partitions: one of the images that end at its rung, one of those that pass it. So a few large
footprints in a product do not make every query read coarse partitions.

How footprints are placed on rungs is a *version* of the index. Partitions of cells carry it in
their names, so that a product can be moved from one to another while it is read and written.

Version 1 knows whole resolutions only and ends as fine as 44 cells allow: 13 to 45 postings an
image. Images that end at a rung in a handful of cells are posted in both partitions, as though they
passed. Version 2 has the groups in between, and ends where a footprint of that size and outline is
expected to touch at most 19 cells; footprints of one satellite so end at one rung wherever they
are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import h3.api.basic_int as h3
import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.documents import ALL_SPANS, INDEX_VERSION

from ._cells import Cell, cover, cover_by_groups

EVERYWHERE = -1
"""The rung of footprints that touch too many cells even at rung 0."""

MOST_POSTINGS = 46
"""Cell postings of one image: one that moves takes 2 x (46 + 1) + 1 of the 100 items that a
DynamoDB transaction may hold, and its guard up to four. Version 1 had one more."""

PASSING = 100
"""Added to the rungs of images that are posted as though they passed their fine rung."""

_OF_VERSION = 1000
"""What a version adds to its rungs in a product's index state, from version 2 on."""

_SURELY_TOO_MANY = 4
_KM_PER_DEGREE = 111.195
_LEAST_SHRINK = 0.05
_GROUP_CELLS = 7 / 3
_HEXAGON_PERIMETER = 3.7224  # of a regular hexagon of area 1
_GROUP_PERIMETER = 4.34  # of two or three hexagons side by side, of area 1 together


@dataclass(frozen=True, slots=True)
class Steps:
    """The rungs of a version: where images may end, which they pass, and where they end.

    An image passes a rung that lies ``gap`` or more below the one where it ends. It ends at the
    finest rung with at most ``most`` cells and, where ``expected`` is set, no more than that
    expected of its size; in ``few`` cells or fewer it is posted as passing, too.
    ``together`` is how many cells it may have on all rungs, ``typical`` how many it mostly has at
    the fine one.
    """

    ending: tuple[int, ...]
    passed: frozenset[int]
    gap: int
    most: int
    expected: float | None = None
    few: int = 0
    typical: float = 20.0
    together: int = MOST_POSTINGS

    def passes(self, fine: int, rung: int) -> bool:
        """Return whether images that end at a rung are posted as passing another one."""
        return rung in self.passed and rung <= fine - self.gap


_WHOLE = (0, 2, 4, 8, 12, 16, 20, 24)

VERSIONS = {
    1: Steps(_WHOLE, frozenset(_WHOLE), gap=1, most=44, few=8, together=MOST_POSTINGS + 1),
    2: Steps(tuple(range(25)), frozenset(_WHOLE), gap=2, most=40, expected=19.0, typical=14.0),
}


# ---- rungs


def rung_cover(area: BaseGeometry, rung: int, most: int | None = None) -> frozenset[Cell] | None:
    """Return the cells or groups of a rung that touch an area; None where over ``most``."""
    if rung % 2:
        return cover_by_groups(area, (rung + 1) // 2, most)
    return cover(area, rung // 2, most)


def rung_area(rung: int) -> float:
    """Return the mean area in km² of a rung's cells."""
    area: float = h3.average_hexagon_area((rung + 1) // 2, unit="km^2")
    return area * (_GROUP_CELLS if rung % 2 else 1.0)


def rung_perimeter(rung: int) -> float:
    """Return the mean perimeter in km of a rung's cells."""
    return (_GROUP_PERIMETER if rung % 2 else _HEXAGON_PERIMETER) * math.sqrt(rung_area(rung))


def _expected_cells(area: BaseGeometry, rung: int) -> float:
    """Return how many cells of a rung an area touches on average, by Steiner's formula."""
    _, south, _, north = area.bounds
    shrink = max(_LEAST_SHRINK, math.cos(math.radians((south + north) / 2)))
    flat = shapely.transform(area, lambda xy: xy * [_KM_PER_DEGREE * shrink, _KM_PER_DEGREE])
    cell = rung_area(rung)
    edge = rung_perimeter(rung) * float(flat.length) / (2 * math.pi)
    return 1 + (edge + float(flat.area)) / cell


# ---- what a product's images use


@dataclass(frozen=True, slots=True)
class IndexState:
    """What has ever been posted for a product: number sets on its Catalog row.

    ``rungs`` are the fine rungs of its images, as :func:`stored_rung` writes them; ``extent`` the
    H3 base cells (0 to 121) that their footprints touch; ``spans`` how long taking them lasted
    (``span_of``), and ALL_SPANS if that was noted of every image; ``years`` those of ``acquired``.
    A writer adds to them before it writes an image; they never shrink.
    """

    rungs: frozenset[int] = frozenset()
    extent: frozenset[int] = frozenset()
    spans: frozenset[int] = frozenset()
    years: frozenset[int] = frozenset()

    @property
    def longest(self) -> float | None:
        """Seconds that taking no image exceeded; None where that is not known of all of them."""
        if ALL_SPANS not in self.spans:
            return None
        return max((2.0**span for span in self.spans if span != ALL_SPANS), default=0.0)

    def covers(self, other: IndexState) -> bool:
        """Return whether the other state adds nothing to this one."""
        return (
            other.rungs <= self.rungs
            and other.extent <= self.extent
            and other.spans <= self.spans
            and other.years <= self.years
        )

    def union(self, other: IndexState) -> IndexState:
        """Return what both have."""
        return IndexState(
            self.rungs | other.rungs,
            self.extent | other.extent,
            self.spans | other.spans,
            self.years | other.years,
        )

    def used(self, version: int = INDEX_VERSION) -> UsedRungs:
        """Return the rungs that a version of the index has images at."""
        return _used(self.rungs, version)


@dataclass(frozen=True, slots=True)
class UsedRungs:
    """The rungs at which a version of a product's index has images.

    ``ending``: posted only as ending there; ``few``: posted as passing as well; ``everywhere``:
    there are images with more cells than any rung may take.
    """

    ending: frozenset[int]
    few: frozenset[int]
    everywhere: bool


def stored_rung(version: int, rung: int, *, few: bool = False) -> int:
    """Return the number that stands for a fine rung in a product's index state.

    Version 1 keeps plain H3 resolutions, as it always has.
    """
    if version == 1:
        return (rung if rung == EVERYWHERE else rung // 2) + (PASSING if few else 0)
    return version * _OF_VERSION + rung


@lru_cache(maxsize=1024)
def _used(stored: frozenset[int], version: int) -> UsedRungs:
    steps = VERSIONS[version]
    ending = frozenset(r for r in steps.ending if stored_rung(version, r) in stored)
    few = frozenset(
        r for r in steps.ending if steps.few and stored_rung(version, r, few=True) in stored
    )
    return UsedRungs(ending, few, stored_rung(version, EVERYWHERE) in stored)


# ---- an image


@dataclass(frozen=True, slots=True)
class Ladder:
    """The cells of a footprint: where it ends (at its fine rung) and where it passes."""

    version: int
    rung: int
    own: frozenset[Cell]
    passing: frozenset[Cell]
    extent: frozenset[int]

    @property
    def state(self) -> IndexState:
        """What it adds to its product's index state."""
        few = bool(self.own & self.passing)
        return IndexState(frozenset({stored_rung(self.version, self.rung, few=few)}), self.extent)


def ladder_of(area: BaseGeometry, version: int = INDEX_VERSION) -> Ladder:
    """Return the ladder of a footprint on the plane."""
    return _ladder(shapely.to_wkb(area), version)


@lru_cache(maxsize=4096)
def _ladder(wkb: bytes, version: int) -> Ladder:
    area, steps = shapely.from_wkb(wkb), VERSIONS[version]
    covers: dict[int, frozenset[Cell] | None] = {}

    def cells(rung: int) -> frozenset[Cell] | None:
        if rung not in covers:
            covers[rung] = rung_cover(area, rung, steps.most)
        return covers[rung]

    likely = steps.expected or _SURELY_TOO_MANY * steps.most
    for rung in reversed(steps.ending):
        if rung and _expected_cells(area, rung) > likely:
            continue
        own = cells(rung)
        passing = [cells(each) or frozenset() for each in steps.passed if steps.passes(rung, each)]
        if own is None or len(own) + sum(map(len, passing)) > steps.together:
            continue
        if len(own) <= steps.few:
            passing.append(own)
        extent = frozenset(h3.get_base_cell_number(cell) for cell in cells(0) or ())
        return Ladder(version, rung, own, frozenset().union(*passing), extent)
    return Ladder(version, EVERYWHERE, frozenset(), frozenset(), frozenset(range(122)))


def cover_rungs(version: int, used: UsedRungs) -> Sequence[int]:
    """Return the rungs that a query can be covered at, from the coarsest to the finest."""
    fine = used.ending | used.few
    finest = max(fine)
    return sorted({rung for rung in VERSIONS[version].passed if rung < finest} | fine)
