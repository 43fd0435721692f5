"""Pixels over HTTPS: ``/raster/v2`` of the HTTP API, and the function's own URL.

Both send the same events (payload 2.0). GDAL is loaded with the first request that needs pixels.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from http import HTTPStatus
from typing import Any

# before NumPy is loaded: its small matrix products here are faster in the thread that asks
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import (
    APIGatewayHttpResolver,
    CORSConfig,
    Response,
)
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from swath_core.access import Caller, authenticate
from swath_core.errors import BadRequest, NotFound, SwathError
from swath_core.jsonapi import dumps, errors_body
from swath_core.settings import settings

PREFIXES: list[str | re.Pattern[str]] = ["/raster/v2"]

logger = Logger(service="raster")
app = APIGatewayHttpResolver(
    cors=CORSConfig(allow_origin="*", allow_headers=["Authorization", "Content-Type"]),
    strip_prefixes=PREFIXES,
)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request."""
    answer: dict[str, Any] = app.resolve(event, context)  # type: ignore[arg-type]
    logger.info(
        "answered",
        path=event.get("rawPath"),
        status=answer.get("statusCode"),
        characters=len(answer.get("body") or ""),
    )
    return answer


def caller() -> Caller:
    """Return who sends the current request. Raises Unauthorized."""
    return authenticate(app.current_event.headers.get("authorization"), settings())


def body() -> bytes:
    """Return the bytes of the current request's body. Raises BadRequest."""
    text = app.current_event.body or ""
    if not app.current_event.is_base64_encoded:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadRequest("the body is not base64, although the event says so") from error


@app.post("/npz")
def npz() -> Response[bytes]:
    """Stream the array of one image, or of the mosaic of several."""
    who = caller()
    from swath_core.raster import delivery, request, stream, wiring  # noqa: PLC0415 - GDAL

    asked = request.parse_body(body())
    raster = wiring.service().raster(who, asked)
    sent = delivery.deliver(stream.encode(raster), wiring.results().begin)
    if sent.link is not None:
        return Response(HTTPStatus.SEE_OTHER, headers={"Location": sent.link}, body=b"")
    return Response(HTTPStatus.OK, content_type=stream.CONTENT_TYPE, body=sent.body)


@app.exception_handler(SwathError)  # type: ignore[untyped-decorator]  # powertools has no type
def refused(error: SwathError) -> Response[str]:
    """Answer an error that is the caller's to see."""
    return answer(error)


def answer(error: SwathError) -> Response[str]:
    """Return an error in the contract's form."""
    return Response(
        error.status, content_type="application/vnd.api+json", body=dumps(errors_body(error))
    )


@app.not_found
def unknown_route(_error: NotFoundError) -> Response[str]:
    """Answer a path that is not served here."""
    path = app.current_event.path
    return answer(NotFound(f"there is nothing at {path}; pixels are at /raster/v2/npz"))


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def broke(error: Exception) -> Response[str]:
    """Answer an error that is not the caller's; its trace goes to the log."""
    logger.error("a request failed", exc_info=error)
    document = {
        "errors": [
            {
                "status": "500",
                "title": "Internal error",
                "detail": "the raster could not be computed; the error was recorded",
            }
        ],
        "jsonapi": {"version": "1.0"},
    }
    return Response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        content_type="application/vnd.api+json",
        body=dumps(document),
    )
