"""The sort extension: ``sortby``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from swath_core.documents import shown
from swath_core.errors import BadRequest
from swath_core.filters import Sort

from ._properties import SORTABLES

_MOST = 10
_DIRECTIONS = {"asc": False, "desc": True}
_FORMS = "[{field, direction}, ...], or names separated by commas with + or - before each"

ITEM_FIELDS: Mapping[str, str] = {name: each.attribute.name for name, each in SORTABLES.items()}
"""By STAC name: the attribute that items are sorted by."""

COLLECTION_FIELDS: Mapping[str, str] = {
    "id": "id",
    "title": "name",
    "created": "created",
    "updated": "modified",
}
"""By STAC name: the attribute that collections are sorted by."""


def parse_orders(value: Any, fields: Mapping[str, str] = ITEM_FIELDS) -> Sort | None:
    """Return the order that ``sortby`` asks for, None where it asks for none. Raises BadRequest."""
    if value is None or value in ("", []):
        return None
    members = value.split(",") if isinstance(value, str) else value
    if not isinstance(members, list):
        raise _bad(value)
    if len(members) > _MOST:
        message = f"sortby: {len(members)} fields were sent, but at most {_MOST} are sorted by"
        raise BadRequest(message, parameter="sortby")
    found: dict[str, Sort] = {}
    for each in members:
        order = _order(each, fields)
        found.setdefault(order.name, order)
    first, *others = found.values()
    return replace(first, then=tuple(others))


def _order(member: object, fields: Mapping[str, str]) -> Sort:
    if isinstance(member, str):
        text = member.strip()
        return Sort(_field(text.lstrip("+-").strip(), fields), text.startswith("-"))
    if not isinstance(member, dict):
        raise _bad(member)
    direction = member.get("direction", "asc")
    descending = _DIRECTIONS.get(direction.lower()) if isinstance(direction, str) else None
    if descending is None:
        raise _bad(member)
    return Sort(_field(member.get("field"), fields), descending)


def _field(name: object, fields: Mapping[str, str]) -> str:
    bare = name.removeprefix("properties.") if isinstance(name, str) else name
    if not isinstance(bare, str) or bare not in fields:
        message = f"sortby: {shown(name)} is not sorted by; what is are {', '.join(fields)}"
        raise BadRequest(message, parameter="sortby")
    return fields[bare]


def _bad(value: object) -> BadRequest:
    message = f"sortby: {shown(value)} was sent, but {_FORMS} is expected"
    return BadRequest(message, parameter="sortby")
