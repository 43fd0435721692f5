"""Searches against brute force: shapely and plain Python over all documents.

One example is a catalog and forty queries. SWATH_EXAMPLES is the number of (catalog, query) pairs:
SWATH_EXAMPLES=20000 takes a few minutes.
"""

import json
import os
import random
from typing import Any
from unittest import mock

import hypothesis.strategies as st
from hypothesis import given, settings
from tests.memory_mirror import MemoryMirror
from tests.unit.search.world import (
    PRODUCTS,
    World,
    area,
    box,
    corners_of,
    image,
    near,
    page_through,
    place,
)

from swath_core.errors import BadRequest
from swath_core.geo import footprint
from swath_core.index import planar_cells
from swath_core.search import ImageQuery, MirrorSource, _pages, _plan
from swath_core.search._plan import time_ratio

IMAGES = 50
QUERIES = 40
PAIRS = int(os.environ.get("SWATH_EXAMPLES", "1600"))
OTHER_SORTS = ["cloud_fraction", "-cloud_fraction", "id", "-name"]
SORTS = [None, None, "acquired", "-acquired", "cloud_fraction", "-cloud_fraction", "id", "-name"]


def random_world(dice: random.Random, centre: tuple[float, float] | None) -> World:
    world = World(
        shards=dice.choice([1, 1, 3]), dirty=dice.random() < 0.3, version=dice.choice([1, 2, 2])
    )
    largest = dice.choice([1.0, 2.5, 2.5, 4.0])
    for number in range(IMAGES):
        x, y = near(dice, centre)
        geometry: dict[str, Any] | None = area(dice, x, y, 10 ** dice.uniform(-2, largest))
        if dice.random() < 0.04:
            geometry = None
        attributes = {
            "geometry": geometry,
            "acquired": f"202{dice.randint(0, 2)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}"
            f"T00:00:0{dice.randint(0, 9)}.000000Z",
            "cloud_fraction": dice.choice([None, 0.25, dice.random()]),
            "tags": dice.choice([None, ["x"], ["x", "y"], ["z" * 300, "y"]]),
        }
        try:
            world.put(image(f"i{number}", dice.choice(PRODUCTS), **attributes))
        except ValueError as error:
            assert "no area" in str(error)  # noqa: PT017 - a shape that collapses is refused
    return world


def random_area(dice: random.Random, world: World, centre: tuple[float, float] | None) -> Any:
    kind = dice.random()
    x, y = near(dice, centre)
    other = list(near(dice, (x, y)))
    if kind < 0.16:
        shape = "Point" if kind < 0.08 else "LineString" if kind < 0.12 else "MultiPoint"
        return {"type": shape, "coordinates": [x, y] if shape == "Point" else [[x, y], other]}
    if kind < 0.28:  # exactly on a corner or an edge of a footprint, or of a cell
        return edge_of(dice, world, x, y)
    if kind < 0.34:
        return box(-180, -90, 180, 90)
    if kind < 0.38:
        return box(-dice.uniform(91, 180), -dice.uniform(1, 90), 120, dice.uniform(1, 90))
    return area(dice, x, y, 10 ** dice.uniform(-2, 4))


def edge_of(dice: random.Random, world: World, x: float, y: float) -> Any:
    geometries = [each.get("geometry") for each in world.documents.values()]
    shapes = [footprint(each) for each in geometries if each is not None]
    cell = dice.choice(list(range(0, 9, 2)))
    tile = planar_cells([_cell_at(x, y, cell)]).tiles[0]
    corners = corners_of(dice.choice([*shapes, tile]))
    number = dice.randrange(len(corners) - 1)
    a, b = corners[number], corners[number + 1]
    if dice.random() < 0.5:
        return {"type": "Point", "coordinates": a}
    return (
        {"type": "LineString", "coordinates": [a, b]}
        if a != b
        else {
            "type": "Point",
            "coordinates": a,
        }
    )


def _cell_at(x: float, y: float, resolution: int) -> int:
    import h3.api.basic_int as h3

    return int(h3.latlng_to_cell(y, (x + 180) % 360 - 180, resolution))


