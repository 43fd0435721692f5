"""Pixels over HTTPS: ``/raster/v2`` of the HTTP API, and the function's own URL.

Both send the same events (payload 2.0). GDAL is loaded with the first request that needs pixels.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

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
from swath_core.settings import settings
from swath_core.web.jsonapi import dumps, errors_body

if TYPE_CHECKING:
    from swath_core.raster import Deadline
    from swath_core.raster.pictures import Extent, Picture

PREFIX = "/raster/v2"
PREFIXES: list[str | re.Pattern[str]] = [PREFIX]
IMAGE_SECONDS = 86_400
PRODUCT_SECONDS = 300
"""How long a browser may keep pictures: an image seldom changes, a product gets new images."""

API_SECONDS = 29
"""When the HTTP API gives up on a call, with a second for the way."""
RESERVE = 0.1
"""Part of the time that is kept for what follows the last pixels: encoding, storing, answering."""

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
    from swath_core import raster  # noqa: PLC0415 - GDAL

    request = raster.parse_body(body())
    made = raster.raster_service().raster(who, request, deadline())
    sent = raster.deliver(raster.encode(made), raster.results_bucket().begin)
    if sent.link is not None:
        return Response(HTTPStatus.SEE_OTHER, headers={"Location": sent.link}, body=b"")
    return Response(HTTPStatus.OK, content_type=raster.CONTENT_TYPE, body=sent.body)


def deadline() -> Deadline:
    """Return until when the current call may compute: the HTTP API gives up before the function."""
    from swath_core.raster import Deadline  # noqa: PLC0415 - GDAL

    seconds = app.lambda_context.get_remaining_time_in_millis() / 1000
    advice = ""
    if ".lambda-url." not in str(app.current_event.request_context.domain_name):
        seconds = min(seconds, API_SECONDS)
        advice = "; or send it to the address of the stack's output RasterUrl, which allows minutes"
    return Deadline(time.monotonic() + seconds * (1 - RESERVE), advice)


def browser(subject: str) -> Caller:
    """Return who asks for a picture: by header, or by a ticket in the address. Raises."""
    ticket = app.current_event.query_string_parameters.get("token")
    if ticket is None:
        return caller()
    from swath_core.raster import signing_key  # noqa: PLC0415 - GDAL
    from swath_core.raster.pictures import redeem_ticket  # noqa: PLC0415 - GDAL

    return redeem_ticket(ticket, subject, signing_key())


def known(tag: str) -> bool:
    """Return whether the browser has what carries this tag (RFC 9110: listed, weakened or any)."""
    given = app.current_event.headers.get("if-none-match") or ""
    return bool({tag, "*"} & {each.strip().removeprefix("W/") for each in given.split(",")})


def picture(made: Picture | None, seconds: int) -> Response[bytes]:
    """Answer a picture: 304 where the browser has it already, 204 where there is nothing."""
    cache = f"private, max-age={seconds}"
    if made is None:
        return Response(HTTPStatus.NO_CONTENT, headers={"Cache-Control": cache}, body=b"")
    headers = {"Cache-Control": cache, "ETag": made.etag}
    if known(made.etag):
        return Response(
            HTTPStatus.NOT_MODIFIED, content_type=made.content_type, headers=headers, body=b""
        )
    return Response(
        HTTPStatus.OK, content_type=made.content_type, headers=headers, body=made.draw()
    )


def parsed(z: str, x: str, name: str) -> tuple[tuple[int, int, int], str]:
    """Return the place and the format of a tile's path. Raises BadRequest."""
    y, _, format = name.partition(".")
    if not all(part.isdecimal() and len(part) < 10 for part in (z, x, y)):  # noqa: PLR2004
        raise BadRequest(f"{z}/{x}/{y} is no tile; it must be three whole numbers: z/x/y")
    return (int(z), int(x), int(y)), format


