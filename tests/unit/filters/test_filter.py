"""The filter language: forms, refusals, semantics."""

import json
from typing import Any

import pytest

from swath_core.definitions import BAND, IMAGE, PRODUCT
from swath_core.errors import BadRequest
from swath_core.filters import EVERYTHING, MOST_CONDITIONS, NOTHING, And, Or, parse_filter

IMAGE_VALUES = {
    "id": "acme:a:i1",
    "name": "i1",
    "product_id": "acme:a",
    "acquired": "2021-05-31T10:20:30.000000Z",
    "cloud_fraction": 0.5,
    "satellite_id": "S2A",
    "tags": ["red", "green"],
    "storage_state": "available",
}


def matches(*conditions: Any) -> bool:
    return parse_filter(json.dumps(conditions), IMAGE).matches(IMAGE_VALUES)


def c(name: str, op: str, val: Any = None) -> dict[str, Any]:
    return {"name": name, "op": op} | ({} if val is None else {"val": val})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (c("cloud_fraction", "eq", 0.5), True),
        (c("cloud_fraction", "eq", 1), False),
        (c("cloud_fraction", "ne", 1), True),
        (c("cloud_fraction", "ne", 0.5), False),
        (c("cloud_fraction", "gt", 0.5), False),
        (c("cloud_fraction", "gte", 0.5), True),
        (c("cloud_fraction", "lt", 0.6), True),
        (c("cloud_fraction", "lte", 0.4), False),
        (c("cloud_fraction", "eq", [0.1, 0.5]), True),
        (c("cloud_fraction", "ne", [0.1, 0.5]), False),
        # null never compares
        (c("fill_fraction", "eq", 1), False),
        (c("fill_fraction", "ne", 1), False),
        (c("fill_fraction", "lt", 1), False),
        (c("provider_id", "prefix", ""), False),
        (c("fill_fraction", "isnull"), True),
        (c("fill_fraction", "isnotnull"), False),
        (c("cloud_fraction", "isnull"), False),
        (c("cloud_fraction", "isnotnull"), True),
        # lists
        (c("tags", "eq", "red"), True),
        (c("tags", "eq", "blue"), False),
        (c("tags", "eq", ["blue", "red"]), True),
        (c("tags", "ne", "red"), False),
        (c("tags", "ne", "blue"), True),
        (c("tags", "ne", ["blue", "green"]), False),
        (c("tags", "prefix", "gre"), True),
        (c("tags", "prefix", "een"), False),
        (c("tags", "isnotnull"), True),
        # strings
        (c("satellite_id", "eq", "S2A"), True),
        (c("satellite_id", "prefix", "S2"), True),
        (c("satellite_id", "prefix", "2A"), False),
        (c("satellite_id", "gt", "S2"), True),
        # timestamps: naive is UTC, partial ones are the beginning
        (c("acquired", "eq", "2021-05-31T10:20:30"), True),
        (c("acquired", "eq", "2021-05-31T12:20:30+02:00"), True),
        (c("acquired", "gte", "2021"), True),
        (c("acquired", "lt", "2021-06"), True),
        (c("acquired", "gt", "2021-05-31"), True),
        (c("acquired", "eq", "2021-05-31"), False),
        # keys
        (c("id", "eq", "acme:a:i1"), True),
        (c("id", "eq", ["x", "acme:a:i1"]), True),
        (c("id", "prefix", "acme:"), True),
        (c("name", "eq", "i1"), True),
        (c("product_id", "eq", "acme:b"), False),
        # combinations
        ({"and": [c("name", "eq", "i1"), c("cloud_fraction", "lt", 1)]}, True),
        ({"or": [c("name", "eq", "i2"), c("cloud_fraction", "lt", 1)]}, True),
        ({"or": [c("name", "eq", "i2"), {"and": [c("name", "eq", "i1")]}]}, True),
        ({"and": [c("name", "eq", "i1"), {"or": [c("name", "eq", "i2")]}]}, False),
    ],
)
def test_semantics(condition: dict[str, Any], expected: bool) -> None:
    assert matches(condition) is expected


def test_the_array_means_and() -> None:
    assert matches(c("name", "eq", "i1"), c("tags", "eq", "red"))
    assert not matches(c("name", "eq", "i1"), c("tags", "eq", "blue"))


def test_an_empty_list_is_null() -> None:
    values = {**IMAGE_VALUES, "tags": []}
    for op, expected in (("isnull", True), ("isnotnull", False)):
        assert parse_filter([c("tags", op)], IMAGE).matches(values) is expected
    for op in ("eq", "ne", "prefix"):
        assert not parse_filter([c("tags", op, "red")], IMAGE).matches(values)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(60, True), ({"value": 60, "unit": "meters"}, True), ("60m", True), (61, False),
     ({"value": 60 / 111_319.49079327358, "unit": "degrees"}, True)],
)  # fmt: skip
def test_resolution_is_compared_in_metres(value: object, expected: bool) -> None:
    band = {"id": "p:b", "resolution": {"value": 60.0, "unit": "meters"}}
    found = parse_filter([c("resolution", "gte", value)], BAND).matches(band)
    assert found is expected


