"""What questions about a million images cost where files of the mirror answer them.

Files lie in memory behind the bucket's interface and are checked and decoded as a function does;
requests, bytes, processor time and memory are counted. The peer is PostgreSQL with PostGIS and the
same rows in the same run, whose answers have to be equal. ``SWATH_SCALE`` is the number of images.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
from benchmarks._postgres import Postgres, missing_packages, temporary_cluster
from benchmarks._report import finish, report
from benchmarks._search_catalog import square

from swath_core.documents import Document
from swath_core.geo import normalise_footprint
from swath_core.index import IndexState, encode_row, key_of, postings_of
from swath_core.mirror import MirrorFiles, MirrorReader, days_in, write_file
from swath_core.search import ImageQuery, ImageSearch, MirrorSource, SearchProduct
from swath_core.store.manifests import Group, Manifest, MirrorFile
from swath_core.store.objects import Objects
from swath_core.store.postings import PostingPage, PostingRow, RangeRead
from swath_core.store.rollups import RollupState, Row, Tally
from swath_core.summaries import DateField, Interval, RequestedRange, Summaries
from swath_core.times import format_timestamp

IMAGES = int(os.environ.get("SWATH_SCALE", "1000000"))
PRODUCT = "bench:scale"
START = datetime(2019, 1, 1, tzinfo=UTC)
DAYS = 37 * 30
SIDE_KM = 110.0
FILE_ROWS = 50_000
SECONDS_BAR, REQUESTS_BAR, MEMORY_BAR, WRITTEN_BAR = 2.0, 80, 400.0, 2_000
RADIUS_DEGREES = 18.0


@dataclass
class Bucket(Objects):
    """Objects in memory, and how many were read and written."""

    held: dict[str, bytes] = field(default_factory=dict)
    reads: int = 0
    read_bytes: int = 0

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Keep an object."""
        del content_type
        self.held[key] = data

    def read(self, key: str, most: int) -> bytes:
        """Return an object."""
        self.reads += 1
        self.read_bytes += len(self.held[key])
        return self.held[key][: most + 1]


