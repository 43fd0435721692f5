"""Wrong types and numbers where a string or number is looked up: an error that names the place."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from swath_dev.inprocess import Answer, InProcessApi

SECONDS = 3.0
"""Of processor time."""
ODD: tuple[Any, ...] = ([], {}, [[]], True, 0, "x", None, "like")


@pytest.fixture(autouse=True)
def _product(api: InProcessApi) -> None:
    api.empty()
    api.save("product", "p", name="P")


@pytest.mark.parametrize("collection", ["products", "bands", "images", "uploads_v2"])
@pytest.mark.parametrize("member", ["op", "name"])
def test_conditions_of_a_filter(api: InProcessApi, collection: str, member: str) -> None:
    for odd in ODD:
        condition = {"name": "id", "op": "eq", "val": "acme:p", member: odd}
        answer = api.find(collection, condition)
        assert (answer.status, answer.pointers) == (400, ["filter"]), odd


def test_a_filter_is_bounded_by_the_comparisons_it_makes(api: InProcessApi) -> None:
    one = {"name": "created", "op": "gte", "val": "2020"}
    assert api.find("products", {"or": [one] * 200}).status == 200
    answer = api.find("products", {"or": [one] * 201})
    assert answer.status == 400
    assert "200 comparisons" in answer.json["errors"][0]["detail"]
    ids = [f"acme:p{n}" for n in range(1_999)]
    assert api.find("images", {"name": "id", "op": "eq", "val": ids}).status == 200


def test_the_words_of_a_text_search_are_bounded(api: InProcessApi) -> None:
    assert api.find("products", text="p " * 32).status == 200
    answer = api.find("products", text="p " * 33)
    assert (answer.status, answer.pointers) == (400, ["text"])


@pytest.mark.parametrize("member", ["geometry", "intersects"])
@pytest.mark.parametrize("odd", [[], {}, {"type": []}, {"type": {}}, {"type": "Polygon"}, 1, True])
def test_geometry(api: InProcessApi, member: str, odd: Any) -> None:
    if member == "intersects":
        for given in (odd, json.dumps(odd)):
            assert api.find("images", intersects=given).status == 400
        return
    about = {"name": "i", "product_id": "acme:p", "acquired": "2020", "geometry": odd}
    answer = api.save("image", "acme:p:i", **about)
    assert (answer.status, answer.pointers) == (422, ["/data/attributes/geometry"])


@pytest.mark.parametrize(
    "size", [2**40 + 1, 10**15, 2**53, 10**20, 10**400, -1, 0.5, True, "1", []]
)
def test_sizes_of_uploads_are_bounded(api: InProcessApi, size: Any) -> None:
    """2**53 bytes are sixteen million parts: to sign their URLs took hours and all memory."""
    began = time.process_time()
    answer = declared(api, size)
    assert answer.status == 422
    assert answer.pointers[0].startswith("/data/attributes/image_upload_options")
    assert "upload_size" in answer.json["errors"][0]["detail"]
    assert time.process_time() - began < SECONDS


def test_the_largest_upload_is_answered_soon(api: InProcessApi) -> None:
    began = time.process_time()
    answer = declared(api, 2**38)
    assert answer.status == 201
    assert len(answer.attributes["part_urls"]["0"]) == 512
    assert len(answer.text) < 1_000_000
    assert api.call("GET", f"/uploads_v2/{answer.data['id']}").status == 200
    assert time.process_time() - began < SECONDS


def declared(api: InProcessApi, size: object) -> Answer:
    options = {"upload_type": "file", "image_files": ["a.tif"], "upload_size": size}
    image = {"data": {"type": "image", "attributes": {"acquired": "2020"}}}
    sent = {"image_id": "acme:p:i", "image": image, "image_upload_options": options}
    return api.call("POST", "/uploads_v2", {"data": {"type": "image_upload", "attributes": sent}})


@pytest.mark.parametrize("odd", [[], {}, [[]], 1, True, "x", None])
def test_the_status_of_an_upload(api: InProcessApi, odd: Any) -> None:
    sent = {
        "image_id": "acme:p:i",
        "image": {"data": {"type": "image", "attributes": {"acquired": "2020"}}},
        "image_upload_options": {"upload_type": "file", "image_files": ["a.tif"]},
    }
    body = {"data": {"type": "image_upload", "attributes": sent}}
    upload = api.call("POST", "/uploads_v2", body).data["id"]
    change = {"data": {"type": "image_upload", "attributes": {"status": odd}}}
    answer = api.call("PATCH", f"/uploads_v2/{upload}", change)
    assert (answer.status, answer.pointers) == (400, ["/data/attributes/status"])


@pytest.mark.parametrize("number", ["9" * 20, "9" * 400, "9" * 5_000, "1e400", "-1e400", "NaN"])
def test_numbers(api: InProcessApi, number: str) -> None:
    about = '"name": "i", "product_id": "acme:p", "acquired": "2020"'
    for name in ("cloud_fraction", "x_pixels", "acquired_end", "tags"):
        raw = f'{{"data": {{"type": "image", "attributes": {{{about}, "{name}": {number}}}}}}}'
        status = api.call("POST", "/images", raw=raw).status
        is_number = name == "cloud_fraction" and number == "9" * 20
        assert status in ({201} if is_number else {400, 422}), name
    for name in ("limit", "_start"):
        raw = f'{{"{name}": {number}}}'
        assert api.call("PUT", "/images/summary/acquired/year", raw=raw).status in {200, 400}
        assert api.call("PUT", "/products", raw=raw).status in {200, 400}


def test_a_body_is_refused_where_it_is_too_deep_to_be_worked_with(api: InProcessApi) -> None:
    for depth in (501, 900, 5_000, 100_000):
        for member in ("filter", "intersects_none"):
            raw = f'{{"{member}": {"[" * depth + "]" * depth}}}'
            assert api.call("PUT", "/images", raw=raw).status == 400


def test_an_owner_cannot_give_the_product_away(api: InProcessApi) -> None:
    for owners in (["org:doesnotexist"], ["user:" + "0" * 40], ["org:acme"]):
        answer = api.change("product", "acme:p", owners=owners)
        assert (answer.status, answer.pointers) == (422, ["/data/attributes/owners"])
    both = ["user:alice", "user:bob"]
    assert api.change("product", "acme:p", owners=both).status == 200
    bob = api.as_user("bob", "globex")
    assert bob.change("product", "acme:p", owners=["user:bob"]).status == 200
    assert api.change("product", "acme:p", owners=["user:alice"]).status in {403, 404}


@pytest.mark.parametrize("day", ["../../01", "./2020/01", "2020/../01"])
def test_an_href_cannot_lead_out_of_the_images_own_folder(api: InProcessApi, day: str) -> None:
    href = f"s3://swath-data/images/acme/p/{day}/i/t/f.tif"
    file = {"href": href, "size_bytes": 1, "hash": "0"}
    about = {"name": "i", "product_id": "acme:p", "acquired": "2020", "files": [file]}
    answer = api.save("image", "acme:p:i", **about)
    assert (answer.status, answer.pointers) == (422, ["/data/attributes/files/0"])
