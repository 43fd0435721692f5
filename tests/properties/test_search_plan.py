"""What the planner opens, and that it stays within its bounds."""

import random
from typing import Any

import pytest
import shapely
from tests.unit.search.world import area, box, place, rollups

from swath_core.filters._expression import ALL_KEYS, KeyRange
from swath_core.geo import footprint, normalise_footprint, query_geometry
from swath_core.index import EVERYWHERE, PASSING, VERSIONS, IndexState, ladder_of, planar_cells
from swath_core.search import SearchProduct
from swath_core.search._cover import (
    MOST_PARTITIONS,
    MOST_POINT_PARTITIONS,
    CellCover,
    best_cover,
)
from swath_core.search._plan import Projection, plan_cells, plan_time, time_ratio

EVERYWHERE_ON_EARTH = frozenset(range(122))
WHOLE = Projection(footprints=True, attributes=True)


def cover(shape: Any, *rungs: int, extent: frozenset[int] = EVERYWHERE_ON_EARTH) -> CellCover:
    wkb = shapely.to_wkb(query_geometry(shape))
    found = best_cover(wkb, IndexState(frozenset(rungs), extent), MOST_PARTITIONS, 1)
    assert found is not None
    return found


POINT = {"type": "Point", "coordinates": [10.0, 47.0]}


@pytest.mark.parametrize("rungs", [[4], [6, 4], [0, 2, 4, 6, 8, 10, 12], [4, 2 + PASSING]])
def test_a_point_opens_two_partitions_at_most(rungs: list[int]) -> None:
    assert 1 <= len(cover(POINT, *rungs).cells) <= MOST_POINT_PARTITIONS


def test_a_point_of_one_class_opens_its_finest_cell() -> None:
    (cell,) = cover(POINT, 6).cells
    assert (cell.rung, cell.own) == (12, True)
    assert shapely.intersects(planar_cells([cell.cell]).tiles[0], shapely.Point(10, 47))


def test_large_areas_open_coarse_cells_and_small_ones_fine_cells() -> None:
    degrees = [0.05, 0.5, 5.0, 25.0]
    finest = [max(c.rung for c in cover(box(10, 40, 10 + d, 40 + d), 6).cells) for d in degrees]
    assert finest == sorted(finest, reverse=True)
    assert finest[0] == 12
    assert finest[-1] <= 4


def test_no_more_partitions_than_allowed() -> None:
    dice = random.Random(9)
    none = 0
    for _ in range(150):
        shape = area(dice, *place(dice), 10 ** dice.uniform(-1, 4.2))
        rungs = frozenset(dice.sample([0, 1, 2, 4, 6, 8, 104, 102], dice.randint(1, 4)))
        try:
            wkb = shapely.to_wkb(query_geometry(shape))
        except Exception as error:  # noqa: BLE001
            assert "no area" in str(error)  # noqa: PT017
            continue
        found = best_cover(wkb, IndexState(rungs, EVERYWHERE_ON_EARTH), MOST_PARTITIONS, 1)
        none += found is None
        assert found is None or 1 <= len(found.cells) <= MOST_PARTITIONS
    assert none < 50


@pytest.mark.parametrize("version", VERSIONS)
def test_every_image_that_meets_the_area_is_in_an_opened_partition(version: int) -> None:
    dice = random.Random(2)
    tested = 0
    for _ in range(150):
        x, y = place(dice)
        try:
            query = query_geometry(area(dice, x, y, 10 ** dice.uniform(0, 3.5)))
            shapes = [
                footprint(normalise_footprint(area(dice, x, y, 10 ** dice.uniform(-1, 3.5))))
                for _ in range(6)
            ]
        except Exception as error:  # noqa: BLE001
            assert "no area" in str(error)  # noqa: PT017
            continue
        ladders = [ladder_of(shape, version) for shape in shapes]
        state = IndexState()
        for ladder in ladders:
            state = state.union(ladder.state)
        found = best_cover(shapely.to_wkb(query), state, MOST_PARTITIONS, version)
        if found is None:
            continue
        opened = {(cell.cell, cell.own) for cell in found.cells}
        for shape, ladder in zip(shapes, ladders, strict=True):
            posted = {(c, True) for c in ladder.own} | {(c, False) for c in ladder.passing}
            inside = {(c.cell, c.own) for c in found.cells if c.inside}
            if shapely.intersects(query, shape) and ladder.rung != EVERYWHERE:
                tested += 1
                assert posted & opened
            elif not shapely.intersects(query, shape):
                assert not posted & inside  # being posted there would count as a match
    assert tested > 300


