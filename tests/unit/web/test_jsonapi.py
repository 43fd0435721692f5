"""Bodies in and out."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath_core.documents import Document
from swath_core.errors import BadRequest, Errors, Invalid, NotFound, SwathError
from swath_core.web import dumps, errors_body
from swath_core.web._http import MOST_BODY_BYTES, parse_object
from swath_core.web.jsonapi import (
    listing,
    page_within,
    parse_members,
    parse_resource,
    parse_search,
    resource,
    single,
    v1_properties,
    warning,
)


@pytest.mark.parametrize(
    "body", ["{", "[1,]", "NaN", '{"a": Infinity}', "\xff", b"\xff\xfe{", "1" * 5000, "[" * 90_000]
)
def test_what_is_no_json(body: str | bytes) -> None:
    with pytest.raises(BadRequest):
        parse_object(body)


def test_empty_and_too_large_bodies() -> None:
    assert parse_object(None) == parse_object("") == parse_object(b" \n") == {}
    with pytest.raises(BadRequest, match=str(MOST_BODY_BYTES)):
        parse_object('"' + "x" * MOST_BODY_BYTES + '"')


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/data"),
        ({"data": []}, "/data"),
        ({"data": {"type": "image"}}, "/data/type"),
        ({"data": {"type": None}}, "/data/type"),
        ({"data": {"id": 7}}, "/data/id"),
        ({"data": {"id": ""}}, "/data/id"),
        ({"data": {"id": "other"}}, "/data/id"),
        ({"data": {"attributes": []}}, "/data/attributes"),
    ],
)
def test_resources_that_are_none(body: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_resource(body, "product", "acme:p")
    assert caught.value.pointer == pointer


def test_resources() -> None:
    body = {"data": {"type": "product", "id": "p", "attributes": {"name": None}}}
    assert parse_resource(body, "product") == ("p", {"name": None})
    assert parse_resource({"data": {}}, "product", "p") == (None, {})
    members = {"data": [body["data"], {"attributes": {}}]}
    assert parse_members(members, "product") == [("p", {"name": None}), (None, {})]
    members = {"data": [{}, 1, {"id": []}, {"type": []}, {"attributes": 1}]}
    good, *wrong = parse_members(members, "product")
    assert good == (None, {})
    pointers = ["/data", "/data/id", "/data/type", "/data/attributes"]
    assert [each.pointer for each in wrong if isinstance(each, Invalid)] == pointers


def test_searches() -> None:
    body = {"filter": [{"op": "isnull", "name": "x"}], "limit": 0, "include": "product, events"}
    found = parse_search(body, {"include": "more"})
    assert json.loads(found.filter or "") == body["filter"]
    assert found.limit == 0
    assert found.include == {"product", "events", "more"}
    assert parse_search({}).include == frozenset()
    assert parse_search({"v1_compatibility": True}).v1_compatibility
    assert parse_search({}, {"v1_compatibility": "True"}).v1_compatibility


@pytest.mark.parametrize("name", ["sort", "text", "include"])
def test_members_of_a_search_that_are_no_strings(name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_search({name: 7})
    assert caught.value.parameter == name


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_search_is_understood_or_refused(value: Any) -> None:
    for name in ("filter", "sort", "limit", "text", "include", "intersects", "v1_compatibility"):
        with contextlib.suppress(BadRequest):
            parse_search({name: value})


def test_answers() -> None:
    product = Document("product", "acme:p", {"name": "P", "tags": ["x"]}, 3)
    shown = resource(product, {"name": "Q"})
    assert shown["attributes"] == {
        "name": "Q",
        "tags": [],
        "extra_properties": {},
        "owners": [],
        "writers": [],
        "readers": [],
    }
    body = single(shown, [], [warning("old")])
    assert body["included"] == []
    assert body["meta"]["warnings"] == [{"message": "old", "category": "FutureWarning"}]
    page = listing([shown], self_url="u", count=None, next_url="n")
    assert page["links"] == {"self": "u", "next": "n"}
    assert "count" not in page["meta"]
    assert dumps({"a": "\ud800\u4e2d"}) == '{"a":"\\ud800\\u4e2d"}'


def test_errors() -> None:
    both: SwathError = Errors([NotFound("a"), Invalid("b", pointer="/data/x")])
    found = errors_body(both, "7f")["errors"]
    assert [each["status"] for each in found] == ["404", "422"]
    assert found[1]["source"] == {"pointer": "/data/x"}
    assert "source" not in found[0]
    assert [each["id"] for each in found] == ["7f", "7f"]
    assert "id" not in errors_body(both, "")["errors"][0]


@given(sizes=st.lists(st.integers(1, 60), max_size=20), most=st.integers(10, 200))
def test_pages_keep_to_their_bytes(sizes: list[int], most: int) -> None:
    members = [{"x": "y" * size} for size in sizes]
    page, cut = page_within(members, most)
    assert page == members[: len(page)]
    assert cut == (len(page) < len(members))
    assert len(page) <= 1 or sum(len(dumps(each)) + 1 for each in page) <= most


def test_older_names() -> None:
    image = Document("image", "a:p:i", {"name": "i", "product_id": "a:p", "x_pixels": 3})
    old = v1_properties(image)
    assert (old["id"], old["key"], old["product"], old["raster_size"]) == (
        "a:p:i",
        "i",
        "a:p",
        None,
    )
    band = Document("band", "a:p:b", {"data_type": "Byte", "wavelength_nm_center": 5})
    old = v1_properties(band)
    assert (old["nbits"], old["wavelength_unit"], old["resolution"]) == (8, "nm", None)
    product = Document("product", "a:p", {"owners": ["org:a"]})
    assert v1_properties(product)["owner"] == "org:a"
