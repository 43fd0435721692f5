"""The footer of a Parquet file, cut down to some columns and row groups.

arro3 reads every column of what a file's footer names. So each of the mirror's files carries an
index before its footer: where in the footer each column of each row group is described, where its
bytes lie, and their checksum. Of these slices a footer is put together that names what is wanted,
and nothing else is decoded. The footer is Thrift's compact protocol
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md) with the
structures of https://github.com/apache/parquet-format; structures in lists do not depend on what
stands before them, so that slices can be put side by side.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]
Bounds = tuple[float, float, float, float]

MAGIC = b"PAR1"
_END = 4 + len(MAGIC)
_STOP = b"\x00"
_LIST_OF_STRUCTS, _LONG = 12, 15
_TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 6, 7, 8, 9, 10, 12
_MORE, _SEVEN_BITS = 0x80, 0x7F

# the numbers of fields in parquet.thrift
_SCHEMA, _ROW_GROUPS = 2, 4  # FileMetaData
_NAME, _CHILDREN = 4, 5  # SchemaElement
_CHUNKS, _GROUP_SIZE, _GROUP_ROWS = 1, 2, 3  # RowGroup
_META = 3  # ColumnChunk
_PATH, _SIZE, _FIRST_PAGES = 3, 7, frozenset({9, 11})  # ColumnMetaData: of data, of a dictionary


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
        if bounds is None or self.bounds is None:
            return True
        west, south, east, north = self.bounds
        outside = bounds[0] > east or bounds[2] < west or bounds[1] > north or bounds[3] < south
        return not outside


@dataclass(frozen=True, slots=True)
class Index:
    """A file's index; ``schema`` is where the footer has each column, in how many elements."""

    schema: dict[str, tuple[Span, int]]
    groups: tuple[RowGroup, ...]

    @property
    def rows(self) -> int:
        """Images in the file."""
        return sum(group.rows for group in self.groups)

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


def indexed(data: bytes, bounds: Sequence[Bounds | None]) -> bytes:
    """Return a file with its index before its footer; ``bounds`` are those of its row groups.

    The index has its length behind it, and ends where the footer begins.
    """
    size = int.from_bytes(data[-_END : -len(MAGIC)], "little")
    footer = data[-_END - size : -_END]
    index = _Footer(footer).index(data, bounds).to_json()
    before, end = data[: -_END - size], data[-_END:]
    return b"".join((before, index, len(index).to_bytes(4, "little"), footer, end))


def split_tail(data: bytes | bytearray) -> tuple[Index, bytes]:
    """Return the index and the footer that a file, or its end, has. Raises ValueError."""
    if data[-len(MAGIC) :] != MAGIC:
        raise ValueError("not the end of a Parquet file")
    start = len(data) - _END - int.from_bytes(data[-_END : -len(MAGIC)], "little")
    size = int.from_bytes(data[max(0, start - 4) : max(0, start)], "little")
    if start < size + 4:
        raise ValueError("a Parquet file without an index before its footer")
    return Index.of(bytes(data[start - 4 - size : start - 4])), bytes(data[start:-_END])


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
            b"\x19" + _list_header(elements + 1) + _root(len(wanted)) + schema,
            b"\x16" + _varint(rows << 1),
            b"\x19" + _list_header(len(groups)),
            *(_cut_group(each, footer, wanted) for each in groups),
            _STOP,
        )
    )
    return cut + len(cut).to_bytes(4, "little") + MAGIC


def _cut_group(group: RowGroup, footer: bytes, columns: Sequence[str]) -> bytes:
    leaves = sum(group.chunks[name].leaves for name in columns)
    chunks = b"".join(_slice(footer, group.chunks[name].described) for name in columns)
    sizes = b"\x16" + _varint(group.size << 1) + b"\x16" + _varint(group.rows << 1)
    return b"\x19" + _list_header(leaves) + chunks + sizes + _STOP


def _root(columns: int) -> bytes:
    """Return the element of the schema that all columns are below."""
    return b"\x48\x06schema\x15" + _varint(columns << 1) + _STOP


def _slice(data: bytes, span: Span) -> bytes:
    return data[span[0] : span[1]]


def _list_header(size: int) -> bytes:
    if size < _LONG:
        return bytes([size << 4 | _LIST_OF_STRUCTS])
    return bytes([_LONG << 4 | _LIST_OF_STRUCTS]) + _varint(size)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > _SEVEN_BITS:
        found.append(value & _SEVEN_BITS | _MORE)
        value >>= 7
    found.append(value)
    return bytes(found)


