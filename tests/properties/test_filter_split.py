"""The split of a filter into key range, predicate and ids never changes the answer."""

import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from swath_core.definitions import IMAGE
from swath_core.filters import NOTHING, ids_of, parse_filter, split_range
from swath_core.index import key_of

MOMENTS = ["2021-01-01", "2021-01-01T00:00:00.000001", "2021-05", "2022"]
PRODUCTS = ["o:a", "o:b"]
NAMES = ["x", "y"]

comparisons = st.one_of(
    st.fixed_dictionaries(
        {
            "name": st.just("acquired"),
            "op": st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]),
            "val": st.sampled_from(MOMENTS),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("acquired"),
            "op": st.sampled_from(["eq", "ne"]),
            "val": st.lists(st.sampled_from(MOMENTS), min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {"name": st.just("acquired"), "op": st.sampled_from(["isnull", "isnotnull"])}
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("product_id"),
            "op": st.sampled_from(["eq", "ne", "prefix", "gt"]),
            "val": st.sampled_from([*PRODUCTS, "o:"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("id"),
            "op": st.sampled_from(["eq", "ne", "prefix"]),
            "val": st.sampled_from(["o:a:x", "o:b:x", "o:a:y"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("name"),
            "op": st.sampled_from(["eq", "ne"]),
            "val": st.sampled_from(NAMES),
        }
    ),
    st.fixed_dictionaries(
        {"name": st.just("cloud_fraction"), "op": st.just("lt"), "val": st.just(0.5)}
    ),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.builds(
        lambda word, parts: {word: parts},
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)
images = st.fixed_dictionaries(
    {
        "product_id": st.sampled_from(PRODUCTS),
        "name": st.sampled_from(NAMES),
        "acquired": st.sampled_from(
            [
                "2020-12-31T23:59:59.999999Z",
                "2021-01-01T00:00:00.000000Z",
                "2021-01-01T00:00:00.000001Z",
                "2021-01-01T00:00:00.000002Z",
                "2021-05-01T00:00:00.000000Z",
                "2022-01-01T00:00:00.000000Z",
                "2023-01-01T00:00:00.000000Z",
            ]
        ),
        "cloud_fraction": st.sampled_from([None, 0.1, 0.9]),
    }
)


@given(st.lists(conditions, max_size=3), images)
@settings(max_examples=400)
def test_the_split_never_changes_the_answer(
    filter_: list[dict[str, Any]], values: dict[str, Any]
) -> None:
    product = values["product_id"]
    values = {**values, "id": f"{product}:{values['name']}"}
    expression = parse_filter(json.dumps(filter_), IMAGE)
    answer = expression.matches(values)

    left = expression.given({"product_id": product})
    keys, predicate = split_range(left)
    key = key_of(values["acquired"], values["id"])
    in_range = keys.low <= key <= keys.high
    assert answer == (in_range and predicate.matches(values))
    assert not (answer and left == NOTHING)

    ids = ids_of(left, product)
    assert ids is None or not answer or values["id"] in ids


def test_what_is_a_range_is_not_asked_again() -> None:
    bounds = [("gte", "2021-01-01"), ("lt", "2021-02-01")]
    filter_ = [{"name": "acquired", "op": op, "val": value} for op, value in bounds]
    keys, predicate = split_range(parse_filter(filter_, IMAGE))
    assert keys.low == "2021-01-01T00:00:00.000000Z"
    assert keys.high == "2021-02-01T00:00:00.000000Z"
    assert predicate.names == frozenset()
