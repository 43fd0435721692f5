"""CQL2 filters against the evaluator of the ``cql2`` package, on random images with nulls.

Each filter goes through the search over a catalog in memory, as text or as JSON, and the images
that it finds have to be those that ``matches`` says. SWATH_CQL2_PAIRS is the number of (image,
filter) pairs: SWATH_CQL2_PAIRS=200000 takes a minute.

Where that evaluator is another than the standard, or than Swath, filters stay away from it:

* it leaves conditions of nulls undecided, with an error instead of "unknown": that is no match;
* a division by zero is infinite there, a power that is not real no number: here both are null;
* NOT BETWEEN is unknown there where one bound is null, even if the other one decides, as in SQL;
* IN compares numbers as text there, so that -0 is not 0;
* a date beside a timestamp matches only where all of the day does: here the day is compared;
* a date that ends an interval is its midnight there, the whole day here;
* ``accenti`` there spells letters out that have no accents (ß, ø), here it takes accents away;
* ``casei`` lowers case there, here it folds it (ß is ss);
* a backslash escapes nothing in its LIKE.
"""

import json
import os
import random
from collections.abc import Callable
from typing import Any

import cql2
import pytest
from tests.unit.search.world import PRODUCTS, World, box, image, page_through

from swath_core.documents import Document
from swath_core.search import ImageQuery
from swath_core.stac.cql2 import (
    ARRAY_OPERATORS,
    SPATIAL_OPERATORS,
    TEMPORAL_OPERATORS,
    parse_cql2,
)

IMAGES = 25
FILTERS = 20
PAIRS = int(os.environ.get("SWATH_CQL2_PAIRS", "4000"))

TEXTS = ["landsat", "Landsat", "Lándsat 8", "sentinel_2", "100%", "LAND", ""]
PATTERNS = ["%", "land%", "%sat", "L_ndsat%", "%n%t%", "%1__\\%", "", "sentinel_2", "%_", "_%_%_"]
TAGS = ["a", "b", "c d"]
MOMENTS = [f"2021-0{month}-01T00:00:00.000000Z" for month in range(1, 7)]
NUMBERS = [0, 7, 7.5, 12.25, 50, 90]
PROPERTIES = {
    "eo:cloud_cover": "cloud_fraction",
    "view:off_nadir": "view_angle",
    "view:sun_azimuth": "solar_azimuth_angle",
    "platform": "satellite_id",
    "swath:provider_id": "provider_id",
    "datetime": "acquired",
    "end_datetime": "acquired_end",
    "published": "published",
    "keywords": "tags",
}
OF_NUMBERS = ["eo:cloud_cover", "view:off_nadir", "view:sun_azimuth"]
OF_TEXTS = ["platform", "swath:provider_id", "id"]
OF_MOMENTS = ["datetime", "end_datetime", "published"]

Tree = Any


def random_image(dice: random.Random, number: int) -> Document:
    def maybe(values: list[Any]) -> Any:
        return dice.choice([None, *values])

    west, south = dice.randint(-4, 4), dice.randint(-4, 4)
    footprint = box(west, south, west + dice.randint(1, 3), south + dice.randint(1, 3))
    percent = maybe(NUMBERS)
    begin = dice.choice(MOMENTS)
    return image(
        dice.choice(["Land", "x", "sentinel_"]) + str(number),
        dice.choice(PRODUCTS),
        acquired=begin,
        acquired_end=maybe([moment for moment in MOMENTS if moment >= begin]),
        published=maybe(MOMENTS),
        geometry=maybe([footprint] * 5),
        cloud_fraction=None if percent is None else percent / 100,
        view_angle=maybe(NUMBERS),
        solar_azimuth_angle=maybe(NUMBERS),
        satellite_id=maybe(TEXTS),
        provider_id=maybe([*TEXTS, "long" * 100]),
        tags=maybe([["a"], ["a", "b"], ["b", "a"], ["c d", "b", "a"], []]),
    )


def item_of(document: Document) -> dict[str, Any]:
    """Return what the evaluator looks at."""
    properties = {name: document.get(of) or None for name, of in PROPERTIES.items()}
    for name in [*OF_NUMBERS, *OF_TEXTS[:2]]:
        properties[name] = document.get(PROPERTIES[name])
    if properties["eo:cloud_cover"] is not None:
        properties["eo:cloud_cover"] = round(properties["eo:cloud_cover"] * 100, 6)
    return {
        "id": document.get("name"),
        "collection": document.get("product_id"),
        "geometry": document.get("geometry"),
        "properties": properties,
    }


# ---- random filters


def prop(name: str) -> Tree:
    return {"property": name}


def number(dice: random.Random, depth: int = 0) -> Tree:
    kind = dice.random()
    if kind < 0.45:
        return prop(dice.choice(OF_NUMBERS))
    if kind < 0.8 or depth > 2:
        return dice.choice(NUMBERS)
    op = dice.choice(["+", "-", "*", "/", "%", "div", "^"])
    if op in {"/", "%", "div", "^"}:
        other = dice.choice([2, 3, 7.5]) if op != "^" else 2
        return {"op": op, "args": [number(dice, depth + 1), other]}
    return {"op": op, "args": [number(dice, depth + 1), number(dice, depth + 1)]}


def text(dice: random.Random) -> Tree:
    made = prop(dice.choice(OF_TEXTS)) if dice.random() < 0.6 else dice.choice(TEXTS)
    for fold in ("casei", "accenti"):
        if dice.random() < 0.2:
            made = {"op": fold, "args": [made]}
    return made


