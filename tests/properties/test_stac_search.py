"""STAC searches against brute force over the items themselves, by an evaluator of its own."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Any
from unittest import mock

import hypothesis.strategies as st
import pytest
import shapely
from hypothesis import given, settings
from shapely.geometry import shape
from tests.properties.test_search_brute_force import random_area
from tests.unit.search.world import PRODUCTS, World, area, image, near, place

from swath_core.documents import ALL_SPANS
from swath_core.errors import BadRequest
from swath_core.index import IndexState
from swath_core.search import _engine
from swath_core.stac import Addresses, ItemSearch
from swath_core.stac._items import ItemForm

IMAGES = 50
QUERIES = 40
PAIRS = int(os.environ.get("SWATH_EXAMPLES", "400"))
FORMS = {each: ItemForm(each, [], Addresses("https://x.example"), "b") for each in PRODUCTS}

Item = dict[str, Any]


def random_world(dice: random.Random, centre: tuple[float, float] | None) -> World:
    spans = frozenset({ALL_SPANS}) if dice.random() < 0.7 else frozenset()
    world = World(states={each: IndexState(spans=spans) for each in PRODUCTS})
    for number in range(IMAGES):
        x, y = near(dice, centre)
        start = datetime(2020, dice.randint(1, 12), dice.randint(1, 28), tzinfo=UTC)
        end = datetime(2021, dice.randint(1, 12), 1, tzinfo=UTC) if dice.random() < 0.2 else None
        attributes = {
            "geometry": None
            if dice.random() < 0.05
            else area(dice, x, y, 10 ** dice.uniform(0, 3)),
            "acquired": canonical(start),
            "acquired_end": end and canonical(end),
            "cloud_fraction": dice.choice([None, 0.25, 0.29, round(dice.random(), 3)]),
            "solar_azimuth_angle": dice.choice([None, 10.0, 20.0]),
            "satellite_id": dice.choice([None, "a", "ab", "b"]),
            "tags": dice.choice([None, ["x"], ["x", "y"]]),
        }
        try:
            world.put(image(f"i{number:02}", dice.choice(PRODUCTS), **attributes))
        except ValueError as error:
            assert "no area" in str(error)  # noqa: PT017 - a shape that collapses is refused
    return world


def canonical(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


# ---- what is asked


def random_moment(dice: random.Random) -> str:
    day = f"202{dice.randint(0, 1)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    return day + dice.choice(["T00:00:00Z", "T02:30:00+02:30", "T00:00:00.5z"])


def random_interval(dice: random.Random) -> str:
    first, last = sorted((random_moment(dice), random_moment(dice)), key=moment_of)
    return dice.choice([first, f"{first}/{last}", f"{first}/..", f"../{last}", f"/{last}"])


def random_box(dice: random.Random, centre: tuple[float, float] | None) -> list[float]:
    x, y = near(dice, centre)
    west, east = ((x + d + 180) % 360 - 180 for d in (-dice.uniform(0, 20), dice.uniform(0, 20)))
    south, north = max(-90.0, y - dice.uniform(0, 9)), min(90.0, y + dice.uniform(0, 9))
    if dice.random() < 0.2:
        return [west, south, -100.0, east, north, 9000.0]
    return [west, south, east, north]


def random_query(dice: random.Random) -> dict[str, Any]:
    choices: list[tuple[str, dict[str, Any]]] = [
        ("eo:cloud_cover", {dice.choice(["lt", "lte", "gt", "gte"]): dice.choice([25, 29, 50])}),
        ("eo:cloud_cover", {dice.choice(["eq", "neq"]): dice.choice([25, 29])}),
        ("properties.eo:cloud_cover", {"in": [29, 25.0]}),
        ("platform", {dice.choice(["eq", "neq", "startsWith", "endsWith", "contains"]): "b"}),
        ("view:sun_azimuth", {"gte": 10, "lt": 20}),
        ("keywords", {"contains": "y"}),
        ("datetime", {"gte": random_moment(dice)}),
        ("id", {"startsWith": "i1"}),
    ]
    return dict(dice.sample(choices, dice.choice([1, 2])))


SORTS = [
    "datetime",
    "eo:cloud_cover",
    "platform",
    "view:sun_azimuth",
    "id",
    "collection",
    "created",
]


def random_search(
    dice: random.Random, world: World, centre: tuple[float, float] | None
) -> dict[str, Any]:
    body: dict[str, Any] = {"limit": dice.choice([1, 7, 100])}
    kind = dice.random()
    if kind < 0.4:
        body["bbox"] = random_box(dice, centre)
    elif kind < 0.7:
        body["intersects"] = random_area(dice, world, centre)
    if dice.random() < 0.5:
        body["datetime"] = random_interval(dice)
    if dice.random() < 0.3:
        body["collections"] = dice.sample([*PRODUCTS, "acme:none"], dice.randint(1, 3))
    if dice.random() < 0.15:
        body["ids"] = [f"i{n:02}" for n in range(0, 50, 3)] + [f"{PRODUCTS[0]}:i01"]
    if dice.random() < 0.4:
        body["query"] = random_query(dice)
    if dice.random() < 0.6 or "ids" in body:
        body["sortby"] = [
            {"field": name, "direction": dice.choice(["asc", "desc"])}
            for name in dice.sample(SORTS, dice.choice([1, 1, 2, 3]))
        ]
    return body


# ---- what is right


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text.upper())


def in_time(item: Item, interval: str) -> bool:
    first = moment_of(item["properties"]["datetime"])
    last = moment_of(item["properties"].get("end_datetime") or item["properties"]["datetime"])
    start, _, end = interval.partition("/") if "/" in interval else (interval, "", interval)
    late_enough = start in {"", ".."} or last >= moment_of(start)
    return late_enough and (end in {"", ".."} or first <= moment_of(end))


def in_box(item: Item, box: list[float]) -> bool:
    if item["geometry"] is None:
        return False
    west, south, *_ = box
    east, north = (box[3], box[4]) if len(box) == 6 else (box[2], box[3])
    boxes = (
        [(west, south, east, north)]
        if west <= east
        else [(west, south, 180, north), (-180, south, east, north)]
    )
    geometry = shape(item["geometry"])
    return any(geometry.intersects(shapely.box(*each)) for each in boxes)


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: b in a if isinstance(a, list) else a == b,
    "neq": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "startsWith": lambda a, b: a[: len(b)] == b,
    "endsWith": lambda a, b: a[-len(b) :] == b,
    "contains": lambda a, b: b in a,
    "in": lambda a, b: a in b,
}


def value_of(item: Item, name: str) -> Any:
    bare = name.removeprefix("properties.")
    value = item[bare] if bare in {"id", "collection"} else item["properties"].get(bare)
    return moment_of(value) if bare == "datetime" else value


def holds(item: Item, query: dict[str, Any]) -> bool:
    for name, asked in query.items():
        value = value_of(item, name)
        for operator, operand in asked.items():
            other = moment_of(operand) if isinstance(value, datetime) else operand
            if value is None or not TESTS[operator](value, other):
                return False
    return True


def matches(item: Item, asked: dict[str, Any], geometry: Any) -> bool:
    names = {item["id"], f"{item['collection']}:{item['id']}"}
    return (
        ("datetime" not in asked or in_time(item, asked["datetime"]))
        and ("bbox" not in asked or in_box(item, asked["bbox"]))
        and ("collections" not in asked or item["collection"] in asked["collections"])
        and ("ids" not in asked or bool(names & set(asked["ids"])))
        and holds(item, asked.get("query", {}))
        and (
            geometry is None
            or (item["geometry"] is not None and shape(item["geometry"]).intersects(geometry))
        )
    )


def in_order(items: list[Item], asked: dict[str, Any]) -> list[str]:
    orders = asked.get("sortby") or [{"field": "datetime", "direction": "desc"}]
    signs = [-1 if each["direction"] == "desc" else 1 for each in orders]

    def compare(one: Item, other: Item) -> int:
        for order, sign in zip(orders, signs, strict=True):
            a, b = value_of(one, order["field"]), value_of(other, order["field"])
            if a != b:
                if a is None or b is None:
                    return 1 if a is None else -1
                return sign if a > b else -sign
        return signs[-1] if full(one) > full(other) else -signs[-1]

    return [full(each) for each in sorted(items, key=cmp_to_key(compare))]


def full(item: Item) -> str:
    return f"{item['collection']}:{item['id']}"


@given(seed=st.integers(0, 2**48))
@settings(max_examples=max(1, PAIRS // QUERIES))
def test_a_stac_search_finds_what_brute_force_finds(seed: int) -> None:
    dice = random.Random(seed)
    centre = place(dice) if dice.random() < 0.8 else None
    world = random_world(dice, centre)
    items = {each.id: FORMS[each.get("product_id")].item(each) for each in world.documents.values()}
    search = world.search()
    for _ in range(QUERIES):
        asked = random_search(dice, world, centre)
        try:
            query = ItemSearch.parse(asked).images("user")
        except BadRequest as error:
            assert "no area" in error.detail  # noqa: PT017 - a shape that collapses is refused
            continue
        geometry = query.area if "intersects" in asked else None
        expected = in_order([i for i in items.values() if matches(i, asked, geometry)], asked)
        found, token = [], None
        while True:
            page = search.page(query, world.products, token, counts=True)
            assert page.matched == len(expected), asked
            assert len(page.documents) <= asked["limit"]
            found += [each.id for each in page.documents]
            if (token := page.token) is None:
                break
        assert found == expected, asked


def test_a_count_that_takes_too_much_is_left_out() -> None:
    world = random_world(random.Random(5), None)
    query = ItemSearch.parse({"query": {"platform": {"eq": "a"}}, "limit": 3}).images("user")
    search = world.search()
    whole, _ = search.count(query, world.products)

    assert search.count_within(query, world.products) == whole
    assert search.count_within(query, world.products, postings=10) is None
    with mock.patch.object(_engine, "COUNTED_POSTINGS", 10):
        assert whole > 3


@pytest.mark.parametrize("text", ["2020-05-01T00:00:00Z", "2020-05-01T02:30:00+02:30"])
def test_the_evaluator_reads_moments_as_they_are_meant(text: str) -> None:
    assert moment_of(text) == datetime(2020, 5, 1, tzinfo=UTC)
