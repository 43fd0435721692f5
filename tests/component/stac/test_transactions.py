"""Transactions: what comes in comes out the same, and means the same to every face."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from tests import stac_documents, stac_items
from tests.component.api.conftest import band, image

from swath_dev.inprocess import BUCKET, Answer, InProcessApi, running_api

ITEMS = "//stac/collections/acme:p/items"
KEY = "images/acme/p/2020/01/02/own/v1/blue.tif"
OURS = frozenset({"self", "root", "parent", "collection", "xyz", "tilejson", "preview"})


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    with running_api() as running:
        boto3.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=b"pixels")
        yield running


@pytest.fixture(autouse=True)
def _products(api: InProcessApi) -> None:
    api.empty()
    assert api.save("product", "acme:p", name="P", readers=["org:blueorg"]).status == 201


def given(item: dict[str, Any], **properties: Any) -> dict[str, Any]:
    made = copy.deepcopy(item) | {"collection": "acme:p"}
    made["properties"] |= properties
    return made


def comparable(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item without the links that are the face's, and what the face always adds."""
    links = [link for link in item["links"] if link["rel"] not in OURS]
    properties = {n: v for n, v in item["properties"].items() if n not in {"created", "updated"}}
    extensions = sorted(item["stac_extensions"])
    return {**item, "links": links, "properties": properties, "stac_extensions": extensions}


def create(api: InProcessApi, item: Any) -> Answer:
    return api.call("POST", ITEMS, item)


def read(api: InProcessApi, item_id: str) -> dict[str, Any]:
    answer = api.call("GET", f"{ITEMS}/{item_id}")
    assert answer.status == 200, answer.text
    return answer.json


@pytest.mark.parametrize("with_bands", [False, True])
@pytest.mark.parametrize("item", stac_items.ALL, ids=lambda item: item["id"])
def test_an_item_comes_out_as_it_came(
    api: InProcessApi, item: dict[str, Any], *, with_bands: bool
) -> None:
    if with_bands:
        api.save("band", **band("acme:p", next(iter(item["assets"]), "b")))
    answer = create(api, given(item))
    assert answer.status == 201, answer.text
    assert answer.headers["location"].endswith(f"{ITEMS[1:]}/{item['id']}")
    found = read(api, item["id"])
    assert answer.json == found
    assert comparable(found) == comparable(given(item))
    if item["stac_version"] == "1.1.0":
        stac_documents.check(found)
    searched = api.call("POST", "//stac/search", {"ids": [item["id"]]}).json["features"]
    assert searched == [found]
    for method, body in (("PUT", found), ("PATCH", {}), ("PATCH", [])):
        again = api.call(method, f"{ITEMS}/{item['id']}", body)
        assert again.status == 204, again.text
        assert comparable(read(api, item["id"])) == comparable(found)


def test_an_item_that_came_is_an_image_as_any_other(api: InProcessApi) -> None:
    api.save("band", **band("acme:p", "red"))
    create(api, given(stac_items.LANDSAT))
    attributes = api.call("GET", f"/images/acme:p:{stac_items.LANDSAT['id']}").attributes

    assert attributes["acquired"] == "2024-03-01T10:01:30.512345Z"
    assert attributes["cloud_fraction"] == 0.0461
    assert attributes["cs_code"] == "EPSG:32632"
    assert attributes["geotrans"] == [591585.0, 30.0, 0.0, 5484615.0, 0.0, -30.0]
    assert (attributes["x_pixels"], attributes["y_pixels"]) == (7821, 7931)
    assert attributes["storage_state"] == "remote"
    assert attributes["files"] == [
        {
            "href": "https://landsat.example/LC09_SR_B4.TIF",
            "size_bytes": 85123456,
            "hash": "0123456789abcdef" * 2,
        }
    ]
    assert attributes["satellite_id"] == "landsat-9"
    assert attributes["extra_properties"]["landsat:wrs_path"] == "193"
    create(api, given(stac_items.SAR))
    sar = api.call("GET", f"/images/acme:p:{stac_items.SAR['id']}").attributes
    assert sar["acquired"] == "2022-09-04T21:00:01.500000Z"
    assert sar["acquired_end"] == "2022-09-04T21:00:33.250000Z"
    body = {"bbox": [179.95, -18, -179.9, -17], "datetime": "2022-09-04T21:00:10Z"}
    found = api.call("POST", "//stac/search", body).json
    assert [each["id"] for each in found["features"]] == [stac_items.SAR["id"]]