def instant(dice: random.Random) -> Tree:
    if dice.random() < 0.6:
        return prop(dice.choice(OF_MOMENTS))
    return {"timestamp": dice.choice(MOMENTS)}


def span(dice: random.Random) -> Tree:
    kind = dice.random()
    if kind < 0.4:
        return {"timestamp": dice.choice(MOMENTS)} if kind < 0.2 else {"date": MOMENTS[2][:10]}
    if kind < 0.6:
        return prop(dice.choice(OF_MOMENTS))
    if kind < 0.7:
        return {"interval": [prop("datetime"), prop("end_datetime")]}
    begin, end = sorted(dice.choices(MOMENTS, k=2))
    return {"interval": [dice.choice([begin, ".."]), dice.choice([end, ".."])]}


def comparison(dice: random.Random) -> Tree:
    of = dice.choice([number, text])
    if dice.random() < 0.2:  # beside a timestamp the evaluator takes a property for one
        one, other = prop(dice.choice(OF_MOMENTS)), {"timestamp": dice.choice(MOMENTS)}
        pair = [one, other] if dice.random() < 0.7 else [other, one]
    else:
        pair = [of(dice), of(dice)]
    return {"op": dice.choice(["=", "<>", "<", "<=", ">", ">="]), "args": pair}


def between(dice: random.Random) -> Tree:
    return {"op": "between", "args": [number(dice), *dice.choices(NUMBERS, k=2)]}


def listed(dice: random.Random) -> Tree:
    if dice.random() < 0.5:
        return {"op": "in", "args": [text(dice), dice.choices(TEXTS, k=3)]}
    return {"op": "in", "args": [prop(dice.choice(OF_NUMBERS)), dice.choices(NUMBERS, k=3)]}


def like(dice: random.Random) -> Tree:
    pattern: Tree = dice.choice([each for each in PATTERNS if "\\" not in each])
    if dice.random() < 0.3:
        pattern = {"op": "casei", "args": [pattern]}
    return {"op": "like", "args": [text(dice), pattern]}


def is_null(dice: random.Random) -> Tree:
    of: list[Callable[[random.Random], Tree]] = [number, text, lambda _: prop("geometry")]
    return {"op": "isNull", "args": [dice.choice(of)(dice)]}


def temporal(dice: random.Random) -> Tree:
    op = dice.choice([*TEMPORAL_OPERATORS, "t_intersects"])
    return {"op": op, "args": [span(dice), span(dice)]}


def spatial(dice: random.Random) -> Tree:
    op = dice.choice([*SPATIAL_OPERATORS, "s_intersects"])
    west, south = dice.randint(-5, 5), dice.randint(-5, 5)
    literal: Tree = {"bbox": [west, south, west + dice.randint(1, 5), south + dice.randint(1, 5)]}
    if dice.random() < 0.3:
        literal = {"type": "Point", "coordinates": [west, south]}
    if dice.random() < 0.3:
        literal = box(west, south, west + 2, south + 2)
    pair = [prop("geometry"), literal]
    return {"op": op, "args": pair if dice.random() < 0.8 else pair[::-1]}


def arrays(dice: random.Random) -> Tree:
    op = dice.choice(ARRAY_OPERATORS)
    pair = [prop("keywords"), dice.choices(TAGS, k=dice.randint(1, 3))]
    return {"op": op, "args": pair if dice.random() < 0.7 else pair[::-1]}


PREDICATES = [comparison, comparison, between, listed, like, is_null, temporal, spatial, arrays]


def condition(dice: random.Random, depth: int = 0) -> Tree:
    kind = dice.random()
    if kind < 0.4 or depth > 3:
        return dice.choice(PREDICATES)(dice)
    if kind < 0.6:
        return {"op": "not", "args": [condition(dice, depth + 1)]}
    parts = [condition(dice, depth + 1) for _ in range(dice.randint(2, 3))]
    return {"op": "and" if kind < 0.82 else "or", "args": parts}


# ---- the comparison


def found_by_search(world: World, tree: Tree, dice: random.Random) -> set[str]:
    if dice.random() < 0.5:
        parsed = parse_cql2(cql2.Expr(tree).to_text(), "cql2-text")
    else:
        parsed = parse_cql2(tree if dice.random() < 0.5 else json.dumps(tree))
    query = ImageQuery(expression=parsed.expression, area=parsed.area)
    assert world.search().count(query, world.products)[0] == len(world.expected(query))
    return set(page_through(world.search(), query, world.products))


def found_by_evaluator(world: World, tree: Tree) -> set[str]:
    expression = cql2.Expr(tree)
    return {each.id for each in world.documents.values() if matches(expression, item_of(each))}


def matches(expression: cql2.Expr, item: dict[str, Any]) -> bool:
    """Return whether the evaluator says so; what nulls leave undecided is no match."""
    try:
        return expression.matches(item)
    except Exception as error:
        if str(error) != "Could not reduce expression to boolean":
            raise
        return False


@pytest.mark.parametrize("seed", range(max(1, PAIRS // (IMAGES * FILTERS))))
def test_filters_find_what_the_evaluator_matches(seed: int) -> None:
    dice = random.Random(seed)
    world = World(shards=dice.choice([1, 3]))
    for index in range(IMAGES):
        world.put(random_image(dice, index))
    for _ in range(FILTERS):
        tree = condition(dice)
        assert found_by_search(world, tree, dice) == found_by_evaluator(world, tree), tree
