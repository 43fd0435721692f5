"""What a page of items costs the STAC face, beside a page of JSON:API, and an established server.

The handler answers whole requests from the grid of Sentinel-2 in memory: routing, the token, the
search, items, JSON. Its processor time is without the store's own, as in the benchmark of searches.
The peer is stac-fastapi-pgstac on PostgreSQL with PostGIS (``tests/pgstac.py``), the same items in
its cache: the processor time of its server and of PostgreSQL together. Both count the matches. The
peer keeps what it counted for a day, so that the number is wrong after a write; its pages are
measured so, and counted anew each time, as ours are. A page of JSON:API is not counted: pages that
know the number already are compared with it.
``SWATH_BENCH_IMAGES`` (20,000) limits the catalog.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from benchmarks._report import finish, report
from benchmarks._search_catalog import SATELLITES, Catalog, build
from benchmarks.search import DynamoJson, areas, engine
from tests.pgstac import AbsentError, Pgstac, running_pgstac

from swath_core.access import Caller
from swath_core.catalog import SearchableProducts
from swath_core.documents import Document
from swath_core.search import ImageQuery, SearchProduct
from swath_core.stac import Addresses
from swath_core.stac._items import ItemForm
from swath_core.store.postings import DynamoPostings
from swath_dev.inprocess import Context, InProcessApi, running_api

IMAGES = int(os.environ.get("SWATH_BENCH_IMAGES", "20000"))
BUCKET = "bench"
"""Where the files of the catalog lie."""
OF_JSON_API = 1.3
"""Processor time of a page of items for that of a page of the same images by JSON:API."""
_PERIODS = {"month": "2020-06-01T00:00:00Z/2020-06-30T23:59:59Z", "all": None}
_WIDTHS = (10, 500, 2000, None)
_TIMES = 24
Json = dict[str, Any]


class OneProduct(SearchableProducts):
    """The products that a search may look into: the benchmark's."""

    def __init__(self, product: SearchProduct) -> None:
        """Stand for the catalog of one product."""
        self._product = product

    def of(
        self, caller: Caller, query: ImageQuery
    ) -> tuple[list[SearchProduct], Callable[[str], Document | None]]:
        """Return the product."""
        del caller, query
        return [self._product], lambda _: None


class NoBands:
    """The store of products, as far as items need it."""

    def product_with_bands(self, _: str) -> None:
        """Return nothing: assets are files alone."""


@contextmanager
def answering(catalog: Catalog) -> Iterator[tuple[InProcessApi, DynamoJson]]:
    """Yield the API on a catalog in memory, and the store whose time does not count."""
    with running_api() as api, ExitStack() as stack:
        from swath_api import services  # noqa: PLC0415 - running_api makes it known

        store = DynamoJson(catalog.postings)
        postings = DynamoPostings("Postings", store)  # type: ignore[arg-type]
        search, products = engine(catalog, postings), OneProduct(catalog.product)
        stac = replace(
            services.stac(),
            access=mock.Mock(store=NoBands()),
            searchable=lambda: products,
            search=lambda: search,
            bucket=BUCKET,
        )
        for name, found in (("image_search", search), ("searchable", products), ("stac", stac)):
            stack.enter_context(mock.patch.object(services, name, lambda found=found: found))
        yield api, store


def asked(api: InProcessApi, store: DynamoJson, method: str, path: str, body: Json) -> float:
    """Return the milliseconds of processor time of a request."""
    event = api.event(method, path, body)
    before, started = store.seconds, time.process_time()
    answer = api.handler.lambda_handler(event, Context())
    taken = time.process_time() - started - (store.seconds - before)
    assert answer["statusCode"] == 200, answer["body"]  # noqa: S101
    return taken * 1000


def by_json_api(place: Json | None, interval: str | None) -> Json:
    """Return the body of the search by JSON:API, newest first."""
    filters = []
    if interval is not None:
        first, last = interval.split("/")
        filters = [{"op": "gte", "name": "acquired", "val": first}]
        filters.append({"op": "lte", "name": "acquired", "val": last})
    body: Json = {"sort": "-acquired", "filter": json.dumps(filters)}
    return body if place is None else {**body, "intersects": json.dumps(place)}