def test_a_change_through_another_face_is_seen(api: InProcessApi) -> None:
    item = stac_items.PLANET
    create(api, given(item, **{"eo:cloud_cover": 25}))
    ring = [[5, 5], [6, 5], [6, 6], [5, 6], [5, 5]]
    changed = api.change(
        "image",
        f"acme:p:{item['id']}",
        acquired="2021-06-18",
        cloud_fraction=0.5,
        geometry={"type": "Polygon", "coordinates": [ring]},
    )
    assert changed.status == 200, changed.text
    found = read(api, item["id"])
    assert found["properties"]["datetime"] == "2021-06-18T00:00:00.000000Z"
    assert found["properties"]["eo:cloud_cover"] == 50
    assert found["bbox"] == [5, 5, 6, 6]
    assert found["properties"]["pl:quality_category"] == "standard"
    assert found["links"][-1]["rel"] == "via"


def test_a_file_that_is_no_more_takes_its_asset_along(api: InProcessApi) -> None:
    create(api, given(stac_items.SAR))
    image_id = f"acme:p:{stac_items.SAR['id']}"
    api.change("image", image_id, files=[{"href": "https://x.example/other.tif"}])
    found = read(api, stac_items.SAR["id"])
    assert {asset["href"] for asset in found["assets"].values()} <= {"https://x.example/other.tif"}


def own(api: InProcessApi) -> dict[str, Any]:
    """Save an image whose file the catalog holds, and return its item."""
    api.save("band", **band("acme:p"))
    file = {"href": f"s3://{BUCKET}/{KEY}", "size_bytes": 6, "hash": "0" * 32}
    made = image("acme:p", "own", files=[file], storage_state="available")
    assert api.save("image", **made).status == 201
    return read(api, "own")


@pytest.mark.parametrize("signed", [False, True])
def test_files_of_the_catalog_stay_its_own(api: InProcessApi, *, signed: bool) -> None:
    item = own(api)
    sent = api.call("GET", f"{ITEMS}/own?sign=true").json if signed else item
    sent["properties"]["note"] = "seen"
    assert api.call("PUT", f"{ITEMS}/own", sent).status == 204
    found = read(api, "own")
    assert found["assets"] == item["assets"]
    assert found["properties"] == {
        **item["properties"], "note": "seen", "updated": found["properties"]["updated"],
    }  # fmt: skip
    stored = api.call("GET", "/images/acme:p:own").attributes
    assert stored["files"][0]["href"] == f"s3://{BUCKET}/{KEY}"
    assert stored["storage_state"] == "available"
    assert "X-Amz" not in str(stored)


def test_nobody_gets_at_files_by_naming_them(api: InProcessApi) -> None:
    item = own(api)
    for href in (f"s3://{BUCKET}/{KEY}", item["assets"]["blue"]["href"].replace("own", "new")):
        new = {**item, "id": "new", "assets": {"blue": {"href": href}}}
        answer = create(api, new)
        assert answer.status == 400, answer.text
        assert "/assets/blue/href" in answer.json["description"]


def test_an_item_is_replaced_as_a_whole(api: InProcessApi) -> None:
    create(api, given(stac_items.LANDSAT))
    bare = {**given(stac_items.MODEL), "id": stac_items.LANDSAT["id"]}
    path = f"{ITEMS}/{bare['id']}"
    assert api.call("PUT", path, bare).status == 204
    assert comparable(read(api, bare["id"])) == comparable(bare)
    attributes = api.call("GET", f"/images/acme:p:{bare['id']}").attributes
    assert "cloud_fraction" not in attributes
    assert "geometry" not in attributes


