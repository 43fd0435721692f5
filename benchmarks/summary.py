"""What a summary of half a million images costs: requests, items and read units, clean and dirty.

Rollups live in DynamoDB's table as moto keeps it, written by the real rollup from postings in
memory; both are read through the functions' own code, and their cost is computed from item sizes by
DynamoDB's rules. The peer is PostgreSQL with the same rows in the same run.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import boto3
from benchmarks._postgres import Postgres, missing_packages, temporary_cluster
from benchmarks._report import finish, report
from benchmarks._summary_catalog import BYTES, IMAGES, PRODUCT, SummaryCatalog, grid
from moto import mock_aws

from swath_core.documents import Document
from swath_core.search import ImageQuery, ImageSearch
from swath_core.settings import Settings
from swath_core.store.postings import PostingPage, RangeRead
from swath_core.store.rollups import Memory, RollupStore
from swath_core.store.tables import RollupItem
from swath_core.summaries import (
    DateField,
    Interval,
    LiveCounter,
    RequestedRange,
    Rollup,
    Summaries,
    Summary,
)

UNIT = 4096
REPEATS = 5
SECONDS_BAR = 22.0
"""Of the API's 30 s, what a summary may compute."""
AREA = {
    "type": "Polygon",
    "coordinates": [[[6.7, 44.8], [13.3, 44.8], [13.3, 49.2], [6.7, 49.2], [6.7, 44.8]]],
}
"""500 km wide, around 10 E, 47 N."""
EVERYTHING = {"filter": json.dumps([{"op": "eq", "name": "product_id", "val": PRODUCT}])}