@dataclass
class Catalog:
    """The product's files, manifests and months; nothing of it is dirty."""

    bucket: Bucket = field(default_factory=Bucket)
    manifests_of: dict[str, Manifest] = field(default_factory=dict)
    years: dict[str, Row] = field(default_factory=dict)
    state: IndexState = field(default_factory=IndexState)
    queries: int = 0
    documents: dict[str, Document] = field(default_factory=dict)

    def manifests(self, product_id: str, first: str, last: str) -> dict[str, Manifest]:
        """Return the manifests: one Query."""
        del product_id, first, last
        self.queries += 1
        return self.manifests_of

    def states_of(self, product_ids: Sequence[str]) -> dict[str, RollupState]:
        """Return markers and months: one Query."""
        self.queries += 1
        return {each: RollupState({}, self.years) for each in product_ids}

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Return documents: a batch."""
        self.queries += 1
        return {each: Document("image", each, {"name": each, "acquired": ""}, 1) for each in ids}

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        """Refuse: with nothing dirty no posting is read."""
        raise AssertionError(f"postings were read: {requests[:1]}")


@dataclass(frozen=True, slots=True)
class Image:
    """One made-up image."""

    name: str
    acquired: str
    created: str
    cloud: float | None
    footprint: bytes
    geometry: dict[str, Any]


def images() -> Iterator[Image]:
    """Yield the images in the order of ``acquired``; always the same ones."""
    dice = random.Random(11)
    step = timedelta(days=DAYS) / IMAGES
    for number in range(IMAGES):
        moment = START + number * step
        x, y = dice.uniform(-179, 179), math.degrees(math.asin(dice.uniform(-0.95, 0.95)))
        geometry = normalise_footprint(square(x, y, SIDE_KM, 10.0))
        shape = shapely.geometry.shape(geometry)
        created = format_timestamp(moment + timedelta(seconds=dice.randrange(86_400 * 40)))
        cloud = round(dice.random(), 4) if number % 10 else None
        wkb = shapely.to_wkb(shape, byte_order=1)
        yield Image(f"s{number:07}", format_timestamp(moment), created, cloud, wkb, geometry)


def _row(image: Image) -> PostingRow:
    values = {
        "name": image.name,
        "product_id": PRODUCT,
        "acquired": image.acquired,
        "created": image.created,
        "modified": image.created,
        "published": image.acquired,
        "storage_state": "available",
        "satellite_id": "SENTINEL_2A" if image.name[-1] in "02468" else "SENTINEL_2B",
        "solar_elevation_angle": 40 + len(image.name) / 7,
    }
    if image.cloud is not None:
        values["cloud_fraction"] = image.cloud
    document = Document("image", f"{PRODUCT}:{image.name}", values, 1)
    key = key_of(image.acquired, document.id)
    return PostingRow.of(key, encode_row(document) | {"g": image.footprint, "b": 1_000_000})


def build() -> Catalog:
    """Return the catalog, with files written as the schedule writes them."""
    catalog = Catalog()
    files = MirrorFiles(catalog.bucket)
    rows: list[PostingRow] = []
    held: dict[str, list[MirrorFile]] = {}
    seconds = 0.0

    def flush(month: str) -> None:
        nonlocal rows, seconds
        start = time.process_time()
        data = write_file(PRODUCT, rows)
        seconds += time.process_time() - start
        held.setdefault(month, []).append(files.put(PRODUCT, month, data, len(rows)))
        rows = []

    month = ""
    for number, image in enumerate(images()):
        if rows and (image.acquired[:7] != month or len(rows) == FILE_ROWS):
            flush(month)
        month = image.acquired[:7]
        rows.append(_row(image))
        if number % max(1, IMAGES // 2000) == 0:
            values = {"name": "x", "product_id": PRODUCT, "acquired": image.acquired}
            found = postings_of(Document("image", "x", values | {"geometry": image.geometry}, 1))
            catalog.state = catalog.state.union(found.state)
    flush(month)
    for name, written in held.items():
        group = Group(frozenset(days_in(name)), tuple(written))
        catalog.manifests_of[name] = Manifest((group,), version=1)
        year = catalog.years.setdefault(name[:4], Row())
        year.parts[name[5:]] = Tally(group.rows, group.rows * 1_000_000)
    stored = sum(map(len, catalog.bucket.held.values()))
    report("scale", "files", "images", IMAGES, "images")
    report("scale", "files", "files", len(catalog.bucket.held), "files")
    report("scale", "files", "bytes per image", stored / IMAGES, "B", WRITTEN_BAR)
    report("scale", "files", "CPU per image to write", seconds / IMAGES * 1e6, "us")
    return catalog


def circle() -> dict[str, Any]:
    """Return a polygon of about 2,000 km around 10 E, 47 N."""
    wide = RADIUS_DEGREES / math.cos(math.radians(47))
    turns = [2 * math.pi * number / 64 for number in range(64)]
    corners = [[10 + wide * math.cos(a), 47 + RADIUS_DEGREES * math.sin(a)] for a in turns]
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


# ---- the questions

Answer = Callable[[], object]


@dataclass
class Questions:
    """The issue's questions, asked of the catalog."""

    catalog: Catalog
    search: ImageSearch
    summaries: Summaries

    @property
    def products(self) -> list[SearchProduct]:
        """The one product."""
        return [SearchProduct(PRODUCT, self.catalog.state)]

    def all(self) -> Iterator[tuple[str, Answer, str]]:
        """Yield what is asked, how, and in SQL."""
        area = circle()
        near = f"ST_Intersects(footprint, ST_GeomFromGeoJSON('{json.dumps(area)}'))"
        cloudless = {"op": "lt", "name": "cloud_fraction", "val": 0.1}
        count = "SELECT count(*) FROM images"
        created = "date_trunc('month', created AT TIME ZONE 'UTC')"
        by_month = (
            f"SELECT to_char({created}, 'YYYY-MM') || ' ' || count(*) FROM images "  # noqa: S608
            f"GROUP BY {created} ORDER BY 1"
        )
        yield (
            "count within 2,000 km",
            lambda: self.search.count(_query(intersects=area), self.products)[0],
            f"{count} WHERE {near}",
        )
        yield (
            "count within 2,000 km, cloud below 0.1",
            lambda: self.search.count(_query(cloudless, intersects=area), self.products)[0],
            f"{count} WHERE {near} AND cloud < 0.1",
        )
        yield (
            "by month of created",
            self._by_month,
            by_month,
        )
        yield (
            "the 100 least cloudy",
            self._least_cloudy,
            "SELECT id FROM images ORDER BY cloud NULLS LAST, id LIMIT 100",
        )
        yield "h3 histogram of everything", self._cells, count

    def _by_month(self) -> object:
        found = self.summaries.series(
            _query(), self.products, DateField.CREATED, Interval.MONTH, RequestedRange()
        )
        return "\n".join(f"{start[:7]} {each.count}" for start, each in found.items())

    def _least_cloudy(self) -> object:
        page = self.search.page(_query(sort="cloud_fraction", limit=100), self.products)
        return "\n".join(document.id for document in page.documents)

    def _cells(self) -> object:
        found = self.summaries.cells(_query(), self.products, 3)
        return sum(each.count for each in found.cells.values())


