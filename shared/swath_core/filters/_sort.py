"""Sorting: any sortable attribute, nulls last, ties by id; descending is ascending reversed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from swath_core.definitions import Resource
from swath_core.documents import Document

from ._parse import Sort, attribute_of

SortKey = tuple[Any, str]


def sort_key(sort: Sort, resource: Resource, values: Mapping[str, Any]) -> SortKey:
    """Return (comparable value or None, id) of an object with these attribute values."""
    stored = values.get(sort.name)
    key = None if stored is None else attribute_of(resource, sort.name).type.key(stored)
    return key, values["id"]


def sorted_keys(keys: Iterable[SortKey], *, descending: bool) -> list[SortKey]:
    """Return keys in order, those without a value last."""
    values: list[SortKey] = []
    nulls: list[SortKey] = []
    for key in keys:
        (nulls if key[0] is None else values).append(key)
    values.sort(reverse=descending)
    nulls.sort(key=lambda key: key[1], reverse=descending)
    return values + nulls


def is_after(key: SortKey, last: SortKey, *, descending: bool) -> bool:
    """Return whether a key comes behind another one in the order of :func:`sorted_keys`."""
    if (key[0] is None) != (last[0] is None):
        return key[0] is None
    mine, other = (key, last) if key[0] is not None else ((key[1],), (last[1],))
    return bool(mine < other if descending else mine > other)


def values_of(document: Document) -> dict[str, Any]:
    """Return a document's attributes with its id among them, as expressions read them."""
    return {**document.attributes, "id": document.id}


def sort_documents(documents: Iterable[Document], sort: Sort, resource: Resource) -> list[Document]:
    """Return documents in the order asked for."""
    by_key = {sort_key(sort, resource, values_of(each)): each for each in documents}
    return [by_key[key] for key in sorted_keys(by_key, descending=sort.descending)]