def test_an_item_is_changed_by_patches(api: InProcessApi) -> None:
    create(api, given(stac_items.LANDSAT))
    path = f"{ITEMS}/{stac_items.LANDSAT['id']}"
    merged = api.call("PATCH", path, {"properties": {"eo:cloud_cover": 50, "gsd": None, "new": 1}})
    assert merged.status == 204, merged.text
    operations = [
        {"op": "test", "path": "/properties/new", "value": 1},
        {"op": "replace", "path": "/properties/new", "value": 2},
        {"op": "add", "path": "/assets/more", "value": {"href": "https://x.example/m.json"}},
        {"op": "remove", "path": "/assets/qa"},
    ]
    patched = api.call("PATCH", path, operations)
    assert patched.status == 204, patched.text
    assert patched.headers["etag"] == '"3"'
    assert patched.headers["content-type"] == ""
    found = read(api, stac_items.LANDSAT["id"])
    assert found["properties"]["new"] == 2
    assert "gsd" not in found["properties"]
    assert set(found["assets"]) == {"red", "MTL.json", "more"}
    asked = {"query": {"eo:cloud_cover": {"eq": 50}}, "fields": "id"}
    assert len(api.call("POST", "//stac/search", asked).json["features"]) == 1


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ([{"op": "test", "path": "/id", "value": "x"}], 409),
        ([{"op": "remove", "path": "/nothing"}], 400),
        ([{"op": "fly", "path": "/id"}], 400),
        ([5], 400),
        ([{"op": "replace", "path": "/id", "value": "x"}], 400),
        ([{"op": "copy", "from": "/assets", "path": "/assets/a"}] * 40, 400),
        ([{"op": "test", "path": "/type", "value": "Feature"}] * 201, 400),
        ({"id": "x"}, 400),
        ({"collection": "acme:q"}, 400),
        ({"properties": {"datetime": "yesterday"}}, 400),
        ({"properties": {"datetime": None}}, 400),
        ({"properties": None}, 400),
        ({"assets": {"a": {"title": "no href"}}}, 400),
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}}, 400),
    ],
)
def test_wrong_patches_change_nothing(api: InProcessApi, patch: Any, status: int) -> None:
    create(api, given(stac_items.LANDSAT))
    before = read(api, stac_items.LANDSAT["id"])
    answer = api.call("PATCH", f"{ITEMS}/{before['id']}", patch)
    assert answer.status == status, answer.text
    assert set(answer.json) == {"code", "description"}
    assert read(api, before["id"]) == before


