"""Pictures for maps: tiles, previews, and the TileJSON that leads to tiles."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from swath_core.access.tickets import issue_ticket
from swath_core.errors import BadRequest
from swath_core.raster import signing_key
from swath_core.raster.pictures import Extent, Picture, map_service, tilejson
from swath_core.settings import settings
from swath_core.web import Request, Response, answer
from swath_core.web.routes import RASTER

IMAGE_SECONDS = 86_400
PRODUCT_SECONDS = 300
"""How long a browser may keep pictures: an image seldom changes, a product gets new images."""
_MOST_DIGITS = 9
_MOST_NAMED = 5


def image_tile(request: Request, id: str, z: str, x: str, y: str, format: str) -> Response[bytes]:
    """``GET /images/ID/tiles/Z/X/Y.FORMAT``."""
    place = _place(z, x, y)
    picture = map_service().image_tile(request.caller, id, place, request.query, format)
    return _answer(request, picture, IMAGE_SECONDS)


def product_tile(request: Request, id: str, z: str, x: str, y: str, format: str) -> Response[bytes]:
    """``GET /products/ID/tiles/Z/X/Y.FORMAT``."""
    place = _place(z, x, y)
    found = map_service().product_tile(request.caller, id, place, request.query, format)
    done = _answer(request, found.picture, PRODUCT_SECONDS)
    if found.lost:
        done.headers["Warning"] = _left_out(found.lost)
    return done


def _left_out(lost: Collection[str]) -> str:
    """Return the warning that a tile lacks images."""
    named = ", ".join(sorted(lost)[:_MOST_NAMED])
    more = f" and {len(lost) - _MOST_NAMED} more" if len(lost) > _MOST_NAMED else ""
    return f'299 swath "left out, as their files cannot be read: {named}{more}"'


def preview(request: Request, id: str, format: str) -> Response[bytes]:
    """``GET /images/ID/preview.FORMAT``."""
    picture = map_service().preview(request.caller, id, request.query, format)
    return _answer(request, picture, IMAGE_SECONDS)


def image_tilejson(request: Request, id: str) -> Response[Any]:
    """``GET /images/ID/tilejson.json``."""
    extent = map_service().describe_image(request.caller, id, request.query)
    return _tilejson(request, "image", id, extent)


def product_tilejson(request: Request, id: str) -> Response[Any]:
    """``GET /products/ID/tilejson.json``."""
    extent = map_service().describe_product(request.caller, id, request.query)
    return _tilejson(request, "product", id, extent)


def _place(z: str, x: str, y: str) -> tuple[int, int, int]:
    if not all(part.isdecimal() and len(part) <= _MOST_DIGITS for part in (z, x, y)):
        raise BadRequest(f"{z}/{x}/{y} is no tile; it must be three whole numbers: z/x/y")
    return int(z), int(x), int(y)


def _answer(request: Request, picture: Picture | None, seconds: int) -> Response[bytes]:
    """Answer a picture: 304 where the browser has it already, 204 where there is nothing."""
    headers: dict[str, Any] = {"Cache-Control": f"private, max-age={seconds}"}
    if picture is None:
        return Response(HTTPStatus.NO_CONTENT, headers=headers, body=b"")
    headers["ETag"] = picture.etag
    unchanged = request.has_version(picture.etag)
    return Response(
        HTTPStatus.NOT_MODIFIED if unchanged else HTTPStatus.OK,
        content_type=picture.content_type,
        headers=headers,
        body=b"" if unchanged else picture.draw(),
    )


def _tilejson(request: Request, kind: str, id: str, extent: Extent) -> Response[Any]:
    """Answer a TileJSON whose tiles carry a ticket and the query that this one came with.

    The ticket is the one that came with the query, if one did: none outlasts the day it was made.
    """
    query = dict(request.query)
    format = query.pop("format", "png")
    if "token" not in query:
        query["token"] = issue_ticket(request.caller, f"{kind}:{id}", signing_key())
    public = settings().public_url.rstrip("/") or f"https://{request.domain}"
    tiles = (
        f"{public}{RASTER.base}/{kind}s/{quote(id, safe='')}/tiles/{{z}}/{{x}}/{{y}}.{format}"
        f"?{urlencode(query)}"
    )
    return answer(
        tilejson(extent.name, tiles, extent.bounds),
        headers={"Cache-Control": "private, max-age=300"},
        media_type="application/json",
    )
