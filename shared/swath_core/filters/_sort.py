"""Sorting: any sortable attribute, nulls last, ties by id; descending is ascending reversed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from swath_core.definitions import Resource
from swath_core.documents import Document

from ._parse import Sort, attribute_of

SortKey = tuple[Any, ...]
"""A comparable value or None for each order, and the id."""


def sort_key(sort: Sort, resource: Resource, values: Mapping[str, Any]) -> SortKey:
    """Return what an object with these attribute values is sorted by."""
    return (*(_value(each, resource, values) for each in sort.all), values["id"])


def _value(sort: Sort, resource: Resource, values: Mapping[str, Any]) -> Any:
    attribute = sort.extra or attribute_of(resource, sort.name)
    stored = attribute.of(values)
    return None if stored is None else attribute.type.key(stored)


def sorted_keys(keys: Iterable[SortKey], sort: Sort) -> list[SortKey]:
    """Return keys in order, those without a value last."""
    found = list(keys)
    for place, descending in reversed(list(enumerate(sort.directions))):
        values = [key for key in found if key[place] is not None]
        values.sort(key=itemgetter(place), reverse=descending)  # which keeps the order of ties
        found = values + [key for key in found if key[place] is None]
    return found


def is_after(key: SortKey, last: SortKey, sort: Sort) -> bool:
    """Return whether a key comes behind another one in the order of :func:`sorted_keys`."""
    for mine, other, descending in zip(key, last, sort.directions, strict=True):
        if mine == other:
            continue
        if mine is None or other is None:
            return mine is None
        return bool(mine < other if descending else mine > other)
    return False


def values_of(document: Document) -> dict[str, Any]:
    """Return a document's attributes with its id among them, as expressions read them."""
    return {**document.attributes, "id": document.id}


def sort_documents(documents: Iterable[Document], sort: Sort, resource: Resource) -> list[Document]:
    """Return documents in the order asked for."""
    by_key = {sort_key(sort, resource, values_of(each)): each for each in documents}
    return [by_key[key] for key in sorted_keys(by_key, sort)]
