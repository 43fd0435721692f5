"""The ladder of rungs: in which partitions an image is posted.

A rung is an H3 resolution. An image's fine rung is the finest one where its footprint touches few
enough cells; it is posted in each of those, and at every coarser rung of the ladder too. A cell has
two partitions: one of the images that end at its rung, one of those that pass it on their way to
a finer one. So a few large footprints in a product do not make every query read coarse
partitions. Images that end at a rung in a handful of cells are posted in both partitions, as
though they passed: these are mostly the largest of a product's many that end a rung further on
(a few degrees of latitude can decide that), and a query at their rung then opens one partition for
each cell instead of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import h3.api.basic_int as h3
import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.documents import Document
from swath_core.geo import footprint

from ._cells import Cell
from ._cover import cover
from ._keys import (
    key_of,
    null_partition,
    own_partition,
    passing_partition,
    shard_of,
    time_partition,
    whole_partition,
)
from ._rows import encode_row

RUNGS = (0, 1, 2, 4, 6, 8, 10, 12)
EVERYWHERE = -1
"""The rung of footprints that touch too many cells even at rung 0."""

MOST_CELLS = 44
FEW_CELLS = 8
"""Cells of the fine rung up to which an image is also posted in the partitions of passing ones."""

PASSING = 100
"""Added to the fine rung of such images in the product's index state."""

MOST_POSTINGS = 48
"""Cell postings of one image: an image that moves takes 2 x (48 + 1) + 1 of the 100 items that a
DynamoDB transaction may hold."""


@dataclass(frozen=True, slots=True)
class IndexState:
    """What has ever been posted for a product: two number sets on its Catalog row.

    ``rungs`` are the fine rungs of its images, plus PASSING for images that are posted as though
    they passed it; ``extent`` the H3 base cells (0 to 121) that their footprints touch. A
    writer adds to both before it writes an image; they never shrink.
    """

    rungs: frozenset[int] = frozenset()
    extent: frozenset[int] = frozenset()

    @property
    def ending(self) -> frozenset[int]:
        """Fine rungs with images that are posted only as ending there."""
        return frozenset(rung for rung in self.rungs if 0 <= rung < PASSING)

    @property
    def few(self) -> frozenset[int]:
        """Fine rungs with images that are posted as ending there and as passing."""
        return frozenset(rung - PASSING for rung in self.rungs if rung >= PASSING)

    @property
    def everywhere(self) -> bool:
        """Whether there are images with more cells than any rung may take."""
        return EVERYWHERE in self.rungs

    def covers(self, other: IndexState) -> bool:
        """Return whether the other state adds nothing to this one."""
        return other.rungs <= self.rungs and other.extent <= self.extent

    def union(self, other: IndexState) -> IndexState:
        """Return what both have."""
        return IndexState(self.rungs | other.rungs, self.extent | other.extent)


@dataclass(frozen=True, slots=True)
class Posting:
    """One row of the Postings table: its keys, and the payload that all of an image share."""

    partition: str
    sort_key: str
    payload: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Postings:
    """Everything that the index holds of an image.

    ``state`` is what the product's index state must cover before the rows are written.
    """

    state: IndexState
    rows: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The cells of a footprint: where it ends (at its fine rung) and where it passes."""

    rung: int
    own: frozenset[Cell]
    passing: frozenset[Cell]
    extent: frozenset[int]

    @property
    def state(self) -> IndexState:
        """What it adds to its product's index state."""
        few = bool(self.own & self.passing)
        return IndexState(frozenset({self.rung + (PASSING if few else 0)}), self.extent)


def ladder_of(area: BaseGeometry) -> Ladder:
    """Return the ladder of a footprint on the plane."""
    return _ladder(shapely.to_wkb(area))


@lru_cache(maxsize=4096)
def _ladder(wkb: bytes) -> Ladder:
    area = shapely.from_wkb(wkb)
    levels: list[frozenset[Cell]] = []
    for rung in RUNGS:
        cells = cover(area, rung, MOST_CELLS)
        if cells is None or sum(map(len, levels)) + len(cells) > MOST_POSTINGS:
            break
        levels.append(cells)
    if not levels:
        return Ladder(EVERYWHERE, frozenset(), frozenset(), frozenset(range(122)))
    extent = frozenset(h3.get_base_cell_number(cell) for cell in levels[0])
    passing = levels if len(levels[-1]) <= FEW_CELLS else levels[:-1]
    return Ladder(RUNGS[len(levels) - 1], levels[-1], frozenset().union(*passing), extent)


def postings_of(image: Document, shards: int = 1) -> Postings:
    """Return the rows that index an image, given the shards of its product's time partitions.

    The image's attributes must be normalised (``swath_core.definitions.IMAGE``).
    """
    product, acquired = image.attributes["product_id"], image.attributes["acquired"]
    geometry = image.get("geometry")
    ladder = ladder_of(footprint(geometry)) if geometry is not None else None
    partitions = [time_partition(product, acquired[:7], shard_of(image.id, shards))]
    partitions += _cell_partitions(product, ladder)
    key, payload = key_of(acquired, image.id), encode_row(image)
    rows = tuple(Posting(partition, key, payload) for partition in partitions)
    return Postings(IndexState() if ladder is None else ladder.state, rows)


def _cell_partitions(product: str, ladder: Ladder | None) -> Sequence[str]:
    if ladder is None:
        return [null_partition(product)]
    if ladder.rung == EVERYWHERE:
        return [whole_partition(product)]
    own = [own_partition(product, cell) for cell in sorted(ladder.own)]
    return own + [passing_partition(product, cell) for cell in sorted(ladder.passing)]
