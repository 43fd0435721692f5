"""``/bands``."""

from __future__ import annotations

from typing import Any

from swath_core.web import Request, Response
from swath_core.web.jsonapi import (
    included_within,
    member_resource,
    parse_search,
    product_resource,
)

from . import services
from .objects import Objects, answer_member, answer_page, query_of

_objects = Objects("band", services.bands, answer_member)
create, get, update, delete = _objects.create, _objects.get, _objects.update, _objects.delete


def search(request: Request) -> Response[Any]:
    """``PUT /bands``."""
    body = parse_search(request.json, request.query)
    page, products = services.bands().search(request.caller, query_of(request, body))
    resources = [member_resource(each, v1=body.v1_compatibility) for each in page.documents]
    if "product" not in body.include:
        return answer_page(request, page, resources)
    included = [product_resource(request.caller, product) for product in products]
    return answer_page(request, page, resources, lambda _: included_within(included))
