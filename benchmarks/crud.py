"""What an operation costs: DynamoDB calls and units, and the handler's own processor time.

The handler runs in this process on tables in memory. Every request to DynamoDB is recorded; units
are computed from the sizes of items by DynamoDB's rules (an emulator's figures are not those of
AWS). For the processor time the recorded answers are given back at once, so that neither network
nor emulator is in the figures: what is left is the function's work.
"""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks._report import finish, report
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from moto.core.models import botocore_stubber

from swath_core.store.fast import dynamo_client
from swath_dev.inprocess import Answer, InProcessApi, running_api

REPEATS = 300
UNIT_READ, UNIT_WRITE = 4096, 1024
GET_BAR, SAVE_BAR = 1, 3
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[14, 49], [15.5, 49.1], [15.4, 50], [13.9, 49.9], [14, 49]]],
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request to DynamoDB and its answer."""

    operation: str
    request: Json
    response: Json
    raw: bytes

    @property
    def read_units(self) -> float:
        """Consistent reads: a unit for every 4 KB of each item, of a Query of all together."""
        if self.operation not in {"GetItem", "BatchGetItem", "Query"}:
            return 0
        if self.operation == "Query":
            size = sum(map(item_bytes, self.response.get("Items", ())))
            return max(1, math.ceil(size / UNIT_READ))
        items = [self.response["Item"]] if "Item" in self.response else []
        items += [i for found in self.response.get("Responses", {}).values() for i in found]
        wanted = 1 if self.operation == "GetItem" else keys_in(self.request)
        return sum(max(1, math.ceil(item_bytes(i) / UNIT_READ)) for i in items) + max(
            0, wanted - len(items)
        )

    @property
    def write_units(self) -> float:
        """A unit for every 1 KB of an item; twice that in a transaction."""
        if self.operation == "TransactWriteItems":
            return sum(2 * written(each) for each in self.request["TransactItems"])
        if self.operation == "BatchWriteItem":
            puts = [put for each in self.request["RequestItems"].values() for put in each]
            return sum(written({"Put": put.get("PutRequest", {})}) for put in puts)
        if self.operation in {"PutItem", "UpdateItem", "DeleteItem"}:
            return written({"Put": self.request})
        return 0


def keys_in(request: Json) -> int:
    """Return how many items a batch asks for."""
    return sum(len(each["Keys"]) for each in request.get("RequestItems", {}).values())


def written(member: Json) -> int:
    """Return the units of one written item."""
    (action,) = member.values()
    item = action.get("Item") or {
        **action.get("Key", {}),
        **action.get("ExpressionAttributeValues", {}),
    }
    return max(1, math.ceil(item_bytes(item) / UNIT_WRITE))


def item_bytes(item: Json) -> int:
    """Return an item's size: names and values (DynamoDB developer guide, item sizes)."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Json) -> int:
    """Return the size of one attribute value."""
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "B":
        return len(held) * 3 // 4
    if kind == "N":
        return math.ceil(len(held.strip("-").replace(".", "").strip("0")) / 2) + 1
    if kind == "NS":
        return sum(value_bytes({"N": each}) for each in held)
    return 1


@dataclass
class Recorder:
    """Stands between the handler and DynamoDB: records, or gives back what was recorded."""

    calls: list[Call] = field(default_factory=list)
    replay: Iterator[Call] | None = None

    def send(self, real: Callable[[Any], Any], request: Any) -> Any:
        """Answer a prepared request."""
        if self.replay is not None:
            raw = next(self.replay).raw
            return AWSResponse(request.url, 200, {"content-length": str(len(raw))}, Raw(raw))
        answer = real(request)
        target = request.headers.get("X-Amz-Target", b"")
        name = target.decode() if isinstance(target, bytes) else target
        if name.startswith("DynamoDB"):
            body = json.loads(request.body)
            call = Call(name.split(".")[1], body, json.loads(answer.content), answer.content)
            self.calls.append(call)
        return answer