def test_degrees_are_metres_at_the_equator() -> None:
    band = {"id": "p:b", "resolution": {"value": 0.001, "unit": "degrees"}}
    assert parse_filter([c("resolution", "gt", 111)], BAND).matches(band)
    assert parse_filter([c("resolution", "lt", 112)], BAND).matches(band)


def test_booleans_and_owners_of_products() -> None:
    product = {"id": "acme:a", "is_core": True, "owners": ["org:acme", "user:1"]}
    assert parse_filter([c("is_core", "eq", True)], PRODUCT).matches(product)
    assert parse_filter([c("owners", "eq", "org:acme")], PRODUCT).matches(product)


@pytest.mark.parametrize("nothing", [None, "[]", []])
def test_no_filter_is_everything(nothing: object) -> None:
    assert parse_filter(nothing, IMAGE) == EVERYTHING


def test_a_single_object_counts_as_its_array() -> None:
    assert parse_filter(json.dumps(c("name", "eq", "i1")), IMAGE).matches(IMAGE_VALUES)


DEEP: dict[str, Any] = c("name", "eq", "i1")
for _ in range(20):
    DEEP = {"and": [DEEP]}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "recursion|not JSON"),
        ("5", "5 is not an array of conditions"),
        ([5], "5 is not a condition such as"),
        ([[]], r"\[\] is not a condition"),
        ([{}], "None is no attribute; a image is filtered by id, name"),
        ([c("color", "eq", 1)], "'color' is no attribute; a image is filtered by id, name"),
        ([c("geometry", "eq", 1)], "'geometry' cannot be filtered by; a image"),
        ([{"name": ["a"], "op": "eq", "val": 1}], "is no attribute"),
        ([c("cloud_fraction", "eq", "x")], "cloud_fraction: 'x' was sent, but a finite number"),
        ([c("cloud_fraction", "eq", True)], "a finite number is expected"),
        ([c("cloud_fraction", "prefix", "0")], "cloud_fraction: prefix needs a string"),
        ([c("cloud_fraction", "is", 1)], "'is' is no operator; there are eq, ne, gt"),
        ([c("cloud_fraction", "eq")], "null compares with nothing; use isnull"),
        ([c("cloud_fraction", "eq", [])], "an empty list matches nothing"),
        ([c("cloud_fraction", "lt", [1, 2])], "a finite number is expected"),
        ([c("acquired", "gte", "yesterday")], "'yesterday' was sent, but an ISO 8601"),
        ([c("acquired", "gte", 2021)], "but an ISO 8601"),
        ([c("acquired", "gte", "2021-13")], "but an ISO 8601"),
        ([c("tags", "gt", "a")], "tags: gt needs an ordered attribute"),
        ([c("tags", "eq", 5)], "tags: 5 was sent, but a string"),
        ([c("name", "like", "a%")], "name: like is not supported; use prefix"),
        ([c("name", "ilike", "a%")], "name: ilike is not supported; use prefix"),
        ([{"and": []}], 'is not {"and": '),
        ([{"or": 5}], 'is not {"or": '),
        ([{"or": [c("name", "eq", "a")], "name": "x"}], 'is not {"or": '),
        ([DEEP], "nested more than"),
        ([c("id", "eq", ["x"] * (MOST_CONDITIONS + 1))], "more than 2000 conditions"),
    ],
)
def test_refusals(given: object, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason) as caught:
        parse_filter(given if isinstance(given, str) else json.dumps(given), IMAGE)
    assert caught.value.parameter == "filter"


def test_what_is_known_is_left_out() -> None:
    product, cloud = c("product_id", "eq", "acme:a"), c("cloud_fraction", "lt", 0.5)
    expression = parse_filter([product, cloud], IMAGE)
    assert expression.given({"product_id": "acme:a"}) == parse_filter([cloud], IMAGE)
    assert expression.given({"product_id": "acme:b"}) == NOTHING
    either = parse_filter([{"or": [product, cloud]}], IMAGE)
    assert either.given({"product_id": "acme:a"}) == EVERYTHING
    assert either.given({"product_id": "acme:b"}) == parse_filter([cloud], IMAGE)
    null = parse_filter([c("product_id", "isnull")], IMAGE)
    assert null.given({"product_id": "acme:a"}) == NOTHING
    assert null.given({}) == null


def test_trees_tell_their_names_and_values() -> None:
    expression = parse_filter(
        [{"or": [c("id", "eq", ["b", "a"]), c("tags", "isnull")]}, c("name", "eq", "x")], IMAGE
    )
    assert expression.names == {"id", "tags", "name"}
    assert expression.listed("id") == ("b", "a")
    assert expression.listed("tags") == ()
    assert And(()).matches({})
    assert not Or(()).matches({})