def _query(*more: dict[str, Any], **members: Any) -> ImageQuery:
    given = [{"op": "eq", "name": "product_id", "val": PRODUCT}, *more]
    if "intersects" in members:
        members["intersects"] = json.dumps(members["intersects"])
    return ImageQuery.from_body({"filter": json.dumps(given), **members})


def measure(questions: Questions) -> dict[str, str]:
    """Report what each question costs, and return the answers."""
    catalog, answers = questions.catalog, {}
    for case, ask, _ in questions.all():
        catalog.queries = catalog.bucket.reads = catalog.bucket.read_bytes = 0
        start = time.process_time()
        answers[case] = str(ask())
        seconds = time.process_time() - start
        report("scale", case, "CPU", seconds, "s", SECONDS_BAR)
        requests = catalog.queries + catalog.bucket.reads
        report("scale", case, "requests", requests, "requests", REQUESTS_BAR)
        report("scale", case, "read", catalog.bucket.read_bytes / 1e6, "MB")
    return answers


def peak_mb() -> float:
    """Return the most memory that this process has taken, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---- the peer


def compare(questions: Questions, answers: Mapping[str, str]) -> None:
    """Ask PostgreSQL the same, where it is installed; its answers have to be equal."""
    missing = missing_packages() + missing_packages(postgis=True)
    if missing:
        print(f"# peer skipped: install {', '.join(sorted(set(missing)))}")
        return
    with temporary_cluster(["shared_buffers=512MB", "work_mem=64MB"]) as postgres:
        _fill(postgres)
        for case, _, sql in questions.all():
            found = postgres.run(sql + ";").strip()
            if found != answers[case]:
                raise RuntimeError(
                    f"{case}: {answers[case]:.200} is answered, {found:.200} is right"
                )
            report("scale", f"{case}, PostgreSQL", "p50", postgres.measure(sql, 3).p50_ms, "ms")


def _fill(postgres: Postgres) -> None:
    postgres.run("CREATE EXTENSION postgis;")
    postgres.run(
        'CREATE TABLE images (id text COLLATE "C", created timestamptz, cloud float8, '
        "footprint geometry(Geometry, 4326));"
    )
    rows = (
        (f"{PRODUCT}:{each.name}", each.created, each.cloud, each.footprint.hex())
        for each in images()
    )
    postgres.load("images", rows)
    postgres.run("CREATE INDEX ON images USING gist (footprint);")
    postgres.run("CREATE INDEX ON images (cloud, id);")
    postgres.run("VACUUM ANALYZE images;")


def main() -> None:
    """Run the benchmark; exit with 1 if a bar is missed."""
    catalog = build()
    before = peak_mb()
    reader = MirrorReader(catalog, MirrorFiles(catalog.bucket))  # type: ignore[arg-type]
    search = ImageSearch(
        postings=catalog,
        documents=catalog,
        months=catalog,
        signing_key=lambda: b"",
        mirror=MirrorSource(reader, least=0, least_area=0.0),  # however small it is run
    )
    summaries = Summaries(rollups=catalog, postings=catalog, search=search)  # type: ignore[arg-type]
    questions = Questions(catalog, search, summaries)
    answers = measure(questions)
    stored = sum(map(len, catalog.bucket.held.values())) / 1e6
    report("scale", "all", "peak", peak_mb() - stored, "MB", MEMORY_BAR)
    report("scale", "all", "peak before the questions", before - stored, "MB")
    compare(questions, answers)
    finish()


if __name__ == "__main__":
    main()
