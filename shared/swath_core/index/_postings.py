"""What the index stores of an image: partitions, sort keys and rows.

Within every partition postings are sorted by ``ACQUIRED#IMAGE_ID``. A key's neighbours in
that order have names of their own, so that "after this key" can be an inclusive bound.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import h3.api.basic_int as h3
import shapely

from swath_core import times
from swath_core.definitions import EXTRA, IMAGE, Timestamp, extra_value
from swath_core.documents import INDEX_VERSION, Attributes, Document, StoredImage
from swath_core.geo import footprint

from ._cells import Cell
from ._ladder import EVERYWHERE, IndexState, Ladder, ladder_of

FINEST_SHARDED = 2
"""The finest H3 resolution whose partitions are spread over a product's shards: coarser cells take
a write of every image of a large area, as months do."""

LONG_VALUE = 256
"""Bytes of JSON that a value in a posting may have; what is longer stays on the document."""

MOST_BYTES = 1023
"""Bytes of a posting that is written for one unit, keys included."""

_BESIDE = 240
"""Of these, for the names, the partition's cell, the moment, ``b``, ``v`` and a footprint of up to
eight corners."""
_LEAST_ROOM = 200

OMITTED = "?"
"""Member of ``a`` that lists the attributes left out for their length."""

_HELD = "+"
"""What the names of extra properties begin with in ``a``, where null is written, too."""

IN_KEYS = frozenset({"id", "name", "product_id", "acquired"})
"""Attributes that a posting's keys tell."""

_POSTED = tuple(
    attribute.name
    for attribute in IMAGE
    if (attribute.filterable or attribute.sortable) and attribute.name not in IN_KEYS
)

POSTED = IN_KEYS | frozenset(_POSTED)
"""Attributes that a posting tells."""

_DATES = frozenset(a.name for a in IMAGE if isinstance(a.type, Timestamp))

Row = dict[str, Any]
"""``g`` the footprint as WKB (absent without one), ``a`` compact JSON of the attributes, ``b`` the
bytes of the image's files, ``v`` the document's version."""

_ACQUIRED = len("2021-05-31T10:20:30.000000Z")
_LAST = "\U0010ffff"
_SURROGATES = range(0xD800, 0xE000)


# ---- partitions and sort keys


def own_partition(product: str, cell: Cell, version: int = INDEX_VERSION, shard: int = 0) -> str:
    """Return the partition of the images whose fine rung is the cell's."""
    return f"{product}|f{_cell_name(cell, version, shard)}"


def passing_partition(
    product: str, cell: Cell, version: int = INDEX_VERSION, shard: int = 0
) -> str:
    """Return the partition of the images that have a finer rung than the cell's."""
    return f"{product}|h{_cell_name(cell, version, shard)}"


def _cell_name(cell: Cell, version: int, shard: int) -> str:
    if version == 1:
        return f"|{h3.int_to_str(cell)}"
    name = h3.int_to_str(abs(cell)).rstrip("f")
    spread = f"|{shard}" if shard and is_sharded(cell) else ""
    return f"{version}|{name}{'g' if cell < 0 else ''}{spread}"


def is_sharded(cell: Cell) -> bool:
    """Return whether a cell's partitions are spread over a product's shards."""
    return cell > 0 and h3.get_resolution(cell) <= FINEST_SHARDED


def whole_partition(product: str, version: int = INDEX_VERSION) -> str:
    """Return the partition of the images with more cells than any rung may take."""
    return f"{product}|h{'' if version == 1 else version}|*"


def null_partition(product: str) -> str:
    """Return the partition of the images without a footprint."""
    return f"{product}|n"


def time_partition(product: str, month: str, shard: int) -> str:
    """Return the partition of a month (``YYYY-MM``) and shard."""
    return f"{product}|t|{month}|{shard}"


def shard_of(image_id: str, shards: int) -> int:
    """Return the shard of a new image of a product."""
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
    """Return the attributes of an image's posting by time, its keys apart."""
    attributes = encode_attributes(image, modified=True)
    row: Row = {"a": attributes, "b": stored_bytes(image.attributes), "v": image.version}
    geometry = image.get("geometry")
    if geometry is not None:
        row["g"] = shapely.to_wkb(footprint(geometry), byte_order=1)
    return row


def encode_attributes(image: Document, *, modified: bool) -> str:
    """Return the JSON of the attributes that a posting holds.

    ``modified`` is not held in cells: every change of an image changes it. Of the rest, texts and
    lists are left out, the longest first, where all together would be too long, and then extra
    properties.
    """
    held = {
        name: value
        for name in _POSTED
        if (value := image.get(name)) is not None
        and value != []
        and (modified or name != "modified")
    }
    extras = _extras(image)
    held |= extras
    long = {n: len(_compact(v).encode()) for n, v in held.items() if isinstance(v, (str, list))}
    omitted = [name for name, size in long.items() if size > LONG_VALUE]
    room = _room(image)
    waiting = sorted(extras.keys() - long.keys())
    waiting += sorted(set(long) - set(omitted) - _DATES, key=lambda name: (long[name], name))
    while waiting and len(_encoded(held, omitted).encode()) > room:
        omitted.append(waiting.pop())
    return _encoded(held, omitted)


