"""Columns of the extra properties that a product declares for its images.

A column holds the declared type: null where an image has no such value. Values come from postings;
of images whose postings do not hold them, from documents, which are true for the same reason:
whoever changes one marks its day before. What a column of integers cannot hold of a number is left
to the documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from swath_core.definitions import EXTRA, Attribute, declared, extra, extra_value
from swath_core.documents import Attributes, Document
from swath_core.index import held_name

from ._schema import EXTRA_KINDS, OWN_COLUMNS, Kind

Extras = tuple[tuple[str, str], ...]
"""Names of extra properties with the names of their types, in order."""

_PREFIX, _EXTRA_PREFIX = "swath:", "swath:extra_"
_AT_ONCE = 1_000
_MOST_WHOLE = 2**53
"""Up to here doubles are whole numbers: columns of integers are read as doubles."""


class DocumentReader(Protocol):
    """Where whole images come from."""

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Return those of the images that exist, by id; read consistently."""


def declared_extras(product: Attributes) -> Extras:
    """Return what the attributes of a product declare."""
    return tuple(sorted(declared(product).items()))


def extra_column(name: str) -> str:
    """Return the column of an extra property: its name, unless another column may be called so."""
    lower = name.lower()  # engines do not tell case
    is_taken = lower in OWN_COLUMNS or lower.startswith(_PREFIX)
    return _EXTRA_PREFIX + name if is_taken else name


def kinds_of(extras: Extras) -> dict[str, Kind]:
    """Return how the columns of extra properties are read, by the names that filters use."""
    return {EXTRA + name: EXTRA_KINDS[type_name] for name, type_name in extras}


@dataclass(frozen=True, slots=True)
class ExtraValues:
    """Of some images: the values by name, and what of each image is left to its document."""

    columns: Mapping[str, list[Any]]
    short: Sequence[list[str]]


def extra_values(
    values: Sequence[Mapping[str, Any]],
    ids: Sequence[str],
    extras: Extras,
    documents: DocumentReader | None,
) -> ExtraValues:
    """Return the extra properties of images whose postings hold ``values``."""
    held = [{name: row[key] for name, key in _keys(extras) if key in row} for row in values]
    lacking = [number for number, row in enumerate(held) if len(row) < len(extras)]
    for at in range(0, len(lacking), _AT_ONCE):
        numbers = lacking[at : at + _AT_ONCE]
        found = {} if documents is None else documents.get_many([ids[each] for each in numbers])
        for number in numbers:
            document = found.get(ids[number])
            attributes = {} if document is None else document.attributes
            whole = {name: extra_value(attributes, name) for name, _ in extras}
            held[number] = {**whole, **held[number]}
    short: list[list[str]] = [[] for _ in held]
    columns: dict[str, list[Any]] = {}
    for name, type_name in extras:
        attribute = extra(name, type_name)
        typed = [attribute.of({attribute.name: row[name]}) for row in held]
        if type_name == "integer":
            for number, row in enumerate(held):
                if not _is_whole(row[name], typed[number]):
                    typed[number] = None
                    short[number].append(attribute.name)
        columns[name] = typed
    return ExtraValues(columns, short)


def _keys(extras: Extras) -> list[tuple[str, str]]:
    return [(name, held_name(name)) for name, _ in extras]


def _is_whole(stored: Any, typed: int | None) -> bool:
    """Return whether a column of integers tells a stored value, or that it is no number."""
    if typed is not None:
        return -_MOST_WHOLE <= typed <= _MOST_WHOLE
    return isinstance(stored, bool) or not isinstance(stored, (int, float))


def same_extras(extras: Extras, mine: Mapping[str, Any], its: Mapping[str, Any]) -> bool:
    """Return whether a file and a posting tell the same extra properties, where both tell them."""
    for name, type_name in extras:
        key = held_name(name)
        if key in mine and key in its:
            attribute: Attribute = extra(name, type_name)
            if attribute.of({attribute.name: its[key]}) != mine[key]:
                return False
    return True
