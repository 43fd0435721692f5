"""Deleted images come back out of restored tables and old versions, as docs/operations.md says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.ingest_world import ramp, raster

from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud
from swath_dev.restore import Restored, restore

pytestmark = pytest.mark.stack

TABLES = {"ImagesTable": "id", "PostingsTable": "pk sk"}


@pytest.fixture
def api(stack: Deployed, cloud: LocalCloud) -> Api:
    return Api(stack.api_url, cloud.token(org=f"org{time.time_ns():x}"))


@pytest.fixture
def product(api: Api) -> str:
    product = api.save("product", "scenes", {"name": "scenes"})
    band = {"name": "one", "product_id": product, "type": "spectral", "data_type": "UInt16"}
    ranges = {"data_range": [0, 65535], "display_range": [0, 4000]}
    api.save("band", f"{product}:one", {**band, **ranges, "resolution": "10m", "band_index": 0})
    return product


def ingest(api: Api, image: str, path: Path, seed: int) -> None:
    path.write_bytes(raster(ramp(300, 300) + seed))
    upload = api.upload(image, {"acquired": "2020-05-01"}, [path])
    assert list(api.watch(upload))[-1][0] == "success"


def items(stack: Deployed, table: str) -> Iterator[dict[str, Any]]:
    pages = stack.session.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    for page in pages:
        yield from page["Items"]


def restored_tables(stack: Deployed) -> dict[str, str]:
    """Copy the tables, which the emulator cannot restore to a moment; return the copies' names."""
    dynamo = stack.session.client("dynamodb")
    names = {}
    for output, keys in TABLES.items():
        name = names[output] = f"restored-{output}-{time.time_ns():x}"
        kinds = zip(keys.split(), ("HASH", "RANGE"), strict=False)
        dynamo.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"} for key in keys.split()
            ],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
        )
        copied = items(stack, stack.outputs[output])
        while batch := list(islice(copied, 25)):
            put = [{"PutRequest": {"Item": item}} for item in batch]
            assert not dynamo.batch_write_item(RequestItems={name: put})["UnprocessedItems"]
    return names


def found(api: Api, product: str) -> list[str]:
    filter_ = [{"op": "eq", "name": "product_id", "val": product}]
    answer = api.call("PUT", "/images", {"filter": filter_, "sort": "id"})
    return [each["id"] for each in answer["data"]]


def rastered(api: Api, stack: Deployed, image: str) -> bytes:
    answer = requests.get(
        f"{stack.api_url}/raster/v2/images/{image}/preview.png",
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return answer.content


def test_deleted_images_are_found_and_drawn_again(
    api: Api, stack: Deployed, product: str, tmp_path: Path
) -> None:
    ids = [f"{product}:{name}" for name in "abc"]
    for seed, image in enumerate(ids):
        ingest(api, image, tmp_path / "a.tif", seed)
    whole = api.call("GET", f"/images/{ids[0]}")["data"]["attributes"]
    seen = rastered(api, stack, ids[0])
    tables = restored_tables(stack)

    for image in ids[:2]:
        api.call("DELETE", f"/images/{image}")
    change = {"type": "image", "id": ids[2], "attributes": {"cloud_fraction": 0.25}}
    api.call("PATCH", f"/images/{ids[2]}", {"data": change})
    assert found(api, product) == ids[2:]

    assert restore(stack.session, stack.outputs, tables, product) == Restored(2, 1, 2)
    assert found(api, product) == ids
    assert api.call("GET", f"/images/{ids[0]}")["data"]["attributes"] == whole
    assert rastered(api, stack, ids[0]) == seen
    later = api.call("GET", f"/images/{ids[2]}")["data"]["attributes"]
    assert later["cloud_fraction"] == 0.25
    assert restore(stack.session, stack.outputs, tables, product) == Restored(0, 3, 0)
    filter_ = [{"op": "eq", "name": "product_id", "val": product}]
    summary = api.call("PUT", "/images/summary/all", {"filter": filter_})["data"]["attributes"]
    assert summary["count"] == 3
