"""Aggregations of declared properties out of files, where the declaration has changed meanwhile."""

from __future__ import annotations

import pytest
from tests.mirror_world import PRODUCT, mirror_world

from swath_core.definitions import Extras
from swath_core.stac import Aggregations
from swath_core.stac._aggregations import Aggregator
from swath_core.summaries import Summaries

STORED = [2, 2.5, "a", True, None, -(2**60), "a"]


@pytest.mark.parametrize("now", ["number", "string"])
def test_declared_properties_are_counted_as_the_request_read_them(now: str) -> None:
    """Files have the type that is declared by the time that products are read."""
    with mirror_world() as world:
        world.declared = {"x": now}
        for number, value in enumerate(STORED):
            extras = {} if value is None else {"x": value}
            world.put(f"i{number}", f"2020-02-03T00:00:0{number}.000000Z", extra_properties=extras)
        world.settle()
        for before in ("number", "integer", "string", "boolean"):
            declared = Extras.of([(PRODUCT, {"x": before})])
            asked = Aggregations.parse({"aggregations": ["x_frequency"]}, lambda: declared)  # noqa: B023
            reads = world.objects.reads
            search = world.search
            summaries = Summaries(rollups=world.rollups, postings=world.postings, search=search)
            aggregator = Aggregator(search, summaries, world.query(), [world.searched])
            (found,) = aggregator.answers(asked)
            buckets = {each["key"]: each["frequency"] for each in found["buckets"]}
            told = {
                "number": {"-1.152921504606847e+18--1.152921504606847e+18": 1, "0.0-10.0": 2},
                "integer": {"-1.152921504606847e+18--1.152921504606847e+18": 1, "0.0-10.0": 1},
                "string": {"a": 2},
                "boolean": {"true": 1},
            }
            assert buckets == told[before]
            assert found["overflow"] == len(STORED) - sum(buckets.values())
            assert (world.objects.reads > reads) == (before == now)
