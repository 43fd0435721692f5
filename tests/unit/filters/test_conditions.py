"""Conditions beyond comparisons: times that overlap an interval, tests of any kind; orders."""

from __future__ import annotations

import random
from typing import Any

import pytest

from swath_core.definitions import IMAGE
from swath_core.documents import ALL_SPANS
from swath_core.filters import Holds, Overlaps, Sort, is_after, sort_key, sorted_keys, split_range
from swath_core.index import IndexState


def moment(day: int) -> str:
    return f"2021-05-{day:02d}T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (1, None, False),
        (9, None, False),
        (10, None, True),
        (20, None, True),
        (21, None, False),
        (1, 9, False),
        (1, 10, True),
        (1, 30, True),
        (20, 30, True),
        (21, 30, False),
    ],
)
def test_an_image_matches_by_overlap(first: int, last: int | None, *, found: bool) -> None:
    values = {"acquired": moment(first), "acquired_end": last and moment(last)}

    assert Overlaps(moment(10), moment(20)).matches(values) is found


def test_an_open_end_takes_everything_beyond() -> None:
    values = {"acquired": moment(15)}
    assert Overlaps(None, moment(15)).matches(values)
    assert Overlaps(moment(15), None).matches(values)
    assert not Overlaps(moment(16), None).matches(values)
    assert not Overlaps(None, moment(20)).matches({})


@pytest.mark.parametrize(
    ("longest", "low"),
    [(None, "0"), (0.0, moment(10)), (86_400.0, moment(9)), (1e12, "0")],
)
def test_the_longest_duration_widens_the_range_of_keys(longest: float | None, low: str) -> None:
    expression = Overlaps(moment(10), moment(20))
    keys, left = split_range(expression, longest)

    assert keys.low == low
    assert keys.high == moment(20) + "$"
    assert (left != expression) is (longest == 0.0)


def test_durations_are_known_only_where_all_images_told_theirs() -> None:
    assert IndexState().longest is None
    assert IndexState(spans=frozenset({3})).longest is None
    assert IndexState(spans=frozenset({ALL_SPANS})).longest == 0.0
    assert IndexState(spans=frozenset({ALL_SPANS, 0, 3})).longest == 8.0


def test_a_test_is_asked_of_whole_objects() -> None:
    odd = Holds(frozenset({"name"}), lambda values: values["name"].endswith("1"))
    assert odd.given({"product_id": "p"}) is odd
    assert odd.matches({"name": "a1"})
    assert not odd.matches({"name": "a2"})
    assert split_range(odd)[1] is odd


def test_orders_follow_one_another_with_nulls_last() -> None:
    dice = random.Random(1)
    orders = Sort("cloud_fraction", True, (Sort("satellite_id", False), Sort("area", True)))
    objects: list[dict[str, Any]] = [
        {
            "id": f"{n:03}",
            "cloud_fraction": dice.choice([None, 0.1, 0.2]),
            "satellite_id": dice.choice([None, "a", "b"]),
            "area": dice.choice([None, 1.0, 2.0]),
        }
        for n in range(200)
    ]

    def rank(each: dict[str, Any]) -> tuple[Any, ...]:
        cloud, satellite, area = each["cloud_fraction"], each["satellite_id"], each["area"]
        return (
            (cloud is None, -(cloud or 0)),
            (satellite is None, satellite or ""),
            (area is None, -(area or 0)),
            -int(each["id"]),
        )

    found = sorted_keys([sort_key(orders, IMAGE, each) for each in objects], orders)

    assert [key[-1] for key in found] == [each["id"] for each in sorted(objects, key=rank)]
    for n in range(1, len(found)):
        assert is_after(found[n], found[n - 1], orders)
        assert not is_after(found[n - 1], found[n], orders)
        assert not is_after(found[n], found[n], orders)