class _Footer:
    """A footer that is read once, when its file is written."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def index(self, file: bytes, bounds: Sequence[Any]) -> Index:
        """Return where everything is; ``file`` is the whole file."""
        schema: dict[str, tuple[Span, int]] = {}
        groups: list[RowGroup] = []
        for number, kind in self._fields():
            if number == _SCHEMA:
                schema = self._schema()
            elif number == _ROW_GROUPS:
                groups = [self._row_group(file, each) for each in bounds[: self._size()]]
            else:
                self._skip(kind)
        return Index(schema, tuple(groups))

    def _schema(self) -> dict[str, tuple[Span, int]]:
        """Return where the elements of each column are; a nested one has those of its members."""
        size = self._size()
        self._element()  # that of all columns
        found: dict[str, tuple[Span, int]] = {}
        left = size - 1
        while left:
            start, before = self._at, left
            name, waiting = self._element()
            left -= 1
            while waiting:
                waiting += self._element()[1] - 1
                left -= 1
            found[name] = (start, self._at), before - left
        return found

    def _element(self) -> tuple[str, int]:
        """Return the name of an element of the schema, and how many children it has."""
        name, children = "", 0
        for number, kind in self._fields():
            if number == _NAME:
                name = self._binary().decode()
            elif number == _CHILDREN:
                children = self._integer()
            else:
                self._skip(kind)
        return name, children

    def _row_group(self, file: bytes, bounds: Any) -> RowGroup:
        chunks: dict[str, Chunk] = {}
        rows = size = 0
        for number, kind in self._fields():
            if number == _CHUNKS:
                for _ in range(self._size()):
                    name, leaf = self._chunk(file)
                    chunks[name] = _joined(chunks.get(name), leaf, file)
            elif number == _GROUP_SIZE:
                size = self._integer()
            elif number == _GROUP_ROWS:
                rows = self._integer()
            else:
                self._skip(kind)
        return RowGroup(rows, size, bounds, chunks)

    def _chunk(self, file: bytes) -> tuple[str, Chunk]:
        start = self._at
        name, data = "", (0, 0)
        for number, kind in self._fields():
            if number == _META:
                name, data = self._column()
            else:
                self._skip(kind)
        return name, Chunk((start, self._at), 1, data, zlib.crc32(_slice(file, data)))

    def _column(self) -> tuple[str, Span]:
        """Return the name of the column that a leaf is of, and where the leaf's bytes are."""
        name, size, pages = "", 0, []
        for number, kind in self._fields():
            if number == _PATH:
                path = [self._binary().decode() for _ in range(self._size())]
                name = path[0]
            elif number == _SIZE:
                size = self._integer()
            elif number in _FIRST_PAGES:
                pages.append(self._integer())
            else:
                self._skip(kind)
        return name, (min(pages), min(pages) + size)

    # ---- Thrift's compact protocol

    def _fields(self) -> Iterator[tuple[int, int]]:
        """Yield (number, type) of a structure's fields; each is to be read before the next."""
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            yield number, head & 0x0F

    def _skip(self, kind: int) -> None:
        if kind in {_TRUE, _FALSE}:
            return
        if kind == _BYTE:
            self._at += 1
        elif kind <= _I64:
            self._unsigned()
        elif kind == _DOUBLE:
            self._at += 8
        elif kind == _BINARY:
            self._binary()
        elif kind == _STRUCT:
            for _, each in self._fields():
                self._skip(each)
        else:
            self._skip_members(kind)

    def _skip_members(self, kind: int) -> None:
        if kind not in {_LIST, _SET}:
            message = f"a footer with a field of the type {kind}"
            raise ValueError(message)
        head = self._data[self._at]
        for _ in range(self._size()):
            if head & 0x0F in {_TRUE, _FALSE}:
                self._at += 1
            else:
                self._skip(head & 0x0F)

    def _size(self) -> int:
        """Return the size of a list."""
        size = self._byte() >> 4
        return self._unsigned() if size == _LONG else size

    def _binary(self) -> bytes:
        size = self._unsigned()
        self._at += size
        return self._data[self._at - size : self._at]

    def _integer(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & _SEVEN_BITS) << shift
            if byte < _MORE:
                return value
            shift += 7

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]


def _joined(before: Chunk | None, leaf: Chunk, file: bytes) -> Chunk:
    """Return a column's leaves as one: they are described, and lie, one behind the other."""
    if before is None:
        return leaf
    data = (min(before.data[0], leaf.data[0]), max(before.data[1], leaf.data[1]))
    described = (before.described[0], leaf.described[1])
    return Chunk(described, before.leaves + 1, data, zlib.crc32(_slice(file, data)))
