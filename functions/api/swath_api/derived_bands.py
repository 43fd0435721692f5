"""``/derived_bands``: there are none here, and older clients must be able to find that out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.catalog import not_found
from swath_core.web.jsonapi import listing, parse_search

from . import services
from .request import ApiRequest
from .responses import answer


def of_product(request: ApiRequest, object_id: str) -> Response[Any]:
    """``PUT /products/ID/relationships/derived_bands``."""
    services.products().get(request.caller, object_id)
    return search(request)


def search(request: ApiRequest) -> Response[Any]:
    """``PUT /derived_bands``."""
    parse_search(request.body, request.query)
    return answer(listing([], self_url=request.url, count=0))


def get(_: ApiRequest, object_id: str) -> Response[Any]:
    """``GET /derived_bands/ID``."""
    raise not_found(object_id)
