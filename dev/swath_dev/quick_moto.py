"""moto's answers for DynamoDB in about half the time.

moto looks for each of the ten types that a value can have in each value that it answers, under
several names. A value that has one of the plain types is already what is to be sent.
"""

from __future__ import annotations

from typing import Any

from moto.core.serialize import ResponseSerializer

_PLAIN = frozenset({"S", "N", "SS", "NS"})
_of_moto = ResponseSerializer._serialize_type_structure  # noqa: SLF001 - there is no other way in


def send_plain_values() -> None:
    """Let moto send strings, numbers and sets of them as they are, in this process."""
    ResponseSerializer._serialize_type_structure = _structure  # type: ignore[method-assign] # noqa: SLF001


def _structure(self: ResponseSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if key and shape.name == "AttributeValue" and _is_plain(value):
        self._default_serialize(serialized, value, shape, key)
    else:
        _of_moto(self, serialized, value, shape, key)


def _is_plain(value: object) -> bool:
    return type(value) is dict and len(value) == 1 and not value.keys() - _PLAIN
