"""Cells as tiles of the plane, and covers against trying every cell."""

import random
from concurrent.futures import ThreadPoolExecutor

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from tests.unit.search.world import area, box, place

from swath_core.geo import query_geometry
from swath_core.index import VERSIONS, _cells, cover, planar_cells, rung_cover

RESOLUTIONS = (0, 1, 2, 4, 6, 8, 10, 12)


def every_cell(resolution: int) -> list[int]:
    return [
        child
        for base in h3.get_res0_cells()
        for child in (h3.cell_to_children(base, resolution) if resolution else [base])
    ]


@pytest.mark.parametrize("resolution", [0, 1, 2])
def test_tiles_fill_the_plane_without_overlap(resolution: int) -> None:
    tiles = planar_cells(every_cell(resolution)).tiles
    assert shapely.is_valid(tiles).all()
    assert shapely.area(tiles).sum() == pytest.approx(360 * 180, abs=1e-6)
    west, south, east, north = shapely.total_bounds(tiles)
    assert (west, south, east, north) == (-180, -90, 180, 90)


def test_tiles_of_one_cell_are_pieces_at_both_edges() -> None:
    across = h3.latlng_to_cell(10.0, 180.0, 2)
    tile = planar_cells([across]).tiles[0]
    assert tile.geom_type == "MultiPolygon"
    assert {round(bound) for bound in tile.bounds[::2]} == {-180, 180}


@pytest.mark.parametrize("latitude", [90.0, -90.0])
@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_the_cell_that_holds_a_pole(latitude: float, resolution: int) -> None:
    cell = h3.latlng_to_cell(latitude, 0.0, resolution)
    tile = planar_cells([cell]).tiles[0]
    assert tile.is_valid
    edge = shapely.LineString([(-180, latitude), (180, latitude)])
    assert shapely.difference(edge, tile).length < 1e-9
    found = cover(shapely.Point(77.0, latitude), resolution)
    assert found is not None
    assert cell in found


def test_neighbours_share_their_vertices() -> None:
    dice = random.Random(3)
    for resolution in RESOLUTIONS:
        for _ in range(40):
            x, y = place(dice)
            cell = h3.latlng_to_cell(y, x, resolution)
            around = planar_cells(h3.grid_disk(cell, 1)).tiles
            gaps = shapely.difference(around[0], shapely.union_all(around[1:]))
            whole = shapely.union_all(around)
            assert shapely.intersection(whole, around[0]).area == pytest.approx(around[0].area)
            assert gaps.area == pytest.approx(around[0].area, rel=1e-6)  # they do not overlap


def test_a_cover_is_every_cell_that_touches() -> None:
    dice = random.Random(11)
    tiles = {resolution: planar_cells(every_cell(resolution)) for resolution in (0, 1, 2)}
    for _ in range(150):
        shape = area(dice, *place(dice), 10 ** dice.uniform(0, 4.3))
        try:
            geometry = query_geometry(shape)
        except ValueError:
            continue
        except Exception as error:  # noqa: BLE001
            assert "no area" in str(error)  # noqa: PT017
            continue
        for resolution, cells in tiles.items():
            touching = np.flatnonzero(shapely.intersects(geometry, cells.tiles))
            expected = {cells.cells[number] for number in touching.tolist()}
            found = cover(geometry, resolution)
            assert found is not None
            assert found >= expected
            extra = planar_cells(found - expected).tiles
            assert (shapely.distance(geometry, extra) < 1e-8).all()


def test_covers_of_areas_that_meet_share_a_cell() -> None:
    dice = random.Random(5)
    met = 0
    for _ in range(400):
        x, y = place(dice)
        km = 10 ** dice.uniform(-1, 3)
        try:
            one = query_geometry(area(dice, x, y, km))
            other = query_geometry(area(dice, x + km / 222, max(-90, min(90, y)), km))
        except Exception as error:  # noqa: BLE001
            assert "no area" in str(error)  # noqa: PT017
            continue
        if not shapely.intersects(one, other):
            continue
        met += 1
        for rung in VERSIONS[2].ending:
            covers = [rung_cover(one, rung, 400), rung_cover(other, rung, 400)]
            if covers[0] is None or covers[1] is None:
                break
            assert covers[0] & covers[1], (rung, one.wkt, other.wkt)
    assert met > 100


def test_a_cover_gives_up_beyond_its_most() -> None:
    geometry = query_geometry(box(0, 40, 10, 50))
    exact = cover(geometry, 4)
    assert exact is not None
    assert cover(geometry, 4, len(exact)) == exact
    assert cover(geometry, 4, len(exact) - 1) is None


def test_the_whole_world_is_every_cell() -> None:
    world = query_geometry(box(-180, -90, 180, 90))
    assert cover(world, 0) == frozenset(every_cell(0))
    assert cover(world, 1) == frozenset(every_cell(1))


def test_a_point_on_a_vertex_touches_three_cells() -> None:
    cell = h3.latlng_to_cell(40.0, 10.0, 4)
    y, x = h3.cell_to_boundary(cell)[0]
    found = cover(shapely.Point(x, y), 4)
    assert found is not None
    assert len(found) == 3
    assert cell in found


def test_tiles_are_forgotten_in_time_and_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cells, "_REMEMBERED", 10)
    monkeypatch.setattr(_cells, "_remembered", {})
    cells = every_cell(0)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: planar_cells(cells[n : n + 7]), range(100)))
    for number, each in enumerate(found):
        assert list(each.cells) == cells[number : number + 7]
        assert all(tile is not None for tile in each.tiles)
    assert len(_cells._remembered) <= 10 + 8 * 7
