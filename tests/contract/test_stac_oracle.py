"""Searches of the STAC face against an established server, stac-fastapi-pgstac, on the same items.

Of ``SWATH_ORACLE_ITEMS`` items and ``SWATH_ORACLE_SEARCHES`` random searches both have to find the
same items in the same order, and as many. Where the two differ for good is said, and tested, below.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.pgstac import AbsentError, Pgstac, running_pgstac
from tests.unit.search.world import PRODUCTS, World, box

from swath_core.catalog import STORED_IMAGE
from swath_core.definitions import Extras
from swath_core.documents import StoredImage
from swath_core.search import ImageSearch
from swath_core.stac import Addresses, ItemSearch
from swath_core.stac._incoming import checked_item, incoming
from swath_core.stac._items import ItemForm

pytestmark = [pytest.mark.published, pytest.mark.xdist_group("pgstac")]

ITEMS = int(os.environ.get("SWATH_ORACLE_ITEMS", "250"))
SEARCHES = int(os.environ.get("SWATH_ORACLE_SEARCHES", "80"))
PAGE = 250
DECLARED = {"scene": "string", "relative_orbit": "number"}
EXTRAS = Extras.of([(each, DECLARED) for each in PRODUCTS])
HERE = Addresses("https://x.example")
Json = dict[str, Any]


# ---- the items


def random_item(dice: random.Random, number: int) -> Json:
    moment = f"20{dice.randint(19, 22)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    time = f"T{dice.randint(0, 23):02}:{dice.choice([0, 30]):02}:00Z"
    properties: Json = {"datetime": moment + time}
    if dice.random() < 0.2:
        end = f"20{dice.randint(23, 24)}-01-01T00:00:00Z"
        properties |= {"start_datetime": moment + time, "end_datetime": end}
    optional = {
        "eo:cloud_cover": dice.randint(0, 100),
        "view:sun_elevation": round(dice.uniform(-10, 80), 2),
        "platform": dice.choice(["sat-a", "sat-b", "satellite", "A"]),
        "scene": dice.choice(["x", "xy", "y_1", "y%"]),
        "relative_orbit": dice.randint(1, 9),
    }
    properties |= {name: value for name, value in optional.items() if dice.random() < 0.8}
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": f"i{number:05}",
        "collection": dice.choice(PRODUCTS),
        **place(dice),
        "properties": properties,
        "links": [],
        "assets": {"a": {"href": f"https://far.example/{number}.tif", "roles": ["data"]}},
        "stac_extensions": [],
    }


def place(dice: random.Random) -> Json:
    """Return a footprint and its box; a few lie on both sides of 180 degrees."""
    west, south, size = dice.uniform(-180, 176), dice.uniform(-80, 78), dice.uniform(0.1, 3)
    if dice.random() < 0.03:
        halves = [box(179, south, 180, south + 1), box(-180, south, -179, south + 1)]
        parts = [each["coordinates"] for each in halves]
        return {
            "geometry": {"type": "MultiPolygon", "coordinates": parts},
            "bbox": [
                -180,
                south,
                180,
                south + 1,
            ],
        }
    bounds = [west, south, west + size, south + size * 0.9]
    return {"geometry": box(*bounds), "bbox": bounds}


def collection(name: str) -> Json:
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": name,
        "description": name,
        "license": "other",
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [[None, None]]},
        },
        "links": [],
    }


def saved(items: list[Json]) -> World:
    """Return a catalog of the items, made of them as transactions do."""
    world = World()
    forms = {each: ItemForm(each, [], HERE, "bucket") for each in PRODUCTS}
    for item in items:
        product = item["collection"]
        found = incoming(checked_item(item, product), product, forms[product], HERE, None)
        values = STORED_IMAGE.validate_create(found.attributes)
        held = tuple(sorted(DECLARED))
        world.put(StoredImage("image", f"{product}:{item['id']}", values, 1, held=held))
    return world


# ---- the searches

NUMBERS = {
    "eo:cloud_cover": (0, 100),
    "view:sun_elevation": (-10, 80),
    "relative_orbit": (1, 9),
}
TEXTS = {
    "platform": ["sat-a", "sat-b", "z"],
    "scene": ["x", "y_1", "y%"],
    "id": ["i00010", "i00100"],
}
SORTS = ["datetime", "id", *NUMBERS, "platform", "scene"]


def random_search(dice: random.Random) -> Json:
    body: Json = {"sortby": random_sort(dice)}
    kind = dice.random()
    if kind < 0.35:
        west, south = dice.uniform(-180, 120), dice.uniform(-90, 40)
        body["bbox"] = [west, south, west + dice.uniform(1, 60), south + dice.uniform(1, 50)]
    elif kind < 0.65:
        body["intersects"] = random_geometry(dice)
    if dice.random() < 0.4:
        body["datetime"] = random_interval(dice)
    if dice.random() < 0.3:
        body["collections"] = [dice.choice(PRODUCTS)]
    if dice.random() < 0.1:
        body["ids"] = [f"i{dice.randrange(ITEMS):05}" for _ in range(20)]
    conditions = [_not_null(each["field"]) for each in body["sortby"] if _is_nullable(each)]
    if dice.random() < 0.7:
        conditions.append(random_condition(dice, 2))
    if conditions:
        body |= {"filter": {"op": "and", "args": conditions}, "filter-lang": "cql2-json"}
        if len(conditions) == 1:
            body["filter"] = conditions[0]
    return body


def _is_nullable(sort: Json) -> bool:
    """Return whether both put the items without such a value in different places."""
    return sort["direction"] == "desc" and sort["field"] not in {"datetime", "id"}


def _not_null(name: str) -> Json:
    return {"op": "not", "args": [{"op": "isNull", "args": [{"property": name}]}]}


def random_sort(dice: random.Random) -> list[Json]:
    """Return an order that ends with the id, whose place in ties is each server's own."""
    names = [each for each in dice.sample(SORTS, dice.choice([1, 2])) if each != "id"]
    return [{"field": each, "direction": dice.choice(["asc", "desc"])} for each in [*names, "id"]]


