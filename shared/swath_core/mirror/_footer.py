"""The footer of a Parquet file, cut down to some columns and row groups.

arro3 reads every column of what a file's footer names. So each of the mirror's files carries an
index before its footer: where in the footer each column of each row group is described, where its
bytes lie, and their checksum. Of these slices a footer is put together that names what is wanted,
and nothing else is fetched and decoded. The footer has the structures of
https://github.com/apache/parquet-format; structures in lists do not depend on what stands before
them, so that slices can be put side by side.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ._thrift import STOP, list_head, varint

Span = tuple[int, int]
Bounds = tuple[float, float, float, float]

MAGIC = b"PAR1"
END = 4 + len(MAGIC)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A column in a row group: where the footer describes its leaves, and where its bytes are."""

    described: Span
    leaves: int
    data: Span
    crc: int


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group: ``bounds`` (west, south, east, north) hold all its footprints.

    None: images without a footprint are in it.
    """

    rows: int
    size: int
    bounds: Bounds | None
    chunks: dict[str, Chunk]

    def may_touch(self, bounds: Bounds | None) -> bool:
        """Return whether an image of the group may touch an area, or have no footprint."""
        return may_touch(self.bounds, bounds)


@dataclass(frozen=True, slots=True)
class Index:
    """A file's index; ``schema`` is where the footer has each column, in how many elements."""

    schema: dict[str, tuple[Span, int]]
    groups: tuple[RowGroup, ...]

    @property
    def rows(self) -> int:
        """Images in the file."""
        return sum(group.rows for group in self.groups)

    @property
    def bounds(self) -> Bounds | None:
        """What holds all footprints; None where an image has none."""
        each = [group.bounds for group in self.groups if group.bounds is not None]
        if not each or len(each) < len(self.groups):
            return None
        wests, souths, easts, norths = zip(*each, strict=True)
        return min(wests), min(souths), max(easts), max(norths)

    def touching(self, bounds: Bounds | None) -> tuple[RowGroup, ...]:
        """Return the row groups that may touch an area: all of them without one."""
        return tuple(each for each in self.groups if each.may_touch(bounds))

    def to_json(self) -> bytes:
        """Return the stored form."""
        groups = [
            [
                each.rows,
                each.size,
                each.bounds,
                {n: [*c.described, c.leaves, *c.data, c.crc] for n, c in each.chunks.items()},
            ]
            for each in self.groups
        ]
        schema = {name: [*span, elements] for name, (span, elements) in self.schema.items()}
        return json.dumps([schema, groups], separators=(",", ":")).encode()

    @classmethod
    def of(cls, data: bytes) -> Index:
        """Return the index of its stored form. Raises ValueError."""
        try:
            schema, groups = json.loads(data)
            return cls(
                {name: ((start, end), number) for name, (start, end, number) in schema.items()},
                tuple(_group(each) for each in groups),
            )
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            message = f"a Parquet file without an index before its footer: {error}"
            raise ValueError(message) from error


def _group(stored: list[Any]) -> RowGroup:
    rows, size, bounds, chunks = stored
    found = {
        name: Chunk((start, end), leaves, (first, last), crc)
        for name, (start, end, leaves, first, last, crc) in chunks.items()
    }
    return RowGroup(rows, size, None if bounds is None else tuple(bounds), found)


def may_touch(bounds: Bounds | None, area: Bounds | None) -> bool:
    """Return whether two boxes touch: None is one that nothing is known of, or all there is."""
    if bounds is None or area is None:
        return True
    west, south, east, north = bounds
    return area[0] <= east and area[2] >= west and area[1] <= north and area[3] >= south


def tail_size(data: bytes) -> int:
    """Return how many bytes the index and the footer of a file take at its end."""
    footer = int.from_bytes(data[-END : -len(MAGIC)], "little")
    start = len(data) - END - footer
    return END + footer + 4 + int.from_bytes(data[start - 4 : start], "little")


def split_tail(data: bytes | bytearray) -> tuple[Index, bytes]:
    """Return the index and the footer that a file, or its end, has. Raises ValueError."""
    if data[-len(MAGIC) :] != MAGIC:
        raise ValueError("not the end of a Parquet file")
    start = len(data) - END - int.from_bytes(data[-END : -len(MAGIC)], "little")
    size = int.from_bytes(data[max(0, start - 4) : max(0, start)], "little")
    if start < size + 4:
        raise ValueError("a Parquet file without an index before its footer")
    return Index.of(bytes(data[start - 4 - size : start - 4])), bytes(data[start:-END])


def cut_footer(
    index: Index, footer: bytes, columns: Collection[str], groups: Sequence[RowGroup]
) -> bytes:
    """Return the end of a file that has some columns, in its order, and some row groups."""
    wanted = [name for name in index.schema if name in columns]
    elements = sum(index.schema[name][1] for name in wanted)
    schema = b"".join(_slice(footer, index.schema[name][0]) for name in wanted)
    rows = sum(group.rows for group in groups)
    cut = b"".join(
        (
            b"\x15\x02",  # version 1
            b"\x19" + list_head(elements + 1) + _root(len(wanted)) + schema,
            b"\x16" + varint(rows << 1),
            b"\x19" + list_head(len(groups)),
            *(_cut_group(each, footer, wanted) for each in groups),
            STOP,
        )
    )
    return cut + len(cut).to_bytes(4, "little") + MAGIC


def _cut_group(group: RowGroup, footer: bytes, columns: Sequence[str]) -> bytes:
    leaves = sum(group.chunks[name].leaves for name in columns)
    chunks = b"".join(_slice(footer, group.chunks[name].described) for name in columns)
    sizes = b"\x16" + varint(group.size << 1) + b"\x16" + varint(group.rows << 1)
    return b"\x19" + list_head(leaves) + chunks + sizes + STOP


def _root(columns: int) -> bytes:
    """Return the element of the schema that all columns are below."""
    return b"\x48\x06schema\x15" + varint(columns << 1) + STOP


def _slice(data: bytes, span: Span) -> bytes:
    return data[span[0] : span[1]]
