"""Searches by declared extra properties against brute force, whatever of them postings hold."""

from __future__ import annotations

import json
import operator
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Any, cast

import hypothesis.strategies as st
from hypothesis import given, settings
from tests.memory_mirror import MemoryMirror
from tests.unit.search.world import PRODUCTS, World, box, image, page_through

from swath_core.definitions import EXTRA, Extras, ImageResource
from swath_core.documents import StoredImage
from swath_core.mirror import Extras as MirrorExtras
from swath_core.search import ImageQuery, MirrorSource
from swath_core.stac import Aggregations, ItemSearch
from swath_core.stac._aggregations import Aggregator, frequency_name

IMAGES = 40
QUERIES = 40
PAIRS = int(os.environ.get("SWATH_EXAMPLES", "400"))
TYPES = {
    "gsd": "number",
    "orbit": "integer",
    "s2:tile": "string",
    "final": "boolean",
    "seen": "date-time",
    "mission": "string",
}
DECLARED = {PRODUCTS[0]: TYPES, PRODUCTS[1]: {**TYPES, "gsd": "integer"}}
EXTRAS = Extras.of(DECLARED.items())
LONG = "long " * 60
VALUES: list[Any] = [
    *(None, None, 1.0, 2, 2.5, -3.0, -(2**60), True, False, "a", "ab", "b", LONG, "2.5", ""),
    *("2020-05-01", "2020-05-01T02:00:00+02:00", "2021-01-01T00:00:00Z", ["a"]),
]
Values = dict[str, Any]


def random_world(dice: random.Random) -> tuple[World, dict[str, Values]]:
    """Return a catalog, and the extra properties of its images by id."""
    world, extras = World(), {}
    for number in range(IMAGES):
        given = {name: value for name in TYPES if (value := dice.choice(VALUES)) is not None}
        plain = {n: v for n, v in given.items() if not isinstance(v, list) and dice.random() < 0.7}
        kept = {n: v for n, v in given.items() if n not in plain}
        x, y = dice.uniform(-3, 3), dice.uniform(-3, 3)
        made = image(
            f"i{number:02}",
            dice.choice(PRODUCTS),
            geometry=box(x, y, x + 1, y + 1),
            acquired=f"2020-{dice.randint(1, 3):02}-{dice.randint(1, 28):02}T00:00:00.000000Z",
            extra_properties=plain or None,
            stac={"properties": kept} if kept else None,
        )
        names = dice.choice([(), tuple(TYPES), tuple(dice.sample(sorted(TYPES), 3))])
        stored = StoredImage(made.kind, made.id, made.attributes, 1, held=tuple(sorted(names)))
        world.put(stored)
        extras[made.id] = given
    return world, extras


def files_of(world: World, dice: random.Random, *, all_tell: bool) -> MemoryMirror:
    """Let the world be read from files: of all that is declared, or some of less and of others."""
    world.extras = {id_: tuple(sorted(types.items())) for id_, types in DECLARED.items()}
    written: dict[str, list[MirrorExtras]] = {}
    for id_, extras in world.extras.items():
        before = tuple((name, dice.choice(list(TYPES.values()))) for name, _ in extras)
        fewer = tuple(sorted(dice.sample(extras, 3)))
        written[id_] = [extras] if all_tell else [extras, extras, (), fewer, before]
    mirror = MemoryMirror(
        world.postings, dice.randrange(2**32), whole=all_tell, extras=written, documents=world
    )
    world.mirror = MirrorSource(mirror, least=0, least_area=0.0, least_told=0.0)
    return mirror


# ---- what is right


