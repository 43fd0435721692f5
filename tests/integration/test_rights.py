"""What functions have rights for and few callers do: the deployed stack does each of it once.

``test_permissions`` sees afterwards which statements allowed it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from affine import Affine
from tests.ingest_world import ramp, raster

from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack

SECONDS = 60
DATE = "2020-05-01T00:00:00Z"
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[10, 50], [10.5, 50], [10.5, 50.5], [10, 50.5], [10, 50]]],
}


@pytest.fixture
def api(stack: Deployed, cloud: LocalCloud) -> Api:
    return Api(stack.api_url, cloud.token(org=f"org{secrets.token_hex(6)}"))


@pytest.fixture
def product(api: Api) -> str:
    return declare(api, "scenes")


def declare(api: Api, name: str, files: int = 1) -> str:
    product = api.save("product", name, {"name": name})
    for index in range(files):
        band: dict[str, Any] = {"name": f"b{index}", "product_id": product, "type": "spectral"}
        band |= {"data_type": "UInt16", "data_range": [0, 65535], "display_range": [0, 4000]}
        band |= {"resolution": "10m", "band_index": 0, "file_index": index}
        api.save("band", f"{product}:b{index}", band)
    return product


def ended(api: Api, upload: str) -> tuple[str, list[str]]:
    status, messages = "", list[str]()
    for status, messages in api.watch(upload):  # noqa: B007 - the last one counts
        pass
    return status, messages


def ingest(api: Api, image: str, path: Path, acquired: str = DATE) -> None:
    status, messages = ended(api, api.upload(image, {"acquired": acquired}, [path]))
    assert status == "success", messages


def eventually(condition: Callable[[], bool], seconds: float = 150.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def by_area(api: Api, product: str, area: dict[str, Any]) -> list[str]:
    of_product = [{"op": "eq", "name": "product_id", "val": product}]
    found = api.search("images", filter=of_product, intersects=area)
    return [each["id"] for each in found["data"]]


def test_the_first_image_of_a_product_by_the_api(api: Api, product: str) -> None:
    image = {"name": "a", "product_id": product, "acquired": DATE, "geometry": SQUARE}
    api.save("image", f"{product}:a", {**image, "storage_state": "remote"})
    assert by_area(api, product, SQUARE) == [f"{product}:a"]


def test_an_image_that_is_replaced_by_one_elsewhere(api: Api, product: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(raster(ramp(64, 64)))
    ingest(api, f"{product}:a", path)
    ingest(api, f"{product}:b", path, "2020-05-02T00:00:00Z")  # the same place, another day
    path.write_bytes(raster(ramp(64, 64), transform=Affine(10, 0, 200_000, 0, -10, 1_000_000)))
    ingest(api, f"{product}:a", path)
    image = api.call("GET", f"/images/{product}:a")["data"]["attributes"]
    assert by_area(api, product, image["geometry"]) == [f"{product}:a"]


def test_a_second_file_that_is_bad_leaves_nothing_of_the_first(
    api: Api, stack: Deployed, tmp_path: Path
) -> None:
    product = declare(api, "pairs", files=2)
    good, bad = tmp_path / "good.tif", tmp_path / "bad.tif"
    good.write_bytes(raster(ramp(64, 64)))
    bad.write_bytes(b"II*\0 this is no TIFF")
    status, messages = ended(api, api.upload(f"{product}:a", {"acquired": DATE}, [good, bad]))
    assert status == "failure", messages
    left = stack.session.client("s3").list_objects_v2(
        Bucket=stack.bucket, Prefix=f"images/{product.replace(':', '/')}"
    )
    assert "Contents" not in left


def declared(api: Api, product: str, name: str, size: int) -> dict[str, Any]:
    attributes = {"name": name, "product_id": product, "acquired": DATE}
    image = {"type": "image", "id": f"{product}:{name}", "attributes": attributes}
    upload = {
        "image_id": f"{product}:{name}",
        "image": {"data": image},
        "image_upload_options": {
            "upload_type": "file",
            "image_files": ["big.tif"],
            "upload_size": size,
        },
    }
    body = {"data": {"type": "image_upload", "attributes": upload}}
    found: dict[str, Any] = api.call("POST", "/uploads_v2", body)["data"]
    return found


def test_a_file_in_parts_is_put_together_and_listed(api: Api, product: str) -> None:
    upload = declared(api, product, "big", 6 * 2**30)
    (urls,) = upload["attributes"]["part_urls"].values()
    sent = requests.put(urls[0], data=raster(ramp(64, 64)), timeout=SECONDS)
    assert sent.status_code == 200, sent.text
    pending = {"type": "image_upload", "id": upload["id"], "attributes": {"status": "pending"}}
    api.call("PATCH", f"/uploads_v2/{upload['id']}", {"data": pending})
    status, messages = ended(api, upload["id"])
    assert status == "success", messages
    of_product = [{"op": "eq", "name": "product_id", "val": product}]
    listed = api.search("uploads_v2", filter=of_product)["data"]
    assert [each["id"] for each in listed] == [upload["id"]]


def test_an_upload_that_never_came_is_given_up(api: Api, stack: Deployed, product: str) -> None:
    upload = declared(api, product, "late", 6 * 2**30)["id"]
    table = stack.session.resource("dynamodb").Table(stack.outputs["UploadsTable"])
    item = table.get_item(Key={"id": upload})["Item"]
    past = "2020-01-01T00:00:00.000000Z"
    table.put_item(Item={**item, "due": past})
    broken = {"id": secrets.token_hex(8), "product_id": product, "created": past, "version": 1}
    table.put_item(Item={**broken, "document": "{}", "sweep": item["sweep"], "due": past})
    try:
        status, messages = ended(api, upload)
        assert status == "failure", messages
        assert eventually(lambda: table.get_item(Key={"id": broken["id"]})["Item"]["due"] > past)
    finally:
        table.delete_item(Key={"id": broken["id"]})
    parts = stack.session.client("s3").list_multipart_uploads(Bucket=stack.bucket)
    assert not [each for each in parts.get("Uploads", ()) if f"/{upload}/" in each["Key"]]


@contextmanager
def limited(stack: Deployed, function: str, seconds: int) -> Iterator[None]:
    """Give a function less time meanwhile; its processes start anew before and after."""
    client, name = stack.session.client("lambda"), stack.outputs[function]
    before = client.get_function_configuration(FunctionName=name)["Timeout"]
    client.update_function_configuration(FunctionName=name, Timeout=seconds)
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=name, Timeout=before)


def test_a_task_that_runs_out_of_time_is_continued(api: Api, stack: Deployed, product: str) -> None:
    image = {"product_id": product, "acquired": DATE, "storage_state": "remote"}
    for name in "ab":
        api.save("image", f"{product}:{name}", {**image, "name": name})
    body = {"data": {"type": "product_delete_task", "attributes": {}}}
    with limited(stack, "RollupFunction", 14):  # under the margin: one page of images a run
        api.call("POST", f"/products/{product}/delete_related_objects", body)

        def is_done() -> bool:
            path = f"/products/{product}/delete_related_objects"
            return bool(api.call("GET", path)["data"]["attributes"]["status"] == "SUCCESS")

        assert eventually(is_done)


def test_a_signed_address_of_a_file(api: Api, product: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(raster(ramp(64, 64)))
    ingest(api, f"{product}:a", path)
    headers = {"Authorization": f"Bearer {api.token}"}
    item = requests.get(
        f"{api.url}/stac/collections/{product}/items/a", headers=headers, timeout=SECONDS
    ).json()
    hrefs = [each["href"] for each in item["assets"].values() if "/assets/" in each["href"]]
    answer = requests.get(hrefs[0], headers=headers, timeout=SECONDS, allow_redirects=False)
    assert answer.is_redirect, answer.text
    found = requests.get(answer.headers["Location"], timeout=SECONDS)
    assert found.status_code == 200
    assert found.content[:2] == b"II"


def test_a_tile_of_the_whole_world_reads_months(
    api: Api, stack: Deployed, product: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(raster(ramp(64, 64)))
    ingest(api, f"{product}:a", path)
    headers = {"Authorization": f"Bearer {api.token}"}
    url = f"{stack.api_url}/raster/v2/products/{product}/tiles/0/0/0.png"
    answer = requests.get(url, headers=headers, timeout=SECONDS)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/png"


def test_the_raster_function_makes_the_signing_key_where_there_is_none(
    api: Api, stack: Deployed, product: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(raster(ramp(64, 64)))
    ingest(api, f"{product}:a", path)
    table = stack.session.resource("dynamodb").Table(stack.outputs["CatalogTable"])
    key = {"pk": "!swath", "sk": "signing-key"}
    kept = table.get_item(Key=key).get("Item")
    headers = {"Authorization": f"Bearer {api.token}"}
    with limited(stack, "RasterFunction", 299):
        table.delete_item(Key=key)
        url = f"{stack.api_url}/raster/v2/images/{product}:a/tilejson.json"
        answer = requests.get(url, headers=headers, timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        assert len(table.get_item(Key=key)["Item"]["document"]) > 64
        if kept is not None:
            table.put_item(Item=kept)


def test_operators_see_dead_letters_and_send_them_again(stack: Deployed) -> None:
    sqs = stack.session.client("sqs")
    mark = secrets.token_hex(6)
    key = f"uploads/{mark}/0/gone.tif"  # of no upload: there is nothing to do, once it is sent
    letter = json.dumps({"Records": [{"s3": {"object": {"key": key}}}]})
    task = json.dumps({"task": "delete_related_objects", "product_id": f"acme:{mark}"})
    sqs.send_message(QueueUrl=stack.outputs["IngestDeadLetters"], MessageBody=letter)
    sqs.send_message(QueueUrl=stack.outputs["TasksDeadLetters"], MessageBody=task)
    address = f"{stack.api_url}/operations"
    groups = ["internal:platform-admin"]
    operator = {"Authorization": f"Bearer {stack.token('internal', 'olga', groups=groups)}"}

    answer = requests.get(address, headers=operator, timeout=SECONDS)
    assert answer.status_code == 200, answer.text
    found = answer.json()["data"]["attributes"]
    about = [each["about"] for queue in found["queues"] for each in queue["letters"]]
    assert {key, f"delete_related_objects of acme:{mark}"} <= set(about)
    assert found["failed_uploads"]["count"] >= 0
    stranger = {"Authorization": f"Bearer {stack.token()}"}
    assert requests.get(address, headers=stranger, timeout=SECONDS).status_code == 403

    for queue in ("ingest", "tasks"):
        path = f"{address}/queues/{queue}/redrive"
        answer = requests.post(path, headers=operator, timeout=SECONDS)
        done = answer.json()["data"]["attributes"]
        assert (done["sent_again"] >= 1, done["dead_letters"]) == (True, 0), answer.text
