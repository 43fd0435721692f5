"""``/images/summary``."""

from __future__ import annotations

from typing import Any

from swath_core.search import ImageQuery, SearchProduct
from swath_core.summaries import DateField, Interval, RequestedRange, parse_resolution
from swath_core.web import Request, Response, answer
from swath_core.web.jsonapi import IMAGE_SEARCH_MEMBERS, check_members, listing, single

from . import services

_KIND = "image_interval_summary"


def _asked(request: Request, *more: str) -> tuple[dict[str, Any], ImageQuery, list[SearchProduct]]:
    """Return the body, the query without its limit and order, and the products to look into.

    ``more`` are members that the body may hold beside those of a search of images.
    """
    given = request.json
    check_members(given, (*IMAGE_SEARCH_MEMBERS, *more))
    bare = {name: value for name, value in given.items() if name not in {"limit", "sort"}}
    query = ImageQuery.from_body(bare, services.searchable().resource(request.caller, bare))
    products, _ = services.searchable().of(request.caller, query)
    return given, query, products


def total(request: Request) -> Response[Any]:
    """``PUT /images/summary/all``."""
    _, query, products = _asked(request)
    summary = services.summaries().total(query, products)
    return answer(single({"type": "image_summary", "id": "all", "attributes": summary.to_json()}))


def by_interval(request: Request, field: str, interval: str) -> Response[Any]:
    """``PUT /images/summary/FIELD/INTERVAL``."""
    date_field, length = DateField.parse(field), Interval.parse(interval)
    given, query, products = _asked(request, "_start", "_end")
    asked = RequestedRange.parse(given)
    series = services.summaries().series(query, products, date_field, length, asked)
    data = [
        {
            "type": _KIND,
            "id": start,
            "attributes": {**summary.to_json(), "interval_start": start},
        }
        for start, summary in series.items()
    ]
    return answer(listing(data, self_url=request.url, count=len(data)))


def by_cell(request: Request, resolution: str) -> Response[Any]:
    """``PUT /images/summary/h3/RESOLUTION``: a GeoJSON FeatureCollection of cells."""
    level = parse_resolution(resolution)
    _, query, products = _asked(request)
    cells = services.summaries().cells(query, products, level)
    data = {
        "type": "image_cell_summary",
        "id": str(level),
        "attributes": {**cells.to_geojson(), "without_footprint": cells.without_footprint},
    }
    return answer(single(data))
