"""Ingest on the deployed stack: files kept as they are, images replaced, arrays, cancelling."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError
from rasterio.io import MemoryFile
from tests.ingest_world import ramp, raster

from swath_core.times import format_timestamp, parse_timestamp
from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack


@pytest.fixture
def api(stack: Deployed, cloud: LocalCloud) -> Api:
    return Api(stack.api_url, cloud.token(org=f"org{time.time_ns():x}"))


@pytest.fixture
def product(api: Api) -> str:
    product = api.save("product", "scenes", {"name": "scenes"})
    api.save("band", f"{product}:one", band_of(product))
    return product


def band_of(product: str) -> dict[str, Any]:
    return {
        "name": "one",
        "product_id": product,
        "type": "spectral",
        "data_type": "UInt16",
        "data_range": [0, 65535],
        "display_range": [0, 4000],
        "resolution": "10m",
        "band_index": 0,
    }


def ingest(api: Api, image: str, path: Path) -> dict[str, Any]:
    upload = api.upload(image, {"acquired": "2020-05-01"}, [path])
    status, messages = "", list[str]()
    for status, messages in api.watch(upload):  # noqa: B007 - the last one counts
        pass
    assert status == "success", messages
    attributes: dict[str, Any] = api.call("GET", f"/images/{image}")["data"]["attributes"]
    return attributes


def content(stack: Deployed, image: dict[str, Any]) -> bytes:
    bucket, _, key = image["files"][0]["href"].removeprefix("s3://").partition("/")
    body: bytes = stack.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def test_a_cog_is_kept_byte_for_byte_and_an_image_is_replaced(
    api: Api, stack: Deployed, product: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(raster(ramp(700, 900)))
    first = ingest(api, f"{product}:a", path)
    cog = content(stack, first)
    path.write_bytes(cog)
    kept = ingest(api, f"{product}:b", path)
    assert content(stack, kept) == cog
    assert kept["files"][0]["hash"] == first["files"][0]["hash"]

    path.write_bytes(raster(ramp(700, 900) + 1))
    replaced = ingest(api, f"{product}:a", path)
    assert replaced["created"] == first["created"]
    with MemoryFile(content(stack, replaced)) as memory, memory.open() as dataset:
        np.testing.assert_array_equal(dataset.read(), ramp(700, 900) + 1)
    assert content(stack, first) == cog, "readers of the old image may still be at it"


def declare(api: Api, product: str, name: str, **options: Any) -> dict[str, Any]:
    attributes = {
        "name": name,
        "product_id": product,
        "acquired": "2020-05-01",
        "cs_code": "EPSG:32755",
        "geotrans": [600_000, 10, 0, 6_100_000, 0, -10],
    }
    upload = {
        "image_id": f"{product}:{name}",
        "image": {"data": {"type": "image", "id": f"{product}:{name}", "attributes": attributes}},
        "image_upload_options": {"upload_type": "ndarray", "image_files": ["a.npy"], **options},
    }
    body = {"data": {"type": "image_upload", "attributes": upload}}
    data: dict[str, Any] = api.call("POST", "/uploads_v2?include=events", body)["data"]
    return data


def test_an_array_with_the_overviews_asked_for(api: Api, stack: Deployed, product: str) -> None:
    upload = declare(api, product, "array", overviews=[2, 4], overview_resampler="nearest")
    buffer = io.BytesIO()
    np.save(buffer, np.asfortranarray(ramp(80, 60)[0].astype(">u2")))
    url = upload["attributes"]["resumable_urls"][0]
    requests.put(url, data=buffer.getvalue(), timeout=60).raise_for_status()
    for status, messages in api.watch(upload["id"]):
        last = status, messages
    assert last[0] == "success", last
    image = api.call("GET", f"/images/{product}:array")["data"]["attributes"]
    with MemoryFile(content(stack, image)) as memory, memory.open() as dataset:
        np.testing.assert_array_equal(dataset.read(), ramp(80, 60))
        assert dataset.overviews(1) == [2, 4]


def test_a_writer_who_was_revoked_after_declaring_publishes_nothing(
    api: Api, stack: Deployed, cloud: LocalCloud, product: str
) -> None:
    org, group = product.partition(":")[0], f"group{time.time_ns():x}"
    lists = {"writers": [f"group:{group}"], "readers": [f"org:{org}"]}
    change = {"type": "product", "id": product, "attributes": lists}
    api.call("PATCH", f"/products/{product}", {"data": change})
    writer = Api(stack.api_url, cloud.token(org, "writer", groups=(group,)))
    upload = declare(writer, product, "revoked")
    change["attributes"] = {"writers": []}
    api.call("PATCH", f"/products/{product}", {"data": change})
    url = upload["attributes"]["resumable_urls"][0]
    requests.put(url, data=b"pixels", timeout=60).raise_for_status()
    last = list(api.watch(upload["id"]))[-1]
    assert last[0] == "failure", last
    assert f"whoever declared the upload may not write {product} any more" in str(last[1])
    assert not api.exists(f"/images/{product}:revoked")
    until = time.monotonic() + 20
    listed: dict[str, Any] = {"KeyCount": 1}
    while listed["KeyCount"] and time.monotonic() < until:  # its files go right after its end
        listed = stack.session.client("s3").list_objects_v2(
            Bucket=stack.bucket, Prefix=f"uploads/{upload['id']}/"
        )
    assert listed["KeyCount"] == 0


def test_a_canceled_upload_stays_canceled(api: Api, product: str) -> None:
    upload = declare(api, product, "never")
    change = {"type": "image_upload", "id": upload["id"], "attributes": {"status": "canceled"}}
    answer = api.call("PATCH", f"/uploads_v2/{upload['id']}?include=events", {"data": change})
    assert answer["data"]["attributes"]["status"] == "canceled"
    assert [each["attributes"]["event_type"] for each in answer["included"]] == ["cancel"]
    url = upload["attributes"]["resumable_urls"][0]
    requests.put(url, data=b"late", timeout=60).raise_for_status()
    change["attributes"] = {"status": "pending"}
    with pytest.raises(Exception, match="409"):
        api.call("PATCH", f"/uploads_v2/{upload['id']}", {"data": change})
    assert not api.exists(f"/images/{product}:never")


def test_a_drop_that_comes_before_its_product_is_taken_up(
    stack: Deployed, cloud: LocalCloud, api: Api
) -> None:
    org = f"org{time.time_ns():x}"
    owner = Api(stack.api_url, cloud.token(org=org))
    s3 = stack.session.client("s3")
    product = f"{org}:early"
    key = f"drop/{org}/early/first"
    s3.put_object(Bucket=stack.bucket, Key=f"{key}.json", Body=b'{"acquired": "2020-05-01"}')
    s3.put_object(Bucket=stack.bucket, Key=f"{key}.tif", Body=raster())
    (failed,) = wait_for(lambda: drops_of(owner))
    assert failed["attributes"]["status"] == "failure"
    assert f"there is no product {product}" in run_cli(stack, owner, "drop", "status", product)
    assert drops_of(api) == [], "of another organisation"

    assert owner.save("product", "early", {"name": "early"}) == product
    owner.save("band", f"{product}:one", band_of(product))
    make_settled(stack, product)
    schedule = {"FunctionName": stack.outputs["RollupFunction"], "Payload": b"{}"}

    def image() -> bool:
        stack.session.client("lambda").invoke(**schedule)
        return owner.exists(f"/images/{product}:first")

    wait_for(image, seconds=150)
    (done,) = drops_of(owner)
    assert done["id"] == failed["id"]
    assert wait_for(lambda: drops_of(owner)[0]["attributes"]["status"] == "success")


def make_settled(stack: Deployed, product: str) -> None:
    """Date product and bands back by the minute after which the schedule calls them complete."""
    table = stack.session.resource("dynamodb").Table(stack.outputs["CatalogTable"])
    rows = table.query(KeyConditionExpression=Key("pk").eq(product))["Items"]
    for item in (each for each in rows if "document" in each):
        document = json.loads(item["document"])
        earlier = parse_timestamp(document["modified"]) - timedelta(seconds=61)
        document["modified"] = format_timestamp(earlier)
        table.put_item(Item=item | {"document": json.dumps(document)})


def drops_of(api: Api) -> list[dict[str, Any]]:
    wanted = [{"name": "user", "op": "prefix", "val": "org:"}]
    found: list[dict[str, Any]] = api.call("PUT", "/uploads_v2", {"filter": json.dumps(wanted)})[
        "data"
    ]
    return found


def run_cli(stack: Deployed, api: Api, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "swath.cli", *words, "--url", stack.api_url],
        env={**os.environ, "SWATH_TOKEN": api.token},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def wait_for(what: Callable[[], Any], seconds: float = 30) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it takes too long"
        time.sleep(1)
    return found


def test_an_expired_image_goes_with_its_objects_and_sums(
    api: Api, stack: Deployed, product: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(raster())
    kept, gone = (ingest(api, f"{product}:{name}", path) for name in ("kept", "gone"))
    change = {"type": "image", "id": f"{product}:gone", "attributes": {"expires": "2020-06-01"}}
    api.call("PATCH", f"/images/{product}:gone", {"data": change})
    stack.session.client("lambda").invoke(
        FunctionName=stack.outputs["RollupFunction"], Payload=b"{}"
    )
    assert not api.exists(f"/images/{product}:gone")
    assert content(stack, kept) != b""
    with pytest.raises(ClientError, match="NoSuchKey"):
        content(stack, gone)
    wanted = [{"name": "product_id", "op": "eq", "val": product}]
    body = {"filter": json.dumps(wanted)}
    (found,) = api.call("PUT", "/images", body)["data"]
    assert found["id"] == f"{product}:kept"
    summary = api.call("PUT", "/images/summary/all", body)["data"]["attributes"]
    assert (summary["count"], summary["bytes"]) == (1, kept["files"][0]["size_bytes"])