def test_a_rare_coarse_class_is_read_beside_the_fine_one() -> None:
    cells = cover(box(10, 47, 10.2, 47.1), 6, 0).cells
    opened = {(cell.rung, cell.own) for cell in cells}
    assert opened >= {(0, True), (12, True)}
    assert (0, False) not in opened  # where every image of the fine class is


def test_classes_of_few_cells_do_not_double_partitions() -> None:
    shape = box(5, 45, 11, 49)
    plain = cover(shape, 4, 2)
    few = cover(shape, 4, 2 + PASSING)
    assert len([c for c in few.cells if c.rung == 4 and c.own]) == 0 or few.ratio < plain.ratio
    assert {c.own for c in few.cells if c.rung == 4} <= {False}


def test_where_the_product_has_nothing_nothing_is_opened() -> None:
    assert cover(POINT, 4, extent=frozenset({57})).cells == ()
    plan = plan_cells(
        SearchProduct("p", IndexState(frozenset({4}), frozenset({57})), version=1),
        query_geometry(POINT),
        ALL_KEYS,
        WHOLE,
    )
    assert plan is not None
    assert (plan.kind, plan.sources) == ("none", [])


def test_the_extent_bounds_the_area() -> None:
    europe = ladder_of(shapely.box(9, 46, 11, 48))
    wide = cover(box(-180, -90, 180, 90), 4, extent=europe.extent)
    assert len(wide.cells) <= MOST_PARTITIONS
    assert time_ratio(
        SearchProduct("p", IndexState(frozenset({4}), europe.extent), version=1),
        query_geometry(box(-180, -90, 180, 90)),
    ) == pytest.approx(1.0)


def test_the_whole_world_is_too_much_for_cells() -> None:
    wkb = shapely.to_wkb(query_geometry(box(-180, -90, 180, 90)))
    state = IndexState(frozenset({4}), EVERYWHERE_ON_EARTH)
    assert best_cover(wkb, state, MOST_PARTITIONS, 1) is None


def test_cells_inside_the_area_need_no_footprint() -> None:
    product = SearchProduct("p", IndexState(frozenset({6}), EVERYWHERE_ON_EARTH), version=1)
    plan = plan_cells(product, query_geometry(box(0, 40, 8, 46)), ALL_KEYS, WHOLE)
    assert plan is not None
    inside = [source for source in plan.sources if source.inside]
    assert inside
    assert not any(source.footprints for source in inside)
    assert all(source.footprints for source in plan.sources if not source.inside)


def test_images_everywhere_have_a_partition_of_their_own() -> None:
    state = IndexState(frozenset({EVERYWHERE}), EVERYWHERE_ON_EARTH)
    product = SearchProduct("p", state, version=1)
    plan = plan_cells(product, query_geometry(POINT), ALL_KEYS, WHOLE)
    assert plan is not None
    assert [source.partition for source in plan.sources] == ["p|h|*"]


MONTHS = rollups({"2020-12": 50, "2021-01": 70}, ["2021-02-03"])


def test_months_are_bounded_by_the_key_range() -> None:
    product = SearchProduct("p", IndexState(), shards=2)
    keys = KeyRange("2020-12-15T00:00:00.000000Z", "2021-01-31T00:00:00.000000Z$")
    plan = plan_time(product, MONTHS, keys, WHOLE)
    assert [source.partition for source in plan.sources] == [
        "p|t|2020-12|0",
        "p|t|2020-12|1",
        "p|t|2021-01|0",
        "p|t|2021-01|1",
    ]
    assert plan.sources[0].low == keys.low
    assert plan.sources[-1].high == keys.high
    assert [source.expected for source in plan.sources] == [12.5, 12.5, 17.5, 17.5]


def test_whole_clean_months_need_not_be_read_to_be_counted() -> None:
    product = SearchProduct("p", IndexState())
    plan = plan_time(product, MONTHS, ALL_KEYS, WHOLE, count_months=True)
    assert plan.counted == 120
    assert [source.partition for source in plan.sources] == ["p|t|2021-02|0"]
    assert plan_time(product, rollups({}), ALL_KEYS, WHOLE).kind == "none"