def test_many_items_are_saved_at_once_and_refused_one_by_one(api: InProcessApi) -> None:
    features = [{**given(stac_items.LANDSAT), "id": f"l{n}"} for n in range(6)]
    answer = create(api, {"type": "FeatureCollection", "features": features})
    assert answer.status == 201, answer.text
    found = api.call("GET", f"{ITEMS}?limit=100").json
    assert found["numberMatched"] == 6
    wrong = {**features[0], "id": "bad", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    more = [{**features[0], "id": "fresh"}, features[1], wrong, 5]
    answer = create(api, {"type": "FeatureCollection", "features": more})
    assert answer.status == 409
    assert answer.json["description"].startswith("1 of 4 items were saved; item 1 (l1): ")
    assert "item 2 (bad)" in answer.json["description"]
    assert read(api, "fresh")["id"] == "fresh"


def test_cloud_cover_comes_out_to_the_last_digit(api: InProcessApi) -> None:
    item, dice = given(stac_items.LANDSAT), random.Random(3)
    for number, cover in enumerate([15.703189522008742, *(dice.uniform(0, 100) for _ in range(9))]):
        properties = {**item["properties"], "eo:cloud_cover": cover}
        name = f"c{number}"
        assert create(api, {**item, "id": name, "properties": properties}).status == 201
        assert read(api, name)["properties"]["eo:cloud_cover"] == cover
        assert api.call("PUT", f"{ITEMS}/{name}", read(api, name)).status == 204
        assert read(api, name)["properties"]["eo:cloud_cover"] == cover
        assert api.change("image", f"acme:p:{name}", cloud_fraction=0.5).status == 200
        assert read(api, name)["properties"]["eo:cloud_cover"] == 50


@pytest.mark.parametrize("item", stac_items.ALL, ids=lambda each: str(each["id"]))
def test_every_asset_that_came_is_led_to(api: InProcessApi, item: dict[str, Any]) -> None:
    assert create(api, given(item)).status == 201
    path = f"{ITEMS}/{item['id']}/assets"
    for key, asset in item["assets"].items():
        answer = api.call("GET", f"{path}/{quote(key, safe='')}")
        assert (answer.status, answer.headers.get("location")) == (302, asset["href"]), key
    assert api.call("GET", f"{path}/none").status == 404


def test_wrong_items_are_refused_with_the_place(api: InProcessApi) -> None:
    item = given(stac_items.LANDSAT)
    for change, where in (
        ({"type": "Fish"}, "/type"),
        ({"id": "a:b"}, "/id"),
        ({"id": 5}, "/id"),
        ({"collection": "acme:q"}, "/collection"),
        ({"properties": []}, "/properties"),
        ({"assets": None}, "/assets"),
        ({"links": 5}, "/links"),
        ({"links": [{"rel": [], "href": "https://x.example"}]}, "/links/0"),
        ({"links": ["https://x.example"]}, "/links/0"),
        ({"stac_extensions": [5]}, "/stac_extensions"),
        ({"bbox": ["a"]}, "/bbox"),
        ({"bbox": [1, 2, 3]}, "/bbox"),
        ({"bbox": [1, 2, 3, True]}, "/bbox"),
        ({"stac_version": 1}, "/stac_version"),
        ({"properties": {"datetime": "soon"}}, "acquired"),
        ({"properties": {}}, "/properties/datetime"),
    ):
        answer = create(api, {**item, **change})
        assert answer.status == 400, answer.text
        assert where in answer.json["description"]
    bare = {name: value for name, value in item.items() if name != "geometry"}
    assert create(api, bare).status == 400
    assert create(api, []).status == 400
    assert create(api, {"type": "FeatureCollection", "features": []}).status == 400


def test_who_may_not_write_changes_nothing(api: InProcessApi) -> None:
    item = given(stac_items.LANDSAT)
    create(api, item)
    reader, stranger = api.as_user("bob", "blueorg"), api.as_user("eve", "redorg")
    path = f"{ITEMS}/{item['id']}"
    for caller, status in ((reader, 403), (stranger, 404)):
        for method, where, body in (
            ("POST", ITEMS, {**item, "id": "other"}),
            ("PUT", path, item),
            ("PATCH", path, {"properties": {"a": 1}}),
            ("DELETE", path, None),
            ("PUT", "//stac/collections/acme:p", collection("acme:p")),
            ("PATCH", "//stac/collections/acme:p", {"title": "T"}),
            ("DELETE", "//stac/collections/acme:p", None),
        ):
            assert caller.call(method, where, body).status == status, (method, where)


def test_versions_guard_changes(api: InProcessApi) -> None:
    answer = create(api, given(stac_items.MODEL))
    path = f"{ITEMS}/{stac_items.MODEL['id']}"
    tag = {"If-Match": answer.headers["etag"]}
    assert api.call("PATCH", path, {"properties": {"a": 1}}, headers=tag).status == 204
    assert api.call("PATCH", path, {"properties": {"a": 2}}, headers=tag).status == 409
    assert api.call("PUT", path, given(stac_items.MODEL), headers=tag).status == 409
    assert api.call("DELETE", path, headers=tag).status == 409
    assert create(api, given(stac_items.MODEL)).status == 409
    for _ in range(2):  # the second time there is nothing to delete
        assert api.call("DELETE", path).status == 204
    assert api.call("GET", path).status == 404
    assert api.call("DELETE", path.replace("acme:p", "acme:none")).status == 404


# ---- collections


def collection(collection_id: str) -> dict[str, Any]:
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": collection_id,
        "title": "Harvested",
        "description": "From *elsewhere*.",
        "keywords": ["a", "b"],
        "license": "CC-BY-4.0",
        "providers": [{"name": "ESA", "roles": ["producer", "licensor"], "url": "https://e.example"}],
        "extent": {
            "spatial": {"bbox": [[-10, 40, 20, 60]]},
            "temporal": {"interval": [["2015-06-27T10:25:31Z", None]]},
        },
        "summaries": {"platform": ["sentinel-2a"], "gsd": [10, 20]},
        "item_assets": {"blue": {"roles": ["data"], "title": "Blue"}},
        "assets": {"doc": {"href": "https://x.example/doc.pdf"}},
        "links": [{"rel": "license", "href": "https://x.example/licence"}],
    }  # fmt: skip


