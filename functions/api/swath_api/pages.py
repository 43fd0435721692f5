"""What is answered without a token: the description, its page, and that the API is there."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from swath_core.web import JSONAPI, Request, Response, answer
from swath_core.web.openapi import PAGE_POLICY, document, page

_HTML = "text/html; charset=utf-8"


def openapi(request: Request) -> Response[Any]:
    """``GET /openapi.json``."""
    server = request.url.removesuffix(request.path)
    return answer(document(server), media_type="application/json")


def docs(_: Request) -> Response[Any]:
    """``GET /docs``."""
    return Response(
        status_code=int(HTTPStatus.OK),
        content_type=_HTML,
        body=page(),
        headers={"Content-Security-Policy": PAGE_POLICY},
    )


def health(_: Request) -> Response[Any]:
    """``GET /health``."""
    return answer({"meta": {"message": "ok"}, "jsonapi": JSONAPI})
