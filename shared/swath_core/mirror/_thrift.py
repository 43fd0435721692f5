"""Thrift's compact protocol, as far as the footers of Parquet files need it.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. A structure is a
dictionary of its fields by number, in their order; each field is its type and its value.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64 = 1, 2, 3, 4, 5, 6
DOUBLE, BINARY, LIST, SET, STRUCT = 7, 8, 9, 10, 12

STOP = b"\x00"
_LONG = 15
_MORE, _SEVEN_BITS = 0x80, 0x7F

Struct = dict[int, tuple[int, Any]]
"""By the number of the field: (type, value). Lists are (type of members, members)."""


@dataclass(slots=True)
class _Reader:
    data: bytes
    at: int = 0

    def structure(self) -> Struct:
        found: Struct = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            found[number] = head & 0x0F, self.value(head & 0x0F)
        return found

    def value(self, kind: int) -> Any:
        if kind not in _READ:
            message = f"a footer with a field of the type {kind}"
            raise ValueError(message)
        return _READ[kind](self)

    def double(self) -> float:
        (number,) = struct.unpack("<d", self.taken(8))
        return float(number)

    def binary(self) -> bytes:
        return self.taken(self.unsigned())

    def members(self) -> tuple[int, list[Any]]:
        head = self.byte()
        size = self.unsigned() if head >> 4 == _LONG else head >> 4
        member = head & 0x0F
        if member in {TRUE, FALSE}:
            return member, [self.byte() == TRUE for _ in range(size)]
        return member, [self.value(member) for _ in range(size)]

    def taken(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def integer(self) -> int:
        value = self.unsigned()
        return (value >> 1) ^ -(value & 1)

    def unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & _SEVEN_BITS) << shift
            if byte < _MORE:
                return value
            shift += 7

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]


_READ: Mapping[int, Callable[[_Reader], Any]] = {
    TRUE: lambda _: True,
    FALSE: lambda _: False,
    BYTE: _Reader.byte,
    **dict.fromkeys((I16, I32, I64), _Reader.integer),
    DOUBLE: _Reader.double,
    BINARY: _Reader.binary,
    **dict.fromkeys((LIST, SET), _Reader.members),
    STRUCT: _Reader.structure,
}


def read_struct(data: bytes) -> Struct:
    """Return the structure that bytes begin with.

    Raises ValueError for a type of field that no footer has.
    """
    return _Reader(data).structure()


def struct_bytes(fields: Struct) -> bytes:
    """Return a structure as it is written."""
    return b"".join((*field_parts(fields), STOP))


def field_parts(fields: Struct, before: int = 0) -> list[bytes]:
    """Return each field as it is written behind the field with the number ``before``."""
    parts = []
    for number, (kind, value) in fields.items():
        told = (TRUE if value else FALSE) if kind in {TRUE, FALSE} else kind
        parts.append(field_head(number - before, told) + _WRITTEN[kind](value))
        before = number
    return parts


def field_head(step: int, kind: int) -> bytes:
    """Return what stands before a field whose number is so much more than the last one's."""
    return bytes([step << 4 | kind])


def list_head(size: int, member: int = STRUCT) -> bytes:
    """Return what stands before the members of a list."""
    if size < _LONG:
        return bytes([size << 4 | member])
    return bytes([_LONG << 4 | member]) + varint(size)


def long(value: int) -> bytes:
    """Return a signed integer."""
    return varint(value << 1 if value >= 0 else -value * 2 - 1)


def varint(value: int) -> bytes:
    """Return an unsigned integer."""
    found = bytearray()
    while value > _SEVEN_BITS:
        found.append(value & _SEVEN_BITS | _MORE)
        value >>= 7
    found.append(value)
    return bytes(found)


def _list(value: tuple[int, Sequence[Any]]) -> bytes:
    member, members = value
    if member in {TRUE, FALSE}:
        written = [bytes([TRUE if each else FALSE]) for each in members]
    else:
        written = [_WRITTEN[member](each) for each in members]
    return list_head(len(members), member) + b"".join(written)


_WRITTEN: Mapping[int, Callable[[Any], bytes]] = {
    **dict.fromkeys((TRUE, FALSE), lambda _: b""),  # told by the head
    BYTE: lambda value: bytes([value]),
    **dict.fromkeys((I16, I32, I64), long),
    DOUBLE: lambda value: struct.pack("<d", value),
    BINARY: lambda value: varint(len(value)) + value,
    **dict.fromkeys((LIST, SET), _list),
    STRUCT: struct_bytes,
}
