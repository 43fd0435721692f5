"""``/uploads_v2``."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

from swath_core.catalog import Search, bounds
from swath_core.definitions import UPLOAD
from swath_core.web.jsonapi import (
    listing,
    page_within,
    parse_resource,
    parse_search,
    resource,
    single,
)

from . import services
from .lists import MOST_BYTES, query_of
from .request import ApiRequest
from .responses import answer, answer_object

if TYPE_CHECKING:
    from swath_core.uploads import UploadView


def create(request: ApiRequest) -> Response[Any]:
    """``POST /uploads_v2``."""
    _, given = parse_resource(request.body, "image_upload")
    view = services.uploads().declare(given, request.caller, request.token)
    return _answer(request, view, HTTPStatus.CREATED)


def get(request: ApiRequest, object_id: str) -> Response[Any]:
    """``GET /uploads_v2/ID``."""
    return _answer(request, services.uploads().get(object_id, request.caller))


head = get


def update(request: ApiRequest, object_id: str) -> Response[Any]:
    """``PATCH /uploads_v2/ID``."""
    _, changes = parse_resource(request.body, "image_upload", object_id)
    return _answer(request, services.uploads().change(object_id, changes, request.caller))


def _answer(request: ApiRequest, view: UploadView, status: int = HTTPStatus.OK) -> Response[Any]:
    with_events = "events" in request.query.get("include", "").split(",")
    included = [resource(event) for event in view.events] if with_events else None
    return answer_object(single(_resource(view), included), view.document, status)


def _resource(view: UploadView) -> dict[str, Any]:
    references = [{"type": event.kind, "id": event.id} for event in view.events]
    return resource(view.document, relationships={"events": {"data": references}})


def search(request: ApiRequest) -> Response[Any]:
    """``PUT /uploads_v2``: the newest first unless another order is asked for."""
    body = parse_search(request.body, request.query)
    search = Search(query_of(request, body), UPLOAD, default_sort="-created")
    views = {each.upload.id: each for each in _candidates(request, search)}
    page = search.run(each.document for each in views.values())
    kept, cut = page_within((_resource(views[each.id]) for each in page.documents), MOST_BYTES)
    more = bool(kept) and (cut or page.more)
    events = [event for each in kept for event in views[each["id"]].events]
    return answer(
        listing(
            kept,
            self_url=request.url,
            count=page.count,
            next_url=request.next_url(page.positions[len(kept) - 1]) if more else None,
            included=[resource(event) for event in events] if "events" in body.include else None,
        )
    )


def _candidates(request: ApiRequest, search: Search) -> Iterable[UploadView]:
    """Yield the uploads that the caller may see, of the products that the filter leaves."""
    products = bounds(search.expression, "product_id")
    images = bounds(search.expression, "image_id")
    if products is None and images is not None:
        products = list(dict.fromkeys(each.rpartition(":")[0] for each in images))
    if products is None:
        products = [each.id for each in services.access().readable_many(request.caller, None)]
    for product_id in products:
        yield from services.uploads().of_product(product_id, request.caller)
