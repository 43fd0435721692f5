"""``/derived_bands``: there are none here, and older clients must be able to find that out."""

from __future__ import annotations

from typing import Any

from swath_core.catalog import not_found
from swath_core.web import Request, Response, answer
from swath_core.web.jsonapi import listing, parse_search

from . import services


def of_product(request: Request, id: str) -> Response[Any]:
    """``PUT /products/ID/relationships/derived_bands``."""
    services.products().get(request.caller, id)
    return search(request)


def search(request: Request) -> Response[Any]:
    """``PUT /derived_bands``."""
    parse_search(request.json, request.query)
    return answer(listing([], self_url=request.url, count=0))


def get(_: Request, id: str) -> Response[Any]:
    """``GET /derived_bands/ID``."""
    raise not_found(id)
