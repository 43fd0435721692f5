"""``/products``."""

from __future__ import annotations

from typing import Any

from swath_core.definitions import HOW_TO_REINDEX
from swath_core.documents import QUERYABLES, Document, StoredProduct
from swath_core.web import Request, Response
from swath_core.web.jsonapi import (
    answer_object,
    is_true,
    parse_search,
    product_resource,
    resource,
    single,
    warning,
    with_v1,
)

from . import services
from .objects import Objects, answer_page, query_of


def _answer(request: Request, product: Document, status: int) -> Response[Any]:
    v1 = is_true(request.query.get("v1_compatibility"))
    data = product_resource(request.caller, product, v1=v1)
    warnings = [warning(HOW_TO_REINDEX)] if _is_declared_anew(request, product) else []
    return answer_object(single(data, warnings=warnings), product, status)


def _is_declared_anew(request: Request, product: Document) -> bool:
    """Return whether a request declares extra properties of images that may be there already."""
    if request.method != "PATCH" or not isinstance(product, StoredProduct) or not product.years:
        return False
    attributes = request.json["data"].get("attributes") or {}
    return QUERYABLES in (attributes.get("extra_properties") or {})


_objects = Objects("product", services.products, _answer)
create, get, update, delete = _objects.create, _objects.get, _objects.update, _objects.delete


def search(request: Request) -> Response[Any]:
    """``PUT /products``."""
    body = parse_search(request.json, request.query)
    page = services.products().search(request.caller, query_of(request, body))
    resources = [
        with_v1(resource(each), each) if body.v1_compatibility else resource(each)
        for each in page.documents
    ]
    return answer_page(request, page, resources)
