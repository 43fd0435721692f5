"""Aggregations that files of the mirror answer are those that postings answer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.mirror_world import MirrorWorld, mirror_world

from swath_core.search import ImageSearch
from swath_core.stac import AGGREGATIONS, Aggregations
from swath_core.stac._aggregations import Aggregator
from swath_core.summaries import Summaries

IMAGES = 40


@pytest.fixture(scope="module")
def world() -> Iterator[MirrorWorld]:
    dice = random.Random(5)
    with mirror_world() as found:
        for number in range(IMAGES):
            x, y = dice.uniform(-180, 178), dice.uniform(-85, 83)
            ring = [[x, y], [x + 2, y], [x + 2, y + 1], [x, y]]
            given: dict[str, Any] = {
                "cloud_fraction": dice.choice([None, 0.1, 0.29, 0.3, dice.random()]),
                "solar_elevation_angle": dice.choice([None, -3, 45.5]),
                "satellite_id": dice.choice([None, "a", "b", "x" * 400]),
                "tags": dice.choice([None, [], ["s"], ["s", "t"]]),
                "geometry": {"type": "Polygon", "coordinates": [ring]} if number % 7 else None,
            }
            moment = (
                f"2020-0{dice.randint(1, 3)}-0{dice.randint(1, 9)}T00:00:0{number % 10}.000000Z"
            )
            more = {name: value for name, value in given.items() if value is not None}
            found.put(f"i{number}", moment, **more)
        found.settle()
        # a day that is read from postings, beside those of the files
        found.put("late", "2020-02-03T10:00:00.000000Z", satellite_id="late")
        yield found


@pytest.mark.parametrize(
    "more",
    [
        [],
        [{"op": "gte", "name": "cloud_fraction", "val": 0.2}],
        [{"op": "eq", "name": "satellite_id", "val": "x" * 400}],
        [{"op": "eq", "name": "satellite_id", "val": "nothing"}],
    ],
)
def test_files_answer_what_postings_answer(world: MirrorWorld, more: list[dict[str, Any]]) -> None:
    asked = Aggregations.parse({"aggregations": list(AGGREGATIONS)})

    def answers(search: ImageSearch) -> list[dict[str, Any]]:
        summaries = Summaries(rollups=world.rollups, postings=world.postings, search=search)
        query = world.query(*more)
        return Aggregator(search, summaries, query, [world.searched]).answers(asked)

    expected = answers(
        ImageSearch(
            postings=world.postings,
            documents=world,
            months=world.rollups,
            signing_key=lambda: b"key",
        )
    )
    reads = world.objects.reads
    found = answers(world.search)

    assert found == expected
    assert world.objects.reads > reads
    total = next(each for each in found if each["name"] == "total_count")
    assert total["value"] == len(world.found(world.query(*more)))
    assert len(found) == len(AGGREGATIONS)
