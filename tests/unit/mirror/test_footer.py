"""Footers that are cut down: what is read of some columns and row groups is what is in the file."""

from __future__ import annotations

import io
import random
from unittest import mock

import pytest
import shapely
from arro3.core import Array, DataType, Table
from arro3.io import read_parquet, write_parquet
from hypothesis import given
from hypothesis import strategies as st

from swath_core.index import key_of
from swath_core.mirror import MirrorColumns, write_file
from swath_core.mirror import _write as writer
from swath_core.mirror._footer import Bounds, cut_footer, split_tail
from swath_core.store.postings import PostingRow

PRODUCT = "acme:p"


def file_of(number: int, *, placed: bool = True) -> bytes:
    dice = random.Random(number)
    rows = []
    for each in range(number):
        x, y = dice.uniform(-170, 160), dice.uniform(-80, 70)
        shape = shapely.box(x, y, x + 5, y + 5)
        attributes = '{"cloud_fraction":0.5,"tags":["a","b"]}' if each % 3 else "{}"
        key = key_of(f"2020-02-03T00:00:{each % 60:02}.000000Z", f"{PRODUCT}:i{each}")
        wkb = shapely.to_wkb(shape, byte_order=1) if placed or each % 5 else None
        rows.append(PostingRow(key, wkb, attributes, each, 1))
    with mock.patch.object(writer, "GROUP_ROWS", 7):
        return write_file(PRODUCT, rows)


@given(data=st.data(), number=st.integers(1, 40))
def test_what_a_cut_footer_names_is_what_the_file_holds(data: st.DataObject, number: int) -> None:
    file = file_of(number)
    whole = read_parquet(file, batch_size=1000).read_all()
    index, footer = split_tail(file)
    names = data.draw(st.sets(st.sampled_from(whole.column_names), min_size=1))
    places = data.draw(st.sets(st.integers(0, len(index.groups) - 1), min_size=1))
    groups = [index.groups[place] for place in sorted(places)]
    end = cut_footer(index, footer, names, groups)
    found = read_parquet(file[: -len(end)] + end, batch_size=1000).read_all()

    assert found.column_names == [name for name in whole.column_names if name in names]
    rows = [row for place in sorted(places) for row in range(place * 7, min(place * 7 + 7, number))]
    indices = Array(rows, DataType.uint64())
    for name in names:
        expected = whole.column(name).combine_chunks().take(indices)
        assert found.column(name).combine_chunks() == expected


@pytest.mark.parametrize("placed", [True, False])
def test_row_groups_that_an_area_does_not_touch_are_left_out(placed: bool) -> None:
    file = file_of(100, placed=placed)
    whole = MirrorColumns(PRODUCT, file)
    area: Bounds = (0.0, 0.0, 60.0, 40.0)
    some = MirrorColumns(PRODUCT, file, area)

    def touching(columns: MirrorColumns) -> set[str]:
        places = columns.places_of_days("2020-02", ["03"])
        shapes = columns.footprints(places)
        asked = shapely.box(*area)
        return {
            image_id
            for image_id, wkb in zip(columns.ids(places), shapes, strict=True)
            if wkb is None or shapely.from_wkb(wkb).intersects(asked)
        }

    assert touching(some) == touching(whole) != set()
    assert 0 < len(some) < len(whole) == whole.in_file == some.in_file == 100


def test_an_area_that_nothing_touches_leaves_no_images() -> None:
    assert len(MirrorColumns(PRODUCT, file_of(10), (175.0, 85.0, 180.0, 90.0))) == 0


@pytest.mark.parametrize("cut", [0, 3, 8, 40])
def test_what_is_no_file_of_the_mirror_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="not the end of a Parquet file"):
        MirrorColumns(PRODUCT, file_of(3)[:cut])


def test_a_file_of_others_is_refused() -> None:
    target = io.BytesIO()
    write_parquet(Table.from_arrays([Array([1], DataType.int64())], names=["id"]), target)
    with pytest.raises(ValueError, match="without an index"):
        MirrorColumns(PRODUCT, target.getvalue())
