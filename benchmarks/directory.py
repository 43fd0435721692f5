"""A search that names no product, among 10,000 that its caller may read; five have matches.

The handler runs in this process on tables in memory, every request to DynamoDB is recorded, and
units are computed by DynamoDB's rules. A round is what is asked for before the next request waits
for an answer. Five products with images where and when the search asks are made through the API,
and one elsewhere, whose items are copied until there are enough.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import boto3
from benchmarks._report import finish, report
from benchmarks.crud import UNIT_READ, Call, Recorder, checked, recording

from swath_core.catalog import complete_directory
from swath_core.settings import settings
from swath_core.store.directory import COUNTS, place_of
from swath_core.store.fast import DynamoClient
from swath_dev.inprocess import InProcessApi, running_api

PRODUCTS = int(os.environ.get("SWATH_BENCH_PRODUCTS", "10000"))
TOUCHED = 5
IMAGES = 5
"""Images of each product that is touched."""
POSTING_BYTES = 1024
"""The most that a posting has."""
REPEATS = 30
ROUNDS_BAR, UNITS_BAR = 3, 60

HERE, ELSEWHERE = (10.0, 47.0), (135.0, -25.0)
LISTS = {"readers": ["user:bob", "org:beta"], "writers": ["group:acme:editors"]}
Json = dict[str, Any]


class Rounds:
    """Counts rounds: requests that one call sends together are one."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._together = False
        self.number = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Watch the recorder, and the calls that send several requests."""
        send, call_all = self._recorder.send, DynamoClient.call_all

        def counted_send(real: Callable[[Any], Any], request: Any) -> Any:
            self.number += not self._together
            return send(real, request)

        def counted_all(client: DynamoClient, operation: str, bodies: Sequence[Json]) -> list[Json]:
            self.number += bool(bodies)
            self._together = True
            try:
                return [client.call(operation, body) for body in bodies]  # moto is for one thread
            finally:
                self._together = False

        self._recorder.send = counted_send  # type: ignore[method-assign]
        DynamoClient.call_all = counted_all  # type: ignore[assignment,method-assign]
        try:
            yield
        finally:
            DynamoClient.call_all = call_all  # type: ignore[method-assign]


def make_product(api: InProcessApi, name: str, place: tuple[float, float], images: int) -> None:
    """Make a product as people do, with images of 2020."""
    more = {"description": "What a producer says about a product. " * 20, "tags": ["a", "b"]}
    checked("product", api.save("product", name, name=name, **more, **LISTS))
    x, y = place
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    for number in range(images):
        values: Json = {"name": f"i{number}", "product_id": f"acme:{name}"}
        values |= {
            "acquired": f"2020-06-{number + 1:02d}T10:00:00Z",
            "storage_state": "remote",
        }
        values["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        checked("image", api.save("image", f"acme:{name}:i{number}", **values))


def copy_product(name: str, times: int) -> None:
    """Put copies of a product's items into the Catalog table, and count them in their buckets."""
    table = boto3.resource("dynamodb").Table(settings().need("catalog_table"))
    items = table.scan(ConsistentRead=True)["Items"]
    own = [item for item in items if f"acme:{name}" in item["pk"] + item["sk"]]
    own = [item for item in own if not item["pk"].startswith("!permits")]
    changes: Counter[tuple[int, int]] = Counter()
    with table.batch_writer() as batch:
        for number in range(times):
            copy = f"acme:copy{number}"
            for item in own:
                new = {**item, "pk": item["pk"].replace(f"acme:{name}", copy)}
                new["sk"] = item["sk"].replace(f"acme:{name}", copy)
                if item["pk"].startswith("!directory#"):
                    slot, bucket = place_of(copy)
                    new |= {"pk": f"!directory#{slot}", "sk": f"{bucket:02d}#{copy}"}
                    changes[slot, bucket] += int(item["version"])
                batch.put_item(new)
    for (slot, bucket), number in changes.items():
        table.update_item(
            Key={"pk": f"!directory#{slot}", "sk": COUNTS},
            UpdateExpression="ADD #b :n",
            ExpressionAttributeNames={"#b": f"b{bucket:02d}"},
            ExpressionAttributeValues={":n": number},
        )


def search(api: InProcessApi) -> None:
    """Ask for the images around a place in one year; raise where not all are found."""
    x, y = HERE
    box = [[x, y], [x + 0.1, y], [x + 0.1, y + 0.1], [x, y + 0.1], [x, y]]
    bounds = [("gte", "2020"), ("lt", "2021")]
    answer = api.call(
        "PUT",
        "/images",
        {
            "limit": 100,
            "intersects": json.dumps({"type": "Polygon", "coordinates": [box]}),
            "filter": json.dumps([{"op": o, "name": "acquired", "val": v} for o, v in bounds]),
        },
    )
    checked("search", answer)
    if len(answer.data) != TOUCHED * IMAGES:
        raise RuntimeError(f"{len(answer.data)} images were found, not {TOUCHED * IMAGES}")


def measure(
    api: InProcessApi, case: str, recorder: Recorder, rounds: Rounds, *, barred: bool
) -> None:
    """Report what one search costs, documents of the images found apart."""
    recorder.calls.clear()
    rounds.number = 0
    search(api)
    pages = [call for call in recorder.calls if call.operation != "BatchGetItem" or _products(call)]
    documents = len(recorder.calls) - len(pages)
    units = sum(map(_units, pages))
    report("directory", case, "rounds", rounds.number - documents, "rounds", ROUNDS_BAR)
    report("directory", case, "read_units", units, "RCU", UNITS_BAR if barred else None)
    report("directory", case, "dynamodb_calls", len(pages), "calls")


def _products(call: Call) -> bool:
    """Return whether a batch reads products, and not the documents of a page."""
    return settings().need("catalog_table") in call.request["RequestItems"]


def _units(call: Call) -> float:
    """Return read units; postings count 1 KB, whatever part of them is sent."""
    if call.request.get("TableName") == settings().need("postings_table"):
        return max(1.0, len(call.response["Items"]) * POSTING_BYTES / UNIT_READ)
    return call.read_units


def times(api: InProcessApi, recorder: Recorder) -> None:
    """Report the handler's processor time: requests are answered from the record."""
    recorder.calls.clear()
    search(api)
    calls = list(recorder.calls)
    took = []
    for _ in range(REPEATS):
        recorder.replay = iter(calls)
        began = time.process_time()
        search(api)
        took.append((time.process_time() - began) * 1000)
    recorder.replay = None
    report("directory", "directory at hand", "cpu_p50", statistics.median(took), "ms")


def main() -> None:
    """Build the catalog and measure."""
    with running_api() as api:
        for number in range(TOUCHED):
            make_product(api, f"here{number}", HERE, IMAGES)
        make_product(api, "far", ELSEWHERE, 1)
        complete_directory(settings())
        copy_product("far", PRODUCTS - TOUCHED - 1)
        bob = api.as_user("bob", "beta")
        recorder = Recorder()
        rounds = Rounds(recorder)
        with rounds.counting(), recording(recorder):
            api.restart()
            api.call("GET", "/products/acme:far")  # settings, keys of the issuer
            measure(bob, "new process", recorder, rounds, barred=False)
            measure(bob, "directory at hand", recorder, rounds, barred=True)
            checked("change", api.change("product", "acme:copy1", readers=[]))
            recorder.calls.clear()
            rounds.number = 0
            search(bob)
            units = sum(call.read_units for call in recorder.calls)
            report("directory", "after a change", "read_units", units, "RCU", UNITS_BAR)
            times(bob, recorder)
    finish()


if __name__ == "__main__":
    main()