@app.get("/images/<image_id>/tiles/<z>/<x>/<name>")
def image_tile(image_id: str, z: str, x: str, name: str) -> Response[bytes]:
    """Draw an XYZ tile of one image."""
    image_id = unquote(image_id)
    who = browser(f"image:{image_id}")
    from swath_core.raster.pictures import map_service  # noqa: PLC0415 - GDAL

    place, format = parsed(z, x, name)
    query = app.current_event.query_string_parameters
    return picture(map_service().image_tile(who, image_id, place, query, format), IMAGE_SECONDS)


@app.get("/products/<product_id>/tiles/<z>/<x>/<name>")
def product_tile(product_id: str, z: str, x: str, name: str) -> Response[bytes]:
    """Draw an XYZ tile of a product's images."""
    product_id = unquote(product_id)
    who = browser(f"product:{product_id}")
    from swath_core.raster.pictures import map_service  # noqa: PLC0415 - GDAL

    place, format = parsed(z, x, name)
    query = app.current_event.query_string_parameters
    made = map_service().product_tile(who, product_id, place, query, format)
    return picture(made, PRODUCT_SECONDS)


@app.get("/images/<image_id>/<name>")
def whole_image(image_id: str, name: str) -> Response[Any]:
    """Draw a preview of an image, or describe its tiles."""
    image_id = unquote(image_id)
    who = browser(f"image:{image_id}")
    from swath_core.raster.pictures import map_service  # noqa: PLC0415 - GDAL

    if name == "tilejson.json":
        query = app.current_event.query_string_parameters
        return tilejson(
            who, f"image:{image_id}", map_service().describe_image(who, image_id, query)
        )
    stem, _, format = name.partition(".")
    if stem != "preview":
        raise NotFound(f"there is no {name} of an image; there is preview.png and tilejson.json")
    query = app.current_event.query_string_parameters
    return picture(map_service().preview(who, image_id, query, format), IMAGE_SECONDS)


@app.get("/products/<product_id>/tilejson.json")
def product_tilejson(product_id: str) -> Response[str]:
    """Describe the tiles of a product."""
    product_id = unquote(product_id)
    who = browser(f"product:{product_id}")
    from swath_core.raster.pictures import map_service  # noqa: PLC0415 - GDAL

    query = app.current_event.query_string_parameters
    extent = map_service().describe_product(who, product_id, query)
    return tilejson(who, f"product:{product_id}", extent)


def tilejson(who: Caller, subject: str, extent: Extent) -> Response[str]:
    """Answer a TileJSON whose tiles carry a ticket and the query that this one came with.

    The ticket is the one that came with the query, if one did: none outlasts the day it was made.
    """
    from swath_core.raster import pictures, signing_key  # noqa: PLC0415 - GDAL

    query = dict(app.current_event.query_string_parameters)
    format = query.pop("format", "png")
    if "token" not in query:
        query["token"] = pictures.issue_ticket(who, subject, signing_key())
    kind, _, id = subject.partition(":")
    address = (
        f"{base()}/{kind}s/{quote(id, safe='')}/tiles/{{z}}/{{x}}/{{y}}.{format}?{urlencode(query)}"
    )
    return Response(
        HTTPStatus.OK,
        content_type="application/json",
        headers={"Cache-Control": "private, max-age=300"},
        body=dumps(pictures.tilejson(extent.name, address, extent.bounds)),
    )


def base() -> str:
    """Return the address under which the caller reaches the routes of this function."""
    public = settings().public_url.rstrip("/")
    domain = app.current_event.request_context.domain_name
    return f"{public or f'https://{domain}'}{PREFIX}"


@app.exception_handler(SwathError)  # type: ignore[untyped-decorator]  # powertools has no type
def refused(error: SwathError) -> Response[str]:
    """Answer an error that is the caller's to see."""
    return answer(error)


def answer(error: SwathError) -> Response[str]:
    """Return an error in the contract's form."""
    return Response(
        error.status,
        content_type="application/vnd.api+json",
        body=dumps(errors_body(error)),
        headers={"Retry-After": str(error.retry_after)} if error.retry_after else {},
    )


@app.not_found
def unknown_route(_error: NotFoundError) -> Response[str]:
    """Answer a path that is not served here."""
    path = app.current_event.path
    return answer(NotFound(f"there is nothing at {path}; pixels are at POST /raster/v2/npz"))


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
