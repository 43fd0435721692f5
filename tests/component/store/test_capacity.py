"""What is reckoned is what is paid: computed units against a store that counts as DynamoDB does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from benchmarks._search_catalog import SATELLITES, Catalog, build
from benchmarks.search import PERIODS, areas, body, engine
from tests.strict_store import store

from swath_core.search import Cost, ImageQuery
from swath_core.store.fast import DynamoClient
from swath_core.store.postings import (
    DynamoPostings,
    PostingRow,
    item_bytes,
    read_units,
    write_units,
)

IMAGES = 1000
BATCH = 25


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A store with an empty table of postings."""
    with store("dynoxide") as found:
        assert found is not None
        boto3.client("dynamodb").create_table(
            TableName="postings",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in ("pk", "sk")],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        yield found


def item_of(partition: str, row: PostingRow) -> dict[str, Any]:
    item: dict[str, Any] = {"pk": {"S": partition}, "sk": {"S": row.key}}
    item |= {"a": {"S": row.attributes}, "b": {"N": str(row.bytes)}, "v": {"N": str(row.version)}}
    if row.footprint is not None:
        item["g"] = {"B": row.footprint}
    return item


@pytest.mark.parametrize("characters", [0, 100, 900, 990, 1003, 1004, 1005, 2500, 4090, 9000])
@pytest.mark.parametrize("number", [0, 7, 12_300, 98_765_432_101])
def test_units_of_one_posting(address: str, characters: int, number: int) -> None:
    dynamo = boto3.client("dynamodb")
    row = PostingRow("k", b"g" * 5 if number else None, "é" * (characters // 2), number, 3)
    partition = f"one {characters} {number}"
    size = item_bytes(partition, row)
    put = dynamo.put_item(
        TableName="postings", Item=item_of(partition, row), ReturnConsumedCapacity="TOTAL"
    )
    assert put["ConsumedCapacity"]["CapacityUnits"] == write_units(size)
    found = dynamo.query(
        TableName="postings",
        ConsistentRead=True,
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": partition}},
        ReturnConsumedCapacity="TOTAL",
    )
    assert found["ConsumedCapacity"]["CapacityUnits"] == read_units(size)


@pytest.mark.parametrize("size", [1022, 1023, 1024, 1025, 1026, 2048, 2049])
def test_write_units_change_at_the_kibibyte(address: str, size: int) -> None:
    row = PostingRow("k", None, "", 12, 1)  # of zero, AWS gives no exact size
    row = row._replace(attributes="x" * (size - item_bytes("edge", row)))
    assert item_bytes("edge", row) == size
    put = boto3.client("dynamodb").put_item(
        TableName="postings", Item=item_of("edge", row), ReturnConsumedCapacity="TOTAL"
    )
    assert put["ConsumedCapacity"]["CapacityUnits"] == write_units(size) == -(-size // 1024)


@pytest.fixture(scope="module")
def loaded(address: str) -> Catalog:
    """The benchmark's catalog of a thousand images, in memory and in the table."""
    catalog = build(SATELLITES[0], IMAGES)
    rows = list(catalog.postings.rows())
    client = boto3.client("dynamodb")
    for start in range(0, len(rows), BATCH):
        puts = [{"PutRequest": {"Item": item_of(*each)}} for each in rows[start : start + BATCH]]
        answer = client.batch_write_item(RequestItems={"postings": puts})
        assert not answer["UnprocessedItems"]
    return catalog


@pytest.mark.parametrize("width", [0, 100, 500, None])
def test_the_benchmarks_searches_find_and_cost_the_same(
    loaded: Catalog, address: str, width: int | None
) -> None:
    table = engine(loaded, DynamoPostings("postings", DynamoClient(address)))
    memory = engine(loaded)
    for where in list(areas(loaded, width))[:6]:
        for period in PERIODS.values():
            query = ImageQuery.from_body(body(where, period))
            one, other = Cost(), Cost()
            ours = list(memory.matches(query, [loaded.product], cost=one))
            theirs = list(table.matches(query, [loaded.product], cost=other))
            assert ours == theirs
            assert one.read_units == other.read_units
            assert one.rounds == other.rounds
