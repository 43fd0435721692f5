"""Mosaics by hand: order, nodata, alpha, cutline, classes, masks, levels."""

import json
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import Transformer
from shapely.geometry import box
from tests.raster_world import ME, PRODUCT, DiskCatalog, noise

from swath_core.errors import BadRequest, NotFound
from swath_core.raster import _mosaic
from swath_core.raster._warp import warp_file

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)


def full(value: float, dtype: str = "uint8", size: int = 8) -> Any:
    return np.full((1, size, size), value, dtype)


def test_the_later_image_is_on_top(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte")
    made.image("one", full(1), HERE)
    made.image("two", full(2)[:, :, :4], HERE)
    _, data, mask = made.raster()
    assert data[0, 0].tolist() == [2] * 4 + [1] * 4
    _, data, _ = made.raster(ids=list(reversed(made.documents)))
    assert (data == 1).all()
    assert not mask.any()


def test_nodata_is_seen_through_in_each_band_by_itself(made: DiskCatalog) -> None:
    made.band("a", data_type="Byte", nodata=0)
    made.band("b", data_type="Byte", nodata=9)
    made.image("one", np.concatenate([full(1), full(1)]), HERE)
    made.image("two", np.concatenate([full(0), full(0)]), HERE)
    _, data, _ = made.raster()
    assert (data[0] == 1).all()
    assert (data[1] == 0).all()


def test_a_hole_in_all_images_is_nodata_and_masked_if_asked(made: DiskCatalog) -> None:
    made.band("b", data_type="Int16", nodata=-999)
    pixels = full(5, "int16")
    pixels[0, 0, 0] = -999
    made.image("one", pixels, HERE)
    _, data, mask = made.raster()
    assert data[0, 0, 0] == -999
    assert mask.sum() == 1
    _, data, mask = made.raster(mask_nodata=False)
    assert data[0, 0, 0] == -999
    assert not mask.any()


def test_outside_of_all_images_is_masked_whatever_is_asked(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte")
    made.image("one", full(1), HERE)
    bounds = [499_990, 4_999_910, 500_090, 5_000_010]
    _, data, mask = made.raster(outputBounds=bounds, mask_nodata=False)
    assert data.shape == (1, 10, 10)
    assert mask.sum() == 36
    assert (data[mask] == 0).all()


def alpha_world(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte")
    made.band("alpha", data_type="Byte", type="mask", is_alpha=True)
    half = full(1)
    half[0, :, :4] = 0
    made.image("one", np.concatenate([full(10), full(1)[:, :, :]]), HERE)
    made.image("two", np.concatenate([full(20), half]), HERE)


def test_alpha_last_composites_by_pixel(made: DiskCatalog) -> None:
    alpha_world(made)
    _, data, mask = made.raster()
    assert data[0, 0].tolist() == [10] * 4 + [20] * 4
    assert (data[1] == 1).all()
    assert not mask.any()


def test_transparent_pixels_are_zero_and_masked_if_asked(made: DiskCatalog) -> None:
    alpha_world(made)
    two = f"{PRODUCT}:two"
    _, data, mask = made.raster(ids=[two], mask_alpha=False)
    assert data[0, 0].tolist() == [0] * 4 + [20] * 4
    assert not mask.any()
    _, data, mask = made.raster(ids=[two], mask_alpha=True, drop_alpha=True)
    assert data.shape[0] == 1
    assert mask[0, 0].tolist() == [True] * 4 + [False] * 4
    # a download says nothing about masks: alpha masks by default
    assert made.raster(ids=[two])[2].any()


def test_alpha_that_is_not_last_is_a_band_like_others(made: DiskCatalog) -> None:
    alpha_world(made)
    _, data, _ = made.raster(bands=["alpha", "b"])
    assert (data[1] == 20).all()
    assert data[0, 0].tolist() == [0] * 4 + [1] * 4


def test_class_bands_are_never_interpolated(made: DiskCatalog) -> None:
    made.band("c", data_type="Byte", type="class")
    made.image("one", noise((1, 16, 16), "uint8") // 128 * 200, HERE)
    for resampling in ("bilinear", "cubic", "average", "lanczos", "med"):
        _, data, _ = made.raster(resolution=7, resampleAlg=resampling)
        assert set(np.unique(data)) <= {0, 200}


def test_the_cutline_hides_what_is_outside(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte")
    made.image("one", full(1, size=100), HERE, "EPSG:32618")
    ring = [[-75.0, 45.1543], [-74.995, 45.1543], [-74.995, 45.1495], [-75.0, 45.1543]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    _, _, inside = made.raster(shape=json.dumps(polygon))
    _, _, feature = made.raster(shape=json.dumps({"geometry": polygon}))
    wkt = "POLYGON((" + ",".join(f"{x} {y}" for x, y in ring) + "))"
    _, _, text = made.raster(shape=wkt)
    _, _, touched = made.raster(shape=wkt, cutline_all_touched=True)
    assert np.array_equal(inside, feature)
    assert np.array_equal(inside, text)
    assert 0 < inside.mean() < 1
    assert touched.sum() < inside.sum()


def test_a_long_edge_follows_longitude_and_latitude(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte")
    made.image("one", full(1, size=500), Affine(1000, 0, 300_000, 0, -1000, 5_200_000))
    area = box(-76.2, 43.1, -72.9, 46.4)
    _, _, mask = made.raster(shape=area.wkt)
    columns, rows = np.meshgrid(np.arange(500) + 0.5, np.arange(500) + 0.5)
    to_wgs84 = Transformer.from_crs("EPSG:32618", "EPSG:4326", always_xy=True)
    lon, lat = to_wgs84.transform(300_000 + 1000 * columns, 5_200_000 - 1000 * rows)
    sure = shapely.distance(shapely.points(lon, lat), area.boundary) > 1e-4
    assert np.array_equal(~mask[0][sure], shapely.contains_xy(area, lon, lat)[sure])


@pytest.mark.parametrize(
    "shape",
    [
        "nonsense",
        "{",
        "POINT(1 2)",
        '{"type":"Polygon"}',
        "POLYGON((0 0, 1e9 0, 1 1, 0 0))",
        "POLYGON EMPTY",
        '{"type":"Polygon","coordinates":[[[0,0],[null,1],[1,1],[0,0]]]}',
    ],
)
def test_a_cutline_that_is_none(made: DiskCatalog, shape: str) -> None:
    made.band("b", data_type="Byte")
    made.image("one", full(1), HERE)
    with pytest.raises(BadRequest) as caught:
        made.raster(shape=shape)
    assert caught.value.parameter == "shape"


def test_zones_and_the_antimeridian_in_one_mosaic(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte", nodata=0)
    step = Affine(1000, 0, 0, 0, -1000, 0)
    west = Affine.translation(780_000, 60_000) @ step
    east = Affine.translation(166_000, 60_000) @ step
    made.image("west", full(1, size=60), west, "EPSG:32660")
    made.image("east", full(2, size=60), east, "EPSG:32601")
    made.image(
        "plain", full(3, size=10)[:, :, :4], Affine(0.05, 0, -180, 0, -0.05, 0.5), "EPSG:4326"
    )
    body = {"srs": "EPSG:4326", "resolution": 0.01, "outputBounds": [179.6, 0.05, 180.4, 0.5]}
    _, data, mask = made.raster(**body)
    assert {1, 2, 3} <= set(np.unique(data).tolist())
    assert mask.mean() < 0.2
    _, smooth, _ = made.raster(**body, resampleAlg="bilinear")
    assert (smooth == data).mean() > 0.9
    _, pacific, _ = made.raster(
        **{**body, "srs": "EPSG:3832", "outputBoundsSRS": "EPSG:4326", "resolution": 1000}
    )
    assert {1, 2, 3} <= set(np.unique(pacific).tolist())


def test_what_is_hidden_is_not_read(made: DiskCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    made.band("b", data_type="Byte")
    for number in range(12):
        made.image(f"i{number}", full(number, size=64), HERE)
    read: list[str] = []
    warp = warp_file

    def noted(pool: Any, plan: Any, *rest: Any) -> Any:
        read.append(plan.file.path)
        return warp(pool, plan, *rest)

    monkeypatch.setattr(_mosaic, "warp_file", noted)
    _, data, _ = made.raster()
    assert (data == 11).all()
    assert len(read) == 1


def test_strips_are_one_raster(made: DiskCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    made.band("b", data_type="UInt16", nodata=0)
    made.image("one", noise((1, 1300, 700), "uint16"), HERE)
    whole = made.raster(srs="EPSG:3857", scales=[[]], ot="Byte")
    for strip_bytes in (1, 5 * 512 * 512 * 3):
        monkeypatch.setattr(_mosaic, "STRIP_BYTES", strip_bytes)
        parts = made.raster(srs="EPSG:3857", scales=[[]], ot="Byte")
        assert np.array_equal(whole[1], parts[1])
        assert np.array_equal(whole[2], parts[2])


def test_strips_hold_whole_blocks_in_their_order(
    made: DiskCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.band("b", data_type="UInt16", nodata=0)
    made.image("one", noise((1, 1300, 1100), "uint16"), HERE)

    def windows(blocks: int) -> list[tuple[int, int, int, int]]:
        monkeypatch.setattr(_mosaic, "STRIP_BYTES", blocks * 512 * 512 * 5)
        parts = made.service.raster(ME, _native()).parts
        return [astuple(part.window) for part in parts]

    assert windows(9) == [(0, 0, 1300, 1100)]
    assert windows(6) == [(0, 0, 1024, 1100), (1024, 0, 276, 1100)]
    assert windows(2)[:3] == [(0, 0, 512, 1024), (0, 1024, 512, 76), (512, 0, 512, 1024)]
    assert len(windows(0)) == 9


def _native() -> Any:
    from swath_core.raster._request import parse_request

    return parse_request({"ids": [f"{PRODUCT}:one"], "bands": ["b"]})


def test_levels_use_each_images_own_coefficients(made: DiskCatalog) -> None:
    steps = [{"function": "gain_bias", "parameter": "reflectance_gain_bias", "index": 0}]
    levels = {"default": "toa", "toa": steps, "raw": []}
    made.band("b", data_type="Byte", nodata=0, processing_levels=levels)
    made.image("one", full(10), HERE, reflectance_gain_bias=[[2.0, 1.0]])
    made.image("two", full(10)[:, :, :4], HERE, reflectance_gain_bias=[[3.0, 0.5]])
    _, data, _ = made.raster()
    assert data.dtype == np.float64
    assert data[0, 0].tolist() == [30.5] * 4 + [21.0] * 4
    _, data, _ = made.raster(processing_level="raw")
    assert data.dtype == np.uint8
    made.image("three", full(10), HERE)
    with pytest.raises(BadRequest, match=r"reflectance_gain_bias\[0\]"):
        made.raster()


def test_bands_of_several_types_and_files(made: DiskCatalog) -> None:
    made.band("a", data_type="UInt16", file_index=0, band_index=0)
    made.band("b", data_type="Int16", file_index=1, band_index=0)
    made.image("one", full(40_000, "uint16"), HERE)
    made.image("other", full(-5, "int16"), HERE)
    document = made.documents[f"{PRODUCT}:one"]
    document.attributes["files"].append({"href": made.path(f"{PRODUCT}:other")})
    _, data, _ = made.raster(ids=[document.id])
    assert data.dtype == np.int32
    assert (data[0, 0, 0], data[1, 0, 0]) == (40_000, -5)


def test_what_is_not_there(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte")
    made.image("one", full(1), HERE)
    with pytest.raises(NotFound, match="does not exist"):
        made.raster(ids=["acme:scenes:none"])
    with pytest.raises(BadRequest, match="its bands are: b"):
        made.raster(bands=["nir"])
    with pytest.raises(BadRequest, match="no processing levels"):
        made.raster(processing_level="cooked")
    made.readers = ()
    with pytest.raises(NotFound, match="does not exist"):
        made.raster()


def test_what_cannot_be_read(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte")
    broken = made.image("one", full(1), HERE)
    with open(made.path(broken), "wb") as file:  # noqa: PTH123
        file.write(b"II*\0 and then nothing")
    with pytest.raises(NotFound, match="does not exist"):
        made.raster()
    made.image("two", full(1), HERE, storage_state="remote")
    with pytest.raises(BadRequest, match="remote"):
        made.raster(ids=[f"{PRODUCT}:two"])
