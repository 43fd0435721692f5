"""What it costs to keep the mirror: bytes and requests per changed image.

The product's own rollup and mirror run once a minute, as the schedule does, on a clock that is
moved by hand; rows of DynamoDB lie in an emulator, postings and objects in memory. Counted is what
the mirror alone writes and asks, until everything that was loaded is in files. ``SWATH_MIRROR`` is
the part of the images that is loaded: 1 is all of them.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from benchmarks._report import finish, report
from benchmarks._scale_catalog import Image, footprints
from botocore.client import BaseClient
from tests.mirror_world import PRODUCT, MirrorWorld, mirror_world

from swath_core.index import time_partition
from swath_core.mirror import Mirror, MirrorContext, Policy
from swath_core.times import format_timestamp

PART = float(os.environ.get("SWATH_MIRROR", "1"))
WRITTEN_BAR = 2_000
START = datetime(2026, 3, 1, tzinfo=UTC)
STORED = int(30_000 * PART)
A_MINUTE = int(10_000 * PART)
MINUTES = 20
MONTHS, OF_MONTH = 120, int(2_000 * PART)
HOURS = 30


@dataclass
class Counted:
    """What the mirror asked and wrote."""

    world: MirrorWorld
    requests: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    files: int = 0

    def run(self) -> None:
        """Run the mirror once and count."""
        real, objects = BaseClient._make_api_call, self.world.objects  # noqa: SLF001 - a count

        def call(client: Any, name: str, given: Any) -> Any:
            self.requests[f"DynamoDB {name}"] += 1
            return real(client, name, given)

        write, under, delete, read = objects.write, objects.under, objects.delete, objects.read

        def counted(name: str, function: Any) -> Any:
            def ask(*given: Any) -> Any:
                self.requests[f"S3 {name}"] += 1
                if name == "PutObject":
                    self.bytes += len(given[1])
                    self.files += given[0].endswith(".parquet")
                return function(*given)

            return ask

        with (
            mock.patch.object(BaseClient, "_make_api_call", call),
            mock.patch.object(objects, "write", counted("PutObject", write)),
            mock.patch.object(objects, "under", counted("ListObjectsV2", under)),
            mock.patch.object(objects, "delete", counted("DeleteObjects", delete)),
            mock.patch.object(objects, "read", counted("GetObject", read)),
        ):
            context = MirrorContext(
                self.world.rollups,
                self.world.manifests,
                self.world.postings,
                self.world.files,
                clock=self.world.clock,
                policy=self.world.policy,
            )
            failures = Mirror(context).run(40).failures
        if failures:
            raise failures[0]


def put(world: MirrorWorld, moments: list[datetime]) -> None:
    """Store images that were taken at some moments; their days are marked before."""
    dice = random.Random(world.clock.now)
    middles = [(dice.uniform(-170, 170), dice.uniform(-70, 70)) for _ in moments]
    texts = [format_timestamp(moment) for moment in moments]
    world.mark(*{text[:10] + "T" for text in texts})
    for text, wkb in zip(texts, footprints(middles), strict=True):
        image = Image(f"i{dice.randrange(10**12):012}", text, text, round(dice.random(), 4), wkb)
        row = image.row()
        world.postings.put_row(time_partition(PRODUCT, text[:7], 0), row)


def minute(world: MirrorWorld, counted: Counted) -> None:
    """Let a minute pass: the schedule runs once."""
    world.clock.now += 60
    world.rollup.run(40)
    counted.run()


def measure(case: str, world: MirrorWorld, loads: Iterator[list[datetime]]) -> None:
    """Load images minute by minute and report what the mirror wrote, until nothing is left."""
    counted, images = Counted(world), 0
    for moments in loads:
        images += len(moments)
        if moments:
            put(world, moments)
        minute(world, counted)
    while world.rollups.state(PRODUCT).dirty or world.manifests.listed(None, 1):
        world.clock.now += 540
        minute(world, counted)
    held = sum(len(data) for data, _ in world.objects.held.values())
    report("mirror", case, "images", images, "images")
    bar = WRITTEN_BAR if case.startswith("backfill") else None
    report("mirror", case, "written per image", counted.bytes / images, "B", bar)
    report("mirror", case, "files written", counted.files, "files")
    report("mirror", case, "files held", len(world.objects.held), "files")
    report("mirror", case, "bytes held", held / 1e6, "MB")
    for name, number in sorted(counted.requests.items()):
        report("mirror", case, f"{name} per image", number / images, "requests")


def one_a_minute() -> None:
    """Measure one image a minute into a month that has many."""
    with mirror_world(Policy()) as world:
        world.clock.now = START.timestamp()
        put(world, [START + timedelta(days=20) * n / STORED for n in range(STORED)])
        world.clock.now += 20 * 86_400
        world.settle()
        now = START + timedelta(days=20)
        loads = ([now + timedelta(minutes=n)] for n in range(HOURS * 60))
        measure("one image a minute", world, loads)


def very_many_a_minute() -> None:
    """Measure 10,000 images a minute as they are taken."""
    with mirror_world(Policy()) as world:
        world.clock.now = START.timestamp()
        loads = (
            [START + timedelta(minutes=n + part / A_MINUTE) for part in range(A_MINUTE)]
            for n in range(MINUTES)
        )
        measure("10,000 images a minute", world, loads)


def backfill() -> None:
    """Measure ten years that are loaded at 10,000 images a minute, oldest first."""
    with mirror_world(Policy()) as world:
        world.clock.now = START.timestamp()
        first = START - timedelta(days=MONTHS * 30)
        step = timedelta(days=30) / OF_MONTH
        moments = [first + n * step for n in range(MONTHS * OF_MONTH)]
        loads = (moments[n : n + A_MINUTE] for n in range(0, len(moments), A_MINUTE))
        measure("backfill of ten years", world, loads)


def main() -> None:
    """Run the benchmark; exit with 1 if a bar is missed."""
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1"}):
        one_a_minute()
        very_many_a_minute()
        backfill()
    finish()


if __name__ == "__main__":
    main()
