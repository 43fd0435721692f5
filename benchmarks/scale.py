"""What questions about a million images cost where files of the mirror answer them.

Each question is asked in a process of its own, as a function's cold start would: requests, bytes,
processor time and peak memory are counted. The peer is PostgreSQL with PostGIS and the same rows in
the same run, whose answers have to be equal. ``SWATH_SCALE`` is the number of images;
``_scale_catalog`` says what stands for what.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._postgres import Postgres, missing_packages, temporary_cluster
from benchmarks._report import finish, report
from benchmarks._scale_catalog import PRODUCT, Catalog, build, images, opened

from swath_core.mirror import MirrorFiles, MirrorReader
from swath_core.search import ImageQuery, ImageSearch, MirrorSource, SearchProduct
from swath_core.summaries import DateField, Interval, RequestedRange, Summaries

SECONDS_BAR, REQUESTS_BAR, MEMORY_BAR = 2.0, 80, 400.0
RADIUS_DEGREES = 18.0
RESOLUTION = 2


def circle() -> dict[str, Any]:
    """Return a polygon of about 2,000 km around 10 E, 47 N."""
    wide = RADIUS_DEGREES / math.cos(math.radians(47))
    turns = [2 * math.pi * number / 64 for number in range(64)]
    corners = [[10 + wide * math.cos(a), 47 + RADIUS_DEGREES * math.sin(a)] for a in turns]
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


# ---- the questions


@dataclass
class Asked:
    """The catalog as a function asks it."""

    catalog: Catalog
    search: ImageSearch
    summaries: Summaries

    @property
    def products(self) -> list[SearchProduct]:
        """The one product."""
        return [SearchProduct(PRODUCT, self.catalog.state)]

    def count(self, *filters: dict[str, Any], **members: Any) -> str:
        """Return how many images match."""
        return str(self.search.count(_query(*filters, **members), self.products)[0])

    def by_month(self) -> str:
        """Return the months of ``created`` and how many images they have."""
        found = self.summaries.series(
            _query(), self.products, DateField.CREATED, Interval.MONTH, RequestedRange()
        )
        return "\n".join(f"{start[:7]} {each.count}" for start, each in found.items())

    def least_cloudy(self) -> str:
        """Return the ids of the 100 least cloudy images."""
        page = self.search.page(_query(sort="cloud_fraction", limit=100), self.products)
        return "\n".join(document.id for document in page.documents)

    def cells(self) -> str:
        """Return H3 cells and how many images they have."""
        found = self.summaries.cells(_query(), self.products, RESOLUTION)
        return "\n".join(f"{cell} {each.count}" for cell, each in found.cells.items())


def _query(*more: dict[str, Any], **members: Any) -> ImageQuery:
    given = [{"op": "eq", "name": "product_id", "val": PRODUCT}, *more]
    if "intersects" in members:
        members["intersects"] = json.dumps(members["intersects"])
    return ImageQuery.from_body({"filter": json.dumps(given), **members})


CLOUDLESS = {"op": "lt", "name": "cloud_fraction", "val": 0.1}
QUESTIONS: Mapping[str, Callable[[Asked], str]] = {
    "count within 2,000 km": lambda asked: asked.count(intersects=circle()),
    "count within 2,000 km, cloud below 0.1": lambda asked: asked.count(
        CLOUDLESS, intersects=circle()
    ),
    "by month of created": Asked.by_month,
    "the 100 least cloudy": Asked.least_cloudy,
    "h3 histogram of everything": Asked.cells,
}


def answer(folder: Path, case: str) -> None:
    """Answer a question in this process and print it with what it cost."""
    catalog, bucket = opened(folder)
    reader = MirrorReader(catalog, MirrorFiles(bucket))  # type: ignore[arg-type]
    search = ImageSearch(
        postings=catalog,
        documents=catalog,
        months=catalog,
        signing_key=lambda: b"",
        mirror=MirrorSource(reader, least=0, least_area=0.0),  # however small it is run
    )
    summaries = Summaries(rollups=catalog, postings=catalog, search=search)  # type: ignore[arg-type]
    asked = Asked(catalog, search, summaries)
    start, clock = time.process_time(), time.monotonic()
    found = QUESTIONS[case](asked)
    figures = {
        "CPU": time.process_time() - start,
        "seconds": time.monotonic() - clock,
        "requests": catalog.queries + bucket.reads,
        "read": bucket.read_bytes / 1e6,
        "peak": peak_mb(),
        "answer": found,
    }
    print(json.dumps(figures))


def peak_mb() -> float:
    """Return the most memory that this process has had; getrusage tells its parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measure(folder: Path) -> dict[str, str]:
    """Report what each question costs, and return the answers."""
    answers = {}
    for case in QUESTIONS:
        command = [sys.executable, __file__, str(folder), case]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        found = json.loads(done.stdout)
        answers[case] = found["answer"]
        report("scale", case, "CPU", found["CPU"], "s", SECONDS_BAR)
        report("scale", case, "elapsed", found["seconds"], "s")
        report("scale", case, "requests", found["requests"], "requests", REQUESTS_BAR)
        report("scale", case, "bytes fetched", found["read"], "MB")
        report("scale", case, "peak", found["peak"], "MB", MEMORY_BAR)
    return answers


