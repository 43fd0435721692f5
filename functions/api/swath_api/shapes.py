"""Resource objects as routes answer them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from swath_core.access import Caller, visible_attributes
from swath_core.documents import Attributes, Document
from swath_core.web.jsonapi import resource, v1_properties

Body = dict[str, Any]


def product_resource(caller: Caller, product: Document) -> Body:
    """Return a product as the caller may see it."""
    return resource(product, visible_attributes(caller, product))


def member_resource(document: Document, *, v1: bool = False) -> Body:
    """Return a band or an image, with the reference to its product."""
    reference = {"data": {"type": "product", "id": document.get("product_id")}}
    body = resource(document, relationships={"product": reference})
    return with_v1(body, document) if v1 else body


def with_v1(body: Body, document: Document, seen: Attributes | None = None) -> Body:
    """Return a resource with ``v1_properties`` among its attributes."""
    shown = document if seen is None else replace(document, attributes=seen)
    attributes = {**body["attributes"], "v1_properties": v1_properties(shown)}
    return {**body, "attributes": attributes}