def by_stac(place: Json | None, interval: str | None) -> Json:
    """Return the body of the same search by STAC."""
    found = {"intersects": place, "datetime": interval, "limit": 100}
    return {name: each for name, each in found.items() if each is not None}


def cases(catalog: Catalog) -> Iterator[tuple[str, list[tuple[Json | None, str | None]]]]:
    """Yield searches: areas of several widths, a month or all of the time."""
    for width in _WIDTHS:
        for period, interval in _PERIODS.items():
            places = list(areas(catalog, width))
            chosen = [(places[n % len(places)], interval) for n in range(_TIMES)]
            size = "whole product" if width is None else f"{width} km"
            yield f"{size}, {period}", chosen


def measure_ours(api: InProcessApi, store: DynamoJson, catalog: Catalog) -> dict[str, float]:
    """Report pages of both faces; return the first pages' p50 by case."""
    first: dict[str, float] = {}
    quotients = []
    for case, searches in cases(catalog):
        pages: dict[str, list[float]] = {"stac": [], "later": [], "json": []}
        for place, interval in searches:
            plain, body = by_json_api(place, interval), by_stac(place, interval)
            pages["json"].append(asked(api, store, "PUT", f"{api.base}/images", plain))
            pages["stac"].append(asked(api, store, "POST", "/stac/search", body))
            with mock.patch("swath_core.search.ImageSearch.count_within", return_value=1):
                pages["later"].append(asked(api, store, "POST", "/stac/search", body))
        p50 = {name: statistics.median(each) for name, each in pages.items()}
        first[case] = p50["stac"]
        quotients.append(p50["later"] / p50["json"])
        report("stac", case, "first page, counted: processor p50", p50["stac"], "ms")
        report("stac", case, "page without its count: processor p50", p50["later"], "ms")
        report("stac", case, "page of JSON:API: processor p50", p50["json"], "ms")
    quotient = statistics.median(quotients)
    report("stac", "all", "page for one of JSON:API", quotient, "ratio", OF_JSON_API)
    return first


# ---- the peer


def items_of(catalog: Catalog) -> Iterator[Json]:
    """Yield the items of a catalog."""
    form = ItemForm(catalog.product_id, [], Addresses("https://swath.example"), BUCKET)
    for image in catalog.documents.get_many(catalog.documents.texts).values():
        yield form.item(image)


def collection_of(catalog: Catalog) -> Json:
    """Return the collection of a catalog."""
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": catalog.product_id,
        "description": catalog.satellite.name,
        "license": "other",
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [[None, None]]},
        },
        "links": [],
    }


def measure_peer(peer: Pgstac, catalog: Catalog, ours: Mapping[str, float]) -> None:
    """Report the peer's first pages beside ours: counted anew, and with counts that it keeps."""
    for ttl, how in (("1 day", "count kept"), ("0 seconds", "counted")):
        peer.set("context_stats_ttl", ttl)
        _measure_peer(peer, catalog, ours, how)


def _measure_peer(peer: Pgstac, catalog: Catalog, ours: Mapping[str, float], how: str) -> None:
    for case, searches in cases(catalog):
        times, waits = [], []
        for place, interval in searches:
            body = by_stac(place, interval)
            peer.search(body)
            before, started = peer.processor_seconds(), time.perf_counter()
            peer.search(body)
            waits.append((time.perf_counter() - started) * 1000)
            times.append((peer.processor_seconds() - before) * 1000)
        p50 = statistics.median(times)
        wait = statistics.median(waits)
        report("stac", case, f"pgstac: first page, {how}: processor p50", p50, "ms")
        report("stac", case, f"pgstac: first page, {how}: over HTTP p50", wait, "ms")
        report("stac", case, f"first page for one of pgstac, {how}", ours[case] / p50, "ratio")


def main() -> None:
    """Measure both faces, and the peer where it is here."""
    catalog = build(SATELLITES[1], IMAGES)
    gc.freeze()  # it stands for the table: the collector of a function would not walk through it
    with answering(catalog) as (api, store):
        ours = measure_ours(api, store, catalog)
    try:
        with running_pgstac([collection_of(catalog)], items_of(catalog), counts=True) as peer:
            measure_peer(peer, catalog, ours)
    except AbsentError as error:
        print(f"no comparison with stac-fastapi-pgstac: {error}", file=sys.stderr)
    finish()


if __name__ == "__main__":
    main()
