"""The H3 cells that files tell are those of H3, whichever way they come."""

from __future__ import annotations

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely

from swath_core.geo import centroids_of
from swath_core.index import key_of
from swath_core.mirror import MirrorColumns, write_file
from swath_core.store.postings import PostingRow

PRODUCT = "acme:p"


def columns_of(shapes: list[bytes | None]) -> MirrorColumns:
    rows = [
        PostingRow(key_of("2020-02-03T00:00:00.000000Z", f"{PRODUCT}:i{each}"), wkb, "{}", 0, 1)
        for each, wkb in enumerate(shapes)
    ]
    return MirrorColumns(PRODUCT, write_file(PRODUCT, rows))


@pytest.mark.parametrize("resolution", range(16))
def test_the_cell_of_each_centroid_is_told(resolution: int) -> None:
    dice = np.random.default_rng(resolution)
    west, south = dice.uniform(-180, 170, 200), dice.uniform(-90, 80, 200)
    shapes: list[bytes | None] = list(shapely.to_wkb(shapely.box(west, south, west + 9, south + 9)))
    shapes[7] = None
    columns = columns_of(shapes)
    places = np.arange(len(shapes))
    found = columns.cells(resolution, places).tolist()
    for place, wkb in zip(places, columns.footprints(places), strict=True):
        expected = 0
        if wkb is not None:
            (lon,), (lat,) = centroids_of([wkb])
            expected = h3.latlng_to_cell(lat, lon, resolution)
        assert found[place] == expected
    assert found.count(0) == 1


def test_some_places_alone_are_told() -> None:
    shapes: list[bytes | None] = [shapely.to_wkb(shapely.box(x, 0, x + 1, 1)) for x in range(50)]
    columns = columns_of(shapes)
    for resolution in (2, 9):
        whole = columns.cells(resolution, np.arange(50))
        assert columns.cells(resolution, np.array([3, 40])).tolist() == whole[[3, 40]].tolist()
        assert len(set(whole.tolist())) > 5
