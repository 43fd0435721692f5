"""Lists of products and bands: pages within the limits of a response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.event_handler import Response

from swath_core.catalog import Page, Query
from swath_core.web.jsonapi import SearchBody, listing, page_within

from .request import ApiRequest
from .responses import answer, included_within

MOST_BYTES = 4_000_000
"""Bytes of the resources of one page."""


def query_of(request: ApiRequest, body: SearchBody) -> Query:
    """Return the search that body and query string ask for."""
    return Query(
        filter=body.filter,
        sort=body.sort,
        limit=body.limit,
        text=body.text,
        after=request.query.get("continuation"),
    )


def answer_page(
    request: ApiRequest,
    page: Page,
    resources: Sequence[dict[str, Any]],
    included: Sequence[dict[str, Any]] | None = None,
) -> Response[Any]:
    """Return a page, cut where the response would be too big."""
    kept, cut = page_within(resources, MOST_BYTES)
    more = (cut or page.more) and kept
    body = listing(
        kept,
        self_url=request.url,
        count=page.count,
        next_url=request.next_url(page.positions[len(kept) - 1]) if more else None,
        included=None if included is None else included_within(included),
    )
    return answer(body)
