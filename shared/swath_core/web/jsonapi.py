"""JSON:API forms of the catalog's documents: resources and searches in, resources and lists out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.access import Caller, visible_attributes
from swath_core.documents import Attributes, Document, nearest
from swath_core.errors import BadRequest, Invalid, SwathError
from swath_core.filters import parse_limit

from ._http import JSONAPI, Body, Request, answer, dumps, json_kind
from ._v1 import v1_properties

MOST_PAGE_BYTES = 4_000_000
"""Of the resources of one page: a function's response may have 6,291,556 bytes with escapes."""
_MOST_INCLUDED_BYTES = 1_000_000
_DEEPEST = 100
_ALWAYS: Mapping[str, Mapping[str, Any]] = {
    "product": {"tags": [], "extra_properties": {}, "owners": [], "writers": [], "readers": []},
    "band": {"tags": [], "extra_properties": {}},
    "image": {"tags": [], "extra_properties": {}},
}
"""What clients take for containers, set or not (wire contract, section 3.7)."""

__all__ = [
    "IMAGE_SEARCH_MEMBERS",
    "MOST_PAGE_BYTES",
    "SEARCH_MEMBERS",
    "SearchBody",
    "answer_message",
    "answer_object",
    "check_members",
    "included_within",
    "includes",
    "is_true",
    "listing",
    "member_resource",
    "page_within",
    "parse_members",
    "parse_resource",
    "parse_search",
    "product_resource",
    "resource",
    "single",
    "v1_properties",
    "warning",
    "with_v1",
]

# ---- requests ------------------------------------------------------------------------------------


def parse_resource(
    body: Mapping[str, Any], kind: str, expected_id: str | None = None
) -> tuple[str | None, dict[str, Any]]:
    """Return id and attributes of ``{"data": {"type", "id", "attributes"}}``.

    Raises Invalid where the type is another one or the id is not that of the path.
    """
    data = _member(body, "data", "/data")
    resource_id, attributes = _resource(data, kind, "/data")
    if None not in {resource_id, expected_id} and resource_id != expected_id:
        message = f"the id in the body is {_shown(resource_id)}, in the path {_shown(expected_id)}"
        raise Invalid(message, pointer="/data/id")
    return resource_id, attributes


def parse_members(
    body: Mapping[str, Any], kind: str
) -> list[tuple[str | None, dict[str, Any]] | SwathError]:
    """Return id and attributes of each resource of ``{"data": [...]}``, or what is wrong with it.

    Errors point at the resource as if it were the only one. Raises Invalid where there is no list.
    """
    members = body.get("data")
    if not isinstance(members, list):
        message = f"data must be an array, not {json_kind(members)}"
        raise Invalid(message, pointer="/data")
    return [_one_of_many(each, kind) for each in members]


def _one_of_many(given: object, kind: str) -> tuple[str | None, dict[str, Any]] | SwathError:
    try:
        return parse_resource({"data": given}, kind)
    except SwathError as error:
        return error


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
        message = f"{name} must be an object, not {json_kind(value)}"
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


SEARCH_MEMBERS = ("filter", "sort", "limit", "text", "include", "v1_compatibility")
"""What the body of every search may hold."""
IMAGE_SEARCH_MEMBERS = (*SEARCH_MEMBERS, "intersects", "intersects_none", "explain")
"""What the body of a search of images, or of a summary of them, may hold."""


