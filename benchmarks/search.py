"""What a search of images costs, on grids of three satellites in catalogs of three sizes.

Counts are counts, so the catalogs are held by the in-memory reader, which answers call for call
like the table (tests prove it) and reckons read units by DynamoDB's rules. For the handler's
processor time the same reads are turned into DynamoDB's JSON first and decoded again by the real
reader: what is counted is planning, decoding, merging, geometry and documents; the store's own time
is not.

Postings per match and read units are those of all matches, rounds and times those of the first
page of 100. A page's processor time is the least of three: whatever else a processor does adds to
it. ``SWATH_BENCH_SIZES`` (for example ``1000,10000``) limits the catalogs.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from benchmarks._postgres import Measured, Postgres, missing_packages, temporary_cluster
from benchmarks._report import finish, report
from benchmarks._search_catalog import (
    CENTRE,
    SATELLITES,
    START,
    Catalog,
    Satellite,
    build,
    square,
)
from tests.memory_postings import MemoryPostings

from swath_core.geo import query_geometry
from swath_core.index import split_key
from swath_core.search import Cost, ImageQuery, ImageSearch
from swath_core.store.postings import DynamoPostings, PostingReader, RangeRead
from swath_core.times import format_timestamp

SIZES = tuple(map(int, os.environ.get("SWATH_BENCH_SIZES", "1000,10000,100000").split(",")))
WIDTHS = (0, 10, 100, 500, 2000, None)
"""Kilometres of a query's side; 0 is a point, None the whole product."""

PERIODS = {
    "month": ("2020-06-01", "2020-07-01"),
    "year": ("2020-01-01", "2021-01-01"),
    "all": None,
}
CPU_BAR_MS = 25.0
GROWTH_BAR = 1.10
MOST_ROUNDS = 2
DEEP_PAGES = 1000

_GROWTH_VISITS = 6
_PEER_QUERIES = 3
_FEWEST_PAGES = 10
_FEWEST_TIMES = 20
"""First pages whose processor time is taken: a whole product is one query, asked again."""
_TURNS = 3
"""A processor that others use, too, takes up to three times as long: the least is the page's."""


