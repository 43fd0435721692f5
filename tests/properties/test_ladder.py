"""Postings of images of every size, anywhere: bounds on their number."""

import math
import random

import pytest
import shapely
from tests.unit.search.world import area, image, place

from swath_core.geo import footprint
from swath_core.index import VERSIONS, Placement, ladder_of, postings_of


@pytest.mark.parametrize(
    ("side", "rung"),
    [(0.5, 19), (5, 14), (24, 11), (110, 8), (185, 7), (400, 5), (1200, 3)],
)
def test_footprints_of_one_size_end_at_one_rung_wherever_they_are(side: float, rung: int) -> None:
    dice = random.Random(str(side))
    for _ in range(25):
        x, y = dice.uniform(-170, 170), dice.uniform(-55, 55)
        half = side / 2 / 111.195
        wide = half / math.cos(math.radians(y))
        ladder = ladder_of(shapely.box(x - wide, y - half, x + wide, y + half))
        assert ladder.rung == rung
        assert len(ladder.own) <= 26


@pytest.mark.parametrize("version", VERSIONS)
def test_bounds_hold_for_all_sizes_and_places(version: int) -> None:
    dice = random.Random(1)
    for _ in range(300):
        geometry = area(dice, *place(dice), 10 ** dice.uniform(-2, 4.3))
        try:
            saved = image("i", geometry=geometry)
        except ValueError:
            continue
        ladder = ladder_of(footprint(saved.attributes["geometry"]), version)
        steps = VERSIONS[version]
        assert len(ladder.own) <= steps.most
        assert len(ladder.own) + len(ladder.passing - ladder.own) <= steps.together
        rows = postings_of(saved, Placement(version)).rows
        assert len(rows) == len({row.partition for row in rows})
        assert 2 * len(rows) + 1 <= 100 + 2 * steps.few  # one that moves, in one transaction
        assert {row.sort_key for row in rows} == {f"{saved.attributes['acquired']}#{saved.id}"}