def typed(value: Any, name: str) -> Any:
    """Return a value as one of the declared type, None where it is none."""
    kind = TYPES[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "number":
        return value if is_number else None
    if kind == "integer":
        return value if is_number and value == int(value) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if not isinstance(value, str):
        return None
    return moment(value) if kind == "date-time" else value


def moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


OPERANDS: dict[str, list[Any]] = {
    "gsd": [1, 2.5, 2],
    "orbit": [1, 2, 0],
    "s2:tile": ["a", "b", LONG],
    "final": [True, False],
    "seen": ["2020-05-01T00:00:00Z", "2020-12-31T00:00:00Z"],
    "mission": ["a", "ab"],
}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
SYMBOLS = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
Condition = tuple[str, str, Any]


def random_condition(dice: random.Random) -> Condition:
    name = dice.choice(list(TYPES))
    op = dice.choice([*COMPARE, "isnull", "isnotnull"])
    return name, op, dice.choice(OPERANDS[name])


def holds(values: Values, condition: Condition) -> bool:
    name, op, operand = condition
    value = typed(values.get(name), name)
    if op in {"isnull", "isnotnull"}:
        return (value is None) is (op == "isnull")
    return value is not None and bool(COMPARE[op](value, typed(operand, name)))


def in_order(ids: list[str], extras: dict[str, Values], name: str, descending: bool) -> list[str]:
    sign = -1 if descending else 1

    def compare(one: str, other: str) -> int:
        a, b = (typed(extras[each].get(name), name) for each in (one, other))
        if a != b:
            if a is None or b is None:
                return 1 if a is None else -1
            return sign if a > b else -sign
        return sign if one > other else -sign

    return sorted(ids, key=cmp_to_key(compare))


# ---- how it is asked


def by_catalog(parts: list[Condition], area: Any, name: str, descending: bool) -> ImageQuery:
    filter_ = [{"name": EXTRA + n, "op": op, "val": value} for n, op, value in parts]
    body = {"filter": filter_, "sort": f"{'-' * descending}{EXTRA}{name}", "intersects": area}
    return ImageQuery.from_body(body, ImageResource.with_extras(EXTRAS))


def by_stac(
    parts: list[Condition], area: Any, name: str, descending: bool, dice: random.Random
) -> ImageQuery:
    direction = "desc" if descending else "asc"
    asked: dict[str, Any] = {
        "sortby": [{"field": name, "direction": direction}],
        "limit": dice.choice([3, 1000]),
        "filter": {"op": "and", "args": [_cql2(each) for each in parts]},
    }
    as_query = [each for each in parts if not each[1].startswith("is")]
    if len(as_query) == len(parts) and len({n for n, *_ in parts}) == len(parts):
        del asked["filter"]
        asked["query"] = {n: {op.replace("ne", "neq"): value} for n, op, value in parts}
    if area is not None:
        asked["intersects"] = area
    return ItemSearch.parse(asked, extras=lambda: EXTRAS).images("user")


def _cql2(condition: Condition) -> dict[str, Any]:
    name, op, value = condition
    of = {"property": name}
    if op.startswith("is"):
        null = {"op": "isNull", "args": [of]}
        return null if op == "isnull" else {"op": "not", "args": [null]}
    literal = {"timestamp": value} if TYPES[name] == "date-time" else value
    return {"op": SYMBOLS[op], "args": [of, literal]}


@given(seed=st.integers(0, 2**48))
@settings(max_examples=max(1, PAIRS // QUERIES))
def test_extra_properties_are_found_and_sorted_by_as_brute_force_does(seed: int) -> None:
    dice = random.Random(seed)
    world, extras = random_world(dice)
    source = dice.choice(["postings", "some files", "files"])
    mirror = None if source == "postings" else files_of(world, dice, all_tell=source == "files")
    search = world.search()
    for _ in range(QUERIES if mirror is None else QUERIES // 8):
        parts = [random_condition(dice) for _ in range(dice.choice([1, 1, 2]))]
        area = dice.choice([None, box(-9, -9, 9, 9)])
        name, descending = dice.choice(list(TYPES)), dice.random() < 0.5
        right = [id_ for id_, values in extras.items() if all(holds(values, p) for p in parts)]
        right = in_order(right, extras, name, descending)
        for query in (
            by_catalog(parts, area, name, descending),
            by_stac(parts, area, name, descending, dice),
        ):
            shown = json.dumps([parts, name, descending])
            assert page_through(search, query, world.products) == right, shown
            assert search.count(query, world.products)[0] == len(right), shown
            assert search.count_within(query, world.products) == len(right), shown
    assert mirror is None or source != "files" or mirror.told


def test_aggregations_of_files_are_those_of_postings() -> None:
    dice = random.Random(3)
    world, extras = random_world(dice)
    names = [frequency_name(each) for each in TYPES if each != "seen"]
    asked = Aggregations.parse({"aggregations": names}, lambda: EXTRAS)

    def answers() -> list[dict[str, Any]]:
        query, summaries = ImageQuery.from_body({}), cast("Any", None)
        return Aggregator(world.search(), summaries, query, world.products).answers(asked)

    of_postings = answers()
    mirror = files_of(world, dice, all_tell=True)
    assert answers() == of_postings
    assert mirror.told
    (tiles,) = (each for each in of_postings if each["name"] == frequency_name("s2:tile"))
    texts = [typed(values.get("s2:tile"), "s2:tile") for values in extras.values()]
    told = Counter(each for each in texts if each is not None)
    assert {each["key"]: each["frequency"] for each in tiles["buckets"]} == told
