"""The ladder of rungs: in which partitions an image is posted.

A rung is an H3 resolution. An image's fine rung is the finest one where its footprint touches few
enough cells; it is posted in each of those, and at every coarser rung of the ladder too. Images
that end at a rung and images that pass it on their way to a finer one have partitions of their own,
so that a few large footprints in a product do not make every query read coarse partitions.
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

MOST_CELLS = 40
MOST_POSTINGS = 45
"""Cell postings of one image: an image that moves takes 2 x (45 + 1) + 1 of the 100 items that a
DynamoDB transaction may hold."""


@dataclass(frozen=True, slots=True)
class IndexState:
    """What has ever been posted for a product: two number sets on its Catalog row.

    ``rungs`` are the fine rungs of its images, ``extent`` the H3 base cells (0 to 121) that their
    footprints touch. A writer adds to both before it writes an image; they never shrink.
    """

    rungs: frozenset[int] = frozenset()
    extent: frozenset[int] = frozenset()

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

    ``rung`` is None for an image without footprint, otherwise its fine rung or EVERYWHERE.
    """

    rung: int | None
    extent: frozenset[int]
    rows: tuple[Posting, ...]

    @property
    def state(self) -> IndexState:
        """What the product's index state must hold before these rows are written."""
        rungs = frozenset() if self.rung is None else frozenset({self.rung})
        return IndexState(rungs, self.extent)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The cells of a footprint: those of its fine rung, and those of the coarser rungs."""

    rung: int
    own: frozenset[Cell]
    passing: frozenset[Cell]
    extent: frozenset[int]


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
    return Ladder(RUNGS[len(levels) - 1], levels[-1], frozenset().union(*levels[:-1]), extent)


def postings_of(image: Document, shards: int = 1) -> Postings:
    """Return the rows that index an image, given the shards of its product's time partitions.

    The image's attributes must be normalised (``swath_core.attributes.IMAGE``).
    """
    product, acquired = image.attributes["product_id"], image.attributes["acquired"]
    geometry = image.get("geometry")
    ladder = ladder_of(footprint(geometry)) if geometry is not None else None
    partitions = [time_partition(product, acquired[:7], shard_of(image.id, shards))]
    partitions += _cell_partitions(product, ladder)
    key, payload = key_of(acquired, image.id), encode_row(image)
    rows = tuple(Posting(partition, key, payload) for partition in partitions)
    if ladder is None:
        return Postings(None, frozenset(), rows)
    return Postings(ladder.rung, ladder.extent, rows)


def _cell_partitions(product: str, ladder: Ladder | None) -> Sequence[str]:
    if ladder is None:
        return [null_partition(product)]
    if ladder.rung == EVERYWHERE:
        return [whole_partition(product)]
    own = [own_partition(product, cell) for cell in sorted(ladder.own)]
    return own + [passing_partition(product, cell) for cell in sorted(ladder.passing)]
