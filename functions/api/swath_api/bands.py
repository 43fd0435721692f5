"""``/bands``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.documents import Document
from swath_core.web.jsonapi import is_true, message, parse_resource, parse_search, single

from . import services
from .lists import answer_page, query_of
from .request import ApiRequest
from .responses import answer, answer_object
from .shapes import member_resource, product_resource


def create(request: ApiRequest) -> Response[Any]:
    """``POST /bands``."""
    given_id, given = parse_resource(request.body, "band")
    band, product = services.bands().create(request.caller, given_id, given, request.token)
    return _answer(request, band, product, HTTPStatus.CREATED)


def get(request: ApiRequest, object_id: str) -> Response[Any]:
    """``GET /bands/ID``."""
    return _answer(request, *services.bands().get(request.caller, object_id))


head = get


def update(request: ApiRequest, object_id: str) -> Response[Any]:
    """``PATCH /bands/ID``."""
    _, changes = parse_resource(request.body, "band", object_id)
    band, product = services.bands().update(
        request.caller, object_id, changes, request.token, request.expected
    )
    return _answer(request, band, product)


def delete(request: ApiRequest, object_id: str) -> Response[Any]:
    """``DELETE /bands/ID``."""
    services.bands().delete(request.caller, object_id, request.token, request.expected)
    return answer(message("Object successfully deleted"))


def search(request: ApiRequest) -> Response[Any]:
    """``PUT /bands``."""
    body = parse_search(request.body, request.query)
    page, products = services.bands().search(request.caller, query_of(request, body))
    resources = [member_resource(each, v1=body.v1_compatibility) for each in page.documents]
    included = [product_resource(request.caller, product) for product in products]
    return answer_page(request, page, resources, included if "product" in body.include else None)


def _answer(
    request: ApiRequest, band: Document, product: Document, status: int = HTTPStatus.OK
) -> Response[Any]:
    data = member_resource(band, v1=is_true(request.query.get("v1_compatibility")))
    wants_product = "product" in request.query.get("include", "").split(",")
    included = [product_resource(request.caller, product)] if wants_product else None
    return answer_object(single(data, included), band, status)
