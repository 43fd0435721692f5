"""What searches may ask, and what is said where they ask something else."""

from __future__ import annotations

from typing import Any

import pytest

from swath_core.errors import BadRequest
from swath_core.filters import Sort
from swath_core.stac import CollectionSearch, ItemSearch, decoded
from swath_core.stac._fields import Fields
from swath_core.stac._orders import parse_orders
from swath_core.stac._query_extension import query_expression

ITEM = {
    "type": "Feature",
    "id": "i",
    "collection": "c",
    "geometry": {"type": "Point", "coordinates": [1, 2]},
    "properties": {"datetime": "d", "eo:cloud_cover": 3, "a.b": 1},
    "assets": {"red": {"href": "r", "type": "t"}, "blue": {"href": "b", "type": "t"}},
    "links": [],
}
NAMES = {"type": "Feature", "id": "i", "collection": "c"}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (None, ITEM),
        ("", ITEM),
        ({}, ITEM),
        ({"include": [], "exclude": None}, ITEM),
        ("id", NAMES),
        ("+id", NAMES),
        ("eo:cloud_cover", NAMES | {"properties": {"eo:cloud_cover": 3}}),
        ("properties.eo:cloud_cover", NAMES | {"properties": {"eo:cloud_cover": 3}}),
        ("assets.red.href", NAMES | {"assets": {"red": {"href": "r"}}}),
        ("-links,-assets", {k: v for k, v in ITEM.items() if k not in {"links", "assets"}}),
        ("assets,-assets.red", NAMES | {"assets": {"blue": ITEM["assets"]["blue"]}}),  # type: ignore[index]
        ("-assets,assets.red", NAMES | {"assets": {"red": ITEM["assets"]["red"]}}),  # type: ignore[index]
        ("properties,-properties", NAMES | {"properties": ITEM["properties"]}),
        ({"include": ["geometry"]}, NAMES | {"geometry": ITEM["geometry"]}),
        ("-id", ITEM),
        ("nothing.of.this", NAMES),
        (
            {"include": [], "exclude": ["assets", "geometry"]},
            NAMES | {"links": [], "properties": {"datetime": "d"}},
        ),
    ],
)
def test_fields(asked: Any, answered: dict[str, Any]) -> None:
    assert Fields.parse(asked).of(ITEM) == answered


@pytest.mark.parametrize("asked", [5, [1], {"include": 5}, {"exclude": [{}]}, ["a"] * 501])
def test_wrong_fields_are_refused(asked: Any) -> None:
    with pytest.raises(BadRequest, match="fields"):
        Fields.parse(asked)


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        (None, None),
        ("", None),
        ([], None),
        ("datetime", Sort("acquired")),
        ("+datetime", Sort("acquired")),
        (" datetime", Sort("acquired")),
        ("-properties.eo:cloud_cover", Sort("cloud_fraction", True)),
        ("-datetime,id", Sort("acquired", True, (Sort("name"),))),
        ([{"field": "id", "direction": "desc"}], Sort("name", True)),
        ([{"field": "id"}, "-id", {"field": "updated"}], Sort("name", False, (Sort("modified"),))),
    ],
)
def test_orders(asked: Any, order: Sort | None) -> None:
    assert parse_orders(asked) == order


@pytest.mark.parametrize(
    "asked",
    [5, {}, "x", ",", [None], [{"field": "id", "direction": "up"}], [{}], ["id"] * 11,
     [{"field": [], "direction": "asc"}], [{"field": "id", "direction": {}}], "keywords"],
)  # fmt: skip
def test_wrong_orders_are_refused(asked: Any) -> None:
    with pytest.raises(BadRequest, match="sortby"):
        parse_orders(asked)


def test_a_list_of_a_collections_items_may_name_it_again() -> None:
    alone = ItemSearch.parse({}, "acme:c")
    for named in (["acme:c"], "acme:c", [], None):
        again = ItemSearch.parse({"collections": named}, "acme:c")
        assert (again.expression, again.asked) == (alone.expression, alone.asked)
    for other in (["acme:d"], ["acme:c", "acme:d"], 5):
        with pytest.raises(BadRequest, match="collections"):
            ItemSearch.parse({"collections": other}, "acme:c")


