from __future__ import annotations

import json
import random

import pytest
import shapely

from swath.geo import AOI, DLTile, XYZTile
from swath.geo._utm import to_lonlat, to_utm, zone_of
from swath.shapes import as_shape

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-95, 42], [-93, 42], [-93, 40], [-95, 41], [-95, 42]]],
}


def test_an_area_describes_its_request() -> None:
    params = AOI(SQUARE, resolution=60, crs="EPSG:32615").raster_params
    assert json.loads(params.pop("shape"))["coordinates"][0][0] == [-95.0, 42.0]
    assert params == {
        "srs": "EPSG:32615",
        "resolution": 60,
        "outsize": None,
        "outputBounds": [-95.0, 40.0, -93.0, 42.0],
        "outputBoundsSRS": "EPSG:4326",
        "targetAlignedPixels": True,
    }
    sized = AOI(SQUARE, crs="EPSG:4326", shape=(100, 200), all_touched=True).raster_params
    assert (sized["outsize"], sized["targetAlignedPixels"]) == ([200, 100], False)
    assert sized["cutline_all_touched"] is True


def test_assigning_makes_another_area() -> None:
    area = AOI(SQUARE, crs="EPSG:4326", shape=(10, 20))
    finer = area.assign(resolution=0.1)
    assert (finer.shape, finer.resolution, finer.align_pixels) == (None, 0.1, True)
    assert finer.assign(shape=(5, 5)).resolution is None
    assert area.shape == (10, 20)
    moved = area.assign(bounds=(0, 0, 1, 1))
    assert moved.bounds == (0, 0, 1, 1)
    assert moved.assign(bounds="update").bounds == (-95.0, 40.0, -93.0, 42.0)
    assert area == AOI(SQUARE, crs="EPSG:4326", shape=(10, 20))
    assert area != finer
    assert len({area, AOI(SQUARE, crs="EPSG:4326", shape=(10, 20))}) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"geometry": SQUARE, "resolution": 1, "shape": (2, 2)}, "not both"),
        ({"geometry": SQUARE, "resolution": -1}, "greater than zero"),
        ({"bounds": (0, 0, -1, 1)}, "hold no area"),
        ({"bounds": (0, 0, 1)}, "bounds are"),
        ({"geometry": {"type": "Point", "coordinates": [0, 0]}}, "hold no area"),
        ({"geometry": SQUARE, "shape": (0, 5)}, "at least one row"),
        ({"geometry": {"type": "Polygon"}}, "no valid coordinates"),
        ({"geometry": "POLYGON((0 0"}, "not WKT"),
        ({"geometry": "{"}, "not GeoJSON"),
    ],
)
def test_areas_that_make_no_sense(options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        AOI(**options)  # type: ignore[arg-type]


def test_incomplete_areas_say_what_is_missing() -> None:
    for area, says in (
        (AOI(), "neither bounds"),
        (AOI(SQUARE), "no CRS"),
        (AOI(SQUARE, crs="EPSG:4326"), "neither resolution"),
    ):
        with pytest.raises(ValueError, match=says):
            _ = area.raster_params
    with pytest.raises(ValueError, match="neither geometry nor bounds"):
        _ = AOI().__geo_interface__


def test_shapes_of_features() -> None:
    feature = {"type": "Feature", "geometry": SQUARE, "properties": {}}
    both = {
        "type": "FeatureCollection",
        "features": [feature, {**feature, "geometry": shapely.box(0, 0, 1, 1).__geo_interface__}],
    }
    assert as_shape(feature).equals(as_shape(SQUARE))
    assert as_shape(both).area == pytest.approx(as_shape(SQUARE).area + 1)


def test_utm_is_that_of_proj() -> None:
    pyproj = pytest.importorskip("pyproj")
    rng = random.Random(7)
    for zone in (1, 15, 31, 60):
        there = pyproj.Transformer.from_crs(4326, 32600 + zone, always_xy=True)
        for _ in range(200):
            lon = 6 * zone - 183 + rng.uniform(-7, 7)
            lat = rng.uniform(-84, 84)
            x, y = to_utm(lon, lat, zone)
            assert there.transform(lon, lat) == pytest.approx((x, y), abs=1e-5)
            back = to_lonlat(x, y, zone)
            assert back[1] == pytest.approx(lat, abs=1e-10)
            assert (back[0] - lon + 180) % 360 - 180 == pytest.approx(0, abs=1e-10)


def test_a_tile_from_its_key() -> None:
    tile = DLTile.from_key("128:16:960.0:15:-2:37")
    assert tile.key == "128:16:960.0:15:-2:37"
    assert tile.bounds == (238880.0, 4531200.0, 392480.0, 4684800.0)
    assert (tile.tile_extent, tile.crs) == (160, "EPSG:32615")
    assert tile.geotrans == (238880.0, 960.0, 0.0, 4684800.0, 0.0, -960.0)
    assert tile.rowcol_to_latlon(0, 0) == pytest.approx((42.26755057, -96.16027469), abs=1e-7)
    assert tile.latlon_to_rowcol(36.0, -94.0) == (729, 178)
    assert [t.key for t in tile.subtile(2)] == [
        "64:16:960.0:15:-4:75",
        "64:16:960.0:15:-3:75",
        "64:16:960.0:15:-4:74",
        "64:16:960.0:15:-3:74",
    ]
    assert tile.assign(pad=3).key == "128:3:960.0:15:-2:37"
    assert "UTM zone 15N" in tile.wkt
    assert "zone=15" in tile.proj4
    pyproj = pytest.importorskip("pyproj")
    assert pyproj.CRS.from_wkt(tile.wkt).to_epsg() == 32615


@pytest.mark.parametrize(
    "key", ["foo", "1:2:3", "128:16:960.0:99:-2:37", "a:b:c:d:e:f", "0:0:1.0:1:1:1"]
)
def test_keys_that_are_none(key: str) -> None:
    with pytest.raises(ValueError, match=r"tile|zone"):
        DLTile.from_key(key)


@pytest.mark.parametrize(
    ("lat", "lon", "key"),
    [
        (40.1, -93.2, "512:16:30.0:15:-2:288"),
        (-40.1, -93.2, "512:16:30.0:15:-2:-289"),
        (0.0, 6.0, "512:16:30.0:32:-22:0"),
        (85.0, 0.0, "512:16:30.0:31:-2:614"),
        (60.0, 4.0, "512:16:30.0:31:3:433"),
    ],
)
def test_the_tile_of_a_point(lat: float, lon: float, key: str) -> None:
    assert DLTile.from_latlon(lat, lon, 30, 512, 16).key == key


def test_points_off_earth() -> None:
    with pytest.raises(ValueError, match="not on Earth"):
        DLTile.from_latlon(95, 0, 30, 512, 0)


def test_tiles_of_a_shape_cover_it_and_touch_it() -> None:
    tiles = DLTile.from_shape(SQUARE, 60, 2048, 0)
    assert [tile.key for tile in tiles] == [
        f"2048:0:60.0:15:{ti}:{tj}" for tj in (36, 37) for ti in (-2, -1, 0)
    ]
    wide = shapely.box(-1, 10, 7, 11)
    found = DLTile.from_shape(wide, 500, 100, 0)
    assert {tile.zone for tile in found} == {30, 31, 32}
    union = shapely.union_all([shapely.segmentize(tile.geometry, 0.01) for tile in found])
    assert wide.difference(union.buffer(0.02)).is_empty
    assert DLTile.from_shape(SQUARE, 60, 2048, 0, keys_only=True)[0] == tiles[0].key


def test_web_tiles() -> None:
    tile = XYZTile(3, 5, 4)
    assert tile.bounds == pytest.approx(
        (-12523442.714, 5009377.086, -10018754.171, 7514065.629), abs=1e-3
    )
    assert tile.resolution == pytest.approx(9783.9396, abs=1e-4)
    assert tile.geometry.bounds == pytest.approx((-112.5, 40.9798981, -90.0, 55.7765730), abs=1e-6)
    assert [(c.x, c.y, c.z) for c in tile.children()] == [
        (6, 10, 5),
        (7, 10, 5),
        (7, 11, 5),
        (6, 11, 5),
    ]
    assert tile.parent() == XYZTile(1, 2, 3)
    for wrong in ((100, 5, 2), (0, 0, -1), (0, -1, 3)):
        with pytest.raises(ValueError, match="zoom"):
            XYZTile(*wrong)


def test_the_zone_at_the_edge_of_the_map() -> None:
    assert (zone_of(-180), zone_of(179.99), zone_of(180)) == (1, 60, 60)