# ---- the peer


def compare(answers: Mapping[str, str]) -> None:
    """Ask PostgreSQL the same, where it is installed; its answers have to be equal."""
    missing = missing_packages() + missing_packages(postgis=True)
    if missing:
        print(f"# peer skipped: install {', '.join(sorted(set(missing)))}")
        return
    with temporary_cluster(["shared_buffers=512MB", "work_mem=64MB"]) as postgres:
        _fill(postgres)
        for case, sql in _statements().items():
            found = postgres.run(sql + ";").strip()
            if case == "h3 histogram of everything":
                found = _cells_of(found)
            if found != answers[case]:
                raise RuntimeError(
                    f"{case}: {answers[case]:.200} is answered, {found:.200} is right"
                )
            report("scale", f"{case}, PostgreSQL", "p50", postgres.measure(sql, 3).p50_ms, "ms")


def _statements() -> dict[str, str]:
    near = f"ST_Intersects(footprint, ST_GeomFromGeoJSON('{json.dumps(circle())}'))"
    created = "date_trunc('month', created AT TIME ZONE 'UTC')"
    middle = (
        "ST_Centroid(CASE WHEN ST_XMax(footprint) - ST_XMin(footprint) > 180 "
        "THEN ST_ShiftLongitude(footprint) ELSE footprint END)"
    )
    by_month = (
        f"SELECT to_char({created}, 'YYYY-MM') || ' ' || count(*) FROM images "  # noqa: S608
        f"GROUP BY {created} ORDER BY 1"
    )
    statements = [
        f"SELECT count(*) FROM images WHERE {near}",  # noqa: S608
        f"SELECT count(*) FROM images WHERE {near} AND cloud < 0.1",  # noqa: S608
        by_month,
        "SELECT id FROM images ORDER BY cloud NULLS LAST, id LIMIT 100",
        f"SELECT ST_X(middle), ST_Y(middle) FROM (SELECT {middle} AS middle FROM images) AS m",  # noqa: S608
    ]
    return dict(zip(QUESTIONS, statements, strict=True))


def _cells_of(middles: str) -> str:
    """Return centroids as the histogram that they make: PostgreSQL has no H3 of its own."""
    import h3.api.basic_str as h3  # noqa: PLC0415 - of the peer alone

    pairs = (line.split("|") for line in middles.splitlines())
    found = Counter(h3.latlng_to_cell(float(lat), float(lon), RESOLUTION) for lon, lat in pairs)
    return "\n".join(f"{cell} {count}" for cell, count in sorted(found.items()))


def _fill(postgres: Postgres) -> None:
    postgres.run("CREATE EXTENSION postgis;")
    postgres.run(
        'CREATE TABLE images (id text COLLATE "C", created timestamptz, cloud float8, '
        "footprint geometry(Geometry, 4326));"
    )
    rows = ((each.id, each.created, each.cloud, each.footprint.hex()) for each in images())
    postgres.load("images", rows)
    postgres.run("CREATE INDEX ON images USING gist (footprint);")
    postgres.run("CREATE INDEX ON images (cloud, id);")
    postgres.run("VACUUM ANALYZE images;")


def main() -> None:
    """Run the benchmark; exit with 1 if a bar is missed."""
    with tempfile.TemporaryDirectory(prefix="swath-scale-") as folder:
        build(Path(folder))
        compare(measure(Path(folder)))
    finish()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        answer(Path(sys.argv[1]), sys.argv[2])
    else:
        main()