class Raw:
    """A response's body as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield all of it."""
        yield self._content


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Send every request of botocore through the recorder."""

    def through_moto(request: Any) -> Any:
        return botocore_stubber("before-send.dynamodb", request)

    before, botocore_stubber.enabled = URLLib3Session.send, False
    URLLib3Session.send = lambda _, request: recorder.send(_enabled(through_moto), request)
    dynamo_client().http = URLLib3Session()
    try:
        yield
    finally:
        URLLib3Session.send, botocore_stubber.enabled = before, True


def _enabled(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def enabled(request: Any) -> Any:
        botocore_stubber.enabled = True
        try:
            return call(request)
        finally:
            botocore_stubber.enabled = False

    return enabled


def band(name: str) -> Json:
    """Return the attributes of a band."""
    return {
        "name": name,
        "product_id": "acme:p",
        "type": "spectral",
        "data_type": "UInt16",
        "data_range": [0, 10000],
        "display_range": [0, 4000],
        "band_index": 0,
        "resolution": "30m",
        "sort_order": 1,
    }


def image(name: str) -> Json:
    """Return the attributes of a Landsat-like image with seven files."""
    files = [
        {"href": f"s3://elsewhere/{name}/B{i}.tif", "size_bytes": 70_000_000, "hash": "0" * 32}
        for i in range(1, 8)
    ]
    return {
        "name": name,
        "product_id": "acme:p",
        "acquired": "2020-01-02T03:04:05Z",
        "geometry": SQUARE,
        "cs_code": "EPSG:32633",
        "geotrans": [428385, 30, 0, 5546115, 0, -30],
        "x_pixels": 7800,
        "y_pixels": 7900,
        "storage_state": "remote",
        "cloud_fraction": 0.12,
        "satellite_id": "LANDSAT_8",
        "files": files,
    }


def operations(api: InProcessApi) -> dict[str, tuple[Callable[[int], Answer], int | None]]:
    """Return each operation by name, with the bar of its DynamoDB calls."""

    def save(kind: str, make: Callable[[str], Json]) -> Callable[[int], Answer]:
        return lambda i: api.save(kind, f"acme:p:{kind}{i}", **make(f"{kind}{i}"))

    def get(path: str) -> Callable[[int], Answer]:
        return lambda _: api.call("GET", path)

    return {
        "get product": (get("/products/acme:p"), GET_BAR),
        "get band": (get("/bands/acme:p:blue?include=product"), GET_BAR),
        "get image": (get("/images/acme:p:first?include=product"), GET_BAR),
        "save product": (lambda i: api.save("product", f"new{i}", name="N"), SAVE_BAR),
        "save band": (save("band", band), SAVE_BAR),
        "save image": (save("image", image), SAVE_BAR),
        "change product": (lambda i: api.change("product", "acme:p", tags=[str(i)]), SAVE_BAR),
        "change band": (lambda i: api.change("band", "acme:p:blue", tags=[str(i)]), SAVE_BAR),
        "change image": (
            lambda i: api.change("image", "acme:p:first", cloud_fraction=i / 1000),
            SAVE_BAR,
        ),
        "find products": (lambda _: api.find("products"), None),
        "bands of a product": (
            lambda _: api.find("bands", {"op": "eq", "name": "product_id", "val": "acme:p"}),
            None,
        ),
        "find images": (
            lambda _: api.find("images", {"op": "eq", "name": "product_id", "val": "acme:p"}),
            None,
        ),
    }


def measure(
    name: str, operation: Callable[[int], Answer], bar: int | None, recorder: Recorder
) -> None:
    """Report one operation: what it costs the first time in a process and after that."""
    for number in range(2):
        if not number:
            InProcessApi.restart()
        recorder.calls.clear()
        checked(name, operation(number))
        case = name if number else f"{name}, new process"
        report("crud", case, "dynamodb_calls", len(recorder.calls), "calls", bar)
        units = sum(call.read_units for call in recorder.calls)
        report("crud", case, "read_units", units, "RCU")
        units = sum(call.write_units for call in recorder.calls)
        report("crud", case, "write_units", units, "WCU")
    times = [processor_ms(name, operation, recorder, number) for number in range(REPEATS)]
    report("crud", name, "cpu_p50", statistics.median(times), "ms")
    report("crud", name, "cpu_p99", sorted(times)[int(REPEATS * 0.99) - 1], "ms")


def processor_ms(
    name: str, operation: Callable[[int], Answer], recorder: Recorder, number: int
) -> float:
    """Return the processor time of one call that is answered from the record."""
    recorder.replay = iter(list(recorder.calls))
    started = time.process_time()
    answer = operation(1 if name.startswith("save") else number + 2)
    spent = (time.process_time() - started) * 1000
    recorder.replay = None
    checked(name, answer)
    return spent


def checked(name: str, answer: Answer) -> None:
    """Raise where an operation did not do what is being measured."""
    if answer.status not in {200, 201}:
        message = f"{name}: {answer.status} {answer.text}"
        raise RuntimeError(message)


def main() -> None:
    """Measure every operation."""
    with running_api() as api:
        recorder = Recorder()
        with recording(recorder):
            checked("set up", api.save("product", "p", name="P"))
            checked("set up", api.save("band", "acme:p:blue", **band("blue")))
            recorder.calls.clear()
            checked("set up", api.save("image", "acme:p:first", **image("first")))
            case = "save image, the product's first"
            report("crud", case, "dynamodb_calls", len(recorder.calls), "calls", SAVE_BAR)
            for name, (operation, bar) in operations(api).items():
                measure(name, operation, bar, recorder)
    finish()


if __name__ == "__main__":
    main()
