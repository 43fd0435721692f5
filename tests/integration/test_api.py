"""The API on the deployed stack: what only a network, its policies and its queue can show."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack

SECONDS = 30  # what API Gateway gives a request


class Http:
    """One caller over HTTP, statuses and all."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def send(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> requests.Response:
        return self.session.request(
            method, f"{self.url}/catalog/v2{path}", json=body, headers=headers, timeout=SECONDS
        )

    def save(self, kind: str, object_id: str, **attributes: Any) -> requests.Response:
        data = {"type": kind, "id": object_id, "attributes": attributes}
        return self.send("POST", f"/{kind}s", {"data": data})

    def change(self, kind: str, object_id: str, **attributes: Any) -> requests.Response:
        data = {"type": kind, "id": object_id, "attributes": attributes}
        return self.send("PATCH", f"/{kind}s/{object_id}", {"data": data})


@pytest.fixture(scope="module")
def http(stack: Deployed, cloud: LocalCloud) -> Http:
    return Http(stack.api_url, cloud.token(org=f"org{secrets.token_hex(4)}"))


@pytest.fixture
def product(http: Http) -> Iterator[str]:
    product_id: str = http.save("product", f"p{secrets.token_hex(4)}", name="P").json()["data"][
        "id"
    ]
    yield product_id
    http.send("DELETE", f"/products/{product_id}")


def band(product: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "product_id": product,
        "type": "mask",
        "data_type": "Byte",
        "band_index": 0,
        **more,
    }


def test_links_and_pages_over_the_network(http: Http, product: str) -> None:
    members = [
        {
            "type": "image",
            "attributes": {"name": f"i{n}", "product_id": product, "acquired": "2020"},
        }
        for n in range(230)
    ]
    answer = http.send("POST", "/images/bulk", {"data": members})
    assert answer.json()["meta"] == {"count": 230, "failed": 0}
    of_product = json.dumps([{"name": "product_id", "op": "eq", "val": product}])
    body = {"filter": of_product, "limit": 220}
    seen: list[str] = []
    url = f"{http.url}/catalog/v2/images"
    while url:
        page = http.session.put(url, json=body, timeout=SECONDS).json()
        seen += [each["id"] for each in page["data"]]
        url = page["links"].get("next", "")
        assert not url or url.startswith(f"{http.url}/catalog/v2/images?")
    assert len(seen) == len(set(seen)) == 220
    delete_all(http, product, 230)


def delete_all(http: Http, product: str, objects: int) -> None:
    """Delete everything in a product through the queue, and then nothing more."""
    path = f"/products/{product}/delete_related_objects"
    task = {"data": {"type": "product_delete_task"}}
    assert http.send("DELETE", f"/products/{product}").status_code == 409
    started = http.send("POST", path, task)
    assert (started.status_code, started.json()["data"]["attributes"]["status"]) == (201, "RUNNING")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = http.send("GET", path).json()["data"]["attributes"]
        if found["status"] != "RUNNING":
            break
    assert (found["status"], found["objects_deleted"]) == ("SUCCESS", objects)
    assert http.send("POST", path, task).status_code == 204


def test_writers_of_many_bands_do_not_undo_each_other(http: Http, product: str) -> None:
    def save(number: int) -> int:
        attributes = band(product, f"b{number}", resolution=f"{number + 1}m")
        return http.save("band", f"{product}:b{number}", **attributes).status_code

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(save, range(12))) == {201}
    found = http.send("GET", f"/products/{product}").json()["data"]["attributes"]
    assert found["resolution_min"] == {"value": 1.0, "unit": "meters"}
    assert found["resolution_max"] == {"value": 12.0, "unit": "meters"}
    delete_all(http, product, 12)


def test_of_two_writers_of_one_version_one_wins(http: Http, product: str) -> None:
    def write(number: int) -> int:
        data = {"type": "product", "attributes": {"tags": [str(number)]}}
        path = f"/products/{product}"
        return http.send("PATCH", path, {"data": data}, **{"If-Match": '"1"'}).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(write, range(4))) == [200, 409, 409, 409]


def test_one_of_several_creators_wins_and_its_replay_with_it(http: Http, product: str) -> None:
    object_id = f"{product}:b"
    body = {"data": {"type": "band", "id": object_id, "attributes": band(product, "b")}}

    def create(token: str) -> int:
        return http.send("POST", "/bands", body, **{"X-Request-Group": token}).status_code

    tokens = ["one", "one", "two", "three"]
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(create, tokens))
    assert sorted(set(statuses)) == [201, 409]
    winners = {token for token, status in zip(tokens, statuses, strict=True) if status == 201}
    assert len(winners) == 1
    assert http.send("DELETE", f"/bands/{object_id}").status_code == 200


def test_paths_as_clients_write_them(http: Http, product: str) -> None:
    for written in (product, product.replace(":", "%3A")):
        assert http.send("GET", f"/products/{written}").json()["data"]["id"] == product
        assert http.send("HEAD", f"/products/{written}").status_code == 200
    assert http.send("HEAD", f"/products/{product}x").status_code == 404
    alias = f"{http.url}/metadata/v1/catalog/v2/products"
    listed = http.session.put(alias, json={"limit": 1}, timeout=SECONDS).json()
    assert listed["links"]["self"] == alias


def test_what_comes_without_a_token(http: Http) -> None:
    for path in ("/openapi.json", "/docs", "/health"):
        assert requests.get(f"{http.url}{path}", timeout=SECONDS).status_code == 200
    refused = requests.put(f"{http.url}/catalog/v2/products", json={}, timeout=SECONDS)
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["status"] == "401"
    # preflight requests do not come through the emulator: tests/component/api has them
    origin = {"Origin": "https://map.example"}
    seen = requests.get(f"{http.url}/health", headers=origin, timeout=SECONDS)
    assert seen.headers["Access-Control-Allow-Origin"] == "*"


def test_a_body_over_the_limit(http: Http) -> None:
    answer = http.session.post(
        f"{http.url}/catalog/v2/products",
        data=b" " * 10_500_000,
        headers={"Content-Type": "application/vnd.api+json"},
        timeout=SECONDS,
    )
    assert answer.status_code in {400, 413}