def random_geometry(dice: random.Random) -> Json:
    x, y = dice.uniform(-170, 120), dice.uniform(-85, 40)
    if dice.random() < 0.2:
        return {"type": "Point", "coordinates": [x, y]}
    width, height = dice.uniform(2, 40), dice.uniform(10, 40)
    corners = [[x, y], [x + width, y + height / 3], [x + width / 2, y + height], [x, y]]
    return {"type": "Polygon", "coordinates": [corners]}


def random_moment(dice: random.Random) -> str:
    return f"20{dice.randint(19, 23)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}T12:00:00Z"


def random_interval(dice: random.Random) -> str:
    first, last = sorted((random_moment(dice), random_moment(dice)))
    return dice.choice([f"{first}/{last}", f"{first}/..", f"../{last}"])


def random_condition(dice: random.Random, depth: int) -> Json:
    kind = dice.random()
    if depth and kind < 0.3:
        parts = [random_condition(dice, depth - 1) for _ in range(2)]
        return {"op": dice.choice(["and", "or"]), "args": parts}
    if depth and kind < 0.4:
        return {"op": "not", "args": [random_condition(dice, depth - 1)]}
    return dice.choice([_number, _number, _text, _time, _place, _null])(dice)


def _number(dice: random.Random) -> Json:
    name = dice.choice(list(NUMBERS))
    of, (low, high) = {"property": name}, NUMBERS[name]
    first, last = sorted(dice.randint(low, high) for _ in range(2))
    op = dice.choice(["=", "<>", "<", "<=", ">", ">=", "between", "in"])
    if op == "between":
        return {"op": op, "args": [of, first, last]}
    return {"op": op, "args": [of, [first, last] if op == "in" else first]}


def _text(dice: random.Random) -> Json:
    name = dice.choice(list(TEXTS))
    of, values = {"property": name}, TEXTS[name]
    op = dice.choice(["=", "<>", "<", ">=", "in", "like"])
    if op == "in":
        return {"op": op, "args": [of, values[:2]]}
    return {"op": op, "args": [of, dice.choice(["sat%", "%1%", "_"] if op == "like" else values)]}


