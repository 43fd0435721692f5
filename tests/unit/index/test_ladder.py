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
from swath_core.documents import StoredImage
from swath_core.index import (
    MOST_BYTES,
    OMITTED,
    PASSING,
    VERSIONS,
    IndexState,
    Placement,
    _cells,
    attributes_of_row,
    is_sharded,
    ladder_of,
    placement_of,
    posted_in,
    postings_of,
    predecessor,
    shard_in,
    shard_of,
    split_key,
    successor,
)
from swath_core.store.postings import PostingRow, item_bytes


@pytest.mark.parametrize(
    ("width", "height", "rung"),
    [
        (0.0005, 0.0005, 24),
        (0.003, 0.003, 20),
        (0.03, 0.03, 16),
        (0.1, 0.1, 12),
        (1, 1, 8),
        (6, 6, 4),
        (30, 30, 2),
        (120, 30, 0),
    ],
)
def test_version_1_ends_as_fine_as_44_cells_allow(width: float, height: float, rung: int) -> None:
    ladder = ladder_of(shapely.box(10, 40, 10 + width, 40 + height), 1)
    assert ladder.rung == rung
    assert {h3.get_resolution(cell) for cell in ladder.own} == {rung // 2}
    passing = {h3.get_resolution(cell) for cell in ladder.passing}
    assert passing >= {each // 2 for each in VERSIONS[1].ending if each < rung}


def test_few_cells_are_posted_as_passing_too_in_version_1() -> None:
    few = ladder_of(shapely.box(0.0, 0.0, 8.0, 8.0), 1)
    assert not few.own & few.passing
    assert few.state.rungs == {few.rung // 2}
    cell = h3.latlng_to_cell(45.0, 10.0, 2)
    tile = index.planar_cells([cell]).tiles[0]
    large = ladder_of(shapely.buffer(tile, -0.2), 1)
    assert large.own == {cell}
    assert large.own <= large.passing
    assert large.state.rungs == {2 + PASSING}
    assert large.state.used(1).few == {4}


def test_groups_are_tiles_of_the_plane_as_well() -> None:
    parent = h3.latlng_to_cell(45.0, 10.0, 3)
    for cell in (parent, *h3.get_pentagons(2)):
        children = h3.cell_to_children(cell)
        groups = {_cells.group_of(child) for child in children}
        assert len(groups) == 3
        assert sorted(c for g in groups for c in _cells.members(g)) == sorted(children)
        tiles = index.planar_cells(sorted(groups)).tiles
        whole = shapely.union_all(index.planar_cells(children).tiles)
        assert sum(tile.area for tile in tiles) == pytest.approx(whole.area)


def test_the_world_is_everywhere() -> None:
    saved = image("i", geometry=box(-180, -90, 180, 90))
    postings = postings_of(saved)
    assert [row.partition for row in postings.rows] == ["acme:a|t|2021-05|0", "acme:a|h2|*"]
    assert postings.state == IndexState(
        frozenset({1999}), frozenset(range(122)), years=frozenset({2021})
    )
    assert postings.state.used().everywhere


def test_without_footprint() -> None:
    postings = postings_of(image("i"))
    assert [row.partition for row in postings.rows] == ["acme:a|t|2021-05|0", "acme:a|n"]
    assert postings.state == IndexState(years=frozenset({2021}))
    assert "g" not in postings.rows[0].payload


def test_shards_spread_images_and_keep_each_in_its_place() -> None:
    assert {shard_of(f"acme:a:i{n}", 4) for n in range(50)} == set(range(4))
    saved = image("i", geometry=box(0, 0, 1, 1))
    postings = postings_of(saved, Placement(shard=3))
    coarse = [row.partition for row in postings.rows if row.partition.endswith("|3")]
    assert coarse[0] == "acme:a|t|2021-05|3"
    assert len(coarse) == 1 + len(
        [c for c in ladder_of(shapely.box(0, 0, 1, 1)).passing if is_sharded(c)]
    )
    stored = StoredImage("image", saved.id, saved.attributes, 1, None, postings.suffixes)
    assert posted_in(stored) == postings.suffixes


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("shard", [0, 7])
def test_partitions_tell_where_an_image_is_posted(version: int, shard: int) -> None:
    place = Placement(version, shard)
    for geometry in (box(0, 0, 1, 1), box(-180, -90, 180, 90)):
        assert placement_of(postings_of(image("i", geometry=geometry), place).suffixes) == place
    bare = postings_of(image("i"), place).suffixes
    assert (placement_of(bare), shard_in(bare)) == (None, shard)


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
    used = both.used(1)
    assert (set(used.ending), set(used.few), used.everywhere) == ({8}, {4}, False)


def test_the_same_footprint_is_covered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    real = index._cells.cover

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(index._ladder, "cover", counted)
    shape = box(3.003, 4.004, 5.005, 6.006)
    postings_of(image("a", geometry=shape))
    first = len(calls)
    postings_of(image("b", geometry=shape))
    assert len(calls) == first > 0


def test_a_posting_costs_one_unit_whatever_the_attributes() -> None:
    long: dict[str, Any] = {name: name[0] * 250 for name in ("satellite_id", "provider_id")}
    long |= {"processing_pipeline_id": "é" * 120, "tags": ["t" * 20] * 10}
    for name in ("n", "n" * 150):
        saved = image(name, geometry=box(0, 0, 1, 1), cloud_fraction=0.5, **long)
        for row in postings_of(saved).rows:
            size = item_bytes(row.partition, PostingRow.of(row.sort_key, row.payload))
            assert size <= MOST_BYTES
        values = attributes_of_row(
            "acme:a", saved.attributes["acquired"], saved.id, row.payload["a"]
        )
        assert values["cloud_fraction"] == 0.5
        for attribute in long:
            assert values.get(attribute) == long[attribute] or attribute in values[OMITTED]


def test_modified_is_held_by_time_only() -> None:
    saved = image("i", geometry=box(0, 0, 1, 1), modified="2021-06-01T00:00:00.000000Z")
    first, *cells = postings_of(saved).rows
    assert "modified" in json.loads(first.payload["a"])
    assert cells
    for row in cells:
        assert "modified" not in json.loads(row.payload["a"])
        values = attributes_of_row(
            "acme:a", saved.attributes["acquired"], saved.id, row.payload["a"]
        )
        assert values[OMITTED] == ["modified"]
