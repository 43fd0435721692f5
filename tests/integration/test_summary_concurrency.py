"""Eight writers, one product, one day, and a rollup every second: no summary is ever wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from tests.summary_stack import Tables, tables_of

from swath_core.catalog import ImageWriter
from swath_core.documents import Document
from swath_core.store.catalog import CatalogStore
from swath_core.store.rollups import Memory, RollupStore
from swath_core.summaries import LiveCounter, Rollup, RollupReport
from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack

WRITERS = 8
IMAGES = 250
PAUSE_EVERY = 125
COVERS = 1.0
SLOWEST_WRITE = 6.0
SETTLED = COVERS + SLOWEST_WRITE
"""The protocol's times, made short so that the day is recounted while it is written to."""
SIZE = 7


@dataclass
class Progress:
    """How many images were begun and how many acknowledged, and how long the slowest took."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    begun: int = 0
    done: int = 0
    slowest: float = 0.0

    def write(self, save: Callable[[], object]) -> None:
        with self.lock:
            self.begun += 1
        start = time.monotonic()
        save()
        with self.lock:
            self.slowest = max(self.slowest, time.monotonic() - start)
            self.done += 1


@pytest.fixture(scope="module")
def tables(stack: Deployed) -> Iterator[Tables]:
    with tables_of(stack) as found:
        yield found


@pytest.fixture(scope="module")
def api(stack: Deployed, cloud: LocalCloud) -> Api:
    return Api(stack.api_url, cloud.token(org=f"org{time.time_ns():x}"))


@pytest.fixture(scope="module")
def product(api: Api, tables: Tables) -> Document:
    data = {"type": "product", "id": "busy", "attributes": {"name": "Busy"}}
    created = api.call("POST", "/products", {"data": data})["data"]["id"]
    found = CatalogStore(tables.settings).product(created)
    assert found is not None
    return found


def _writer(
    number: int, tables: Tables, product: Document, progress: Progress, meet: threading.Barrier
) -> None:
    catalog = ImageWriter(tables.settings)
    catalog._commits.rollups = RollupStore(tables.settings, memory=Memory(COVERS))
    for index in range(IMAGES):
        if index == PAUSE_EVERY:
            meet.wait()
            time.sleep(SETTLED + 3)  # the day settles, is recounted, and is written to again
        attributes = {
            "name": f"w{number}-{index}",
            "product_id": product.id,
            "acquired": f"2022-05-05T{index % 24:02}:00:{number:02}Z",
            "storage_state": "remote",
            "files": [{"href": "https://example.com/x", "size_bytes": SIZE, "hash": "0"}],
        }
        progress.write(partial(catalog.create, attributes, product))


def _roll(tables: Tables, stop: threading.Event, reports: list[RollupReport]) -> None:
    rollup = Rollup(
        RollupStore(tables.settings), LiveCounter(tables.postings), settled_seconds=SETTLED
    )
    while not stop.wait(1.0):
        reports.append(rollup.run(30))


def _read(
    api: Api, product: Document, stop: threading.Event, progress: Progress
) -> list[tuple[int, int, int]]:
    """Return (acknowledged before, counted, begun until after) of every summary read."""
    body = {"filter": json.dumps([{"op": "eq", "name": "product_id", "val": product.id}])}
    reads = []
    while not stop.is_set():
        before = progress.done
        paths = ("all", "acquired/day")
        for path in paths:
            answer = api.call("PUT", f"/images/summary/{path}", body)
            counted = _tally(answer)
            reads.append((before, counted, progress.begun))
        time.sleep(0.1)
    return reads


def _tally(answer: dict[str, Any]) -> int:
    data = answer["data"]
    attributes = data["attributes"] if isinstance(data, dict) else None
    if attributes is None:
        attributes = data[0]["attributes"] if data else {"count": 0, "bytes": 0}
    assert attributes["bytes"] == attributes["count"] * SIZE
    return int(attributes["count"])


def test_every_summary_is_a_true_state_between_its_start_and_its_end(
    api: Api, product: Document, tables: Tables
) -> None:
    progress, stop = Progress(), threading.Event()
    reports: list[RollupReport] = []
    meet = threading.Barrier(WRITERS)
    with ThreadPoolExecutor(WRITERS + 2) as threads:
        reading = threads.submit(_read, api, product, stop, progress)
        rolling = threads.submit(_roll, tables, stop, reports)
        writing = [
            threads.submit(_writer, number, tables, product, progress, meet)
            for number in range(WRITERS)
        ]
        try:
            for each in writing:
                each.result()
            time.sleep(SETTLED + 3)
        finally:
            stop.set()
        rolling.result()
        reads = reading.result()
    assert progress.slowest < SLOWEST_WRITE, "too slow a machine for the times of this test"
    wrong = [read for read in reads if not read[0] <= read[1] <= read[2]]
    assert wrong == []
    assert len({counted for _, counted, _ in reads}) > 10
    assert sum(report.recounted for report in reports) >= 2
    state = RollupStore(tables.settings).state(product.id)
    assert state.dirty == {}
    assert state.months["2022-05"].count == WRITERS * IMAGES
    assert reads[-1][1] == WRITERS * IMAGES
