"""What is answered without a token: the description, its page, and that the API is there."""

from __future__ import annotations

from typing import Any

from swath_core.web import JSONAPI, Request, Response, answer
from swath_core.web.openapi import document

from . import explorer


def openapi(request: Request) -> Response[Any]:
    """``GET /openapi.json``."""
    server = request.url.removesuffix(request.path)
    return answer(document(server), media_type="application/json")


def docs(request: Request) -> Response[Any]:
    """``GET /docs``."""
    return explorer.page(request, explorer.REFERENCE)


def health(_: Request) -> Response[Any]:
    """``GET /health``."""
    return answer({"meta": {"message": "ok"}, "jsonapi": JSONAPI})
