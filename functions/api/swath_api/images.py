"""``/images``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.catalog import BulkResult
from swath_core.documents import Document
from swath_core.errors import SwathError
from swath_core.search import ImageQuery, SearchProduct
from swath_core.web.jsonapi import (
    JSONAPI,
    SearchBody,
    is_true,
    listing,
    message,
    parse_members,
    parse_object,
    parse_resource,
    parse_search,
    single,
)

from . import services
from .request import ApiRequest
from .responses import answer, answer_object, included_within
from .shapes import member_resource, product_resource


def create(request: ApiRequest) -> Response[Any]:
    """``POST /images``."""
    given_id, given = parse_resource(request.body, "image")
    image, product = services.images().create(request.caller, given_id, given, request.token)
    return _answer(request, image, product, HTTPStatus.CREATED)


def get(request: ApiRequest, object_id: str) -> Response[Any]:
    """``GET /images/ID``."""
    return _answer(request, *services.images().get(request.caller, object_id))


head = get


def update(request: ApiRequest, object_id: str) -> Response[Any]:
    """``PATCH /images/ID``."""
    _, changes = parse_resource(request.body, "image", object_id)
    image, product = services.images().update(
        request.caller, object_id, changes, request.token, request.expected
    )
    return _answer(request, image, product)


def delete(request: ApiRequest, object_id: str) -> Response[Any]:
    """``DELETE /images/ID``."""
    services.images().delete(request.caller, object_id, request.token, request.expected)
    return answer(message("Object successfully deleted"))


def _answer(
    request: ApiRequest, image: Document, product: Document, status: int = HTTPStatus.OK
) -> Response[Any]:
    data = member_resource(image, v1=is_true(request.query.get("v1_compatibility")))
    wants_product = "product" in request.query.get("include", "").split(",")
    included = [product_resource(request.caller, product)] if wants_product else None
    return answer_object(single(data, included), image, status)


def create_many(request: ApiRequest) -> Response[Any]:
    """``POST /images/bulk``: one result for each image, in the order of the request."""
    items = parse_members(request.body, "image")
    results = services.images().create_many(request.caller, items, request.token)
    saved = sum(result.error is None for result in results)
    body = {
        "data": [_bulk_member(result, items[result.index]) for result in results],
        "meta": {"count": saved, "failed": len(results) - saved},
        "jsonapi": JSONAPI,
    }
    return answer(body)


def _bulk_member(result: BulkResult, item: tuple[str | None, Mapping[str, Any]]) -> dict[str, Any]:
    if result.image is not None:
        meta = {"status": str(int(HTTPStatus.CREATED))}
        return {"type": "image", "id": result.image.id, "meta": meta}
    errors = [_placed(error, result.index) for error in result.error or ()]
    meta = {"status": errors[0]["status"]}
    return {"type": "image", "id": item[0], "meta": meta, "errors": errors}


def _placed(error: SwathError, index: int) -> dict[str, Any]:
    """Return an error of one of many images, its pointer leading to that image."""
    shown = error.to_json()
    pointer = shown.get("source", {}).get("pointer", "/data")
    return {**shown, "source": {"pointer": pointer.replace("/data", f"/data/{index}", 1)}}


def search(request: ApiRequest) -> Response[Any]:
    """``PUT /images``; a ``limit`` of 0 counts."""
    given = parse_object(request.body)
    body = parse_search(request.body, request.query)
    query = ImageQuery.from_body(given)
    searched, product_of = services.searchable().of(request.caller, query.expression)
    if is_true(given.get("explain")):
        return _explained(request, query, searched)
    if query.limit == 0:
        count, _ = services.image_search().count(query, searched)
        return answer(listing([], self_url=request.url, count=count))
    token = request.query.get("continuation")
    page = services.image_search().page(query, searched, token)
    resources = [member_resource(each, v1=body.v1_compatibility) for each in page.documents]
    names = dict.fromkeys(str(each.get("product_id")) for each in page.documents)
    products = [product for each in names if (product := product_of(each)) is not None]
    return answer(
        listing(
            resources,
            self_url=request.url,
            count=len(resources) if page.token is None and token is None else None,
            next_url=request.next_url(page.token) if page.token else None,
            included=_included(request, body, products),
        )
    )


def _explained(
    request: ApiRequest, query: ImageQuery, searched: Sequence[SearchProduct]
) -> Response[Any]:
    """Answer how the search is carried out and what that cost, instead of what it found."""
    token = request.query.get("continuation")
    body = listing([], self_url=request.url, count=None)
    body["meta"] = {"explain": services.image_search().explain(query, searched, token)}
    return answer(body)


def _included(
    request: ApiRequest, body: SearchBody, products: list[Document]
) -> list[dict[str, Any]] | None:
    if "product" not in body.include:
        return None
    return included_within(product_resource(request.caller, each) for each in products)
