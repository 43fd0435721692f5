"""Sizes and places of target grids."""

from typing import Any

import pytest
from affine import Affine
from pyproj import CRS

from swath_core.errors import BadRequest
from swath_core.raster._grid import Grid, target_grid
from swath_core.raster._request import parse_request

UTM = CRS.from_epsg(32615)
SCENE = Grid(UTM, Affine(15, 0, 258292.5, 0, -15, 4743307.5), 15696, 15960)


def grid(*sources: Grid, bands: int = 1, **body: Any) -> Grid:
    request = parse_request({"ids": ["i"], "bands": ["b"], **body})
    return target_grid(request, sources or (SCENE,), bands)


@pytest.mark.parametrize(("resolution", "size"), [(960, (245, 249)), (1000, (235, 239))])
def test_the_size_is_rounded_and_the_resolution_exact(
    resolution: int, size: tuple[int, int]
) -> None:
    made = grid(resolution=resolution)
    assert (made.width, made.height) == size
    assert made.transform.to_gdal() == (258292.5, resolution, 0, 4743307.5, 0, -resolution)


def test_nothing_asked_is_the_image_itself() -> None:
    assert grid() == SCENE


def test_bounds_and_size_are_exact() -> None:
    made = grid(outputBounds=list(SCENE.bounds), outsize=[100, 50])
    assert (made.width, made.height) == (100, 50)
    assert made.bounds == pytest.approx(SCENE.bounds)


def test_a_dltile() -> None:
    bounds = [361760.0, 4599360.0, 515360.0, 4752960.0]
    made = grid(srs="EPSG:32615", outputBounds=bounds, resolution=960.0)
    assert (made.width, made.height) == (160, 160)


def test_aligned_pixels_snap_outwards() -> None:
    made = grid(outputBounds=[1001, 1999, 2999, 3001], resolution=100, targetAlignedPixels=True)
    assert made.bounds == (1000, 1900, 3000, 3100)
    same = grid(outputBounds=[1000, 1900, 3000, 3100], resolution=100, targetAlignedPixels=True)
    assert same == made


def test_bounds_in_another_crs_are_enclosed() -> None:
    made = grid(
        outputBounds=[-94.5, 41.5, -93.5, 42.5], outputBoundsSRS="EPSG:4326", resolution=1000
    )
    left, bottom, right, top = made.bounds
    # the parallel bulges: a corner alone would cut the middle off
    assert bottom < 4_594_400
    assert right - left > 83_000
    assert top - bottom > 110_000


def test_bounds_across_the_antimeridian() -> None:
    made = grid(srs="EPSG:4326", outputBounds=[179, -1, -179, 1], resolution=0.5)
    assert (made.width, made.height) == (4, 4)
    assert made.bounds == (179, -1, 181, 1)


def test_the_extent_of_several_images_in_another_zone() -> None:
    east = Grid(CRS.from_epsg(32616), Affine(15, 0, 200_000, 0, -15, 4_743_000), 1000, 1000)
    made = grid(SCENE, east, resolution=100)
    assert made.crs == UTM
    assert made.bounds[2] > SCENE.bounds[2]


def test_images_on_both_sides_of_the_antimeridian_are_neighbours() -> None:
    west = Grid(CRS.from_epsg(4326), Affine(0.1, 0, 178, 0, -0.1, 1), 20, 20)
    east = Grid(CRS.from_epsg(4326), Affine(0.1, 0, -180, 0, -0.1, 1), 20, 20)
    assert grid(west, east).width == 40


@pytest.mark.parametrize(
    "body",
    [
        {"outputBounds": [2, 0, 1, 1]},
        {"outputBounds": [0, 1, 1, 1]},
        {"resolution": 0.0001},
        {"outsize": [200_000, 1]},
        {"outsize": [40_000, 40_000]},
        {"srs": "EPSG:nothing"},
        {"outputBounds": [0, 0, 1, 1], "outputBoundsSRS": "nothing"},
        {"outputBounds": [0, 91, 1, 95], "outputBoundsSRS": "EPSG:4326"},
    ],
)
def test_what_makes_no_grid(body: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        grid(**body)


def test_too_much_says_how_to_tile() -> None:
    with pytest.raises(BadRequest, match="in tiles"):
        grid(outsize=[20_000, 20_000], bands=8)
