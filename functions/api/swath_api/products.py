"""``/products``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.access import Caller, visible_attributes
from swath_core.documents import Document
from swath_core.web.jsonapi import (
    is_true,
    message,
    parse_resource,
    parse_search,
    resource,
    single,
)

from . import services
from .lists import answer_page, query_of
from .request import ApiRequest
from .responses import answer, answer_object
from .shapes import product_resource, with_v1


def create(request: ApiRequest) -> Response[Any]:
    """``POST /products``."""
    given_id, given = parse_resource(request.body, "product")
    product = services.products().create(request.caller, given_id, given, request.token)
    return _answer(request.caller, product, HTTPStatus.CREATED)


def get(request: ApiRequest, object_id: str) -> Response[Any]:
    """``GET /products/ID``."""
    product = services.products().get(request.caller, object_id)
    body = product_resource(request.caller, product)
    if is_true(request.query.get("v1_compatibility")):
        body = with_v1(body, product, visible_attributes(request.caller, product))
    return answer_object(single(body), product)


head = get


def update(request: ApiRequest, object_id: str) -> Response[Any]:
    """``PATCH /products/ID``."""
    _, changes = parse_resource(request.body, "product", object_id)
    product = services.products().update(
        request.caller, object_id, changes, request.token, request.expected
    )
    return _answer(request.caller, product)


def delete(request: ApiRequest, object_id: str) -> Response[Any]:
    """``DELETE /products/ID``."""
    services.products().delete(request.caller, object_id, request.token, request.expected)
    return answer(message("Object successfully deleted"))


def search(request: ApiRequest) -> Response[Any]:
    """``PUT /products``."""
    body = parse_search(request.body, request.query)
    page = services.products().search(request.caller, query_of(request, body))
    resources = [
        with_v1(resource(each), each) if body.v1_compatibility else resource(each)
        for each in page.documents
    ]
    return answer_page(request, page, resources)


def _answer(caller: Caller, product: Document, status: int = HTTPStatus.OK) -> Response[Any]:
    return answer_object(single(product_resource(caller, product)), product, status)
