"""The mirror's files among a collection's assets: who gets them, and which ones they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from tests.api_mirror import BUCKET, Schedule, mirrored_api
from tests.component.api.conftest import image

from swath_dev.inprocess import InProcessApi

HERE = "//stac/collections/acme:p"
ADDRESS = f"https://api.example{HERE[1:]}/assets/geoparquet-2020-01"


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return Schedule()


@pytest.fixture(scope="module")
def api(schedule: Schedule) -> Iterator[InProcessApi]:
    with mirrored_api() as running:
        assert running.save("product", "acme:p", name="P").status == 201
        for number in range(3):
            save(running, number, f"2020-01-0{number + 1}T00:00:00Z")
        assert assets_of(running) == {}
        schedule.run()
        yield running


def save(api: InProcessApi, number: int, acquired: str) -> None:
    made = image("acme:p", f"i{number}", acquired=acquired, storage_state="remote")
    assert api.save("image", **made).status == 201


def assets_of(api: InProcessApi, query: str = "") -> dict[str, Any]:
    answer = api.call("GET", HERE + query)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json.get("assets", {})
    return found


def opened(address: str) -> bytes:
    parts = urlsplit(address)
    assert parts.netloc.startswith(BUCKET)
    assert "X-Amz-Signature" in parts.query
    found = boto3.client("s3").get_object(Bucket=BUCKET, Key=unquote(parts.path.lstrip("/")))
    return bytes(found["Body"].read())


def led_to(api: InProcessApi, address: str) -> bytes:
    answer = api.call("GET", address.replace("https://api.example", "/"))
    assert answer.status == 302, answer.text
    head = api.call("HEAD", address.replace("https://api.example", "/"))
    assert (head.status, head.text) == (302, "")
    assert opened(head.headers["location"]) == opened(answer.headers["location"])
    return opened(answer.headers["location"])


def test_head_leads_to_an_address_that_takes_head(api: InProcessApi, schedule: Schedule) -> None:
    """The method is part of what is signed."""
    (address, *_) = (each["href"] for each in assets_of(api).values())
    path = address.replace("https://api.example", "/")
    with mock.patch("botocore.signers.RequestSigner.generate_presigned_url") as sign:
        sign.return_value = "https://signed.example/"
        for method in ("GET", "HEAD"):
            assert api.call(method, path).status == 302
    assert [each.kwargs["operation_name"] for each in sign.call_args_list] == [
        "GetObject",
        "HeadObject",
    ]


def test_a_files_address_is_ours_and_leads_to_what_it_is_now(
    api: InProcessApi, schedule: Schedule
) -> None:
    assets = assets_of(api)
    assert {key: each["href"] for key, each in assets.items()} == {
        "geoparquet-2020-01-1": f"{ADDRESS}-1",
        "geoparquet-2020-01-2": f"{ADDRESS}-2",
    }
    for each in assets.values():
        assert "expires" not in each
        assert len(led_to(api, each["href"])) == each["file:size"]
    signed = assets_of(api, "?sign=true")
    assert list(signed) == list(assets)
    for key, each in signed.items():
        assert opened(each["href"]) == led_to(api, assets[key]["href"])
        assert each["expires"]

    save(api, 3, "2020-01-31T00:00:00Z")
    days = [each["swath:days"] for each in assets_of(api).values()]
    assert all("31" not in each for each in days)
    schedule.run()
    after = assets_of(api)
    assert after.keys() == assets.keys()
    assert led_to(api, f"{ADDRESS}-2") != opened(signed["geoparquet-2020-01-2"]["href"])
    assert len(led_to(api, f"{ADDRESS}-2")) == after["geoparquet-2020-01-2"]["file:size"]


def test_who_may_not_read_the_product_gets_nothing_and_nothing_else_is_there(
    api: InProcessApi,
) -> None:
    eve = api.as_user("eve", "blueorg")
    key = HERE + "/assets/geoparquet-2020-01"
    assert api.call("GET", f"{key}-1").status == 302
    assert eve.call("GET", f"{key}-1").status == 404
    assert InProcessApi(api.handler, api.issuer).call("GET", f"{key}-1").status == 401
    for wrong in (key, f"{key}-0", f"{key}-3", key.replace("2020", "2021"), f"{HERE}/assets/x"):
        answer = api.call("GET", wrong)
        assert (answer.status, answer.json["code"]) == (404, "NotFound"), wrong


def test_files_are_not_saved_with_a_collection_that_comes_back(api: InProcessApi) -> None:
    came = api.call("GET", HERE).json
    assert api.call("PUT", HERE, came).status == 204
    kept = api.call("GET", "/products/acme:p").attributes["stac"]
    assert "geoparquet" not in str(kept)
    assert list(assets_of(api)) == list(came["assets"])


def test_where_get_is_taken_head_is(api: InProcessApi) -> None:
    for path in ("", "/collections", "/collections/acme:p", "/search?limit=2", "/conformance"):
        head, got = api.call("HEAD", f"//stac{path}"), api.call("GET", f"//stac{path}")
        assert (head.status, head.text) == (200, "")
        assert {**head.headers, "content-length": ""} == {**got.headers, "content-length": ""}
    assert api.call("HEAD", "//stac/collections/acme:none").status == 404
    answer = api.call("PUT", "//stac/search")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")
