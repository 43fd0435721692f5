"""``/images``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from swath_core.catalog import BulkResult
from swath_core.documents import Document
from swath_core.errors import SwathError
from swath_core.search import ImageQuery, SearchProduct
from swath_core.web import JSONAPI, Request, Response, answer
from swath_core.web.jsonapi import (
    IMAGE_SEARCH_MEMBERS,
    SearchBody,
    included_within,
    is_true,
    listing,
    member_resource,
    parse_members,
    parse_search,
    product_resource,
)

from . import services
from .objects import Objects, answer_member

_objects = Objects("image", services.images, answer_member)
create, get, update, delete = _objects.create, _objects.get, _objects.update, _objects.delete


def create_many(request: Request) -> Response[Any]:
    """``POST /images/bulk``: one result for each image, in the order of the request."""
    members = parse_members(request.json, "image")
    wrong = {i: each for i, each in enumerate(members) if isinstance(each, SwathError)}
    items = [each for each in members if not isinstance(each, SwathError)]
    done = iter(services.images().create_many(request.caller, items, request.replay_token))
    results = [
        BulkResult(index, error=wrong[index])
        if index in wrong
        else replace(next(done), index=index)
        for index in range(len(members))
    ]
    saved = sum(result.error is None for result in results)
    body = {
        "data": [_bulk_member(each, members[each.index]) for each in results],
        "meta": {"count": saved, "failed": len(results) - saved},
        "jsonapi": JSONAPI,
    }
    return answer(body)


def _bulk_member(
    result: BulkResult, member: tuple[str | None, Mapping[str, Any]] | SwathError
) -> dict[str, Any]:
    if result.image is not None:
        meta = {"status": str(int(HTTPStatus.CREATED))}
        return {"type": "image", "id": result.image.id, "meta": meta}
    errors = [_placed(error, result.index) for error in result.error or ()]
    meta = {"status": errors[0]["status"]}
    given_id = None if isinstance(member, SwathError) else member[0]
    return {"type": "image", "id": given_id, "meta": meta, "errors": errors}


def _placed(error: SwathError, index: int) -> dict[str, Any]:
    """Return an error of one of many images, its pointer leading to that image."""
    shown = error.to_json()
    pointer = shown.get("source", {}).get("pointer", "/data")
    return {**shown, "source": {"pointer": pointer.replace("/data", f"/data/{index}", 1)}}


def search(request: Request) -> Response[Any]:
    """``PUT /images``; a ``limit`` of 0 counts."""
    body = parse_search(request.json, request.query, IMAGE_SEARCH_MEMBERS)
    resource = services.searchable().resource(request.caller, request.json)
    query = ImageQuery.from_body(request.json, resource, user=request.caller.user)
    searched, product_of = services.searchable().of(request.caller, query)
    if is_true(request.json.get("explain")):
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
    request: Request, query: ImageQuery, searched: Sequence[SearchProduct]
) -> Response[Any]:
    """Answer how the search is carried out and what that cost, instead of what it found."""
    token = request.query.get("continuation")
    body = listing([], self_url=request.url, count=None)
    body["meta"] = {"explain": services.image_search().explain(query, searched, token)}
    return answer(body)


def _included(
    request: Request, body: SearchBody, products: list[Document]
) -> list[dict[str, Any]] | None:
    if "product" not in body.include:
        return None
    return included_within(product_resource(request.caller, each) for each in products)
