"""Responses of the API."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.documents import Document
from swath_core.errors import SwathError
from swath_core.web.jsonapi import JSONAPI, dumps, errors_body, page_within

MEDIA_TYPE = "application/vnd.api+json"
_COMPRESSED_FROM = 16_384
_MOST_INCLUDED_BYTES = 1_000_000

Body = dict[str, Any]


def answer(
    body: Body, status: int = HTTPStatus.OK, headers: dict[str, Any] | None = None
) -> Response[Any]:
    """Return a JSON:API response, compressed where that pays and the client takes it."""
    text = dumps(body)
    return Response(
        status_code=int(status),
        content_type=MEDIA_TYPE,
        body=text,
        headers=headers or {},
        compress=len(text) >= _COMPRESSED_FROM,
    )


def answer_object(body: Body, document: Document, status: int = HTTPStatus.OK) -> Response[Any]:
    """Return the response for one object, its version as ``ETag``."""
    return answer(body, status, {"ETag": f'"{document.version}"'})


def answer_nothing() -> Response[Any]:
    """Return 204."""
    return Response(status_code=int(HTTPStatus.NO_CONTENT), content_type=None, body="")


def answer_error(error: SwathError) -> Response[Any]:
    """Return the response for an error of the contract."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return answer(errors_body(error), error.status, headers)


def answer_failure() -> Response[Any]:
    """Return the response for an error of our own: nothing of it leaves but that it happened."""
    error = {
        "status": "500",
        "title": "Internal error",
        "detail": "the request could not be answered; it is logged, and may be tried again",
    }
    body = {"errors": [error], "jsonapi": JSONAPI}
    return answer(body, HTTPStatus.INTERNAL_SERVER_ERROR)


def included_within(resources: Iterable[Body]) -> list[Body]:
    """Return the leading resources of a megabyte: clients fetch what is not included."""
    kept, _ = page_within(resources, _MOST_INCLUDED_BYTES)
    return kept