def check_members(given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise BadRequest where a search has a member that would be ignored."""
    for name in given:
        if name not in known:
            there = f"this one takes {', '.join(known)}"
            message = f"{_shown(name)} is no member of a search: {there}{nearest(name, known)}"
            raise BadRequest(message, parameter=name[:100])


def parse_search(
    given: Mapping[str, Any],
    query: Mapping[str, str] | None = None,
    known: Sequence[str] = SEARCH_MEMBERS,
) -> SearchBody:
    """Return the search that a body asks for; ``include`` may stand in the query string.

    Raises BadRequest that names the member, also one that is not ``known``.
    """
    check_members(given, known)
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
        message = f"{name} must be a string, not {json_kind(value)}"
        raise BadRequest(message, parameter=name)
    return value or None


def _filter(value: object) -> str | None:
    """Return the filter as JSON text: clients send a string, people also the array itself."""
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value)


def _include(text: str | None) -> frozenset[str]:
    return frozenset(name.strip() for name in (text or "").split(",") if name.strip())


def includes(request: Request, name: str) -> bool:
    """Return whether the query string asks to include resources of that name."""
    return name in _include(request.query.get("include"))


def is_true(value: object) -> bool:
    """Return whether a flag is set: JSON true, or as Python or a URL spell it."""
    return value is True or (isinstance(value, str) and value.lower() in {"true", "1", "yes"})


# ---- responses -----------------------------------------------------------------------------------


def resource(
    document: Document,
    attributes: Attributes | None = None,
    relationships: Body | None = None,
) -> Body:
    """Return a document as a resource object: complete, attributes that are unset left out.

    ``attributes`` replaces the document's own where the caller may not see all of them.
    """
    given = document.attributes if attributes is None else attributes
    body: Body = {
        "type": document.kind,
        "id": document.id,
        "attributes": {**_ALWAYS.get(document.kind, {}), **given},
    }
    if relationships is not None:
        body["relationships"] = relationships
    return body


def product_resource(caller: Caller, product: Document, *, v1: bool = False) -> Body:
    """Return a product as the caller may see it."""
    visible = visible_attributes(caller, product)
    body = resource(product, visible)
    return with_v1(body, replace(product, attributes=visible)) if v1 else body


def member_resource(document: Document, *, v1: bool = False) -> Body:
    """Return a band or an image, with the reference to its product."""
    reference = {"data": {"type": "product", "id": document.get("product_id")}}
    body = resource(document, relationships={"product": reference})
    return with_v1(body, document) if v1 else body


def with_v1(body: Body, document: Document) -> Body:
    """Return a resource with the document's ``v1_properties`` among its attributes."""
    return {
        **body,
        "attributes": {**body["attributes"], "v1_properties": v1_properties(document)},
    }


def single(
    data: Body, included: Iterable[Body] | None = None, warnings: Iterable[Body] = ()
) -> Body:
    """Return the body of one resource."""
    body: Body = {"data": data, "jsonapi": JSONAPI}
    if included is not None:
        body["included"] = list(included)
    found = list(warnings)
    if found:
        body["meta"] = {"warnings": found}
    return body


def listing(
    data: Sequence[Body],
    *,
    self_url: str,
    count: int | None,
    next_url: str | None = None,
    included: Iterable[Body] | None = None,
) -> Body:
    """Return the body of a list; ``count`` is the number of all matches, where it is known."""
    links = {"self": self_url}
    if next_url is not None:
        links["next"] = next_url
    body: Body = {"data": list(data), "links": links, "meta": {}, "jsonapi": JSONAPI}
    if count is not None:
        body["meta"]["count"] = count
    if included is not None:
        body["included"] = list(included)
    return body


def warning(text: str, category: str = "FutureWarning") -> Body:
    """Return one member of ``meta.warnings``: ``category`` is a Python warning class's name."""
    return {"message": text, "category": category}


def page_within(
    resources: Iterable[Body], most_bytes: int = MOST_PAGE_BYTES
) -> tuple[list[Body], bool]:
    """Return the leading resources that fit into a response, and whether some were left out.

    The first is always kept: a stored document is smaller than a response.
    """
    page: list[Body] = []
    size = 0
    for each in resources:
        size += len(dumps(each)) + 1
        if page and size > most_bytes:
            return page, True
        page.append(each)
    return page, False


def included_within(resources: Iterable[Body]) -> list[Body]:
    """Return the leading resources of a megabyte: clients fetch what is not included."""
    kept, _ = page_within(resources, _MOST_INCLUDED_BYTES)
    return kept


def answer_object(body: Body, document: Document, status: int = HTTPStatus.OK) -> Response[Any]:
    """Return the response for one object, its version as ``ETag``."""
    return answer(body, status, {"ETag": f'"{document.version}"'})


def answer_message(text: str) -> Response[Any]:
    """Return a response without data: a message about what was done."""
    return answer({"meta": {"message": text}, "jsonapi": JSONAPI})
