"""Everything that says where is a place to search."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape
from tests.client.fake import FakeCatalog

import swath
from swath.catalog import Image, Product
from swath.geo import AOI, DLTile, XYZTile
from swath.scenes import search
from swath.shapes import as_geojson

BOX = (8.0, 46.0, 9.0, 47.0)


@pytest.fixture
def image(client: swath.Client) -> Image:
    product = Product(id="p", name="P")
    product.save()
    made = Image(
        name="i1", product=product, acquired="2021", cs_code="EPSG:32632", x_pixels=100,
        y_pixels=50, geotrans=(500000.0, 10, 0, 5100000.0, 0, -10), geometry=shapely.box(*BOX),
    )  # fmt: skip
    made.save()
    return made


def sent(fake: FakeCatalog) -> Any:
    return shape(json.loads(fake.requests("PUT", "/images")[-1].body["intersects"]))


@pytest.mark.parametrize(
    "place",
    [
        BOX,
        list(BOX),
        np.array(BOX),
        AOI(bounds=BOX),
        AOI(shapely.box(*BOX)),
        shapely.box(*BOX),
        shapely.box(*BOX).wkt,
        shapely.Point(8, 46),
        shapely.LineString([(8, 46), (9, 47)]),
        XYZTile(8, 5, 4),
        DLTile.from_latlon(46.5, 8.5, resolution=10, tilesize=512, pad=0),
    ],
    ids=lambda place: type(place).__name__,
)
def test_searches_take_places_in_every_form(image: Image, fake: FakeCatalog, place: Any) -> None:
    Image.search().intersects(place).count()
    images = sent(fake)
    scenes, context = search(place, products="acme:p")
    assert sent(fake).equals(images)
    assert images.is_valid
    assert images.intersects(shapely.box(*BOX))
    assert len(scenes) == 1
    assert context.raster_params["srs"]


def test_an_images_own_grid_is_a_place(image: Image, fake: FakeCatalog) -> None:
    pyproj = pytest.importorskip("pyproj")
    Image.search().intersects(image.geocontext).count()
    convert = pyproj.Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    corners = [convert.transform(x, y) for x in (500000, 501000) for y in (5100000, 5099500)]
    assert sent(fake).covers(shapely.MultiPoint(corners).buffer(-1e-9)) or all(
        sent(fake).distance(shapely.Point(corner)) < 1e-7 for corner in corners
    )
    assert sent(fake).area == pytest.approx(shapely.MultiPoint(corners).convex_hull.area, rel=1e-3)
    Image.search().intersects(image).count()
    assert sent(fake).equals(image.geometry)


@pytest.mark.parametrize("crs", ["EPSG:32601", "EPSG:32760", "EPSG:3857", "EPSG:3035"])
def test_bounds_of_any_crs_become_longitude_and_latitude(crs: str) -> None:
    pyproj = pytest.importorskip("pyproj")
    left, bottom = {"EPSG:3857": (1e6, 5e6), "EPSG:3035": (4e6, 3e6)}.get(crs, (4e5, 4e6))
    place = shape(as_geojson(AOI(bounds=(left, bottom, left + 5e4, bottom + 4e4), bounds_crs=crs)))
    convert = pyproj.Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    for x, y in ((left, bottom), (left + 5e4, bottom + 4e4)):
        assert place.distance(shapely.Point(convert.transform(x, y))) < 1e-6


def test_bounds_across_180_degrees_are_two_parts() -> None:
    for place in (AOI(bounds=(2e5, 4e6, 6e5, 4.1e6), bounds_crs="EPSG:32601"), (179, 1, -179, 2)):
        found = shape(as_geojson(place))
        assert found.geom_type == "MultiPolygon"
        assert found.bounds[::2] == (-180, 180)
        assert found.area < 6


def test_rows_of_a_data_frame_are_places(image: Image, fake: FakeCatalog) -> None:
    geopandas = pytest.importorskip("geopandas")
    frame = geopandas.GeoDataFrame({"n": [1]}, geometry=[shapely.box(*BOX)], crs="EPSG:4326")
    for place in (frame.iloc[0], frame, frame.geometry):
        Image.search().intersects(place).count()
        found = json.loads(fake.requests("PUT", "/images")[-1].body["intersects"])
        assert found["type"] in {"Polygon", "FeatureCollection"}


@pytest.mark.parametrize("wrong", [(1, 2, 3), (8, 47, 9, 46), (8, 46, 900, 47), 5, object()])
def test_what_is_no_place_says_what_is(wrong: Any) -> None:
    with pytest.raises(ValueError, match="west, south, east, north"):
        as_geojson(wrong)
