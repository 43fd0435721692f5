"""Request bodies: parsed strictly, with a pointer to whatever is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from swath_core.errors import BadRequest, Invalid
from swath_core.filters import parse_limit

MOST_BODY_BYTES = 10_485_760
"""What API Gateway accepts; the local cloud accepts more, so the limit is kept here as well."""
_DEEPEST = 100


def parse_json(body: bytes | str | None) -> Any:
    """Return the JSON value of a body; an empty one is an empty object. Raises BadRequest."""
    if body is None:
        return {}
    size = len(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body)
    if size > MOST_BODY_BYTES:
        message = f"the body has {size} bytes; at most {MOST_BODY_BYTES} are accepted"
        raise BadRequest(message)
    if not body.strip():
        return {}
    try:
        return json.loads(body, parse_constant=_no_constant)
    except RecursionError as error:
        message = "the body is nested too deeply"
        raise BadRequest(message) from error
    except ValueError as error:
        message = f"the body is not JSON: {error}"
        raise BadRequest(message) from error


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON number"
    raise ValueError(message)


def parse_object(body: bytes | str | None) -> dict[str, Any]:
    """Return the body, which must be a JSON object. Raises BadRequest."""
    value = parse_json(body)
    if not isinstance(value, dict):
        message = f"the body must be a JSON object, not {_kind(value)}"
        raise BadRequest(message)
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return names.get(type(value), "null" if value is None else "a number")


def parse_resource(
    body: bytes | str | None, kind: str, expected_id: str | None = None
) -> tuple[str | None, dict[str, Any]]:
    """Return id and attributes of ``{"data": {"type", "id", "attributes"}}``.

    Raises Invalid where the type is another one or the id is not that of the path.
    """
    data = _member(parse_object(body), "data", "/data")
    resource_id, attributes = _resource(data, kind, "/data")
    if None not in {resource_id, expected_id} and resource_id != expected_id:
        message = f"the id in the body is {_shown(resource_id)}, in the path {_shown(expected_id)}"
        raise Invalid(message, pointer="/data/id")
    return resource_id, attributes


def parse_members(body: bytes | str | None, kind: str) -> list[tuple[str | None, dict[str, Any]]]:
    """Return ids and attributes of the resources of ``{"data": [...]}``. Raises Invalid."""
    members = parse_object(body).get("data")
    if not isinstance(members, list):
        message = f"data must be an array, not {_kind(members)}"
        raise Invalid(message, pointer="/data")
    return [
        _resource(_member({"data": each}, "data", f"/data/{index}"), kind, f"/data/{index}")
        for index, each in enumerate(members)
    ]


def _resource(
    data: Mapping[str, Any], kind: str, pointer: str
) -> tuple[str | None, dict[str, Any]]:
    given = data.get("type", kind)
    if given != kind:
        message = f"the type must be {kind}, not {_shown(given)}"
        raise Invalid(message, pointer=f"{pointer}/type")
    resource_id = data.get("id")
    if resource_id is not None and (not isinstance(resource_id, str) or not resource_id):
        message = f"the id must be a string that is not empty, not {_shown(resource_id)}"
        raise Invalid(message, pointer=f"{pointer}/id")
    return resource_id, _member(data, "attributes", f"{pointer}/attributes", optional=True)


def _member(
    document: Mapping[str, Any], name: str, pointer: str, *, optional: bool = False
) -> dict[str, Any]:
    value = document.get(name)
    if value is None and optional:
        return {}
    if not isinstance(value, dict):
        message = f"{name} must be an object, not {_kind(value)}"
        raise Invalid(message, pointer=pointer)
    _check_depth(value, pointer)
    return value


def _check_depth(value: object, pointer: str, depth: int = 0) -> None:
    if depth > _DEEPEST:
        message = f"the body is nested more than {_DEEPEST} levels deep"
        raise Invalid(message, pointer=pointer)
    members = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for member in members:  # type: ignore[attr-defined]  # dict or list
            _check_depth(member, pointer, depth + 1)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."  # noqa: PLR2004 - a line's worth


@dataclass(frozen=True)
class SearchBody:
    """The members of a search that every collection has (wire contract, section 2.2)."""

    filter: str | None = None
    sort: str | None = None
    limit: int | None = None
    text: str | None = None
    include: frozenset[str] = frozenset()
    v1_compatibility: bool = False


def parse_search(body: bytes | str | None, query: Mapping[str, str] | None = None) -> SearchBody:
    """Return the search that a body asks for; ``include`` may stand in the query string.

    Raises BadRequest that names the member.
    """
    given = parse_object(body)
    in_query = query or {}
    return SearchBody(
        filter=_filter(given.get("filter")),
        sort=_text(given, "sort"),
        limit=parse_limit(given.get("limit")),
        text=_text(given, "text"),
        include=_include(_text(given, "include")) | _include(in_query.get("include")),
        v1_compatibility=is_true(given.get("v1_compatibility"))
        or is_true(in_query.get("v1_compatibility")),
    )


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        message = f"{name} must be a string, not {_kind(value)}"
        raise BadRequest(message, parameter=name)
    return value or None


def _filter(value: object) -> str | None:
    """Return the filter as JSON text: clients send a string, people also the array itself."""
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value)


def _include(text: str | None) -> frozenset[str]:
    return frozenset(name.strip() for name in (text or "").split(",") if name.strip())


def is_true(value: object) -> bool:
    """Return whether a flag is set: JSON true, or as Python or a URL spell it."""
    return value is True or (isinstance(value, str) and value.lower() in {"true", "1", "yes"})
