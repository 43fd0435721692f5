"""The in-memory reader and the table's reader, call for call; and the sizes they reckon with."""

import base64
import random
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from tests.memory_postings import MemoryPostings
from tests.strict_store import STORES
from tests.strict_store import store as dynamodb
from tests.unit.search.world import box, image

from swath_core.index import postings_of
from swath_core.store.fast import DynamoClient
from swath_core.store.postings import (
    PAGE_BYTES,
    DynamoPostings,
    PostingRow,
    RangeRead,
    item_bytes,
    read_units,
)


class ThroughBoto(DynamoClient):
    """The same requests through boto3, which moto intercepts; answers as DynamoDB words them."""

    def __init__(self) -> None:
        self.client = boto3.client("dynamodb")

    def call_all(self, operation: str, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        assert operation == "Query"
        return [worded(self.client.query(**body)) for body in bodies]


def worded(answer: dict[str, Any]) -> dict[str, Any]:
    for item in answer["Items"]:
        if "g" in item:
            item["g"] = {"B": base64.b64encode(item["g"]["B"]).decode()}
    return answer


@pytest.fixture(params=STORES)
def both(request: pytest.FixtureRequest) -> Iterator[tuple[MemoryPostings, DynamoPostings]]:
    """Hold the same images in memory and in a table."""
    with dynamodb(request.param) as address:
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="postings",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in ("pk", "sk")],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        memory = MemoryPostings()
        for n in range(24):
            shape = box(n / 10, 40, n / 10 + 0.3, 40.3) if n % 5 else None
            saved = image(
                f"i{n}", geometry=shape, acquired=f"2021-05-{1 + n % 20:02d}T00:00:00.000000Z"
            )
            for row in postings_of(saved).rows:
                memory.put(row.partition, row.sort_key, row.payload)
                client.put_item(TableName="postings", Item=_item(row.partition, row))
        yield (
            memory,
            DynamoPostings("postings", DynamoClient(address) if address else ThroughBoto()),
        )


def _item(partition: str, row: Any) -> dict[str, Any]:
    payload = row.payload
    item: dict[str, Any] = {"pk": {"S": partition}, "sk": {"S": row.sort_key}}
    item |= {"a": {"S": payload["a"]}, "b": {"N": "0"}, "v": {"N": str(payload["v"])}}
    if "g" in payload:
        item["g"] = {"B": payload["g"]}
    return item


def test_call_for_call(both: tuple[MemoryPostings, DynamoPostings]) -> None:
    memory, table = both
    dice = random.Random(3)
    partitions = [*sorted({partition for partition, _ in memory.rows()}), "acme:a|t|1999-01|0"]
    bounds = ["0", ":", *(f"2021-05-{day:02d}" for day in range(1, 22)),
              *(row.key for _, row in list(memory.rows())[:10])]  # fmt: skip
    requests = []
    for _ in range(60):
        low, high = sorted(dice.sample(bounds, 2))
        request = RangeRead(
            dice.choice(partitions),
            low,
            high,
            dice.choice([None, 1, 3, 1000]),
            dice.random() < 0.5,
            dice.random() < 0.5,
            dice.random() < 0.5,
        )
        requests.append(request)
    for request, one, other in zip(
        requests, memory.read(requests), table.read(requests), strict=True
    ):
        assert one.rows == other.rows
        if not other.exhausted:  # moto knows sooner that nothing follows than DynamoDB does
            assert not one.exhausted
        if request.footprints and request.attributes:
            assert one.read_units == other.read_units


def test_no_request_is_no_call(both: tuple[MemoryPostings, DynamoPostings]) -> None:
    assert [reader.read([]) for reader in both] == [[], []]


def test_sizes_are_dynamodbs() -> None:
    row = PostingRow("k" * 10, b"g" * 93, "é" * 5, 12_300, 7)
    # pk 2 + 3, sk 2 + 10, g 1 + 93, a 1 + 10, b 1 + digits 123 in 2 bytes + 1, v 1 + 1 + 1
    assert item_bytes("abc", row) == 5 + 12 + 94 + 11 + 4 + 3
    assert item_bytes("abc", row._replace(footprint=None, attributes=None)) == 5 + 12 + 4 + 3


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (4096, 1), (4097, 2), (40960, 10)])
def test_read_units(size: int, units: float) -> None:
    assert read_units(size) == units


def test_a_page_ends_at_a_megabyte() -> None:
    memory = MemoryPostings()
    for n in range(1200):
        memory.put("p", f"{n:04d}", {"a": "x" * 1000, "b": 0, "v": 1})
    first = memory.read([RangeRead("p", "0", "9")])[0]
    assert not first.exhausted
    assert PAGE_BYTES <= sum(item_bytes("p", row) for row in first.rows) < PAGE_BYTES + 2000
    rest = memory.read([RangeRead("p", first.rows[-1].key + "\x01", "9")])[0]
    assert rest.exhausted
    assert len(first.rows) + len(rest.rows) == 1200


def test_puts_replace_and_deletes_remove() -> None:
    memory = MemoryPostings()
    memory.put("p", "1", {"a": "old", "b": 0, "v": 1})
    memory.put("p", "1", {"a": "new", "b": 0, "v": 2})
    memory.put("p", "2", {"a": "x", "b": 0, "v": 1})
    memory.delete("p", "2")
    memory.delete("q", "2")
    assert [row.attributes for row in memory.read([RangeRead("p", "0", "9")])[0].rows] == ["new"]