def _extras(image: Document) -> dict[str, Any]:
    """Return the extra properties that the image's postings are to tell, with null for none."""
    names = image.held if isinstance(image, StoredImage) else ()
    return {held_name(name): extra_value(image.attributes, name) for name in names}


def _encoded(held: Mapping[str, Any], omitted: Sequence[str]) -> str:
    values = {name: value for name, value in held.items() if name not in omitted}
    return _compact(values | {OMITTED: sorted(omitted)} if omitted else values)


def _room(image: Document) -> int:
    """Return the bytes that attributes may take beside keys and a footprint of a few corners."""
    keys = len(str(image.attributes["product_id"]).encode()) + len(image.id.encode())
    return max(_LEAST_ROOM, MOST_BYTES - _BESIDE - keys)


def indexed_of(image: Document) -> int:
    """Return the version at which an image's postings in cells were written."""
    return image.indexed if isinstance(image, StoredImage) and image.indexed else image.version


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
    if _EXTRAS_IN in row_json:
        values = _with_extras(values)
    if "modified" not in values:  # a posting in a cell
        values[OMITTED] = [*values.get(OMITTED, ()), "modified"]
    return values


_EXTRAS_IN = f'"{_HELD}'


def _with_extras(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a posting holds with the names that extra properties have in filters."""
    found = {_full_name(name): value for name, value in values.items()}
    if OMITTED in found:
        found[OMITTED] = [_full_name(name) for name in found[OMITTED]]
    return found


def _full_name(name: str) -> str:
    return EXTRA + name[len(_HELD) :] if name.startswith(_HELD) else name


def held_name(name: str) -> str:
    """Return what an extra property is called in ``a``."""
    return _HELD + name


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# ---- an image


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

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The partitions, without the product's id in front: what the image's item records."""
        start = self.rows[0].partition.index("|") + 1
        return tuple(row.partition[start:] for row in self.rows)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image is posted: in which version of the index, and in which shard."""

    version: int = INDEX_VERSION
    shard: int = 0


def postings_of(image: Document, placement: Placement = Placement()) -> Postings:
    """Return the rows that index an image.

    The image's attributes must be normalised (``swath_core.definitions.IMAGE``).
    """
    product, acquired = image.attributes["product_id"], image.attributes["acquired"]
    geometry = image.get("geometry")
    state, cells = IndexState(), [null_partition(product)]
    if geometry is not None:
        ladder = ladder_of(footprint(geometry), placement.version)
        state, cells = ladder.state, _cell_partitions(product, ladder, placement.shard)
    key, payload = key_of(acquired, image.id), encode_row(image)
    of_cells = {**payload, "a": encode_attributes(image, modified=False), "v": indexed_of(image)}
    first = Posting(time_partition(product, acquired[:7], placement.shard), key, payload)
    years = frozenset({int(acquired[:4])})
    state = replace(state, spans=span_of(image), years=years)
    return Postings(state, (first, *(Posting(each, key, of_cells) for each in cells)))


def _cell_partitions(product: str, ladder: Ladder, shard: int) -> list[str]:
    version = ladder.version
    if ladder.rung == EVERYWHERE:
        return [whole_partition(product, version)]
    own = [own_partition(product, cell, version, shard) for cell in sorted(ladder.own)]
    return own + [
        passing_partition(product, cell, version, shard) for cell in sorted(ladder.passing)
    ]


# ---- what is stored of an image already


def posted_in(image: Document) -> tuple[str, ...]:
    """Return the partitions that an image is posted in for good, without the product's id.

    Images that were saved before items recorded them are posted as version 1 did.
    """
    if isinstance(image, StoredImage) and image.posted is not None:
        return image.posted
    return postings_of(image, Placement(1)).suffixes


def keys_in(image: Document, suffixes: Iterable[str]) -> dict[tuple[str, str], None]:
    """Return the keys of an image's postings in partitions without the product's id."""
    product = image.attributes["product_id"]
    key = key_of(image.attributes["acquired"], image.id)
    return {(f"{product}|{suffix}", key): None for suffix in suffixes}


def placement_of(suffixes: Sequence[str]) -> Placement | None:
    """Return the placement that partitions tell; None where they do not: without a footprint."""
    family = suffixes[1].partition("|")[0]
    return None if family == "n" else Placement(int(family[1:] or 1), shard_in(suffixes))


def shard_in(suffixes: Sequence[str]) -> int:
    """Return the shard that partitions tell."""
    return int(suffixes[0].rpartition("|")[2])


def same_cells(before: StoredImage, after: Document) -> bool:
    """Return whether the postings in cells that an image has are those that it would get."""
    if before.index != INDEX_VERSION:
        return False  # they were written by other code
    return _cell_payload(before) == _cell_payload(after)


def _cell_payload(image: Document) -> tuple[object, ...]:
    attributes = encode_attributes(image, modified=False)
    return attributes, stored_bytes(image.attributes), image.get("geometry")
