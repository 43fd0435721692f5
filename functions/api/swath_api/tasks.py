"""Tasks on everything that belongs to a product."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from swath_core.documents import Document
from swath_core.web import Request, Response, answer, answer_nothing
from swath_core.web.jsonapi import parse_resource, single, warning

from . import services

_WAIT_SECONDS = 6.0
_UPDATE = "product_update_acls"
_UPDATE_NOTE = (
    "Access to bands and images follows the product: update_related_objects_acls has nothing to do"
)


def start_delete(request: Request, id: str) -> Response[Any]:
    """``POST /products/ID/delete_related_objects``: 201, or 204 where there is nothing."""
    parse_resource(request.json, "product_delete_task")
    started = services.related().start(services.access(), request.caller, id, request.replay_token)
    if started is None:
        return answer_nothing()
    return _answer(started, HTTPStatus.CREATED)


def delete_status(request: Request, id: str) -> Response[Any]:
    """``GET /products/ID/delete_related_objects``."""
    found = services.related().status(services.access(), request.caller, id, wait=_WAIT_SECONDS)
    return _answer(found)


def _answer(found: Document, status: int = HTTPStatus.OK) -> Response[Any]:
    attributes = {name: value for name, value in found.attributes.items() if name != "modified"}
    return answer(single({"type": found.kind, "id": found.id, "attributes": attributes}), status)


def start_update(request: Request, id: str) -> Response[Any]:
    """``POST /products/ID/update_related_objects_acls``, of clients before 1.12."""
    parse_resource(request.json, _UPDATE)
    services.access().ownable(request.caller, id)
    return _updated(id, HTTPStatus.CREATED)


def update_status(request: Request, id: str) -> Response[Any]:
    """``GET /products/ID/update_related_objects_acls``."""
    services.access().ownable(request.caller, id)
    return _updated(id, HTTPStatus.OK)


def _updated(product_id: str, status: int) -> Response[Any]:
    """Return the task that is always done: bands and images have no access lists of their own."""
    data = {
        "type": _UPDATE,
        "id": product_id,
        "attributes": {"status": "SUCCESS", "objects_updated": 0, "errors": None},
    }
    return answer(single(data, warnings=[warning(_UPDATE_NOTE)]), status)
