"""What the deployed stack computes of pixels: expressions, masks, composites, and numbers.

What is expected is computed by NumPy from the arrays that were ingested. The rules in full are
tested in process (tests/component/raster).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from affine import Affine
from tests.raster_stack import TILE, Gallery, Place, picture, warped
from tests.raster_world import Array

import swath
from swath.catalog import Image, ImageCollection
from swath.geo import AOI

pytestmark = pytest.mark.stack

NAMES = ("old", "middle", "new")
CRS = "EPSG:32631"
METRES = 30
WHOLE = "red + 2 * green"
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def box(gallery: Gallery) -> Box:
    """A box of whole pixels that holds the three scenes that lie over one another."""
    corners = [
        scene.transform @ corner
        for scene in map(gallery.scenes.__getitem__, NAMES)
        for corner in ((0, 0), scene.size)
    ]
    xs, ys = zip(*corners, strict=True)
    least = (math.floor(min(each) / METRES) * METRES for each in (xs, ys))
    most = (math.ceil(max(each) / METRES) * METRES for each in (xs, ys))
    west, south, east, north = (float(each) for each in (*least, *most))
    return west, south, east, north


@pytest.fixture(scope="module")
def stack_of(gallery: Gallery, box: Box) -> Array:
    """The three scenes on one grid: (scenes, bands, rows, columns), 0 where there is nothing."""
    shape = (round((box[3] - box[1]) / METRES), round((box[2] - box[0]) / METRES))
    grid = Affine(METRES, 0, box[0], 0, -METRES, box[3])
    return np.stack([warped(gallery.scenes[name], CRS, grid, shape) for name in NAMES])


@pytest.fixture(scope="module")
def client(gallery: Gallery) -> Iterator[swath.Client]:
    with swath.Client(url=gallery.stack.api_url, token=gallery.owner.token) as made:
        yield made


@pytest.fixture(scope="module")
def images(gallery: Gallery, client: swath.Client) -> ImageCollection:
    return ImageCollection(Image.get_many([gallery.id(name) for name in NAMES], client=client))


def asked(gallery: Gallery, box: Box, **more: Any) -> tuple[Array, Array]:
    """Return data and mask of the three scenes on the grid."""
    body = {
        "ids": [gallery.id(name) for name in NAMES],
        "srs": CRS,
        "outputBounds": box,
        "resolution": METRES,
        **more,
    }
    _, data, mask = gallery.door.array(**body)
    return data, mask


def test_expressions_are_computed_from_each_image(
    gallery: Gallery, box: Box, stack_of: Array
) -> None:
    data, mask = asked(gallery, box, bands=["sum", "red"], expressions={"sum": WHOLE})
    values = stack_of[:, 0].astype(float) + 2.0 * stack_of[:, 1]
    expected = np.zeros(values.shape[1:])
    for value, scene in zip(values, stack_of, strict=True):
        expected = np.where(scene.any(axis=0), value, expected)
    there = stack_of.any(axis=(0, 1))
    np.testing.assert_array_equal(data[0][there], expected[there])
    np.testing.assert_array_equal(mask[0], ~there)
    np.testing.assert_array_equal(data[1][there].astype("uint8"), topmost(stack_of)[0][there])


def topmost(stack_of: Array) -> Array:
    """Return the later scene over the earlier, where it has data."""
    whole = np.zeros(stack_of.shape[1:], stack_of.dtype)
    for scene in stack_of:
        whole = np.where(scene.any(axis=0), scene, whole)
    return whole


def test_a_mask_lets_others_show(gallery: Gallery, box: Box, stack_of: Array) -> None:
    data, mask = asked(gallery, box, bands=["red"], mask="(blue & 1) != 0")
    hidden = np.where((stack_of[:, 2] & 1 != 0)[:, None], 0, stack_of)
    shown = hidden.any(axis=(0, 1))
    np.testing.assert_array_equal(data[0][shown], topmost(hidden)[0][shown])
    np.testing.assert_array_equal(mask[0], ~shown)


@pytest.mark.parametrize("selection", ["first", "least_cloudy", "max", "count", "median"])
def test_which_pixel_is_selected(
    gallery: Gallery, box: Box, stack_of: Array, selection: str
) -> None:
    data, mask = asked(gallery, box, bands=["red"], pixel_selection=selection)
    there = stack_of.any(axis=(0, 1))
    red = np.ma.masked_equal(stack_of[:, 0], 0)
    clearest = [gallery.scenes[name].attributes["cloud_fraction"] for name in NAMES]
    order = np.argsort(clearest)[::-1]
    expected = {
        "first": topmost(stack_of[::-1])[0],
        "least_cloudy": topmost(stack_of[order])[0],
        "max": red.max(axis=0).filled(0),
        "count": red.count(axis=0),
        "median": np.floor(median(red) + 0.5),
    }[selection]
    np.testing.assert_array_equal(data[0][there], expected[there])
    np.testing.assert_array_equal(mask[0], ~there)


def median(values: np.ma.MaskedArray[Any, Any]) -> Array:
    """Return the median over the first axis, 0 where all is masked."""
    numbers = np.where(np.ma.getmaskarray(values), np.nan, values.data.astype(float))
    there = ~np.isnan(numbers).all(axis=0)
    found = np.zeros(numbers.shape[1:])
    found[there] = np.nanmedian(numbers[:, there], axis=0)
    return found


def test_the_clients_composite(images: ImageCollection, box: Box, stack_of: Array) -> None:
    area = AOI(bounds=box, bounds_crs=CRS, crs=CRS, resolution=METRES)
    found = images.composite("red", area, method="min")
    red = np.ma.masked_equal(stack_of[:, 0], 0)
    np.testing.assert_array_equal(np.ma.filled(found, 0)[0], red.min(axis=0).filled(0))


def test_numbers_of_images_by_the_client(gallery: Gallery, images: ImageCollection) -> None:
    scenes = [gallery.scenes[name] for name in NAMES]
    series = images.timeseries(scenes[0].footprint, "red", "max")
    assert [one.id for one in series] == [gallery.id(name) for name in NAMES]
    assert series.values[0] == scenes[0].pixels[0].max()
    for image, scene in zip(images, scenes, strict=True):
        red, blue = (scene.pixels[at].astype(float) for at in (0, 2))
        found = image.statistics(expression="red / blue", mask="blue < 3")["red / blue"]
        kept = (red / np.maximum(blue, 1))[blue >= 3]
        assert found["count"] == kept.size
        assert found["masked"] == red.size - kept.size
        assert found["mean"] == pytest.approx(kept.mean())
        whole = image.statistics()
        assert list(whole) == ["red", "green", "blue"]
        assert whole["red"]["max"] == red.max()
        longitude, latitude = scene.middle
        values = image.point(longitude, latitude, expression="red * 2")
        columns, rows = scene.size
        near = scene.pixels[0][rows // 2 - 1 : rows // 2 + 1, columns // 2 - 1 : columns // 2 + 1]
        assert values["red * 2"] in (near * 2.0)


def test_tiles_of_expressions(gallery: Gallery) -> None:
    place = Place.of(*gallery.scenes["new"].middle, 13)
    path = f"/images/{gallery.id('new')}/{place.path()}"
    style = {"expression": "red - green", "range": "-255,255"}
    shades = picture(gallery.door.get(path, **style))
    assert shades.shape == (TILE, TILE, 4)
    bare = picture(gallery.door.get(path))
    np.testing.assert_array_equal(shades[..., 3], bare[..., 3])
    red, green = (bare[..., at].astype(float) for at in (0, 1))
    there = bare[..., 3] > 0
    expected = (red - green + 255) / 510 * 255
    assert np.abs(shades[..., 0] - expected)[there].max() <= 1
    hidden = picture(gallery.door.get(path, mask="red > 0"))
    assert not hidden[..., 3].any()
    wrong = gallery.door.get(path, expression="red +")
    assert wrong.status_code == 400
    assert "expression" in json.loads(wrong.content)["errors"][0]["detail"]