def random_filter(dice: random.Random) -> list[Any]:
    moment = f"2021-0{dice.randint(1, 9)}"
    choices = [
        {"op": "lt", "name": "cloud_fraction", "val": 0.5},
        {"op": dice.choice(["eq", "ne"]), "name": "cloud_fraction", "val": 0.25},
        {"op": dice.choice(["gt", "gte", "lt", "lte"]), "name": "acquired", "val": moment},
        {
            "or": [
                {"op": "lt", "name": "acquired", "val": "2020-06"},
                {"op": "eq", "name": "acquired", "val": "2021-05-12T00:00:05"},
                {"op": "gt", "name": "acquired", "val": moment},
            ]
        },
        {"op": "eq", "name": "product_id", "val": dice.choice(PRODUCTS)},
        {"op": dice.choice(["eq", "ne"]), "name": "tags", "val": dice.choice(["x", "y"])},
        {"op": dice.choice(["isnull", "isnotnull"]), "name": "tags"},
        {"op": "prefix", "name": "name", "val": "i1"},
        {"op": "eq", "name": "id", "val": [f"{PRODUCTS[0]}:i{n}" for n in range(0, 50, 3)]},
    ]
    return dice.sample(choices, dice.choice([0, 0, 1, 1, 2, 3]))


def random_body(
    dice: random.Random, world: World, centre: tuple[float, float] | None
) -> dict[str, Any]:
    body: dict[str, Any] = {"filter": json.dumps(random_filter(dice))}
    if dice.random() < 0.9:
        body["intersects"] = json.dumps(random_area(dice, world, centre))
    if dice.random() < 0.15:
        body["intersects_none"] = True
    sort = dice.choice(SORTS)
    if sort:
        body["sort"] = sort
    if dice.random() < 0.2:
        body["limit"] = dice.randint(1, 30)
    return body


@given(seed=st.integers(0, 2**48), cells_only=st.booleans())
@settings(max_examples=max(1, PAIRS // QUERIES))
def test_a_search_finds_what_brute_force_finds(seed: int, cells_only: bool) -> None:
    dice = random.Random(seed)
    centre = place(dice) if dice.random() < 0.8 else None
    world = random_world(dice, centre)
    search = world.search()
    small_pages = mock.patch.object(_pages, "PAGE_IMAGES", 7)
    for _ in range(QUERIES):
        body = random_body(dice, world, centre)
        try:
            query = ImageQuery.from_body(body)
        except BadRequest as error:
            assert "no area" in error.detail  # noqa: PT017 - a shape that collapses is refused
            continue
        ratio = (lambda *_: 1e12) if cells_only else time_ratio
        with mock.patch.object(_plan, "time_ratio", ratio), small_pages:
            found = page_through(search, query, world.products)
            count, _ = search.count(query, world.products)
        expected = [document.id for document in world.expected(query)]
        limit = len(expected) if query.limit is None else query.limit
        assert count == len(expected), body
        if '"name": "id"' in body["filter"] and not query.sort_given:  # these come as asked
            assert len(found) == len(set(found)) == min(limit, count), body
            assert set(found) <= set(expected), body
        else:
            assert found == expected[:limit], body


@given(seed=st.integers(0, 2**48))
@settings(max_examples=max(1, PAIRS // QUERIES // 8))
def test_files_of_the_mirror_tell_what_brute_force_finds(seed: int) -> None:
    dice = random.Random(seed)
    centre = place(dice) if dice.random() < 0.8 else None
    world = random_world(dice, centre)
    mirror = MemoryMirror(world.postings, seed)
    world.mirror = MirrorSource(mirror, least=0, least_area=0.0, least_told=0.0)
    search = world.search()
    for _ in range(QUERIES):
        body = random_body(dice, world, centre)
        if dice.random() < 0.5:
            body["sort"] = dice.choice(OTHER_SORTS)
        try:
            query = ImageQuery.from_body(body)
        except BadRequest:
            continue
        if '"name": "id"' in body["filter"] and not query.sort_given:
            continue  # these come as asked
        with mock.patch.object(_pages, "PAGE_IMAGES", 7):
            found = page_through(search, query, world.products)
            count, _ = search.count(query, world.products)
        expected = [document.id for document in world.expected(query)]
        assert count == len(expected), body
        assert found == expected[: query.limit], body
        sizes = [len(batch) for batch in search.batches(query, world.products)]
        assert sum(sizes) == len(expected), body
    assert mirror.told or world.dirty
