"""Who reads what through the STAC face, and how its files are opened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from tests import stac_documents
from tests.component.api.conftest import band, image

from swath_core.access import ANONYMOUS, Caller, may_own, may_read, may_write
from swath_core.access.tickets import redeem_ticket
from swath_core.documents import Document
from swath_core.errors import Unauthorized
from swath_core.settings import settings
from swath_core.store.catalog import CatalogStore
from swath_core.web import routes
from swath_dev.inprocess import BUCKET, InProcessApi, running_api

KEY = "images/acme/p/2020/01/02/own/v1/blue.tif"
FAR = "https://far.example/blue.tif"


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    with running_api() as running:
        boto3.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=b"pixels")
        for name, readers in (("p", ["group:public"]), ("closed", [])):
            assert running.save("product", f"acme:{name}", name=name, readers=readers).status == 201
            assert running.save("band", **band(f"acme:{name}")).status == 201
            file = {"href": FAR, "size_bytes": 7, "hash": "0" * 32}
            assert running.save("image", **image(f"acme:{name}", "far", files=[file])).status == 201
        own = {"href": f"s3://{BUCKET}/{KEY}", "size_bytes": 6, "hash": "0" * 32}
        saved = running.save(
            "image", **image("acme:p", "own", files=[own], storage_state="available")
        )
        assert saved.status == 201, saved.text
        yield running


@pytest.fixture
def nobody(api: InProcessApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcessApi]:
    """The API without a token, in a stack that lets such callers in."""
    monkeypatch.setenv("SWATH_ANONYMOUS", "true")
    api.restart()
    yield InProcessApi(api.handler, api.issuer)
    monkeypatch.undo()
    api.restart()


ASSET = "//stac/collections/acme:p/items/own/assets/blue"


def opened(address: str) -> bytes:
    """Return what a presigned address of the bucket in memory leads to."""
    parts = urlsplit(address)
    assert parts.netloc.startswith(BUCKET)
    assert "X-Amz-Signature" in parse_qs(parts.query)
    found = boto3.client("s3").get_object(Bucket=BUCKET, Key=parts.path.lstrip("/"))
    return bytes(found["Body"].read())


def test_an_assets_address_is_ours_and_leads_to_the_file(api: InProcessApi) -> None:
    item = api.call("GET", "//stac/collections/acme:p/items/own").json
    assert item["assets"]["blue"]["href"].endswith(ASSET[1:])
    for method in ("GET", "HEAD"):
        answer = api.call(method, ASSET)
        assert answer.status == 302
        assert opened(answer.headers["location"]) == b"pixels"
    far = api.call("GET", ASSET.replace("own", "far"))
    assert (far.status, far.headers["location"]) == (302, FAR)
    for path in (ASSET + "x", ASSET.replace("own", "none"), ASSET.replace("acme:p", "acme:q")):
        assert api.call("GET", path).status == 404
    assert api.as_user("eve", "blueorg").call("GET", ASSET).status == 404
    closed = ASSET.replace("acme:p", "acme:closed").replace("own", "far")
    assert api.call("GET", closed).status == 302
    assert api.as_user("eve", "blueorg").call("GET", closed).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("GET", "/search?sign=true&ids=own", None, {}),
        ("POST", "/search", {"sign": True, "ids": ["own"]}, {}),
        ("GET", "/search?ids=own", None, {"X-Sign": "true"}),
        ("GET", "/collections/acme:p/items?sign=true&ids=own", None, {}),
        ("GET", "/collections/acme:p/items/own?sign=true", None, {}),
    ],
)
def test_signed_addresses_open_without_a_token_and_say_until_when(
    api: InProcessApi, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    found = api.call(method, f"//stac{path}", body, headers=headers).json
    item = found["features"][0] if "features" in found else found
    asset = item["assets"]["blue"]

    assert opened(asset["href"]) == b"pixels"
    left = datetime.fromisoformat(asset["expires"]) - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(hours=1)
    assert asset["auth:refs"] == list(item["properties"]["auth:schemes"])
    stac_documents.check(item)
    again = api.call("GET", "//stac/collections/acme:p/items/own").text
    assert "X-Amz" not in again, "nothing signed is stored"
    assert "X-Amz" not in api.call("GET", "/images/acme:p:own").text


def test_pictures_of_signed_items_carry_a_ticket_of_the_caller(api: InProcessApi) -> None:
    plain = api.call("GET", "//stac/collections/acme:p/items/own").json
    item = api.call("GET", "//stac/collections/acme:p/items/own?sign=true").json
    thumbnail = item["assets"]["thumbnail"]
    left = datetime.fromisoformat(thumbnail["expires"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert thumbnail["auth:refs"] == list(item["properties"]["auth:schemes"])
    key = CatalogStore(settings()).signing_key()
    pictures = {each["rel"]: each["href"] for each in item["links"] if "auth:refs" in each}
    assert set(pictures) == {"xyz", "tilejson", "preview"}
    for address in (thumbnail["href"], *pictures.values()):
        (ticket,) = parse_qs(urlsplit(address).query)["token"]
        assert redeem_ticket(ticket, "image:acme:p:own", key).subject == "alice"
        with pytest.raises(Unauthorized):
            redeem_ticket(ticket, "image:acme:p:other", key)
        with pytest.raises(Unauthorized, match="expired"):
            redeem_ticket(ticket, "image:acme:p:own", key, now=time.time() + 3_700)
    bare = thumbnail["href"].partition("?")[0]
    assert bare == plain["assets"]["thumbnail"]["href"]


def test_an_item_with_assets_of_its_own_is_signed_all_the_same(api: InProcessApi) -> None:
    path = "//stac/collections/acme:p/items/own"
    before = api.call("GET", path).json
    assets = {
        "blue": {**before["assets"]["blue"], "title": "Blue, of another name"},
        "notes": {"href": "https://far.example/notes.txt"},
    }
    schemes = {"theirs": {"type": "http", "scheme": "basic"}}
    changed = {**before, "assets": assets}
    changed["properties"] = {**before["properties"], "auth:schemes": schemes}
    assert api.call("PUT", path, changed).status == 204
    try:
        item = api.call("GET", f"{path}?sign=true").json
        assert opened(item["assets"]["blue"]["href"]) == b"pixels"
        assert item["assets"]["blue"]["title"] == "Blue, of another name"
        assert "auth:refs" not in item["assets"]["notes"]
        assert set(item["properties"]["auth:schemes"]) == {"theirs", "signed"}
        stac_documents.check(item)
        # and what was signed is not kept, while what was theirs is
        assert api.call("PUT", path, item).status == 204
        again = api.call("GET", path).json
        assert again["properties"]["auth:schemes"] == schemes
        assert again["assets"] == assets
    finally:
        assert api.call("PUT", path, before).status == 204


def test_nothing_signed_is_kept(api: InProcessApi) -> None:
    """Whatever of a signed answer is sent back, to its own place or to another."""
    path = "//stac/collections/acme:p/items/own"
    item = api.call("GET", f"{path}?sign=true").json
    assert api.call("PUT", path, item).status == 204
    text = api.call("GET", path).text + api.call("GET", "/images/acme:p:own").text
    for sign in ("X-Amz", "token=", "auth:", "expires"):
        assert sign not in text
    assert "authentication" not in text
    elsewhere = {**item, "id": "copy", "links": []}
    answer = api.call("POST", "//stac/collections/acme:p/items", elsewhere)
    assert answer.status == 400
    assert "/assets/blue/href" in answer.json["description"]
    assert "signature" in answer.json["description"]
    signed = {"rel": "via", "href": item["assets"]["blue"]["href"]}
    linked = {**elsewhere, "assets": {}, "links": [signed]}
    answer = api.call("POST", "//stac/collections/acme:p/items", linked)
    assert answer.status == 400
    assert "/links/0/href" in answer.json["description"]
    pictured = {**elsewhere, "assets": {"thumbnail": item["assets"]["thumbnail"]}}
    try:
        assert api.call("POST", "//stac/collections/acme:p/items", pictured).status == 201
        assert "token=" not in api.call("GET", "//stac/collections/acme:p/items/copy").text
    finally:
        assert api.call("DELETE", "//stac/collections/acme:p/items/copy").status == 204


@pytest.mark.parametrize("sign", ["yes", "1", ""])
def test_sign_is_true_or_false(api: InProcessApi, sign: str) -> None:
    answer = api.call("GET", f"//stac/search?sign={sign}")
    assert answer.status == 400
    assert "sign" in answer.json["description"]


def test_without_the_parameter_nobody_comes_in_without_a_token(api: InProcessApi) -> None:
    nobody = InProcessApi(api.handler, api.issuer)
    for path in ("//stac/search", "//stac/collections", ASSET, "/images/acme:p:far"):
        assert nobody.call("GET", path).status == 401


def test_whoever_sends_no_token_reads_what_the_public_may(
    api: InProcessApi, nobody: InProcessApi
) -> None:
    found = nobody.call("GET", "//stac/search").json
    assert {each["id"] for each in found["features"]} == {"far", "own"}
    assert found["numberMatched"] == 2
    assert {each["collection"] for each in found["features"]} == {"acme:p"}
    assert nobody.call("GET", ASSET).status == 302
    assert nobody.call("GET", "/images/acme:p:far").status == 200
    assert [each["id"] for each in nobody.find("products").data] == ["acme:p"]
    assert nobody.call("PUT", "/images/summary/all", {}).attributes["count"] == 2
    assert nobody.call("GET", "/images/acme:closed:far").status == 404
    assert nobody.call("GET", "//stac/collections/acme:closed").status == 404
    assert nobody.call("GET", "/products/acme:p").attributes["owners"] == []


def test_a_wrong_token_is_no_missing_one(nobody: InProcessApi) -> None:
    assert nobody.call("GET", "//stac/search", headers={"Authorization": "Bearer x"}).status == 401


def test_without_a_token_nothing_is_changed(api: InProcessApi, nobody: InProcessApi) -> None:
    api.change("product", "acme:p", writers=["group:public"])
    changing = [
        (table, path, route)
        for table in routes.TABLES
        for path, methods in table.paths().items()
        for route in methods.values()
        if table.function == "api" and not route.reading
    ]
    assert len(changing) > 12
    parameters = {"id": "acme:p", "name": "far", "key": "blue", "queue": "ingest"}
    for _, path, route in changing:
        answer = nobody.call(route.method, "/" + path.format_map(parameters), {})
        assert answer.status == 401, (route.method, path)
    assert nobody.call("GET", "/uploads_v2/x").status == 404
    assert nobody.find("uploads_v2").data == []
    api.change("product", "acme:p", writers=[])


def test_reading_rows_are_searches_and_look_ups() -> None:
    reading = {
        route.target
        for table in routes.TABLES
        for route in table.routes
        if route.reading and route.method not in {"GET", "HEAD"}
    }
    assert reading == {
        *(f"{each}:search" for each in ("products", "bands", "images", "uploads")),
        *("derived_bands:of_product", "derived_bands:search", "arrays:npz", "values:statistics"),
        *("stac:search_posted", "stac:aggregate_posted", "stac:collection_aggregate_posted"),
        *("summaries:total", "summaries:by_cell", "summaries:by_interval"),
    }


def test_nobody_is_the_public_and_nothing_else() -> None:
    def product(**lists: list[str]) -> Document:
        return Document("product", "acme:p", lists)

    nameless = Caller("", "acme")
    assert ANONYMOUS.subjects == {"group:public"}
    assert may_read(ANONYMOUS, product(readers=["group:public"]))
    assert may_read(Caller("x", groups=frozenset({"public"})), product(readers=["group:public"]))
    empty = f"user:{ANONYMOUS.user}"
    for lists in ({"readers": [empty]}, {"writers": [empty]}, {"owners": [empty]}):
        assert not may_read(ANONYMOUS, product(**lists))
    everything = product(owners=["group:public"], writers=["group:public"])
    assert not may_write(ANONYMOUS, everything)
    assert not may_own(ANONYMOUS, everything)
    assert not may_write(nameless, product(writers=["org:acme"]))