class DynamoJson:
    """Stands for DynamoDB's side of a Query; the time it takes is kept apart."""

    def __init__(self, postings: MemoryPostings) -> None:
        """Answer from these postings."""
        self._postings = postings
        self.seconds = 0.0

    def call_all(self, operation: str, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the decoded answers to Query requests; only decoding counts."""
        assert operation == "Query"  # noqa: S101 - the only request that a search makes
        started = time.process_time()
        texts = [json.dumps(self._answer(body)) for body in bodies]
        self.seconds += time.process_time() - started
        return [json.loads(text) for text in texts]

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        values, names = body["ExpressionAttributeValues"], body["ExpressionAttributeNames"]
        request = RangeRead(
            values[":p"]["S"],
            values[":l"]["S"],
            values[":h"]["S"],
            body.get("Limit"),
            not body["ScanIndexForward"],
            "#g" in names,
            "#a" in names,
        )
        page = self._postings.read([request])[0]
        answer: dict[str, Any] = {"Items": [], "ConsumedCapacity": {"CapacityUnits": 0}}
        for row in page.rows:
            item = {"sk": {"S": row.key}, "b": {"N": str(row.bytes)}, "v": {"N": str(row.version)}}
            if row.footprint is not None:
                item["g"] = {"B": base64.b64encode(row.footprint).decode()}
            if row.attributes is not None:
                item["a"] = {"S": row.attributes}
            answer["Items"].append(item)
        if not page.exhausted:
            answer["LastEvaluatedKey"] = {}
        return answer


@dataclass
class Figures:
    """What the queries of one cell of the table have cost."""

    costs: list[Cost] = field(default_factory=list)
    pages: list[Cost] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    @property
    def matches(self) -> int:
        """Matches of all queries together."""
        return sum(cost.matches for cost in self.costs)

    @property
    def ratio(self) -> float:
        """Postings read for one match."""
        return sum(cost.postings for cost in self.costs) / max(1, self.matches)


def engine(catalog: Catalog, reader: PostingReader | None = None) -> ImageSearch:
    """Return the search over a catalog."""
    return ImageSearch(
        postings=reader or catalog.postings,
        documents=catalog.documents,
        months=catalog.months,
        signing_key=lambda: b"benchmark",
    )


def body(where: dict[str, Any] | None, period: tuple[str, str] | None) -> dict[str, Any]:
    """Return the body of a search, as clients send it."""
    given: dict[str, Any] = {}
    if where is not None:
        given["intersects"] = json.dumps(where)
    if period is not None:
        bounds = [("gte", period[0]), ("lt", period[1])]
        given["filter"] = json.dumps(
            [{"op": op, "name": "acquired", "val": value} for op, value in bounds]
        )
    return given


def areas(catalog: Catalog, width: int | None) -> Iterator[dict[str, Any] | None]:
    """Yield places to search for: within scenes spread over a catalog; wide ones in its middle."""
    if width is None:
        yield None
        return
    dice = random.Random(width)
    scenes = catalog.scenes if width < 500 else catalog.scenes[: 1 + len(catalog.scenes) // 4]
    for _ in range(24 if width < 500 else 12):
        x, y = dice.choice(scenes)
        x += dice.uniform(-0.5, 0.5) * catalog.satellite.step_x
        y += dice.uniform(-0.5, 0.5) * catalog.satellite.step_y
        yield square(x, y, width, 0) if width else {"type": "Point", "coordinates": [x, y]}


def ratio_bar(satellite: Satellite, width: int | None) -> float:
    """Return the postings that may be read for one match, by width against the footprint's."""
    if width is None:
        return 1.1
    if width == 0:
        return 2.5
    relative = width / satellite.side_km
    return 7.0 if 0.25 < relative <= 2 else 4.0


def run_case(catalog: Catalog, width: int | None, period: tuple[str, str] | None) -> Figures:
    """Return the figures of the queries of one width and period."""
    figures = Figures()
    store = DynamoJson(catalog.postings)
    plain, timed = engine(catalog), engine(catalog, DynamoPostings("bench", store))  # type: ignore[arg-type]
    places = list(areas(catalog, width))
    for where in places:
        given = body(where, period)
        figures.costs.append(_all_matches(plain, catalog, given))
        for _ in range(-(-_FEWEST_TIMES // len(places))):
            turns = [_first_page(timed, store, catalog, given) for _ in range(_TURNS)]
            figures.cpu_ms.append(min(spent for spent, _ in turns))
        figures.pages.append(turns[0][1])
    return figures


def _first_page(
    search: ImageSearch, store: DynamoJson, catalog: Catalog, given: dict[str, Any]
) -> tuple[float, Cost]:
    """Return the milliseconds of processor time that a first page took, and its cost."""
    before, started = store.seconds, time.process_time()
    page = search.page(ImageQuery.from_body(given), [catalog.product])
    spent = time.process_time() - started - (store.seconds - before)
    return 1000 * spent, page.cost


def _all_matches(search: ImageSearch, catalog: Catalog, given: dict[str, Any]) -> Cost:
    """Return the cost of reading all matches of a search; rollups do not count for it."""
    cost = Cost()
    query = ImageQuery.from_body(given)
    for _ in search.matches(query, [catalog.product], cost=cost):
        pass
    return cost


def report_case(catalog: Catalog, size: int, width: int | None, period: str) -> None:
    """Measure one cell of the table and print its lines."""
    figures = run_case(catalog, width, PERIODS[period])
    name = "product" if width is None else f"{width}km" if width else "point"
    case = f"{catalog.satellite.name}/{size}/{name}/{period}"
    if figures.matches:
        bar = ratio_bar(catalog.satellite, width)
        report("search", case, "postings_per_match", figures.ratio, "1", bar)
    opened = max(len(cost.partitions) for cost in figures.costs)
    most = None if width is None else 16 if width else 2
    report("search", case, "matches", figures.matches / len(figures.costs), "images")
    report("search", case, "partitions", opened, "1", most)
    report("search", case, "rounds", max(c.rounds for c in figures.pages), "1", MOST_ROUNDS)
    units = statistics.fmean(cost.read_units for cost in figures.costs)
    report("search", case, "read_units", units, "RU")
    units = statistics.fmean(cost.read_units for cost in figures.pages)
    report("search", case, "page_read_units", units, "RU")
    times = sorted(figures.cpu_ms)
    report("search", case, "page_cpu_p50", statistics.median(times), "ms", CPU_BAR_MS)
    report("search", case, "page_cpu_p99", times[int(0.99 * (len(times) - 1) + 0.5)], "ms")


def report_growth(satellite: Satellite, large: Catalog, size: int) -> None:
    """Print what the same searches cost in a small catalog and in a large one.

    Both hold the same images where and when it is searched, so matches are equal; the large one
    goes on in space and time.
    """
    small = build(satellite, 1000, _GROWTH_VISITS)
    until = START + timedelta(days=(_GROWTH_VISITS - 1) * satellite.revisit_days)
    period = (format_timestamp(START), format_timestamp(until))
    for width in (0, 10, 100):
        dice = random.Random(width)
        sums = {"postings": [0.0, 0.0], "read_units": [0.0, 0.0]}
        for _ in range(24):
            x, y = (centre + dice.uniform(-0.3, 0.3) for centre in CENTRE)
            where = square(x, y, width, 0) if width else {"type": "Point", "coordinates": [x, y]}
            costs = [
                _all_matches(engine(each), each, body(where, period)) for each in (small, large)
            ]
            assert costs[0].matches == costs[1].matches  # noqa: S101 - the premise
            for metric, both in sums.items():
                for number, cost in enumerate(costs):
                    both[number] += getattr(cost, metric)
        for metric, (before, after) in sums.items():
            case = f"{satellite.name}/1000-{size}/{width}km"
            report("search", case, f"growth_{metric}", after / before, "1", GROWTH_BAR)


def report_deep_pages(catalog: Catalog, size: int) -> None:
    """Print what the last pages of a long search cost against its first ones."""
    for where, name in ((None, "product"), (_middle(catalog), "area")):
        given = body(where, None)
        search, query = engine(catalog), ImageQuery.from_body(given)
        costs: list[Cost] = []
        token: str | None = None
        while len(costs) < DEEP_PAGES:
            page = search.page(query, [catalog.product], token)
            costs.append(page.cost)
            token = page.token
            if token is None:
                costs.pop()  # the last page may be a short one
                break
        part = min(50, len(costs) // 4)
        if part < _FEWEST_PAGES:
            continue
        case = f"{catalog.satellite.name}/{size}/{name}/page{len(costs)}"
        for metric in ("postings", "read_units"):
            first = statistics.fmean(getattr(cost, metric) for cost in costs[:part])
            last = statistics.fmean(getattr(cost, metric) for cost in costs[-part:])
            change = last / first
            report("search", case, f"deep_{metric}", change, "1", 1.1, ok=abs(change - 1) <= 0.1)


def _middle(catalog: Catalog) -> dict[str, Any]:
    """Return a box of the middle two thirds of a catalog."""
    x, y = CENTRE
    dx, dy = (
        max(abs(scene[axis] - CENTRE[axis]) for scene in catalog.scenes) * 2 / 3 for axis in (0, 1)
    )
    ring = [[x - dx, y - dy], [x + dx, y - dy], [x + dx, y + dy], [x - dx, y + dy]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


# ---- the peer


def load_peer(postgres: Postgres, catalog: Catalog) -> None:
    """Put a catalog's images into PostgreSQL, with the indexes that it would have."""
    table = catalog.satellite.name
    postgres.run(
        f"CREATE TABLE {table} (id text PRIMARY KEY, product text, acquired timestamptz, "
        "footprint geometry, attributes jsonb);"
    )
    seen: dict[str, tuple[object, ...]] = {}
    for partition, row in catalog.postings.rows():
        if "|t|" in partition:
            acquired, image_id = split_key(row.key)
            wkb = (row.footprint or b"").hex()
            seen[image_id] = (image_id, catalog.product_id, acquired, wkb, row.attributes)
    postgres.load(table, seen.values())
    postgres.run(
        f"CREATE INDEX ON {table} USING gist (footprint);"
        f"CREATE INDEX ON {table} (product, acquired);"
        f"VACUUM ANALYZE {table};"
    )


def measure_peer(
    postgres: Postgres, catalog: Catalog, width: int | None, period: tuple[str, str] | None
) -> list[Measured]:
    """Return what the first page of the same searches costs PostgreSQL; counts must agree."""
    measured = []
    for where in list(areas(catalog, width))[:_PEER_QUERIES]:
        condition = f"product = '{catalog.product_id}'"
        if period is not None:
            condition += f" AND acquired >= '{period[0]}Z' AND acquired < '{period[1]}Z'"
        if where is not None:
            wkt = query_geometry(where).wkt
            condition += f" AND ST_Intersects(footprint, ST_GeomFromText('{wkt}'))"
        table = catalog.satellite.name
        ours, _ = engine(catalog).count(
            ImageQuery.from_body(body(where, period)), [catalog.product]
        )
        count = f"SELECT count(*) FROM {table} WHERE {condition};"  # noqa: S608 - all of it our own
        theirs = int(postgres.run(count))
        if ours != theirs:
            raise RuntimeError(f"{ours} images found, PostGIS finds {theirs}: {condition}")
        page = f"SELECT id FROM {table} WHERE {condition} ORDER BY acquired, id LIMIT 100"  # noqa: S608
        measured.append(postgres.measure(page, times=5))
    return measured


def report_peer(catalogs: dict[str, Catalog], size: int) -> None:
    """Print a pair of lines for each class of query: this search, and PostgreSQL with PostGIS."""
    missing = missing_packages(postgis=True)
    if missing:
        print("no peer lines: not installed: " + ", ".join(missing), file=sys.stderr)
        return
    with temporary_cluster() as postgres:
        postgres.run("CREATE EXTENSION postgis;")
        for catalog in catalogs.values():
            load_peer(postgres, catalog)
            for width in WIDTHS:
                for period, bounds in PERIODS.items():
                    _report_pair(postgres, catalog, size, width, period, bounds)


def _report_pair(
    postgres: Postgres,
    catalog: Catalog,
    size: int,
    width: int | None,
    period: str,
    bounds: tuple[str, str] | None,
) -> None:
    name = "product" if width is None else f"{width}km" if width else "point"
    case = f"peer/{catalog.satellite.name}/{size}/{name}/{period}"
    theirs = measure_peer(postgres, catalog, width, bounds)
    ours = run_case(catalog, width, bounds)
    pages = statistics.median(each.pages for each in theirs)
    report("search", case, "postgis_pages_touched", pages, "8 KB pages")
    report("search", case, "postgis_p50", statistics.median(e.p50_ms for e in theirs), "ms")
    rows = statistics.median(cost.postings for cost in ours.pages)
    report("search", case, "swath_rows_read", rows, "postings")
    report("search", case, "swath_p50", statistics.median(ours.cpu_ms), "ms")


def main() -> None:
    """Run the benchmark."""
    largest: dict[str, Catalog] = {}
    for satellite in SATELLITES:
        for size in SIZES:
            catalog = build(satellite, size)
            # it stands for the table: the collector of a function would not walk through it
            gc.freeze()
            case = f"{satellite.name}/{size}"
            report("search", case, "postings_per_image", catalog.posted / size, "1", 47)
            for width in WIDTHS:
                for period in PERIODS:
                    report_case(catalog, size, width, period)
            if size == max(SIZES):
                largest[satellite.name] = catalog
        if max(SIZES) > min(SIZES):
            report_growth(satellite, largest[satellite.name], max(SIZES))
        report_deep_pages(largest[satellite.name], max(SIZES))
    report_peer(largest, max(SIZES))
    finish()


if __name__ == "__main__":
    main()