@dataclass
class Cost:
    """Requests, items and strongly consistent read units."""

    requests: int = 0
    items: int = 0
    read_units: float = 0.0

    def add(self, items: Sequence[dict[str, Any]]) -> None:
        """Add one request that read these items in DynamoDB's own form."""
        size = sum(_size(item) for item in items)
        self.requests += 1
        self.items += len(items)
        self.read_units += max(1, -(-size // UNIT))


def _size(item: dict[str, Any]) -> int:
    return sum(len(name) + len(str(next(iter(value.values())))) for name, value in item.items())


@dataclass
class Meter:
    """Counts what is read of the rollups' table and of the postings."""

    catalog: SummaryCatalog
    cost: Cost = field(default_factory=Cost)
    opened: set[str] = field(default_factory=set)

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        """Read postings as the engine asks."""
        pages = self.catalog.postings.read(requests)
        self.cost.requests += len(requests)
        self.cost.items += sum(len(page.rows) for page in pages)
        self.cost.read_units += sum(page.read_units for page in pages)
        self.opened |= {request.partition for request in requests}
        return pages

    def queried(self, parsed: dict[str, Any], **_: object) -> None:
        """Note a Query of the rollups' table."""
        self.cost.add(parsed.get("Items", ()))


@dataclass
class World:
    """The catalog, its rollups and the use cases, all metered."""

    catalog: SummaryCatalog
    store: RollupStore
    meter: Meter
    summaries: Summaries

    def measured(self, case: str, read: Callable[[], object]) -> Cost:
        """Report the cost of a read and its median time in this process."""
        times = []
        for _ in range(REPEATS):
            self.meter.cost = Cost()
            start = time.perf_counter()
            read()
            times.append(time.perf_counter() - start)
        cost = self.meter.cost
        report("summary", case, "items", cost.items, "items")
        report("summary", case, "p50", statistics.median(times) * 1000, "ms")
        return cost


@contextmanager
def world() -> Iterator[World]:
    """Yield the catalog with rollups made by the rollup itself."""
    catalog = grid()
    with mock_aws():
        settings = _rollups_table()
        store = RollupStore(settings, memory=Memory(0))
        meter = Meter(catalog)
        search = ImageSearch(
            postings=meter, documents=_NoDocuments(), months=store, signing_key=lambda: b""
        )
        summaries = Summaries(rollups=store, postings=meter, search=search)
        _load(catalog, store, meter, summaries)
        client = RollupItem._get_connection().connection.client  # noqa: SLF001 - to see what it reads
        client.meta.events.register("after-call.dynamodb.Query", meter.queried)
        yield World(catalog, store, meter, summaries)


class _NoDocuments:
    """Summaries read no documents."""

    def get_many(self, ids: Iterable[str]) -> dict[str, Document]:
        """Refuse."""
        raise AssertionError(f"documents were read: {ids}")


def _rollups_table() -> Settings:
    boto3.client("dynamodb", region_name="us-east-1").create_table(
        TableName="rollups",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    return Settings.from_environment({"SWATH_ROLLUPS_TABLE": "rollups"})


def _load(catalog: SummaryCatalog, store: RollupStore, meter: Meter, summaries: Summaries) -> None:
    """Post the images where the area's query looks, and let the rollup count them."""
    store.mark(PRODUCT, ["2013-04-01"])  # a month to look into, so that the query is planned
    summaries.total(_query(intersects=AREA), [catalog.product])
    start = time.perf_counter()
    catalog.load(frozenset(meter.opened))
    report("summary", "load", "images", IMAGES, "images")
    report("summary", "load", "seconds", time.perf_counter() - start, "s")
    store.mark(PRODUCT, catalog.truth.days)
    start = time.perf_counter()
    rollup = Rollup(store, LiveCounter(meter), clock=lambda: time.time() + 1000)
    done = rollup.run(600)
    report("summary", "rollup", "days recounted", done.recounted, "days")
    report("summary", "rollup", "seconds", time.perf_counter() - start, "s")


def _query(*more: dict[str, Any], **members: Any) -> ImageQuery:
    body: dict[str, Any] = {
        "filter": json.dumps([*json.loads(EVERYTHING["filter"]), *more]),
        **{name: json.dumps(value) for name, value in members.items()},
    }
    return ImageQuery.from_body(body)


def measure_rollups(the: World, suffix: str, *, bars: bool) -> None:
    """Measure what rollups answer, and check it against the count by hand."""
    product, truth = [the.catalog.product], the.catalog.truth

    def total() -> None:
        found = the.summaries.total(_query(), product)
        _agree(found, Summary(IMAGES, BYTES, (PRODUCT,)))

    def five_months() -> None:
        asked = RequestedRange.parse({"_start": "2017-01-01", "_end": "2017-06-01"})
        found = the.summaries.series(_query(), product, DateField.ACQUIRED, Interval.MONTH, asked)
        expected = truth.over("2017-01-01", "2017-06-01", 7)
        _agree(
            {start[:7]: each.bytes for start, each in found.items()},
            {month: tally.bytes for month, tally in expected.items()},
        )

    def days() -> None:
        found = the.summaries.series(
            _query(), product, DateField.ACQUIRED, Interval.DAY, RequestedRange()
        )
        _agree(
            {start[:10]: each.count for start, each in found.items()},
            {day: tally.count for day, tally in truth.days.items()},
        )

    for name, read, requests, units in (
        ("total", total, 2, 10),
        ("five months by month", five_months, 2, None),
        ("eight years by day", days, 8, None),
    ):
        case = name + suffix
        cost = the.measured(case, read)
        report("summary", case, "requests", cost.requests, "requests", requests if bars else None)
        report("summary", case, "read units", cost.read_units, "units", units if bars else None)


def _agree(found: object, expected: object) -> None:
    """Refuse to report what a wrong answer costs."""
    if found != expected:
        raise RuntimeError(f"{found!r:.200} was answered, but {expected!r:.200} is right")


def measure_streams(the: World) -> None:
    """Measure what has to be counted from postings."""
    product = [the.catalog.product]

    def area() -> None:
        the.summaries.series(
            _query(intersects=AREA), product, DateField.ACQUIRED, Interval.YEAR, RequestedRange()
        )

    cost = the.measured("500 km by year", area)
    report("summary", "500 km by year", "requests", cost.requests, "requests")
    report("summary", "500 km by year", "read units", cost.read_units, "units")
    start = time.process_time()
    the.meter.cost = Cost()
    found = the.summaries.series(
        _query(), product, DateField.CREATED, Interval.MONTH, RequestedRange()
    )
    seconds = time.process_time() - start
    _agree(sum(each.count for each in found.values()), IMAGES)
    case = "eight years by month of creation"
    report("summary", case, "requests", the.meter.cost.requests, "requests")
    report("summary", case, "read units", the.meter.cost.read_units, "units")
    report("summary", case, "CPU", seconds, "s", SECONDS_BAR)


def make_dirty(the: World) -> None:
    """Mark one day in a hundred."""
    days = random.Random(5).sample(
        sorted(the.catalog.truth.days), len(the.catalog.truth.days) // 100
    )
    the.store.mark(PRODUCT, days)


# ---- the peer


def measure_peer(catalog: SummaryCatalog) -> None:
    """Measure the same questions on PostgreSQL, where its packages are installed."""
    missing = missing_packages()
    if missing:
        print(f"# peer skipped: install {', '.join(missing)}")
        return
    spatial = not missing_packages(postgis=True)
    if not spatial:
        print(f"# spatial peer skipped: install {', '.join(missing_packages(postgis=True))}")
    with temporary_cluster(["shared_buffers=512MB", "work_mem=64MB"]) as postgres:
        _fill(postgres, catalog, spatial=spatial)
        for case, sql in _questions(spatial=spatial):
            found = postgres.measure(sql)
            report("summary", f"{case}, PostgreSQL", "p50", found.p50_ms, "ms")
            report("summary", f"{case}, PostgreSQL", "pages", found.pages, "pages of 8 KB")


def _fill(postgres: Postgres, catalog: SummaryCatalog, *, spatial: bool) -> None:
    if spatial:
        postgres.run("CREATE EXTENSION postgis;")
    geometry = "geometry(Geometry, 4326)" if spatial else "bytea"
    postgres.run(
        f"""CREATE TABLE images (
            id text, product text, acquired timestamptz, created timestamptz, size bigint,
            attributes text, footprint {geometry});"""
    )
    rows = (
        (
            f"{PRODUCT}:{name}",
            PRODUCT,
            acquired,
            created,
            size,
            "x" * 300,
            _hex(scene.footprint, spatial),
        )
        for scene, name, acquired, created, size in catalog.images()
    )
    postgres.load("images", rows)
    postgres.run("CREATE INDEX ON images (product, acquired) INCLUDE (size);")
    if spatial:
        postgres.run("CREATE INDEX ON images USING gist (footprint);")
    postgres.run("VACUUM ANALYZE images;")


def _hex(footprint: bytes, spatial: bool) -> str:
    return footprint.hex() if spatial else "\\\\x" + footprint.hex()


def _questions(*, spatial: bool) -> Iterator[tuple[str, str]]:
    of_product = f"FROM images WHERE product = '{PRODUCT}'"

    def by(unit: str, name: str, more: str = "") -> str:
        start = f"date_trunc('{unit}', {name} AT TIME ZONE 'UTC')"
        return f"SELECT {start}, count(*), sum(size) {of_product} {more} GROUP BY 1"

    months = "AND acquired >= '2017-01-01Z' AND acquired <= '2017-06-01Z'"
    yield "total", f"SELECT count(*), sum(size) {of_product}"
    yield "five months by month", by("month", "acquired", months)
    yield "eight years by day", by("day", "acquired")
    yield "eight years by month of creation", by("month", "created")
    if spatial:
        area = f"AND ST_Intersects(footprint, ST_GeomFromGeoJSON('{json.dumps(AREA)}'))"
        yield "500 km by year", by("year", "acquired", area)


def main() -> None:
    """Run the benchmark; exit with 1 if a bar is missed."""
    environment = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    region = {"AWS_DEFAULT_REGION": "us-east-1"}
    with mock.patch.dict("os.environ", environment | region), world() as the:
        measure_rollups(the, "", bars=True)
        measure_streams(the)
        make_dirty(the)
        measure_rollups(the, ", 1 % dirty", bars=False)
        measure_peer(the.catalog)
    finish()


if __name__ == "__main__":
    main()
