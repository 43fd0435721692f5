"""What survives: the local cloud going down during an upload, an ingest that is killed."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
import requests
from rasterio.crs import CRS
from rasterio.transform import from_origin

from swath_dev.api import Api
from swath_dev.cloud import LocalCloud

pytestmark = pytest.mark.stack


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    cloud = LocalCloud(tmp_path / "state", free_port())
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.stop()


def caller(cloud: LocalCloud) -> Api:
    return Api(cloud.api_url, cloud.token(org="acme"))


def scene(path: Path, side: int, seed: int) -> Path:
    values = np.random.default_rng(seed).integers(1, 10_000, (side, side), dtype=np.uint16)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        width=side,
        height=side,
        dtype="uint16",
        crs=CRS.from_epsg(32632),
        transform=from_origin(440_000, 5_170_000, 30, 30),
    ) as dataset:
        dataset.write(values, 1)
    return path


def declare(api: Api, files: int) -> str:
    product = api.save("product", "kept", {"name": "kept"})
    for index in range(files):
        attributes = {
            "name": f"b{index}",
            "product_id": product,
            "type": "spectral",
            "data_type": "UInt16",
            "data_range": [0, 10000],
            "display_range": [0, 10000],
            "resolution": "30m",
            "band_index": 0,
            "file_index": index,
        }
        api.save("band", f"{product}:b{index}", attributes)
    return product


def open_upload(api: Api, product: str, name: str, paths: list[Path]) -> tuple[str, list[str]]:
    image = {"name": name, "product_id": product, "acquired": "2020-05-01"}
    attributes = {
        "image_id": f"{product}:{name}",
        "image": {"data": {"type": "image", "id": f"{product}:{name}", "attributes": image}},
        "image_upload_options": {"upload_type": "file", "image_files": [str(p) for p in paths]},
    }
    body = {"data": {"type": "image_upload", "attributes": attributes}}
    data = api.call("POST", "/uploads_v2", body)["data"]
    return data["id"], data["attributes"]["resumable_urls"]


def put(url: str, path: Path) -> None:
    requests.put(url, data=path.read_bytes(), timeout=60).raise_for_status()


def final_status(api: Api, upload: str, seconds: float = 120) -> tuple[str, list[str]]:
    last: tuple[str, list[str]] = ("", [])
    for last in api.watch(upload, seconds):  # noqa: B007 - the last one counts
        pass
    return last


def test_down_in_the_middle_of_an_upload_loses_nothing(
    own_cloud: LocalCloud, tmp_path: Path
) -> None:
    own_cloud.deploy()
    api = caller(own_cloud)
    product = declare(api, files=2)
    paths = [scene(tmp_path / f"{index}.tif", 300, index) for index in range(2)]
    done, urls = open_upload(api, product, "done", paths)
    for url, path in zip(urls, paths, strict=True):
        put(url, path)
    assert final_status(api, done)[0] == "success"
    half, urls = open_upload(api, product, "half", paths)
    put(urls[0], paths[0])

    own_cloud.stop()
    own_cloud.start()
    own_cloud.deploy()

    api = caller(own_cloud)
    assert api.exists(f"/images/{product}:done")
    assert not api.exists(f"/images/{product}:half")
    for url, path in zip(urls, paths, strict=True):
        put(url, path)
    assert final_status(api, half)[0] == "success"
    count = api.search(
        "images", limit=0, filter=[{"op": "eq", "name": "product_id", "val": product}]
    )
    assert count["meta"]["count"] == 2


def workers(cloud: LocalCloud, function: str) -> list[int]:
    """Return the processes in which the local cloud runs a function."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        names = [v for v in environment if v.startswith("AWS_LAMBDA_FUNCTION_NAME=")]
        ours = any(str(cloud.port) in v for v in environment if v.startswith("AWS_ENDPOINT_URL="))
        if ours and names and function.lower() in names[0].lower():
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc")
def test_an_ingest_that_is_killed_is_finished_by_the_next_delivery(
    own_cloud: LocalCloud, tmp_path: Path
) -> None:
    own_cloud.deploy({"IngestRetryAfter": "10"})
    api = caller(own_cloud)
    product = declare(api, files=1)
    path = scene(tmp_path / "large.tif", 4500, 1)
    upload, urls = open_upload(api, product, "large", [path])
    put(urls[0], path)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = api.call("GET", f"/uploads_v2/{upload}")["data"]["attributes"]["status"]
        if status == "running":
            break
        assert status in {"transferring", "pending"}, "too quick to be killed in the middle"
        time.sleep(0.02)
    killed = workers(own_cloud, "ingest")
    assert killed
    for process in killed:
        os.kill(process, signal.SIGKILL)
    status, messages = final_status(api, upload, 240)
    assert status == "success", messages
    assert api.exists(f"/images/{product}:large")
    count = api.search(
        "images", limit=0, filter=[{"op": "eq", "name": "product_id", "val": product}]
    )
    assert count["meta"]["count"] == 1


def test_a_poison_message_ends_among_the_dead_letters_and_blocks_nobody(
    own_cloud: LocalCloud, tmp_path: Path
) -> None:
    outputs = own_cloud.deploy({"IngestRetryAfter": "2"}).outputs
    api = caller(own_cloud)
    product = declare(api, files=1)
    sqs = own_cloud.session.client("sqs")
    sqs.send_message(QueueUrl=outputs["IngestQueue"], MessageBody="{no JSON")
    path = scene(tmp_path / "good.tif", 300, 1)
    upload, urls = open_upload(api, product, "good", [path])
    put(urls[0], path)
    assert final_status(api, upload)[0] == "success"

    dead: list[dict[str, str]] = []
    deadline = time.monotonic() + 120
    while not dead and time.monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=outputs["IngestDeadLetters"], WaitTimeSeconds=2)
        dead = answer.get("Messages", [])
    assert [letter["Body"] for letter in dead] == ["{no JSON"]
