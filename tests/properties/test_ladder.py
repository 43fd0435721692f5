"""Postings of images of every size, anywhere: bounds on their number."""

import random

from tests.unit.search.world import area, image, place

from swath_core.geo import footprint
from swath_core.index import FEW_CELLS, MOST_CELLS, MOST_POSTINGS, ladder_of, postings_of


def test_bounds_hold_for_all_sizes_and_places() -> None:
    dice = random.Random(1)
    for _ in range(300):
        geometry = area(dice, *place(dice), 10 ** dice.uniform(-2, 4.3))
        try:
            saved = image("i", geometry=geometry)
        except ValueError:
            continue
        ladder = ladder_of(footprint(saved.attributes["geometry"]))
        assert len(ladder.own) <= MOST_CELLS
        assert len(ladder.own) + len(ladder.passing) <= MOST_POSTINGS + FEW_CELLS
        rows = postings_of(saved).rows
        assert len(rows) == len({row.partition for row in rows})
        assert 2 * len(rows) + 1 <= 100  # an image that moves, in one transaction
        assert {row.sort_key for row in rows} == {f"{saved.attributes['acquired']}#{saved.id}"}