def _time(dice: random.Random) -> Json:
    op = dice.choice(["=", "<", "<=", ">", ">="])
    return {"op": op, "args": [{"property": "datetime"}, {"timestamp": random_moment(dice)}]}


def _place(dice: random.Random) -> Json:
    return {"op": "s_intersects", "args": [{"property": "geometry"}, random_geometry(dice)]}


def _null(dice: random.Random) -> Json:
    return {"op": "isNull", "args": [{"property": dice.choice([*NUMBERS, "platform", "scene"])}]}


# ---- the comparison


@pytest.fixture(scope="module")
def items() -> list[Json]:
    dice = random.Random(1)
    return [random_item(dice, number) for number in range(ITEMS)]


@pytest.fixture(scope="module")
def peer(items: list[Json]) -> Iterator[Pgstac]:
    try:
        collections = map(collection, PRODUCTS)
        with running_pgstac(collections, items, numbers=NUMBERS, counts=True) as running:
            yield running
    except AbsentError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def world(items: list[Json]) -> World:
    return saved(items)


@pytest.fixture(scope="module")
def search(world: World) -> ImageSearch:
    return world.search()


def ours(search: ImageSearch, world: World, body: Json) -> tuple[list[str], int | None]:
    query = ItemSearch.parse({**body, "limit": PAGE}, extras=lambda: EXTRAS).images("user")
    page = search.page(query, world.products, counts=True)
    return [each.get("name") for each in page.documents], page.matched


def theirs(peer: Pgstac, body: Json) -> tuple[list[str], int | None]:
    fields = {"include": ["id", "collection"], "exclude": ["links", "assets", "properties"]}
    found = peer.search({**body, "limit": PAGE, "fields": fields})
    return [each["id"] for each in found["features"]], found.get("numberMatched")


def test_both_find_the_same_items_in_the_same_order(
    peer: Pgstac, world: World, search: ImageSearch
) -> None:
    dice = random.Random(int(os.environ.get("SWATH_ORACLE_SEED", "2")))
    found = 0
    wrong = []
    for _ in range(SEARCHES):
        body = random_search(dice)
        mine, other = ours(search, world, body), theirs(peer, body)
        found += mine[1] or 0
        if mine != other:
            wrong.append(
                f"{body}\n ours {mine[1]} {mine[0][:9]}\n theirs {other[1]} {other[0][:9]}"
            )
    print(f"{SEARCHES} searches of {ITEMS} items: {found} matches, {len(wrong)} differences")
    assert not wrong, "\n".join(wrong[:5])
    assert found > SEARCHES


def test_items_without_a_value_come_last_here_and_first_there_in_descending_order(
    peer: Pgstac, world: World, search: ImageSearch, items: list[Json]
) -> None:
    """The sort extension leaves the place of nulls to the server; here it is that of JSON:API."""
    order = [{"field": each, "direction": "desc"} for each in ("eo:cloud_cover", "id")]
    body = {"sortby": order, "ids": [f"i{number:05}" for number in range(100)]}
    mine, _ = ours(search, world, body)
    other, _ = theirs(peer, body)
    nulls = {each["id"] for each in items if "eo:cloud_cover" not in each["properties"]}
    first = [each for each in other if each in nulls]
    assert first
    assert other[: len(first)] == first
    assert mine == other[len(first) :] + first


def test_a_box_across_180_degrees_is_its_complement_there(
    peer: Pgstac, world: World, search: ImageSearch, items: list[Json]
) -> None:
    """RFC 7946, 5.2: a box whose west is greater than its east crosses the antimeridian."""
    by_id = {"sortby": [{"field": "id", "direction": "asc"}]}
    mine, count = ours(search, world, {**by_id, "bbox": [179.5, -90, -179.5, 90]})
    boxes = ([179.5, -90, 180, 90], [-180, -90, -179.5, 90])
    sides = [set(theirs(peer, {**by_id, "bbox": each})[0]) for each in boxes]
    across = {each["id"] for each in items if each["geometry"]["type"] == "MultiPolygon"}
    assert across <= set(mine) == sides[0] | sides[1]
    assert theirs(peer, {"bbox": [179.5, -90, -179.5, 90]})[1] != count
