"""``/uploads_v2``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from swath_core.catalog import Search
from swath_core.definitions import UPLOAD
from swath_core.filters import allowed_values
from swath_core.web import Body, Request, Response
from swath_core.web.jsonapi import (
    answer_object,
    includes,
    parse_resource,
    parse_search,
    resource,
    single,
)

from . import services
from .objects import answer_page, query_of

if TYPE_CHECKING:
    from swath_core.uploads import UploadView


def create(request: Request) -> Response[Any]:
    """``POST /uploads_v2``."""
    _, given = parse_resource(request.json, "image_upload")
    view = services.uploads().declare(given, request.caller, request.replay_token)
    return _answer(request, view, HTTPStatus.CREATED)


def get(request: Request, id: str) -> Response[Any]:
    """``GET /uploads_v2/ID``."""
    return _answer(request, services.uploads().get(id, request.caller))


def update(request: Request, id: str) -> Response[Any]:
    """``PATCH /uploads_v2/ID``."""
    _, changes = parse_resource(request.json, "image_upload", id)
    return _answer(request, services.uploads().change(id, changes, request.caller))


def _answer(request: Request, view: UploadView, status: int = HTTPStatus.OK) -> Response[Any]:
    with_events = includes(request, "events")
    included = [resource(event) for event in view.events] if with_events else None
    return answer_object(single(_resource(view), included), view.document, status)


def _resource(view: UploadView) -> Body:
    references = [{"type": event.kind, "id": event.id} for event in view.events]
    return resource(view.document, relationships={"events": {"data": references}})


def search(request: Request) -> Response[Any]:
    """``PUT /uploads_v2``: the newest first unless another order is asked for."""
    body = parse_search(request.json, request.query)
    search = Search(query_of(request, body), UPLOAD, default_sort="-created")
    views = {each.upload.id: each for each in _candidates(request, search)}
    page = search.run(each.document for each in views.values())
    resources = (_resource(views[each.id]) for each in page.documents)

    def events_of(kept: Sequence[Body]) -> Iterable[Body]:
        return (resource(event) for each in kept for event in views[each["id"]].events)

    return answer_page(request, page, resources, events_of if "events" in body.include else None)


def _candidates(request: Request, search: Search) -> Iterable[UploadView]:
    """Yield the uploads that the caller may see, of the products that the filter leaves.

    Those that wait for a product which is not there come last.
    """
    products = allowed_values(search.expression, "product_id")
    images = allowed_values(search.expression, "image_id")
    if products is None and images is not None:
        products = list(dict.fromkeys(each.rpartition(":")[0] for each in images))
    for product in services.access().readable_many(request.caller, products):
        yield from services.uploads().of_product(product.id, request.caller)
    yield from services.uploads().of_absent_products(request.caller, products)
