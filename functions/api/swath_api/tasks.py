"""Tasks on everything that belongs to a product."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.documents import Document
from swath_core.web.jsonapi import parse_resource, single, task, warning

from . import services
from .request import ApiRequest
from .responses import answer, answer_nothing

_WAIT_SECONDS = 6.0
_UPDATE = "product_update_acls"
_UPDATE_NOTE = (
    "Access to bands and images follows the product: update_related_objects_acls has nothing to do"
)


def start_delete(request: ApiRequest, object_id: str) -> Response[Any]:
    """``POST /products/ID/delete_related_objects``: 201, or 204 where there is nothing."""
    parse_resource(request.body, "product_delete_task")
    started = services.related().start(services.access(), request.caller, object_id, request.token)
    if started is None:
        return answer_nothing()
    return _answer(started, HTTPStatus.CREATED)


def delete_status(request: ApiRequest, object_id: str) -> Response[Any]:
    """``GET /products/ID/delete_related_objects``."""
    found = services.related().status(
        services.access(), request.caller, object_id, wait=_WAIT_SECONDS
    )
    return _answer(found)


def _answer(found: Document, status: int = HTTPStatus.OK) -> Response[Any]:
    shown = {name: value for name, value in found.attributes.items() if name != "modified"}
    return answer(task(found.kind, found.id, shown), status)


def start_update(request: ApiRequest, object_id: str) -> Response[Any]:
    """``POST /products/ID/update_related_objects_acls``, of clients before 1.12."""
    parse_resource(request.body, _UPDATE)
    services.access().ownable(request.caller, object_id)
    return _updated(object_id, HTTPStatus.CREATED)


def update_status(request: ApiRequest, object_id: str) -> Response[Any]:
    """``GET /products/ID/update_related_objects_acls``."""
    services.access().ownable(request.caller, object_id)
    return _updated(object_id, HTTPStatus.OK)


def _updated(product_id: str, status: int) -> Response[Any]:
    """Return the task that is always done: bands and images have no access lists of their own."""
    data = {
        "type": _UPDATE,
        "id": product_id,
        "attributes": {"status": "SUCCESS", "objects_updated": 0, "errors": None},
    }
    return answer(single(data, warnings=[warning(_UPDATE_NOTE)]), status)