def test_a_collection_comes_out_as_it_came(api: InProcessApi) -> None:
    sent = collection("s2")
    answer = api.call("POST", "//stac/collections", sent)
    assert answer.status == 201, answer.text
    assert answer.headers["location"].endswith("/stac/collections/acme:s2")
    found = api.call("GET", "//stac/collections/acme:s2").json
    stac_documents.check(found)
    assert found == answer.json
    for name in set(sent) - {"id", "links"}:
        assert found[name] == sent[name], name
    assert found["links"][-1] == sent["links"][0]
    assert api.call("POST", "//stac/collections", sent).status == 409
    attributes = api.call("GET", "/products/acme:s2").attributes
    assert (attributes["name"], attributes["tags"]) == ("Harvested", ["a", "b"])
    assert api.call("PUT", "//stac/collections/acme:s2", found).status == 204
    again = api.call("GET", "//stac/collections/acme:s2").json
    assert {**again, "updated": 0} == {**found, "updated": 0}


def test_a_collection_is_changed_and_deleted(api: InProcessApi) -> None:
    api.call("POST", "//stac/collections", collection("s2"))
    path = "//stac/collections/acme:s2"
    merged = api.call("PATCH", path, {"title": "New", "license": None, "providers": None})
    assert merged.status == 204, merged.text
    found = api.call("GET", path).json
    assert (found["title"], found["license"]) == ("New", "other")
    operation = {"op": "replace", "path": "/title", "value": "Newer"}
    assert api.call("PATCH", path, [operation]).status == 204
    found = api.call("GET", path).json
    assert found["title"] == "Newer"
    assert found["summaries"] == collection("s2")["summaries"]
    api.change("product", "acme:s2", name="By another face")
    assert api.call("GET", path).json["title"] == "By another face"
    assert api.call("PATCH", path, {"id": "x"}).status == 400
    assert api.call("PUT", path, {"type": "Collection"}).status == 400
    api.call("POST", f"{path}/items", {**stac_items.MODEL, "collection": "acme:s2"})
    assert api.call("DELETE", path).status == 409
    api.call("DELETE", f"{path}/items/{stac_items.MODEL['id']}")
    assert api.call("DELETE", path).status == 204
    assert api.call("GET", path).status == 404


@pytest.mark.parametrize(
    "kept",
    [
        {"properties": 5, "as_given": [], "hidden": {}, "assets": [1], "links": {}, "members": 3},
        {"hidden": [[]], "assets": {"a": 5, "b": {"href": 5}}, "links": [5, {"rel": 5}]},
        {"place": {"of": 5, "geometry": {}}, "asset_files": 5, "extensions": [5]},
        {"members": {"type": "Fish", "links": 5, "stac_version": 5}},
        {"members": {"extent": None, "license": None, "summaries": [], "providers": [1]}},
        {"members": {"item_assets": {"a": 1}, "assets": {"a": {}}, "bbox": ["a"]}},
    ],
)
def test_whatever_is_set_by_another_face_an_item_is_answered(
    api: InProcessApi, kept: dict[str, Any]
) -> None:
    api.save("image", **image("acme:p", "odd", stac=kept))
    stac_documents.check(read(api, "odd"))
    assert api.change("product", "acme:p", stac=kept).status == 200
    found = api.call("GET", "//stac/collections/acme:p")
    assert found.status == 200
    assert found.json["type"] == "Collection"
    stac_documents.check(found.json)


