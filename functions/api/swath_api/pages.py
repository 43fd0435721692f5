"""What is answered without a token: the description, its page, and that the API is there."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.web.jsonapi import dumps, message
from swath_core.web.openapi import PAGE_POLICY, document, page

from .request import ApiRequest
from .responses import answer

_HTML = "text/html; charset=utf-8"


def openapi(request: ApiRequest) -> Response[Any]:
    """``GET /openapi.json``."""
    server = request.url.removesuffix(request.path)
    return Response(
        status_code=int(HTTPStatus.OK),
        content_type="application/json",
        body=dumps(document(server)),
        compress=True,
    )


def docs(_: ApiRequest) -> Response[Any]:
    """``GET /docs``."""
    return Response(
        status_code=int(HTTPStatus.OK),
        content_type=_HTML,
        body=page(),
        headers={"Content-Security-Policy": PAGE_POLICY},
    )


def health(_: ApiRequest) -> Response[Any]:
    """``GET /health``."""
    return answer(message("ok"))