VALUES = {"name": "abc", "cloud_fraction": 0.29, "tags": ["x", "yy"], "product_id": "p"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"eo:cloud_cover": {"eq": 29}}, True),
        ({"eo:cloud_cover": {"gt": 28.9, "lt": 29}}, False),
        ({"properties.eo:cloud_cover": {"lte": 29.0}}, True),
        ({"eo:cloud_cover": {"neq": 29}}, False),
        ({"eo:cloud_cover": {"lt": "30"}}, True),
        ({"eo:cloud_cover": {"gte": "29.5"}}, False),
        ({"eo:cloud_cover": {"in": [1, 29]}}, True),
        ({"id": {"startsWith": "ab"}}, True),
        ({"id": {"endsWith": "ab"}}, False),
        ({"id": {"contains": "b"}}, True),
        ({"keywords": {"contains": "x"}}, True),
        ({"keywords": {"contains": "y"}}, False),
        ({"keywords": {"eq": "yy"}}, True),
        ({"platform": {"contains": "a"}}, False),
        ({"platform": {"neq": "a"}}, False),
        ({}, True),
    ],
)
def test_the_query_extension(asked: Any, *, found: bool) -> None:
    assert query_expression(asked).matches(VALUES) is found


@pytest.mark.parametrize(
    "asked",
    [5, [], {"x": {"eq": 1}}, {"id": 5}, {"id": {}}, {"id": {"like": "a"}}, {"id": {"eq": None}},
     {"id": {"eq": 5}}, {"id": {"in": "a"}}, {"id": {"in": []}}, {"id": {"contains": 5}},
     {"eo:cloud_cover": {"startsWith": "2"}}, {"keywords": {"lt": "a"}}, {"geometry": {"eq": {}}},
     {"datetime": {"eq": "yesterday"}}, {"eo:cloud_cover": {"lt": "nan"}},
     {"eo:cloud_cover": {"lt": "1e999"}}, {"eo:cloud_cover": {"lt": "ten"}}],
)  # fmt: skip
def test_wrong_queries_are_refused(asked: Any) -> None:
    with pytest.raises(BadRequest, match="query"):
        query_expression(asked)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"collection": []}, "did you mean 'collections'"),
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"ids": 5}, "ids"),
        ({"collections": [1]}, "collections"),
        ({"ids": ["a"] * 2001}, "ids"),
        ({"token": 5}, "token"),
        ({"fields": None}, "fields"),
        ({"datetime": 5}, "datetime"),
        ({"bbox": [0, 0, 1, 1], "intersects": {"type": "Point"}}, "bbox and intersects"),
    ],
)
def test_wrong_members_are_named(asked: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        ItemSearch.parse(asked)


def test_more_than_a_page_may_have_is_as_many_as_it_may() -> None:
    assert ItemSearch.parse({"limit": 10**6}).limit == 1000
    assert ItemSearch.parse({}).limit == 100


def test_a_query_string_holds_what_a_body_does() -> None:
    query = {
        "bbox": "1,2,3,4",
        "ids": "a,b",
        "limit": "7",
        "datetime": "2021-05-31T14:00:00 02:00/..",
        "query": '{"id": {"eq": "a"}}',
        "collections": "acme:p",
    }
    assert decoded(query) == {
        "bbox": [1.0, 2.0, 3.0, 4.0],
        "ids": ["a", "b"],
        "limit": 7,
        "datetime": "2021-05-31T14:00:00+02:00/..",
        "query": {"id": {"eq": "a"}},
        "collections": ["acme:p"],
    }
    with pytest.raises(BadRequest, match="is not JSON"):
        decoded({"query": "{"})


@pytest.mark.parametrize(
    "asked", [{"q": 5}, {"ids": []}, {"q": ",".join("abcdefghijklmnopqrstuvw")}, {"sortby": "x"}]
)
def test_wrong_searches_of_collections_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        CollectionSearch.parse(asked)
