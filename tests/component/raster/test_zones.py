"""Values at points and statistics of areas, against rasterio's own reading and NumPy."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.features import geometry_mask
from shapely import transform
from shapely.geometry import Point, mapping
from tests.raster_world import ME, PRODUCT, DiskCatalog

from swath_core.errors import BadRequest, NotFound
from swath_core.raster import _zones, parse_request, point_values, zone_statistics
from swath_core.raster._mosaic import Deadline
from swath_core.raster._zones import refuse_members_of_arrays

Array = np.ndarray[Any, Any]

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)
TO_WGS84 = Transformer.from_crs("EPSG:32618", "EPSG:4326", always_xy=True)
NDVI = {"ndvi": "(nir - red) / (nir + red)"}


@pytest.fixture
def scenes(made: DiskCatalog) -> DiskCatalog:
    """Three images of two bands, with nodata, shifted by a fraction of a pixel."""
    made.band("red", data_type="UInt16", nodata=0)
    made.band("nir", data_type="UInt16", nodata=0)
    for number in range(3):
        generator = np.random.default_rng(number)
        pixels = generator.integers(1, 3000, (2, 60, 50), dtype=np.uint16)
        pixels[generator.random(pixels.shape) < 0.1] = 0
        place = HERE @ Affine.translation(number * 0.3, number * 0.7)
        made.image(f"i{number}", pixels, place, acquired=f"2024-0{number + 1}-01T00:00:00Z")
    return made


def lonlat(x: float, y: float) -> tuple[float, float]:
    found: tuple[float, float] = TO_WGS84.transform(x, y)
    return found


def circle(radius: float) -> Any:
    """Return a circle in longitude and latitude around a place of the images."""
    around = Point(500_250, 4_999_720).buffer(radius)
    return transform(around, lambda points: np.column_stack(TO_WGS84.transform(*points.T)))


def values_in(made: DiskCatalog, image: str, band: int, area: Any) -> tuple[Array, int]:
    """Return an image's values in an area by rasterio alone, and how many are nodata."""
    with rasterio.open(made.path(image)) as dataset:
        values = dataset.read(band).astype(float)
        back = Transformer.from_crs("EPSG:4326", dataset.crs, always_xy=True)
        there = transform(area, lambda points: np.column_stack(back.transform(*points.T)))
        inside = geometry_mask([there], values.shape, dataset.transform, invert=True)
    return values[inside & (values != 0)], int((inside & (values == 0)).sum())


def statistics(made: DiskCatalog, **body: Any) -> list[dict[str, Any]]:
    request = parse_request({"ids": list(made.documents), "bands": ["red", "nir"], **body})
    return zone_statistics(made.service, made.service.find(ME, request.ids), request)


def test_the_statistics_of_an_area_are_of_the_images_own_pixels(scenes: DiskCatalog) -> None:
    area = circle(170)
    found = statistics(scenes, shape=json.dumps(mapping(area)))
    assert [each["id"] for each in found] == list(scenes.documents)
    assert found[1]["acquired"] == "2024-02-01T00:00:00Z"
    for each in found:
        for band, name in enumerate(("red", "nir"), start=1):
            values, masked = values_in(scenes, each["id"], band, area)
            assert values.size > 500
            assert masked > 20
            assert each["statistics"][name] == pytest.approx({
                "count": values.size,
                "masked": masked,
                "min": values.min(),
                "max": values.max(),
                "mean": values.mean(),
                "std": values.std(),
                "sum": values.sum(),
                "percentile_2": np.percentile(values, 2),
                "percentile_50": np.median(values),
                "percentile_98": np.percentile(values, 98),
            })  # fmt: skip


def test_statistics_of_expressions_and_what_a_mask_leaves(scenes: DiskCatalog) -> None:
    (found,) = statistics(
        scenes, ids=[f"{PRODUCT}:i0"], bands=["ndvi"], expressions=NDVI, mask="red > 1500"
    )
    with rasterio.open(scenes.path(f"{PRODUCT}:i0")) as dataset:
        red, nir = dataset.read().astype(float)
    use = (red > 0) & (nir > 0) & (red <= 1500)
    ndvi = (nir - red)[use] / (nir + red)[use]
    assert found["statistics"]["ndvi"]["count"] == use.sum()
    assert found["statistics"]["ndvi"]["masked"] == (~use).sum()
    assert found["statistics"]["ndvi"]["mean"] == pytest.approx(ndvi.mean(), rel=1e-12)
    assert found["statistics"]["ndvi"]["percentile_50"] == pytest.approx(np.median(ndvi))


def test_an_area_that_is_elsewhere_has_nothing(scenes: DiskCatalog) -> None:
    found = statistics(scenes, shape="POLYGON((10 50, 10.1 50, 10.1 50.1, 10 50))")
    for each in found:
        assert each["statistics"]["red"]["count"] == 0
        assert each["statistics"]["red"]["masked"] == 0
        assert each["statistics"]["red"]["mean"] is None


