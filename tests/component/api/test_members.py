"""Bands, images, uploads and tasks over HTTP."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from tests.component.api.conftest import SQUARE, band, image

from swath_core.catalog import run_task
from swath_core.settings import settings
from swath_dev.inprocess import BUCKET, InProcessApi

TASK = {"data": {"type": "product_delete_task"}}
BEYOND_THE_POLE = {**SQUARE, "coordinates": [[[0, 95], [1, 95], [1, 96], [0, 95]]]}
OF_P = {"name": "product_id", "op": "eq", "val": "acme:p"}


@pytest.fixture(autouse=True)
def fresh(api: InProcessApi) -> None:
    api.empty()
    assert api.save("product", "p", name="P", readers=["org:public"]).status == 201


def test_bands_of_each_type_have_their_own_attributes(api: InProcessApi) -> None:
    for kind in ("spectral", "microwave", "mask", "class", "generic"):
        assert api.save("band", **band("acme:p", kind, type=kind)).status == 201
    answer = api.save("band", **band("acme:p", "x", type="mask", frequency=5))
    assert answer.pointers == ["/data/attributes/frequency"]
    answer = api.save("band", **band("acme:p", "x", type="thermal"))
    assert answer.pointers == ["/data/attributes/type"]
    assert api.change("band", "acme:p:mask", wavelength_nm_min=1).status == 422
    typed = {"name": "type", "op": "eq", "val": "class"}
    assert [each["id"] for each in api.find("bands", typed, OF_P).data] == ["acme:p:class"]


def test_masks_have_implicit_ranges(api: InProcessApi) -> None:
    given = band("acme:p", "m", type="mask")
    del given["data_range"], given["display_range"]
    made = api.save("band", **given).attributes
    assert made["data_range"] == made["display_range"] == [0.0, 1.0]


def test_sort_order_counts_up(api: InProcessApi) -> None:
    orders = [
        api.save("band", **band("acme:p", name, **more)).attributes["sort_order"]
        for name, more in (("a", {}), ("b", {"sort_order": 7}), ("c", {}))
    ]
    assert orders == [1, 7, 8]
    found = api.find("bands", OF_P, sort="-sort_order", include="product")
    assert [each["attributes"]["name"] for each in found.data] == ["c", "b", "a"]
    assert [each["id"] for each in found.json["included"]] == ["acme:p"]


def test_processing_levels_lead_somewhere(api: InProcessApi) -> None:
    for levels in ({"default": "toa"}, {"a": "b", "b": "a"}):
        answer = api.save("band", **band("acme:p", processing_levels=levels))
        assert answer.pointers == ["/data/attributes/processing_levels"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"function": "gain", "parameter": "reflectance_scale"}, "there are only gain_bias"),
        ({"function": "scale", "parameter": 2}, "parameter 2"),
        ({"function": "scale", "parameter": "satellite_id"}, "'satellite_id'"),
        ({"function": "scale", "parameter": "cloud_fraction", "index": 1}, "a single number"),
        ({"function": "gain_bias", "parameter": "cloud_fraction"}, "gain_bias needs 2"),
        ({"function": "gain_bias", "parameter": "reflectance_scale", "index": 0}, "needs 2"),
    ],
)
def test_processing_levels_can_be_computed(
    api: InProcessApi, step: dict[str, Any], reason: str
) -> None:
    good = {"function": "gain_bias", "parameter": "reflectance_gain_bias", "index": 0}
    levels = {"default": "toa", "toa": [good, step]}
    answer = api.save("band", **band("acme:p", processing_levels=levels))
    assert (answer.status, answer.pointers) == (422, ["/data/attributes/processing_levels"])
    detail = answer.json["errors"][0]["detail"]
    assert "toa cannot be computed: step 1" in detail
    assert reason in detail
    assert api.save("band", **band("acme:p", processing_levels={"toa": [good]})).status == 201
    assert api.change("band", "acme:p:blue", processing_levels=levels).status == 422
    chain = {f"l{n}": f"l{n + 1}" for n in range(11)} | {"l11": [good]}
    assert api.change("band", "acme:p:blue", processing_levels=chain).status == 422
    del chain["l0"]
    assert api.change("band", "acme:p:blue", processing_levels=chain).status == 200


SEARCHES = (
    *("products", "bands", "images", "uploads_v2", "derived_bands"),
    *("products/acme:p/relationships/derived_bands", "images/summary/all"),
    *("images/summary/acquired/month", "images/summary/h3/2"),
)


@pytest.mark.parametrize("path", SEARCHES)
def test_what_a_search_does_not_know_is_refused(api: InProcessApi, path: str) -> None:
    """A misspelt filter would otherwise be no filter."""
    for name, near in (("fliter", "filter"), ("Limit", "limit"), ("v1compatibility", "v1_comp")):
        answer = api.call("PUT", f"/{path}", {name: "[]"})
        (error,) = answer.json["errors"]
        assert (answer.status, error["source"]) == (400, {"parameter": name})
        assert f"did you mean '{near}" in error["detail"]
    answer = api.call("PUT", f"/{path}", {"x" * 3000: 1})
    assert (answer.status, "did you mean" in answer.text) == (400, False)
    assert len(answer.text) < 1000


@pytest.mark.parametrize("path", SEARCHES)
def test_what_published_clients_send_is_taken(api: InProcessApi, path: str) -> None:
    body: dict[str, Any] = {"filter": "[]", "limit": 10, "v1_compatibility": True}
    body |= {"include": "events" if path == "uploads_v2" else "product", "sort": "-created"}
    if path.startswith("images"):
        body |= {"intersects": json.dumps(SQUARE), "intersects_none": True}
    else:
        body["text"] = "p"
    if path.endswith("month"):
        body |= {"_start": "2019-01-01", "_end": ""}
    answer = api.call("PUT", f"/{path}", body)
    assert answer.status == 200, answer.text


def test_only_an_interval_has_ends(api: InProcessApi) -> None:
    assert api.call("PUT", "/images/summary/all", {"_start": "2020"}).status == 400
    assert api.call("PUT", "/images", {"_start": "2020"}).status == 400


def test_the_structure_of_stored_pixels_stays(api: InProcessApi) -> None:
    api.save("band", **band("acme:p"))
    assert api.change("band", "acme:p:blue", data_type="Int16", band_index=1).status == 200
    api.save("image", **image("acme:p"))
    for name, value in (("data_type", "Byte"), ("band_index", 2), ("file_index", 1)):
        answer = api.change("band", "acme:p:blue", **{name: value})
        assert (answer.status, answer.pointers) == (409, [f"/data/attributes/{name}"])
    assert api.change("band", "acme:p:blue", nodata=0, data_type="Int16").status == 200


@pytest.mark.parametrize("kind", ["band", "image"])
def test_ids_follow_from_product_and_name(api: InProcessApi, kind: str) -> None:
    given = band("acme:p", "n") if kind == "band" else image("acme:p", "n")
    answer = api.save(kind, **{**given, "object_id": "acme:p:other"})
    assert (answer.status, answer.pointers) == (422, ["/data/id"])
    answer = api.save(kind, **{**given, "object_id": "acme:q:n", "product_id": "acme:q"})
    assert (answer.status, answer.pointers) == (404, ["/data/attributes/product_id"])
    assert api.save(kind, **given).status == 201
    assert api.save(kind, **given).status == 409
    for path in (f"/{kind}s/acme%3Ap%3An", f"/{kind}s/acme:p:n"):
        assert api.call("GET", path).status == 200
        head = api.call("HEAD", path)
        assert (head.status, head.text) == (200, "")
    assert api.call("HEAD", f"/{kind}s/acme:p:m").status == 404


@pytest.mark.parametrize("kind", ["band", "image"])
def test_replays_of_members(api: InProcessApi, kind: str) -> None:
    given = band("acme:p", "n") if kind == "band" else image("acme:p", "n")
    object_id = given.pop("object_id")
    body = {"data": {"type": kind, "id": object_id, "attributes": given}}
    path, one = f"/{kind}s/{object_id}", {"X-Request-Group": "one"}
    first = api.call("POST", f"/{kind}s", body, headers=one)
    assert api.call("POST", f"/{kind}s", body, headers=one).json["data"] == first.json["data"]
    two = {"X-Request-Group": "two", "If-Match": '"1"'}
    change = {"data": {"type": kind, "attributes": {"tags": ["x"]}}}
    changed = api.call("PATCH", path, change, headers=two)
    assert (changed.status, changed.headers["etag"]) == (200, '"2"')
    assert api.call("PATCH", path, change, headers=two).json == changed.json
    assert api.call("PATCH", path, change, headers={"If-Match": '"1"'}).status == 409
    assert api.call("DELETE", path, headers={"If-Match": '"1"'}).status == 409
    three = {"X-Request-Group": "three"}
    assert [api.call("DELETE", path, headers=three).status for _ in "ab"] == [200, 200]
    assert api.call("DELETE", path).status == 404


def test_readers_read_and_change_nothing(api: InProcessApi) -> None:
    api.save("band", **band("acme:p"))
    api.save("image", **image("acme:p"))
    reader = api.as_user("r", "public")
    assert reader.call("GET", "/images/acme:p:i?include=product").status == 200
    assert reader.save("image", **image("acme:p", "n")).status == 403
    assert reader.change("band", "acme:p:blue", tags=["x"]).status == 403
    assert reader.call("DELETE", "/images/acme:p:i").status == 403
    stranger = api.as_user("s", "else")
    assert stranger.call("DELETE", "/images/acme:p:i").status == 404
    assert stranger.save("image", **image("acme:p", "n")).status == 404


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}}, "geometry"),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "geometry"),
        (
            {"geometry": {**SQUARE, "coordinates": [[[0, 95], [1, 95], [1, 96], [0, 95]]]}},
            "geometry",
        ),
        ({"cs_code": "32633"}, "cs_code"),
        ({"cs_code": "EPSG:4326", "projection": "EPSG:32633"}, "projection"),
        ({"geotrans": [0, 0, 0, 0, 0, 0]}, "geotrans"),
        ({"geotrans": [0, 1]}, "geotrans"),
        ({"acquired": None}, "acquired"),
        ({"acquired": "soon"}, "acquired"),
        ({"acquired_end": "2019"}, "acquired_end"),
        ({"storage_state": "available", "files": [{"href": "s3://x/y"}]}, "files/0"),
        ({"files": [{"size_bytes": 1}]}, "files/0"),
        ({"files": [{"href": f"s3://{BUCKET}/images/acme/q/a.tif"}]}, "files/0"),
        ({"no_such": 1}, "no_such"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_images_that_cannot_be(api: InProcessApi, attributes: dict[str, Any], pointer: str) -> None:
    answer = api.save("image", **image("acme:p", "n") | attributes)
    assert (answer.status, answer.pointers) == (422, [f"/data/attributes/{pointer}"])
    assert api.call("HEAD", "/images/acme:p:n").status == 404


def test_many_images_at_once(api: InProcessApi) -> None:
    members = [
        {"type": "image", "attributes": {"name": f"i{n}", "product_id": "acme:p", "acquired": day}}
        for n, day in enumerate(("2020-01-01", "soon", "2020-01-03"))
    ]
    members.append({**members[0], "id": "acme:p:else"})
    body = {"data": members}
    token = {"Idempotency-Key": "k"}
    first = api.call("POST", "/images/bulk", body, headers=token)
    assert [each["meta"]["status"] for each in first.data] == ["201", "422", "201", "422"]
    pointers = [each["errors"][0]["source"]["pointer"] for each in first.data if "errors" in each]
    assert pointers == ["/data/1/attributes/acquired", "/data/3/id"]
    assert api.call("POST", "/images/bulk", body, headers=token).json == first.json
    again = api.call("POST", "/images/bulk", body)
    assert [each["meta"]["status"] for each in again.data] == ["409", "422", "409", "422"]
    odd = api.call("POST", "/images/bulk", {"data": [1, {**members[0], "id": []}, members[0]]})
    assert [each["meta"]["status"] for each in odd.data] == ["422", "422", "409"]
    pointers = [each["errors"][0]["source"]["pointer"] for each in odd.data]
    assert pointers == ["/data/0", "/data/1/id", "/data/2"]
    assert api.call("POST", "/images/bulk", {"data": {}}).status == 422
    assert api.call("POST", "/images/bulk", {"data": [{}] * 1001}).status == 422
    assert api.find("images", OF_P, limit=0).json["meta"]["count"] == 2


def test_images_are_found_and_summed_up(api: InProcessApi) -> None:
    for name, day in (("a", "2020-01-01"), ("b", "2020-02-01"), ("c", "2021-01-01")):
        file = {"href": "https://x.example/f.tif", "size_bytes": 5}
        api.save("image", **image("acme:p", name, acquired=day, files=[file]))
    found = api.find("images", OF_P, limit=2, sort="-acquired", intersects=json.dumps(SQUARE))
    assert [each["id"] for each in found.data] == ["acme:p:c", "acme:p:b"]
    assert "next" not in found.json["links"]
    total = api.call("PUT", "/images/summary/all", {"filter": json.dumps([OF_P])}).attributes
    assert total == {"count": 3, "bytes": 15, "products": ["acme:p"]}
    for path in ("acquired/year", "AggregateDateField.ACQUIRED/Interval.YEAR"):
        series = api.call("PUT", f"/images/summary/{path}", {"_start": "2020", "_end": 0}).data
        assert [each["attributes"]["count"] for each in series] == [2, 1]
    assert api.call("PUT", "/images/summary/acquired/decade", {}).status == 400
    cells = api.call("PUT", "/images/summary/h3/2", {}).attributes
    assert sum(each["properties"]["count"] for each in cells["features"]) == 3
    assert api.call("PUT", "/images/summary/h3/99", {}).status == 400


def declare(api: InProcessApi, name: str) -> Any:
    image_ = {"type": "image", "id": f"acme:p:{name}", "attributes": {"acquired": "2020"}}
    attributes = {
        "image": {"data": image_},
        "image_id": f"acme:p:{name}",
        "image_upload_options": {"upload_type": "file", "image_files": ["folder/a.tif"]},
    }
    body = {"data": {"type": "image_upload", "attributes": attributes}}
    return api.call("POST", "/uploads_v2?include=events", body)


def test_uploads(api: InProcessApi) -> None:
    made = [declare(api, name) for name in "abc"]
    assert {each.status for each in made} == {201}
    assert made[0].attributes["resumable_urls"][0].startswith("https://")
    path = f"/uploads_v2/{made[0].data['id']}"
    status = {"data": {"type": "image_upload", "attributes": {"status": "pending"}}}
    pending = api.call("PATCH", f"{path}?include=events", status)
    assert pending.attributes["status"] == "pending"
    events = [each["id"] for each in pending.json["included"]]
    assert events == [each["id"] for each in pending.data["relationships"]["events"]["data"]]
    for filters, count in (
        ([OF_P], 3),
        ([{"name": "image_id", "op": "eq", "val": "acme:p:b"}], 1),
        ([OF_P, {"name": "status", "op": "eq", "val": "pending"}], 1),
        ([], 3),
    ):
        assert api.find("uploads_v2", *filters, limit=0).json["meta"]["count"] == count
    assert len(api.find("uploads_v2", OF_P, limit=2, include="events").data) == 2
    assert api.call("HEAD", path).status == 200
    assert api.call("DELETE", path).status == 405
    assert api.as_user("r", "public").call("GET", path).status == 404
    assert api.call("GET", f"/uploads_v2/{'x' * 3000}").status == 404


def test_all_that_belongs_to_a_product_is_deleted(api: InProcessApi) -> None:
    path = "/products/acme:p/delete_related_objects"
    assert api.call("GET", path).attributes == {"status": "NONE"}
    assert (api.call("POST", path, TASK).status, api.call("POST", path, TASK).text) == (204, "")
    for name in ("a", "b"):
        api.save("band", **band("acme:p", name, resolution="10m"))
    key = "images/acme/p/2020/01/02/i0/v1/f.tif"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    file = {"href": f"s3://{BUCKET}/{key}", "size_bytes": 1, "hash": "0" * 32}
    for number in range(5):
        files = [file] if number == 0 else []
        made = api.save("image", **image("acme:p", f"i{number}", files=files))
        assert made.status == 201, made.text
    token = {"X-Request-Group": "t"}
    started = api.call("POST", path, TASK, headers=token)
    assert (started.status, started.attributes["status"]) == (201, "RUNNING")
    assert api.call("POST", path, TASK, headers=token).status == 201
    assert api.call("POST", path, TASK).status == 409
    assert api.as_user("r", "public").call("POST", path, TASK).status == 403

    assert run_task(settings(), "acme:p", lambda: 1.0) is False  # no time left: it goes on later
    assert run_task(settings(), "acme:p", lambda: 100.0) is True
    done = api.call("GET", path).attributes
    assert (done["status"], done["objects_deleted"], done["errors"]) == ("SUCCESS", 7, None)
    assert run_task(settings(), "acme:p", lambda: 100.0) is True
    assert api.find("images", OF_P).data == api.find("bands", OF_P).data == []
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=BUCKET)
    assert api.call("PUT", "/images/summary/all", {}).attributes["count"] == 0
    assert api.call("POST", path, TASK).status == 204
    assert api.call("DELETE", "/products/acme:p").status == 200
    assert api.call("GET", path).status == 404


def test_deleting_an_image_deletes_its_objects(api: InProcessApi) -> None:
    key = "images/acme/p/2020/01/02/i/v1/f.tif"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    file = {"href": f"s3://{BUCKET}/{key}", "size_bytes": 1, "hash": "0" * 32}
    assert api.save("image", **image("acme:p", files=[file])).status == 201
    assert api.call("DELETE", "/images/acme:p:i").status == 200
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=BUCKET)


def test_older_scenes(api: InProcessApi) -> None:
    api.save("band", **band("acme:p", resolution="60m", wavelength_nm_center=450))
    api.save("image", **image("acme:p", x_pixels=3, y_pixels=4, satellite_id="S"))
    found = api.call("GET", "/images/acme:p:i?v1_compatibility=True&include=product").attributes
    old = found["v1_properties"]
    assert (old["key"], old["product"], old["raster_size"], old["sat_id"]) == (
        "i",
        "acme:p",
        [3, 4],
        "S",
    )
    found = api.find("bands", OF_P, v1_compatibility=True).data[0]["attributes"]
    old = found["v1_properties"]
    assert (old["dtype"], old["default_range"], old["resolution"], old["resolution_unit"]) == (
        "UInt16",
        [0.0, 4000.0],
        60.0,
        "m",
    )
    assert "v1_properties" not in api.find("images", OF_P).data[0]["attributes"]
