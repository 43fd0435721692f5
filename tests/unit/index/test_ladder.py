"""Postings of an image: rungs, bounds on their number, keys, payload."""

import json
from typing import Any

import h3.api.basic_int as h3
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.search.world import box, image

from swath_core import index
from swath_core.index import (
    EVERYWHERE,
    FEW_CELLS,
    OMITTED,
    PASSING,
    RUNGS,
    IndexState,
    attributes_of_row,
    ladder_of,
    postings_of,
    predecessor,
    split_key,
    successor,
)


@pytest.mark.parametrize(
    ("width", "height", "rung"),
    [
        (0.0005, 0.0005, 12),
        (0.003, 0.003, 10),
        (0.03, 0.03, 8),
        (0.1, 0.1, 6),
        (1, 1, 4),
        (6, 6, 2),
        (30, 30, 1),
        (120, 30, 0),
    ],
)
def test_the_fine_rung_follows_from_the_size(width: float, height: float, rung: int) -> None:
    ladder = ladder_of(shapely.box(10, 40, 10 + width, 40 + height))
    assert ladder.rung == rung
    assert {h3.get_resolution(cell) for cell in ladder.own} == {rung}
    passing = {h3.get_resolution(cell) for cell in ladder.passing}
    assert passing >= {each for each in RUNGS if each < rung}


def test_few_cells_are_posted_as_passing_too() -> None:
    few = ladder_of(shapely.box(0.0, 0.0, 8.0, 8.0))
    assert len(few.own) > FEW_CELLS
    assert not few.own & few.passing
    assert few.state.rungs == {few.rung}
    cell = h3.latlng_to_cell(45.0, 10.0, 2)
    tile = index.planar_cells([cell]).tiles[0]
    large = ladder_of(shapely.buffer(tile, -0.2))
    assert large.own == {cell}
    assert large.own <= large.passing
    assert large.state.rungs == {2 + PASSING}
    assert large.state.few == {2}


def test_the_world_is_everywhere() -> None:
    saved = image("i", geometry=box(-180, -90, 180, 90))
    postings = postings_of(saved)
    assert [row.partition for row in postings.rows] == ["acme:a|t|2021-05|0", "acme:a|h|*"]
    everywhere = IndexState(frozenset({EVERYWHERE}), frozenset(range(122)))
    assert postings.state == everywhere.union(IndexState(years=frozenset({2021})))
    assert postings.state.everywhere


def test_without_footprint() -> None:
    postings = postings_of(image("i"))
    assert [row.partition for row in postings.rows] == ["acme:a|t|2021-05|0", "acme:a|n"]
    assert postings.state == IndexState(years=frozenset({2021}))
    assert "g" not in postings.rows[0].payload


def test_shards_spread_images_and_keep_each_in_its_place() -> None:
    shards = {postings_of(image(f"i{n}"), 4).rows[0].partition for n in range(50)}
    assert shards == {f"acme:a|t|2021-05|{shard}" for shard in range(4)}
    assert postings_of(image("i1"), 4) == postings_of(image("i1"), 4)


def test_the_payload_holds_what_can_be_filtered() -> None:
    saved = image(
        "i",
        geometry=box(0, 0, 1, 1),
        cloud_fraction=0.25,
        tags=["a"],
        provider_id="p" * 300,
        extra_properties={"a": 1},
        files=[{"href": "x", "size_bytes": 5}, {"href": "y", "size_bytes": 7}, {"href": "z"}],
    )
    payload = postings_of(saved).rows[0].payload
    assert json.loads(payload["a"]) == {
        "storage_state": "available",
        "cloud_fraction": 0.25,
        "tags": ["a"],
        OMITTED: ["provider_id"],
    }
    assert (payload["b"], payload["v"]) == (12, 1)
    assert shapely.from_wkb(payload["g"]).equals(shapely.box(0, 0, 1, 1))
    values = attributes_of_row("acme:a", "2021-05-31T10:20:30.000000Z", "acme:a:i", payload["a"])
    assert values["id"] == "acme:a:i"
    assert values["name"] == "i"
    assert values["product_id"] == "acme:a"


def test_postings_compare_by_payload() -> None:
    one, other = (postings_of(image("i", cloud_fraction=c)).rows[0] for c in (0.1, 0.2))
    assert one != other
    assert one.partition == other.partition


ids = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


@given(one=ids, other=ids)
def test_neighbours_of_a_key_leave_no_other_key_out(one: str, other: str) -> None:
    key, other_key = f"2021#{one}", f"2021#{other}"
    if "\U0010ffff" in one + other:
        return
    assert predecessor(key) < key < successor(key)
    assert not key < other_key < successor(key)
    assert not predecessor(key) < other_key < key
    assert predecessor(key).encode() < key.encode() < successor(key).encode()


def test_predecessor_steps_over_surrogates() -> None:
    assert predecessor("a\ue000").encode() < b"a\xee\x80\x80"


def test_a_key_splits_into_time_and_id() -> None:
    moment = "2021-05-31T10:20:30.000000Z"
    assert split_key(f"{moment}#org:p:i#1") == (moment, "org:p:i#1")


def test_states_only_grow() -> None:
    one = IndexState(frozenset({4}), frozenset({1, 2}))
    other = IndexState(frozenset({4, 102}), frozenset({2}))
    assert not one.covers(other)
    both = one.union(other)
    assert both.covers(one)
    assert both.covers(other)
    assert both == IndexState(frozenset({4, 102}), frozenset({1, 2}))
    assert (set(both.ending), set(both.few), both.everywhere) == ({4}, {2}, False)


def test_the_same_footprint_is_covered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    real = index._cells.cover

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(index._postings, "cover", counted)
    shape = box(3.003, 4.004, 5.005, 6.006)
    postings_of(image("a", geometry=shape))
    first = len(calls)
    postings_of(image("b", geometry=shape))
    assert len(calls) == first > 0
