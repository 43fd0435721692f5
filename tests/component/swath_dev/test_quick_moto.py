"""What moto answers is the same with our short cut as without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.serialize import ResponseSerializer

from swath_dev import quick_moto

ITEM = {
    "id": {"S": "a"},
    "empty": {"S": ""},
    "umlaut": {"S": "ä\u2028\U0001f600"},
    "number": {"N": "-1.50"},
    "whole": {"N": "12345678901234567890"},
    "bytes": {"B": b"\x00\xff"},
    "strings": {"SS": ["x", "y"]},
    "numbers": {"NS": ["1", "2.5"]},
    "blobs": {"BS": [b"\x00", b"\x01"]},
    "true": {"BOOL": True},
    "false": {"BOOL": False},
    "nothing": {"NULL": True},
    "list": {"L": [{"S": "x"}, {"B": b"y"}, {"L": []}, {"M": {}}]},
    "map": {"M": {"S": {"N": "1"}, "B": {"B": b"z"}, "deep": {"M": {"L": {"L": [{"N": "2"}]}}}}},
}


@pytest.fixture
def dynamo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    whole = quick_moto._of_moto
    monkeypatch.setattr(ResponseSerializer, "_serialize_type_structure", whole)
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        yield client


def answers(dynamo: Any) -> list[Any]:
    key = {"id": ITEM["id"]}
    old = {"TableName": "t", "ReturnValues": "ALL_OLD"}
    asked = {"ExpressionAttributeValues": {":id": ITEM["id"]}, "KeyConditionExpression": "id = :id"}
    made: list[dict[str, Any]] = [
        dynamo.put_item(Item=ITEM, **old),
        dynamo.put_item(Item=ITEM, **old),
        dynamo.get_item(TableName="t", Key=key),
        dynamo.get_item(TableName="t", Key={"id": {"S": "b"}}),
        dynamo.query(TableName="t", **asked),
        dynamo.scan(TableName="t"),
        dynamo.batch_get_item(RequestItems={"t": {"Keys": [key]}}),
        dynamo.delete_item(Key=key, **old),
    ]
    return [{name: each[name] for name in each if name != "ResponseMetadata"} for each in made]


def test_every_type_is_answered_as_without_it(dynamo: Any) -> None:
    before = answers(dynamo)
    assert before[2] == {"Item": ITEM}
    quick_moto.send_plain_values()
    assert ResponseSerializer._serialize_type_structure is not quick_moto._of_moto
    assert answers(dynamo) == before
