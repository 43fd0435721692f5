"""Numbers instead of arrays: what an image has at a point, and the statistics of an area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swath_core.documents import finite, shown
from swath_core.errors import BadRequest
from swath_core.raster import (
    RasterRequest,
    RequestedImages,
    parse_request,
    point_values,
    raster_service,
    refuse_members_of_arrays,
    zone_statistics,
)
from swath_core.raster.expressions import parse_expression
from swath_core.web import Request, Response, answer

from .arrays import deadline

_JSON = "application/json"
_UNCACHED = {"Cache-Control": "private, max-age=0"}


def point(request: Request, id: str) -> Response[Any]:
    """``GET /images/ID/point``."""
    place = _degrees(request.query, "lon", 180.0), _degrees(request.query, "lat", 90.0)
    found, asked = _asked(request, id)
    return _answer(point_values(raster_service(), found, asked, place))


def image_statistics(request: Request, id: str) -> Response[Any]:
    """``GET /images/ID/statistics``."""
    found, asked = _asked(request, id)
    (made,) = zone_statistics(raster_service(), found, asked, deadline(request))
    return _answer(made)


def statistics(request: Request) -> Response[Any]:
    """``POST /statistics``: of several images, each by itself."""
    refuse_members_of_arrays(request.json)
    asked = parse_request(request.json)
    service = raster_service()
    found = service.find(request.caller, asked.ids)
    return _answer({"data": zone_statistics(service, found, asked, deadline(request))})


def _answer(body: dict[str, Any]) -> Response[Any]:
    return answer(body, headers=_UNCACHED, media_type=_JSON)


def _asked(request: Request, id: str) -> tuple[RequestedImages, RasterRequest]:
    """Return an image and what is asked of it; all bands of the product if none is named."""
    query = request.query
    found = raster_service().find(request.caller, [id])
    names = [name for name in query.get("bands", "").split(",") if name]
    text = query.get("expression")
    if text is not None:
        parse_expression(text, "expression")  # refused by the name that it has here
    if not names and text is None:
        ((_, bands),) = found.products.values()
        ordered = sorted(bands, key=lambda band: band.get("sort_order") or 0)
        names = [str(band.get("name")) for band in ordered]
    body: dict[str, Any] = {
        "ids": [id],
        "bands": names if text is None else [*names, text],
        "expressions": None if text is None else {text: text},
        "mask": query.get("mask"),
        "processing_level": query.get("processing_level"),
        "shape": query.get("shape"),
        "resolution": _resolution(query),
    }
    return found, parse_request(body)


def _resolution(query: Mapping[str, str]) -> float | None:
    return None if "resolution" not in query else _number(query, "resolution")


def _degrees(query: Mapping[str, str], name: str, most: float) -> float:
    number = _number(query, name)
    if abs(number) > most:
        raise BadRequest(
            f"{name} is {number:g}; it must be from -{most:g} to {most:g}", parameter=name
        )
    return number


def _number(query: Mapping[str, str], name: str) -> float:
    text = query.get(name)
    try:
        number = finite(float(text or ""))
    except ValueError:
        number = None
    if number is None:
        raise BadRequest(
            f"{name} is {'missing' if text is None else shown(text)}; it must be a number",
            parameter=name,
        )
    return number
