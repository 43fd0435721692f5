"""Where in a file its columns lie, so that what a question needs is one range of it, or two.

arro3 writes one row group behind the other: a column is as many ranges as there are row groups. So
chunks are put in another order before a file is stored, which Parquet allows for:

1. footprints and boxes, row group by row group: those of an area are one range
2. centroids
3. all other columns, one by one; then the index and the footer

What nearly every question needs is the end of the file, and one request brings it. The first column
of the schema begins each row group, since Hive and Spark tell by its place which split of a file a
row group is in. The index of pages is left out: a row group has one page of each column.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._content import Wanted
from ._footer import END, MAGIC, Bounds, Chunk, Index, RowGroup, Span
from ._schema import BBOX, CENTROID, COLLECTION, GEOMETRY
from ._thrift import (
    I64,
    LIST,
    STOP,
    Struct,
    field_head,
    field_parts,
    list_head,
    read_struct,
    struct_bytes,
)

SPACE = (COLLECTION, GEOMETRY, BBOX)
MIDDLES = (CENTROID,)

# the numbers of fields in parquet.thrift
_SCHEMA, _ROW_GROUPS = 2, 4  # FileMetaData
_NAME, _CHILDREN = 4, 5  # SchemaElement
_CHUNKS, _GROUP_SIZE, _GROUP_ROWS, _GROUP_START = 1, 2, 3, 5  # RowGroup
_CHUNK_START, _META, _PAGE_INDEX = 2, 3, (4, 5, 6, 7)  # ColumnChunk
_PATH, _SIZE, _PAGES = 3, 7, (9, 10, 11)  # ColumnMetaData


def arranged(data: bytes, bounds: Sequence[Bounds | None]) -> bytes:
    """Return a file with its chunks in order, and its index before its footer.

    ``bounds`` are those of its row groups. The index has its length behind it, and ends where the
    footer begins.
    """
    size = int.from_bytes(data[-END : -len(MAGIC)], "little")
    footer = read_struct(data[-END - size : -END])
    groups = _members(footer, _ROW_GROUPS)
    target = bytearray(MAGIC)
    for chunk in _in_order(groups):
        _move(chunk, data, target)
    for group in groups:
        group[_GROUP_START] = I64, _span(_members(group, _CHUNKS)[0])[0]
    writer = _FooterWriter(bytes(target), bounds)
    written = writer.footer(footer)
    index = Index(writer.schema, tuple(writer.groups)).to_json()
    sizes = (len(each).to_bytes(4, "little") for each in (index, written))
    return b"".join((target, index, next(sizes), written, next(sizes), MAGIC))


def section_starts(index: Index) -> tuple[int, int]:
    """Return where the centroids begin in a file, and where the columns behind them."""
    names = {name for group in index.groups for name in group.chunks}
    return _start(index, names - set(SPACE)), _start(index, names - {*SPACE, *MIDDLES})


def columns_of(names: Iterable[str], wanted: Wanted) -> list[str]:
    """Return which columns are wanted."""
    rest = set() if Wanted.SPACE in wanted else set(SPACE)
    rest |= set() if Wanted.CENTROIDS in wanted else set(MIDDLES)
    return [name for name in names if name not in rest]


def _start(index: Index, names: Iterable[str]) -> int:
    return min(group.chunks[name].data[0] for group in index.groups for name in names)


def _in_order(groups: Sequence[Struct]) -> Iterator[Struct]:
    """Yield the chunks in the order in which they are to lie."""
    chunks = [_by_column(group) for group in groups]
    for each in chunks:
        for name in SPACE:
            yield from each.pop(name, ())
    names = dict.fromkeys(name for each in chunks for name in each)
    for name in sorted(names, key=lambda name: name not in MIDDLES):
        for each in chunks:
            yield from each[name]


def _by_column(group: Struct) -> dict[str, list[Struct]]:
    found: dict[str, list[Struct]] = {}
    for chunk in _members(group, _CHUNKS):
        found.setdefault(_column(chunk), []).append(chunk)
    return found


def _move(chunk: Struct, data: bytes, target: bytearray) -> None:
    """Put a chunk behind what there is, and say so in its description."""
    start, end = _span(chunk)
    shift = len(target) - start
    target += data[start:end]
    meta = chunk[_META][1]
    for number in _PAGES:
        if number in meta:
            kind, place = meta[number]
            meta[number] = kind, place + shift
    for number in _PAGE_INDEX:
        chunk.pop(number, None)
    chunk[_CHUNK_START] = I64, 0  # as the format advises


def _span(chunk: Struct) -> Span:
    meta = chunk[_META][1]
    start = min(meta[number][1] for number in _PAGES if number in meta)
    return start, start + meta[_SIZE][1]


def _column(chunk: Struct) -> str:
    """Return the column that a leaf is of."""
    path: list[bytes] = chunk[_META][1][_PATH][1][1]
    return path[0].decode()


def _members(fields: Struct, number: int) -> list[Any]:
    members: list[Any] = fields[number][1][1]
    return members


@dataclass
class _FooterWriter:
    """Writes a footer, and notes where in it everything is described."""

    file: bytes
    bounds: Sequence[Bounds | None]
    schema: dict[str, tuple[Span, int]] = field(default_factory=dict)
    groups: list[RowGroup] = field(default_factory=list)
    written: bytearray = field(default_factory=bytearray)

    def footer(self, fields: Struct) -> bytes:
        """Return it; ``schema`` and ``groups`` are noted."""
        before = 0
        for number, (kind, value) in fields.items():
            if number in {_SCHEMA, _ROW_GROUPS}:
                self._add(field_head(number - before, LIST) + list_head(len(value[1])))
                (self._elements if number == _SCHEMA else self._row_groups)(value[1])
            else:
                self._add(b"".join(field_parts({number: (kind, value)}, before)))
            before = number
        self._add(STOP)
        return bytes(self.written)

    def _add(self, data: bytes) -> Span:
        start = len(self.written)
        self.written += data
        return start, len(self.written)

    def _elements(self, elements: Sequence[Struct]) -> None:
        """Write the schema; a nested column has the elements of its members."""
        self._add(struct_bytes(elements[0]))  # that of all columns
        rest = iter(elements[1:])
        for first in rest:
            members, waiting = [first], _children(first)
            while waiting:
                members.append(next(rest))
                waiting += _children(members[-1]) - 1
            span = self._add(b"".join(map(struct_bytes, members)))
            self.schema[first[_NAME][1].decode()] = span, len(members)

    def _row_groups(self, groups: Sequence[Struct]) -> None:
        for fields, bounds in zip(groups, self.bounds, strict=True):
            chunks = _by_column(fields)
            number = sum(map(len, chunks.values()))
            self._add(field_head(_CHUNKS, LIST) + list_head(number))
            noted = {name: self._chunk(leaves) for name, leaves in chunks.items()}
            rest = {key: each for key, each in fields.items() if key != _CHUNKS}
            self._add(b"".join((*field_parts(rest, _CHUNKS), STOP)))
            rows, size = fields[_GROUP_ROWS][1], fields[_GROUP_SIZE][1]
            self.groups.append(RowGroup(rows, size, bounds, noted))

    def _chunk(self, leaves: Sequence[Struct]) -> Chunk:
        """Write a column's leaves, which lie one behind the other, and return them as one."""
        described = self._add(b"".join(map(struct_bytes, leaves)))
        data = _span(leaves[0])[0], _span(leaves[-1])[1]
        return Chunk(described, len(leaves), data, zlib.crc32(self.file[data[0] : data[1]]))


def _children(element: Struct) -> int:
    children: int = element.get(_CHILDREN, (0, 0))[1]
    return children