def test_a_chosen_grid_is_kept(scenes: DiskCatalog) -> None:
    (found,) = statistics(
        scenes, ids=[f"{PRODUCT}:i0"], srs="EPSG:32618", resolution=50,
        shape=json.dumps(mapping(circle(170))),
    )  # fmt: skip
    counted = found["statistics"]["red"]["count"] + found["statistics"]["red"]["masked"]
    assert counted == pytest.approx(170**2 * 3.14159 / 2500, rel=0.1)


def test_across_the_antimeridian(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte")
    pixels = np.arange(100, dtype=np.uint8).reshape(1, 10, 10)
    made.image("one", pixels, Affine(0.1, 0, 179.5, 0, -0.1, 1.0), "EPSG:4326")
    west = "POLYGON((-179.9 0.1, -179.6 0.1, -179.6 0.9, -179.9 0.9, -179.9 0.1))"
    (found,) = statistics(made, bands=["b"], shape=west)
    assert found["statistics"]["b"]["count"] == 8 * 3
    assert found["statistics"]["b"]["sum"] == pixels[0, 1:9, 6:9].sum()
    assert point(made, "one", (-179.75, 0.55), ["b"])["values"] == {"b": 47}


def point(
    made: DiskCatalog, name: str, place: tuple[float, float], bands: list[str], **body: Any
) -> dict[str, Any]:
    request = parse_request({"ids": [f"{PRODUCT}:{name}"], "bands": bands, **body})
    return point_values(made.service, made.service.find(ME, request.ids), request, place)


def test_a_point_is_the_pixel_that_holds_it(scenes: DiskCatalog) -> None:
    chance = np.random.default_rng(9)
    for name in ("i0", "i1", "i2"):
        with rasterio.open(scenes.path(f"{PRODUCT}:{name}")) as dataset:
            for _ in range(20):
                x, y = 500_020 + chance.uniform(0, 450), 4_999_980 - chance.uniform(0, 550)
                red, nir = next(dataset.sample([(x, y)])).tolist()
                found = point(scenes, name, lonlat(x, y), ["red", "ndvi"], expressions=NDVI)
                values = found["values"]
                assert values["red"] == (red or None)
                whole = (nir - red) / (nir + red) if red and nir else None
                assert values["ndvi"] == (None if whole is None else pytest.approx(whole))
                assert found["id"] == f"{PRODUCT}:{name}"


def test_a_point_of_a_rotated_image(made: DiskCatalog) -> None:
    made.band("b", data_type="UInt16")
    turned = Affine.translation(500_000, 5_000_000) @ Affine.rotation(30) @ Affine.scale(10, -10)
    pixels = np.arange(1, 401, dtype=np.uint16).reshape(1, 20, 20)
    made.image("one", pixels, turned)
    for row, column in ((0, 0), (19, 19), (7, 3)):
        x, y = turned @ (column + 0.9, row + 0.1)
        assert point(made, "one", lonlat(x, y), ["b"])["values"]["b"] == pixels[0, row, column]


def test_a_point_outside(scenes: DiskCatalog) -> None:
    for place in ((0.0, 0.0), (-75.1, 45.15), (105.0, -45.0), (0.0, 90.0)):
        with pytest.raises(NotFound, match="no pixel at"):
            point(scenes, "i0", place, ["red"])


def test_masked_points_are_null(scenes: DiskCatalog) -> None:
    place = lonlat(500_205, 4_999_795)
    assert point(scenes, "i0", place, ["red"], mask="red >= 0")["values"] == {"red": None}


def test_what_is_refused(scenes: DiskCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="at most 200 images"):
        statistics(scenes, ids=[f"{PRODUCT}:i0"] * 201)
    for name, value in (("scales", [[0, 1]]), ("pixel_selection", "mean"), ("ot", "Byte")):
        with pytest.raises(BadRequest, match="means nothing for statistics") as refused:
            refuse_members_of_arrays({"ids": ["a"], name: value})
        assert refused.value.parameter == name
    refuse_members_of_arrays({"ids": ["a"], "scales": None, "drop_alpha": False})
    monkeypatch.setattr(_zones, "MOST_VALUES", 5_999)
    with pytest.raises(BadRequest, match="a coarser resolution, or a smaller area"):
        statistics(scenes)
    assert statistics(scenes, srs="EPSG:32618", resolution=20)[0]["statistics"]["red"]["count"] > 0


def test_time_that_is_up_is_said(scenes: DiskCatalog) -> None:
    request = parse_request({"ids": list(scenes.documents), "bands": ["red"]})
    found = scenes.service.find(ME, request.ids)
    with pytest.raises(BadRequest, match="takes too long"):
        zone_statistics(scenes.service, found, request, Deadline(0.0, clock=lambda: 1.0))
