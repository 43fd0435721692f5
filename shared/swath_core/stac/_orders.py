"""The sort extension: ``sortby``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from swath_core.definitions import HOW_TO_DECLARE, PRODUCT, Extra
from swath_core.documents import shown
from swath_core.errors import BadRequest
from swath_core.filters import ID, Sort

from ._properties import SORTABLES, Property

_MOST = 10
_DIRECTIONS = {"asc": False, "desc": True}
_FORMS = "[{field, direction}, ...], or names separated by commas with + or - before each"

COLLECTION_SORTABLES: Mapping[str, Property] = {
    "id": Property("id", ID),
    "title": Property("title", PRODUCT.attribute("name")),
    "created": Property("created", PRODUCT.attribute("created")),
    "updated": Property("updated", PRODUCT.attribute("modified")),
}
"""By STAC name: what collections are sorted by."""


def parse_orders(value: Any, fields: Mapping[str, Property] = SORTABLES) -> Sort | None:
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


def _order(member: object, fields: Mapping[str, Property]) -> Sort:
    if isinstance(member, str):
        text = member.strip()
        return _sort(text.lstrip("+-").strip(), text.startswith("-"), fields)
    if not isinstance(member, dict):
        raise _bad(member)
    direction = member.get("direction", "asc")
    descending = _DIRECTIONS.get(direction.lower()) if isinstance(direction, str) else None
    if descending is None:
        raise _bad(member)
    return _sort(member.get("field"), descending, fields)


def _sort(name: object, descending: bool, fields: Mapping[str, Property]) -> Sort:  # noqa: FBT001
    found = fields.get(name.removeprefix("properties.")) if isinstance(name, str) else None
    if found is None:
        message = f"sortby: {shown(name)} is not sorted by; what is are {', '.join(fields)}"
        if fields is not COLLECTION_SORTABLES:
            message += f"; {HOW_TO_DECLARE}"
        raise BadRequest(message, parameter="sortby")
    extra = found.attribute if isinstance(found.attribute, Extra) else None
    return Sort(found.attribute.name, descending, extra=extra)


def _bad(value: object) -> BadRequest:
    message = f"sortby: {shown(value)} was sent, but {_FORMS} is expected"
    return BadRequest(message, parameter="sortby")
