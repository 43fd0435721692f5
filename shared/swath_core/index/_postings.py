"""What the index stores of an image: partitions, sort keys, rows, and the ladder of rungs.

Within every partition postings are sorted by ``ACQUIRED#IMAGE_ID``. A key's neighbours in
that order have names of their own, so that "after this key" can be an inclusive bound.

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

import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import h3.api.basic_int as h3
import shapely
from shapely.geometry.base import BaseGeometry

from swath_core import times
from swath_core.definitions import IMAGE
from swath_core.documents import ALL_SPANS, Attributes, Document
from swath_core.geo import footprint

from ._cells import Cell, cover

RUNGS = (0, 1, 2, 4, 6, 8, 10, 12)
EVERYWHERE = -1
"""The rung of footprints that touch too many cells even at rung 0."""

MOST_CELLS = 44
FEW_CELLS = 8
"""Cells of the fine rung up to which an image is also posted in the partitions of passing ones."""

PASSING = 100
"""Added to the fine rung of such images in the product's index state."""

MOST_POSTINGS = 47
"""Cell postings of one image: an image that moves takes 2 x (47 + 1) + 1 of the 100 items that a
DynamoDB transaction may hold, and its guard up to three."""

LONG_VALUE = 256
"""Characters of JSON that a value in a posting may have; what is longer stays on the document."""

OMITTED = "?"
"""Member of ``a`` that lists the attributes left out for their length."""

IN_KEYS = frozenset({"id", "name", "product_id", "acquired"})
"""Attributes that a posting's keys tell."""

_POSTED = tuple(
    attribute.name
    for attribute in IMAGE
    if (attribute.filterable or attribute.sortable) and attribute.name not in IN_KEYS
)

POSTED = IN_KEYS | frozenset(_POSTED)
"""Attributes that a posting tells."""

Row = dict[str, Any]
"""``g`` the footprint as WKB (absent without one), ``a`` compact JSON of the attributes, ``b`` the
bytes of the image's files, ``v`` the document's version."""

_ACQUIRED = len("2021-05-31T10:20:30.000000Z")
_LAST = "\U0010ffff"
_SURROGATES = range(0xD800, 0xE000)


# ---- partitions and sort keys


def own_partition(product: str, cell: int) -> str:
    """Return the partition of the images whose fine rung is the cell's resolution."""
    return f"{product}|f|{h3.int_to_str(cell)}"


def passing_partition(product: str, cell: int) -> str:
    """Return the partition of the images that have a finer rung than the cell's resolution."""
    return f"{product}|h|{h3.int_to_str(cell)}"


def whole_partition(product: str) -> str:
    """Return the partition of the images with more cells than any rung may take."""
    return f"{product}|h|*"


def null_partition(product: str) -> str:
    """Return the partition of the images without a footprint."""
    return f"{product}|n"


def time_partition(product: str, month: str, shard: int) -> str:
    """Return the partition of a month (``YYYY-MM``) and shard."""
    return f"{product}|t|{month}|{shard}"


def shard_of(image_id: str, shards: int) -> int:
    """Return the shard of an image among a product's time partitions."""
    return zlib.crc32(image_id.encode()) % shards if shards > 1 else 0


def key_of(acquired: str, image_id: str) -> str:
    """Return the sort key of an image. ``acquired`` is a canonical timestamp."""
    return f"{acquired}#{image_id}"


def split_key(key: str) -> tuple[str, str]:
    """Return (acquired, image id) of a sort key."""
    return key[:_ACQUIRED], key[_ACQUIRED + 1 :]


def successor(key: str) -> str:
    """Return a bound above a key and below every other key above it."""
    return key + "\x01"


def predecessor(key: str) -> str:
    """Return a bound below a key and above every other key below it.

    Ids hold neither control characters nor U+10FFFF (``swath_core.definitions.ID_PATTERN``).
    """
    before = ord(key[-1]) - 1
    if before in _SURROGATES:
        before = _SURROGATES.start - 1
    return key[:-1] + chr(before) + _LAST * 2


# ---- rows


def encode_row(image: Document) -> Row:
    """Return the attributes of an image's posting, its keys apart."""
    values: dict[str, Any] = {}
    omitted = []
    for name in _POSTED:
        value = image.get(name)
        if value is None or value == []:
            continue
        if isinstance(value, (str, list)) and len(_compact(value)) > LONG_VALUE:
            omitted.append(name)
        else:
            values[name] = value
    if omitted:
        values[OMITTED] = omitted
    row: Row = {"a": _compact(values), "b": stored_bytes(image.attributes), "v": image.version}
    geometry = image.get("geometry")
    if geometry is not None:
        row["g"] = shapely.to_wkb(footprint(geometry), byte_order=1)
    return row


def stored_bytes(attributes: Attributes) -> int:
    """Return the summed ``size_bytes`` of an image's files."""
    return sum(int(file.get("size_bytes") or 0) for file in attributes.get("files") or ())


def attributes_of_row(product: str, acquired: str, image_id: str, row_json: str) -> dict[str, Any]:
    """Return the attributes that a posting holds, those of its keys included."""
    values: dict[str, Any] = json.loads(row_json)
    values["id"] = image_id
    values["product_id"] = product
    values["name"] = image_id[len(product) + 1 :]
    values["acquired"] = acquired
    return values


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# ---- the ladder


@dataclass(frozen=True, slots=True)
class IndexState:
    """What has ever been posted for a product: number sets on its Catalog row.

    ``rungs`` are the fine rungs of its images, plus PASSING for images that are posted as though
    they passed it; ``extent`` the H3 base cells (0 to 121) that their footprints touch; ``spans``
    how long taking them lasted (:func:`span_of`), and ALL_SPANS if that was noted of every image;
    ``years`` those of ``acquired``. A writer adds to them before it writes an image; they never
    shrink.
    """

    rungs: frozenset[int] = frozenset()
    extent: frozenset[int] = frozenset()
    spans: frozenset[int] = frozenset()
    years: frozenset[int] = frozenset()

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


def span_of(image: Document) -> frozenset[int]:
    """Return n, where taking an image took at most 2**n seconds; nothing where it took none."""
    end = image.get("acquired_end")
    if end is None:
        return frozenset()
    first, last = map(times.parse_timestamp, (image.attributes["acquired"], end))
    seconds = (last - first).total_seconds()
    return frozenset({max(0, math.ceil(math.log2(seconds)))} if seconds > 0 else ())


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
    state = IndexState() if ladder is None else ladder.state
    years = frozenset({int(acquired[:4])})
    return Postings(replace(state, spans=span_of(image), years=years), rows)


def _cell_partitions(product: str, ladder: Ladder | None) -> Sequence[str]:
    if ladder is None:
        return [null_partition(product)]
    if ladder.rung == EVERYWHERE:
        return [whole_partition(product)]
    own = [own_partition(product, cell) for cell in sorted(ladder.own)]
    return own + [passing_partition(product, cell) for cell in sorted(ladder.passing)]
