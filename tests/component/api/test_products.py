"""Products over HTTP: names, access, privileges, versions, replays, limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.component.api.conftest import band, image

from swath_core.access import PLATFORM_ADMIN
from swath_dev.inprocess import InProcessApi

TASK = {"data": {"type": "product_delete_task"}}


@pytest.fixture(autouse=True)
def empty(api: InProcessApi) -> None:
    api.empty()


def test_ids_get_the_organisations_prefix(api: InProcessApi) -> None:
    assert api.save("product", "a", name="A").data["id"] == "acme:a"
    assert api.save("product", "acme:b", name="B").data["id"] == "acme:b"
    assert api.save("product", "other:c", name="C").data["id"] == "acme:other:c"
    alone = api.as_user("zoe")
    assert alone.save("product", "d", name="D").data["id"].endswith(":d")


@pytest.mark.parametrize("bad", ["", "a b", "a/b", "é", "x" * 256, "a\0b", ":", "acme:", 7, ["a"]])
def test_ids_that_cannot_be(api: InProcessApi, bad: Any) -> None:
    answer = api.save("product", bad, name="A")
    assert (answer.status, answer.pointers) == (422, ["/data/id"])


def test_a_product_without_id_or_body(api: InProcessApi) -> None:
    body = {"data": {"type": "product", "attributes": {"name": "A"}}}
    assert api.call("POST", "/products", body).status == 422
    for raw in (
        "",
        "null",
        "[]",
        "{",
        '{"data": 1}',
        '{"data": {"type": "band"}}',
        "NaN",
        "\ud800",
    ):
        assert api.call("POST", "/products", raw=raw).status in {400, 422}
    deep = "[" * 100_000 + "]" * 100_000
    assert api.call("POST", "/products", raw=deep).status == 400
    nested: Any = {}
    for _ in range(300):
        nested = {"a": nested}
    assert api.save("product", "n", name="N", extra_properties=nested).status == 422
    assert api.call("POST", "/products", raw=" " * 10_500_000 + "{}").status == 400


def test_a_document_that_no_item_holds(api: InProcessApi) -> None:
    largest = {"description": "\U0001f6f0" * 80_000, "tags": ["\u00e9" * 1000] * 32}
    assert api.save("product", "big", name="B", **largest).status == 201
    readers = [f"user:{i:0>490}" for i in range(500)]
    answer = api.save("product", "bigger", name="B", **largest, readers=readers)
    assert (answer.status, answer.pointers) == (422, ["/data/attributes/description"])


def test_defaults_and_timestamps(api: InProcessApi) -> None:
    made = api.save("product", "p", name="P").attributes
    user = api.as_user("alice", "acme")
    assert made["owners"][1] == "org:acme"
    assert made["owners"][0].startswith("user:")
    assert (made["readers"], made["writers"], made["tags"]) == ([], [], [])
    assert made["created"] == made["modified"]
    assert made["created"].endswith("Z")
    assert user.call("GET", "/products/acme:p").status == 200


def test_duplicates_are_conflicts_and_replays_are_not(api: InProcessApi) -> None:
    body = {"data": {"type": "product", "id": "p", "attributes": {"name": "P"}}}
    token = {"X-Request-Group": "one"}
    first = api.call("POST", "/products", body, headers=token)
    again = api.call("POST", "/products", body, headers=token)
    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert api.call("POST", "/products", body).status == 409
    assert api.call("POST", "/products", body, headers={"Idempotency-Key": "two"}).status == 409
    stranger = api.as_user("bob", "acme")
    assert stranger.call("POST", "/products", body, headers=token).status == 409


def test_replayed_changes_and_deletions(api: InProcessApi) -> None:
    api.save("product", "p", name="P")
    body = {"data": {"type": "product", "id": "acme:p", "attributes": {"name": "Q"}}}
    token = {"X-Request-Group": "change", "If-Match": '"1"'}
    first = api.call("PATCH", "/products/acme:p", body, headers=token)
    again = api.call("PATCH", "/products/acme:p", body, headers=token)
    assert (first.status, again.json) == (200, first.json)
    token = {"X-Request-Group": "delete"}
    assert api.call("DELETE", "/products/acme:p", headers=token).status == 200
    assert api.call("DELETE", "/products/acme:p", headers=token).status == 200
    assert api.call("DELETE", "/products/acme:p").status == 404
    assert api.call("DELETE", "/products/acme:p", headers={"X-Request-Group": "x"}).status == 404


def test_versions(api: InProcessApi) -> None:
    made = api.save("product", "p", name="P")
    assert made.headers["etag"] == '"1"'
    body = {"data": {"type": "product", "attributes": {"name": "Q"}}}
    stale = {"If-Match": '"7"'}
    assert api.call("PATCH", "/products/acme:p", body, headers=stale).status == 409
    assert api.call("PATCH", "/products/acme:p", body, headers={"If-Match": "what"}).status == 409
    changed = api.call("PATCH", "/products/acme:p", body, headers={"If-Match": '"1"'})
    assert (changed.status, changed.headers["etag"]) == (200, '"2"')
    assert api.call("PATCH", "/products/acme:p", body, headers={"If-Match": "*"}).status == 200
    assert api.call("DELETE", "/products/acme:p", headers=stale).status == 409
    assert api.call("DELETE", "/products/acme:p", headers={"If-Match": 'W/"3"'}).status == 200


def test_privileged_attributes(api: InProcessApi) -> None:
    assert api.save("product", "p", name="P", is_core=False).status == 201
    for name, value in (("is_core", True), ("image_index_name", "x"), ("product_tier", "gold")):
        assert api.save("product", "q", name="Q", **{name: value}).status == 403
        answer = api.change("product", "acme:p", **{name: value})
        assert (answer.status, answer.pointers) == (403, [f"/data/attributes/{name}"])
    admin = api.as_user("root", "acme", groups=[PLATFORM_ADMIN])
    assert admin.change("product", "acme:p", is_core=True, product_tier="gold").status == 200
    assert api.change("product", "acme:p", is_core=True, tags=["x"]).status == 200
    assert api.change("product", "acme:p", is_core=False).status == 403


def test_writers_change_everything_but_access(api: InProcessApi) -> None:
    api.save("product", "p", name="P", writers=["org:friends"], readers=["org:public"])
    writer, reader = api.as_user("w", "friends"), api.as_user("r", "public")
    assert writer.change("product", "acme:p", name="W").status == 200
    assert writer.change("product", "acme:p", readers=[]).status == 403
    assert writer.call("DELETE", "/products/acme:p").status == 403
    assert reader.change("product", "acme:p", name="R").status == 403
    assert reader.call("GET", "/products/acme:p").attributes["writers"] == []
    assert api.change("product", "acme:p", owners=[]).status == 422
    assert api.as_user("x", "else").change("product", "acme:p", name="X").status == 404


def test_the_range_of_resolutions(api: InProcessApi) -> None:
    api.save("product", "p", name="P")
    for name, resolution in (("a", "30m"), ("b", {"value": 1, "unit": "degrees"}), ("c", None)):
        assert api.save("band", **band("acme:p", name, resolution=resolution)).status == 201
    found = api.call("GET", "/products/acme:p").attributes
    assert found["resolution_min"] == {"value": 30.0, "unit": "meters"}
    assert found["resolution_max"] == {"value": 1.0, "unit": "degrees"}
    api.change("band", "acme:p:a", resolution="10m")
    api.call("DELETE", "/bands/acme:p:b")
    found = api.find("products").data[0]["attributes"]
    assert found["resolution_min"] == found["resolution_max"] == {"value": 10.0, "unit": "meters"}
    api.call("DELETE", "/bands/acme:p:a")
    assert "resolution_min" not in api.call("GET", "/products/acme:p").attributes


def test_text(api: InProcessApi) -> None:
    api.save("product", "a", name="Land\u00e9sat 8 surface", description="Reflectance, Tier_1")
    api.save("product", "b", name="Radar", description="Stra\u00dfe")
    for text, ids in {
        "LANDESAT": ["acme:a"],
        "reflectance surface": ["acme:a"],
        "tier": ["acme:a"],
        "strasse": ["acme:b"],
        "surface radar": [],
        "sat": [],
        "": ["acme:a", "acme:b"],
    }.items():
        assert [each["id"] for each in api.find("products", text=text).data] == ids


def test_pages_and_limits(api: InProcessApi) -> None:
    for number in range(7):
        api.save("product", f"p{number}", name=f"{number % 3}", description="x" * 79_000)
    first = api.find("products", sort="-name", limit=6)
    ids = [each["id"] for each in first.data]
    assert ids == ["acme:p5", "acme:p2", "acme:p4", "acme:p1", "acme:p6", "acme:p3"]
    assert first.json["meta"]["count"] == 7
    assert api.find("products", limit=0).json["meta"]["count"] == 7
    assert api.find("products", limit=0).data == []
    for wrong in (-1, 1.5, "2", True):
        assert api.find("products", limit=wrong).pointers == ["limit"]


def test_pages_by_bytes_follow_the_callers_own_address(api: InProcessApi) -> None:
    for number in range(60):
        api.save("product", f"p{number:02}", name="n", description="x" * 79_000)
    body = {"limit": 58, "filter": json.dumps([{"name": "name", "op": "eq", "val": "n"}])}
    seen, path = [], "/metadata/v1/catalog/v2/products"
    while path:
        answer = api.call("PUT", f"/{path}", body)
        assert len(answer.text) < 6_000_000
        seen += [each["id"] for each in answer.data]
        following = answer.json["links"].get("next", "")
        base = "https://api.example"
        assert not following or following.startswith(f"{base}/metadata/v1/catalog/v2/products?")
        path = following.removeprefix(base)
    assert seen == [f"acme:p{number:02}" for number in range(58)]


@pytest.mark.parametrize("token", ["x", "e30", "WzEsMiwzXQ", "bnVsbA", "é", "WyJhIiwiYiIsLTFd"])
def test_tokens_that_are_none_of_ours(api: InProcessApi, token: str) -> None:
    answer = api.call("PUT", f"/products?continuation={token}", {})
    assert (answer.status, answer.pointers) == (400, ["continuation"])


def test_several_in_the_order_asked(api: InProcessApi) -> None:
    for name in "abc":
        api.save("product", name, name=name)
    wanted = {"name": "id", "op": "eq", "val": ["acme:c", "acme:x", "acme:a"]}
    assert [each["id"] for each in api.find("products", wanted).data] == ["acme:c", "acme:a"]
    strange = {"name": "id", "op": "eq", "val": ["\ud800", "", "x" * 5000]}
    assert api.find("products", strange).data == []


def test_deleting_with_related_objects(api: InProcessApi) -> None:
    api.save("product", "p", name="P")
    api.save("band", **band("acme:p"))
    refused = api.call("DELETE", "/products/acme:p")
    assert refused.json["errors"][0]["title"] == "Related objects exist"
    api.call("DELETE", "/bands/acme:p:blue")
    api.save("image", **image("acme:p"))
    assert api.call("DELETE", "/products/acme:p").status == 409
    assert api.save("band", **band("acme:p")).status == 201  # the refusal left it open
    api.call("DELETE", "/images/acme:p:i")
    api.call("DELETE", "/bands/acme:p:blue")
    assert api.call("DELETE", "/products/acme:p").status == 200


def test_older_clients(api: InProcessApi) -> None:
    api.save("product", "p", name="P")
    path = "/products/acme:p/relationships/derived_bands"
    assert api.call("PUT", path, {}).data == []
    assert api.call("PUT", path.replace(":p", ":x"), {}).status == 404
    assert api.call("PUT", "/derived_bands", {}).data == []
    assert api.call("GET", "/derived_bands/x").status == 404
    body = {"data": {"type": "product_update_acls", "attributes": {"readers": [], "inherit": True}}}
    answer = api.call("POST", "/products/acme:p/update_related_objects_acls", body)
    assert (answer.status, answer.attributes["status"]) == (201, "SUCCESS")
    assert answer.json["meta"]["warnings"][0]["category"] == "FutureWarning"
    assert api.call("GET", "/products/acme:p/update_related_objects_acls").status == 200
    flagged = api.call("GET", "/products/acme:p?v1_compatibility=True").attributes
    assert flagged["v1_properties"]["id"] == "acme:p"


@pytest.mark.parametrize(
    "more", [{}, {"attributes": {}}, {"attributes": {"extra_properties": None}}]
)
def test_a_change_of_nothing_where_there_are_images(
    api: InProcessApi, product: str, more: dict[str, Any]
) -> None:
    assert api.save("image", **image(product)).status == 201
    answer = api.call("PATCH", f"/products/{product}", {"data": {"type": "product"} | more})
    assert answer.status == 200, answer.text
    assert "reindex" not in answer.text, "nothing was declared"
