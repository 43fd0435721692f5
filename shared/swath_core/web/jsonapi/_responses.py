"""Response bodies: single resources, lists, errors, warnings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from swath_core.documents import Attributes, Document
from swath_core.errors import SwathError

JSONAPI = {"version": "1.0"}
MOST_RESPONSE_BYTES = 5_500_000
"""What a response may have: a function's limit is 6,291,556 bytes with headers and escapes."""

_ALWAYS: Mapping[str, Mapping[str, Any]] = {
    "product": {"tags": [], "extra_properties": {}, "owners": [], "writers": [], "readers": []},
    "band": {"tags": [], "extra_properties": {}},
    "image": {"tags": [], "extra_properties": {}},
}
"""What clients take for containers, set or not (wire contract, section 3.7)."""

Body = dict[str, Any]


def dumps(body: object) -> str:
    """Return compact JSON. Characters outside ASCII are escaped, so lone surrogates are safe."""
    return json.dumps(body, separators=(",", ":"), allow_nan=False)


def resource(
    document: Document,
    attributes: Attributes | None = None,
    relationships: Body | None = None,
) -> Body:
    """Return a document as a resource object: complete, attributes that are unset left out.

    ``attributes`` replaces the document's own where the caller may not see all of them.
    """
    shown = document.attributes if attributes is None else attributes
    body: Body = {
        "type": document.kind,
        "id": document.id,
        "attributes": {**_ALWAYS.get(document.kind, {}), **shown},
    }
    if relationships is not None:
        body["relationships"] = relationships
    return body


def single(
    data: Body, included: Iterable[Body] | None = None, warnings: Iterable[Body] = ()
) -> Body:
    """Return the body of one resource."""
    body: Body = {"data": data, "jsonapi": JSONAPI}
    if included is not None:
        body["included"] = list(included)
    return _warned(body, warnings)


def listing(
    data: Sequence[Body],
    *,
    self_url: str,
    count: int | None,
    next_url: str | None = None,
    included: Iterable[Body] | None = None,
    warnings: Iterable[Body] = (),
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
    return _warned(body, warnings)


def _warned(body: Body, warnings: Iterable[Body]) -> Body:
    found = list(warnings)
    if found:
        body.setdefault("meta", {})["warnings"] = found
    return body


def warning(text: str, category: str = "FutureWarning") -> Body:
    """Return one member of ``meta.warnings``: ``category`` is a Python warning class's name."""
    return {"message": text, "category": category}


def task(kind: str, product_id: str, attributes: Attributes) -> Body:
    """Return the body of a task on a product."""
    return single({"type": kind, "id": product_id, "attributes": attributes})


def message(text: str) -> Body:
    """Return a body without data: a message about what was done."""
    return {"meta": {"message": text}, "jsonapi": JSONAPI}


def errors_body(error: SwathError) -> Body:
    """Return the body that answers an error."""
    return {"errors": [each.to_json() for each in error], "jsonapi": JSONAPI}


def page_within(
    resources: Iterable[Body], most_bytes: int = MOST_RESPONSE_BYTES
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