BOXES = {"bbox": [[-180, -90, 180, 90]]}


ODD: dict[str, list[Any]] = {
    "license": [None, "", 5],
    "extent": [
        *(None, [], {}, {"spatial": BOXES}, {"temporal": {}}),
        {"spatial": {"bbox": [-180, -90, 180, 90]}, "temporal": {"interval": [[None, None]]}},
        {"spatial": BOXES, "temporal": {"interval": [["soon", None]]}},
    ],
    "summaries": [None, [], "x"],
    "providers": [None, {}, ["x"], [{"url": "https://x.example"}]],
    "item_assets": [None, [], {"a": 5}],
    "assets": [None, {"a": {}}, {"a": {"href": 5}}],
    "stac_version": [None],
}


@pytest.mark.parametrize(("member", "odd"), [(name, each) for name in ODD for each in ODD[name]])
def test_members_of_collections_that_clients_rely_on_have_their_form(
    api: InProcessApi, member: str, odd: Any
) -> None:
    made = {**collection("acme:odd"), member: odd}
    refused = api.call("POST", "//stac/collections", made)
    assert refused.status == 400, refused.text
    assert f"/{member}: " in refused.json["description"]
    patched = api.call(
        "PATCH",
        "//stac/collections/acme:p",
        [{"op": "add", "path": f"/{member}", "value": odd}],
    )
    assert patched.status == 400, patched.text


def test_times_come_out_as_they_came_if_they_are_times_of_stac(api: InProcessApi) -> None:
    item = given(stac_items.LANDSAT)
    for name, time, shown in (
        ("t0", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("t1", "2020-01-01T00:00:00.5+00:00", "2020-01-01T00:00:00.5+00:00"),
        ("t2", "2020", "2020-01-01T00:00:00.000000Z"),
        ("t3", "2020-01-01 00:00:00", "2020-01-01T00:00:00.000000Z"),
        ("t4", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00.000000Z"),
    ):
        properties = {**item["properties"], "datetime": time}
        assert create(api, {**item, "id": name, "properties": properties}).status == 201
        found = read(api, name)
        assert found["properties"]["datetime"] == shown
        stac_documents.check(found)


@pytest.mark.parametrize(
    "odd",
    [
        {"links": [{"rel": [], "href": "https://x.example"}]},
        {"links": [{"rel": "about"}]},
        {"links": [{"rel": "about", "href": {}}]},
        {"links": ["about"]},
        {"links": {}},
    ],
    ids=str,
)
def test_links_that_are_none_are_refused(api: InProcessApi, odd: dict[str, Any]) -> None:
    collection = {"type": "Collection", "id": "acme:q", "description": "q", **odd}
    for answer in (
        create(api, given(stac_items.ALL[0]) | odd),
        api.call("POST", "//stac/collections", collection),
    ):
        assert answer.status == 400, answer.text
        assert "is expected" in answer.text


def test_other_wrong_types_of_items_and_collections_are_refused(api: InProcessApi) -> None:
    item = given(stac_items.ALL[0])
    assert create(api, item | {"properties": item["properties"] | {"bands": [1]}}).status == 400
    for key in item["assets"]:
        odd = item | {"assets": {key: item["assets"][key] | {"bands": "red"}}}
        assert create(api, odd).status == 400
    collection = {"type": "Collection", "id": "acme:\ud800", "description": "q"}
    assert api.call("POST", "//stac/collections", collection).status == 400
