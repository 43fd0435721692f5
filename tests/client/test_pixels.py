from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from tests.client.fake import FakeCatalog, frame, stream

import swath
from swath.catalog import (
    ClassBand,
    GenericBand,
    Image,
    ImageCollection,
    MaskBand,
    Product,
    SpectralBand,
)
from swath.catalog._scaling import Ranges, common_data_type, scaling_parameters
from swath.errors import BadRequestError, ServerError
from swath.geo import AOI, DLTile, XYZTile
from swath.raster import RasterStream
from swath.scenes import Scene, SceneCollection, display, search

META = {
    "geoTransform": [100.0, 10.0, 0.0, 200.0, 0.0, -10.0],
    "coordinateSystem": {"epsg": 32615, "wkt": "", "proj4": "+proj=utm +zone=15 +datum=WGS84"},
    "bands": [{"description": {"name": "blue"}}],
}


def pixels(request: dict[str, Any]) -> bytes:
    """Five rows, four columns; the value is the number of the last image; one corner is masked."""
    count = len(request["bands"]) - bool(request.get("drop_alpha"))
    data = np.full((count, 5, 4), int(request["ids"][-1][-1]), np.uint16)
    mask = np.zeros(data.shape, bool)
    mask[:, 0, 0] = True
    return stream(data, mask, META)


@pytest.fixture
def image(client: swath.Client, fake: FakeCatalog) -> Image:
    fake.raster = pixels
    product = Product(id="p", name="P")
    product.save()
    common = {"product": product, "data_type": "UInt16"}
    SpectralBand(name="blue", data_range=(0, 10000), display_range=(0, 4000), **common).save()
    SpectralBand(name="red", physical_range=(0, 1), data_range=(0, 10000), **common).save()
    MaskBand(name="alpha", **common).save()
    for number in (1, 2, 3):
        Image(
            name=f"i{number}",
            product=product,
            acquired=f"202{number}",
            cs_code="EPSG:32615",
            geotrans=META["geoTransform"],
            x_pixels=4,
            y_pixels=5,
            geometry=shapely.box(number, 0, number + 1, 1),
        ).save()
    found = Image.get("acme:p:i1")
    assert found is not None
    return found


def test_an_image_over_its_own_grid(image: Image, fake: FakeCatalog) -> None:
    array = image.ndarray("blue red")
    assert isinstance(array, np.ma.MaskedArray)
    assert array.shape == (2, 5, 4)
    assert np.ma.getmaskarray(array)[0, 0, 0]
    assert array[1, 4, 3] == 1
    request = fake.requests("POST", "/npz")[0]
    assert request.body == {
        "ids": ["acme:p:i1"],
        "bands": ["blue", "red", "alpha"],
        "scales": None,
        "ot": "UInt16",
        "srs": "EPSG:32615",
        "resolution": None,
        "outsize": [4, 5],
        "outputBounds": [100.0, 150.0, 140.0, 200.0],
        "outputBoundsSRS": "EPSG:32615",
        "shape": None,
        "targetAlignedPixels": False,
        "resampleAlg": "near",
        "processing_level": None,
        "output_window": None,
        "of": "blosc",
        "mask_nodata": True,
        "mask_alpha": True,
        "drop_alpha": True,
    }
    assert request.headers["accept-encoding"] == "identity"


def test_options_of_reading(image: Image, fake: FakeCatalog) -> None:
    plain = image.ndarray(["blue"], mask_alpha=False, mask_nodata=False)
    assert not isinstance(plain, np.ma.MaskedArray)
    assert image.ndarray("blue alpha", bands_axis=-1).shape == (5, 4, 2)
    assert fake.requests("POST", "/npz")[-1].body["drop_alpha"] is False
    _, info = image.ndarray("blue", resolution=60, raster_info=True, scaling="display")
    assert info["geoTransform"] == META["geoTransform"]
    body = fake.requests("POST", "/npz")[-1].body
    assert (body["resolution"], body["outsize"], body["targetAlignedPixels"]) == (60, None, False)
    assert (body["scales"], body["ot"]) == ([[0.0, 4000.0, 0, 255], None], "Byte")
    with pytest.raises(ValueError, match=r"no band 'green'; it has (alpha|blue|red), "):
        image.ndarray("green")
    with pytest.raises(ValueError, match="a tile is fixed"):
        image.ndarray("blue", XYZTile(0, 0, 0), resolution=5)
    with pytest.raises(ValueError, match="no bands"):
        image.ndarray([])
    with pytest.raises(ValueError, match="no grid of its own"):
        Image(id="acme:p:x").ndarray("blue")


def test_bands_are_asked_for_once(image: Image, fake: FakeCatalog) -> None:
    image.ndarray("blue")
    image.ndarray("red")
    assert len(fake.requests("PUT", "/bands")) == 1


def test_a_band_that_changed_is_asked_for_again(image: Image, fake: FakeCatalog) -> None:
    image.ndarray("blue", scaling="display")
    band = SpectralBand.get("acme:p:blue")
    assert band is not None
    band.display_range = (0, 100)
    band.save()
    image.ndarray("blue", scaling="display")
    assert fake.requests("POST", "/npz")[-1].body["scales"][0] == [0.0, 100.0, 0, 255]


def test_a_stream_that_breaks_is_asked_for_again(image: Image, fake: FakeCatalog) -> None:
    tries = []

    def breaking(request: dict[str, Any]) -> bytes:
        tries.append(1)
        whole = pixels(request)
        if len(tries) == 1:
            return whole[:-7]
        if len(tries) == 2:
            return whole.split(b"\n", 2)[0] + b'\n{"error": "out of luck"}\n'
        return whole

    fake.raster = breaking
    assert image.ndarray("blue")[0, 4, 3] == 1
    tries.clear()
    fake.raster = lambda _: b'{}\n{"error": "never"}\n'
    with pytest.raises(ServerError, match="reading pixels failed: never"):
        image.ndarray("blue")
    fake.faults.append(lambda seen: (400, {}, b"bad bounds") if "npz" in seen.path else None)
    with pytest.raises(BadRequestError, match="bad bounds"):
        image.ndarray("blue")


def test_streams_that_lie_are_refused() -> None:
    import io

    head = b'{}\n{"shape":[1,2,2],"dtype":"uint8","chunks":1}\n'
    chunk = b'{"offset":[0,0,0],"shape":[1,2,2]}\n'
    for body, says in (
        (b"nonsense\n", "garbled"),
        (b"{}\n[]\n", "garbled"),
        (b'{}\n{"shape":[2,2],"dtype":"uint8","chunks":1}\n', "shape"),
        (b'{}\n{"shape":[1,2,2],"dtype":"object","chunks":1}\n', "object"),
        (head, "ended early"),
        (head + b'{"offset":[0,1,0],"shape":[1,2,2]}\n', "outside"),
        (head + chunk + frame(b"123"), "3 bytes instead of 4"),
        (head + chunk + frame(b"1234")[:-1], "early"),
    ):
        with pytest.raises(ServerError, match=says):
            list(RasterStream(io.BytesIO(body)))


def test_mosaics_and_stacks(image: Image, fake: FakeCatalog) -> None:
    images = Image.search().sort("name").collect()
    context = image.geocontext
    mosaic = images.mosaic(["blue", "alpha"], context)
    assert mosaic.shape == (2, 5, 4)
    assert fake.requests("POST", "/npz")[-1].body["ids"] == [f"acme:p:i{n}" for n in (1, 2, 3)]
    stack, infos = images.stack("blue red", context, raster_info=True)
    assert stack.shape == (3, 2, 5, 4)
    assert [int(stack[i, 0, 4, 3]) for i in range(3)] == [1, 2, 3]
    assert len(infos) == 3
    years = images.stack("blue", context, flatten="product_id", bands_axis=-1)
    assert years.shape == (1, 5, 4, 1)
    with pytest.raises(ValueError, match="give a geocontext"):
        images.mosaic("blue")
    with pytest.raises(ValueError, match="first axis"):
        images.stack("blue", context, bands_axis=0)
    with pytest.raises(ValueError, match="no images"):
        ImageCollection().stack("blue", context)
    fake.raster = lambda r: stream(
        np.zeros((1, int(r["ids"][0][-1]), 2), np.uint8),
        np.zeros((1, int(r["ids"][0][-1]), 2)),
        META,
    )
    with pytest.raises(ValueError, match="differ in shape"):
        images.stack("blue", context)


def test_scenes(image: Image, fake: FakeCatalog) -> None:
    scene, ctx = Scene.from_id("acme:p:i1")
    assert (ctx.resolution, ctx.shape, ctx.crs) == (10.0, None, "EPSG:32615")
    array, _ = scene.ndarray("blue", ctx.assign(resolution=60), raster_info=True)
    assert array.shape == (1, 5, 4)
    body = fake.requests("POST", "/npz")[-1].body
    assert (body["resolution"], body["targetAlignedPixels"]) == (60, False)
    assert "EPSG:32615" in repr(scene)
    assert scene.properties.product_id == "acme:p"
    with pytest.raises(swath.errors.NotFoundError):
        Scene.from_id("acme:p:none")
    scenes, found = search(
        shapely.box(0, 0, 5, 5),
        products="acme:p",
        start_datetime="2021",
        end_datetime="2024",
        cloud_fraction=0.5,
        limit=2,
    )
    sent = fake.requests("PUT", "/images")[-1].body
    assert [e["op"] for e in json.loads(sent["filter"])] == ["eq", "gte", "lt", "lt"]
    assert (sent["limit"], sent["sort"]) == (2, "acquired")
    scenes, found = search(shapely.box(0, 0, 5, 5), products=["acme:p"])
    assert isinstance(scenes, SceneCollection)
    assert isinstance(found, AOI)
    assert (len(scenes), found.crs, found.resolution) == (3, "EPSG:32615", 10.0)
    assert scenes.stack("blue", ctx, flatten="properties.product_id").shape == (1, 1, 5, 4)
    assert scenes.mosaic(["blue", "alpha"], ctx).shape == (2, 5, 4)
    assert len(scenes.filter_coverage(shapely.box(1, 0, 2, 1))) == 1
    assert (
        len(
            scenes.filter(
                lambda s: (
                    str(s.properties.acquired) > "2022" and str(s.properties.acquired) < "2023"
                )
            )
        )
        == 1
    )


def test_files(image: Image, tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    path = image.download("blue", dest=tmp_path, nodata=77)
    assert path == str(tmp_path / "acme_p_i1-blue.tif")
    with rasterio.open(path) as dataset:
        assert (dataset.count, dataset.nodata, dataset.descriptions) == (1, 77, ("blue",))
        assert dataset.transform.to_gdal() == tuple(META["geoTransform"])
        assert dataset.crs.to_epsg() == 32615
        assert dataset.read(1)[0, 0] == 77
    images = Image.search().sort("name").collect()
    paths = images.download("blue", image.geocontext, dest=tmp_path / "all")
    assert [Path(each).name for each in paths] == [f"acme_p_i{n}-blue.tif" for n in (1, 2, 3)]
    mosaic = images.download_mosaic("blue", image.geocontext, dest=tmp_path / "m.tif")
    with rasterio.open(mosaic) as dataset:
        assert dataset.read(1)[4, 3] == 3
    with pytest.raises(ValueError, match="does not end like"):
        image.download("blue", dest="x.png", format="tif")
    assert not list(tmp_path.glob(".*"))


def test_arrays_with_coordinates(image: Image, fake: FakeCatalog) -> None:
    pytest.importorskip("xarray")
    before = len(fake.requests("POST", "/npz"))
    single = image.to_xarray("blue red")
    assert single.dims == ("band", "y", "x")
    assert len(fake.requests("POST", "/npz")) == before  # nothing read yet
    assert single.x.values.tolist() == [105.0, 115.0, 125.0, 135.0]
    assert single.y.values[0] == 195.0
    assert np.isnan(single.values[0, 0, 0])
    assert single.values[0, 4, 3] == 1
    pyproj = pytest.importorskip("pyproj")
    assert pyproj.CRS.from_wkt(single.spatial_ref.attrs["crs_wkt"]).to_epsg() == 32615
    images = Image.search().sort("name").collect()
    stack = images.to_xarray("blue", image.geocontext)
    assert stack.dims == ("time", "band", "y", "x")
    assert stack.time.dt.year.values.tolist() == [2021, 2022, 2023]
    assert stack.sel(time="2022").values[0, 0, 4, 3] == 2
    assert (
        images.to_xarray("blue", image.geocontext, mask_nodata=False, mask_alpha=False).dtype
        == "uint16"
    )


def test_pictures() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    grey = np.arange(20).reshape(4, 5)
    figure = display(grey, np.stack([grey] * 3).astype(np.uint8), title=["a", "b"])
    assert len(figure.axes) == 2
    with pytest.raises(ValueError, match="one band or three"):
        display(np.zeros((2, 3, 3)))
    with pytest.raises(ValueError, match="nothing"):
        display()


BANDS = {
    "red": SpectralBand(
        id="a:red",
        data_type="UInt16",
        data_range=(0, 10000),
        display_range=(0, 4000),
        physical_range=(0, 1),
    ),
    "i16": SpectralBand(
        id="a:i16", data_type="Int16", data_range=(-100, 10000), display_range=(0, 3000)
    ),
    "f32": SpectralBand(id="a:f32", data_type="Float32", data_range=(0, 1), display_range=(0, 0.4)),
    "u32": GenericBand(id="a:u32", data_type="UInt32"),
    "cls": ClassBand(id="a:cls", data_type="Byte", data_range=(0, 10), display_range=(0, 10)),
    "alpha": MaskBand(id="a:alpha", data_type="UInt16"),
}


@pytest.mark.parametrize(
    ("names", "scaling", "data_type", "expected"),
    [
        ("red", None, None, (None, "UInt16")),
        ("red i16", None, None, (None, "Int32")),
        ("i16 u32", None, None, (None, None)),
        ("red f32", None, None, (None, "Float32")),
        ("red alpha", "auto", None, ([[], None], "Byte")),
        ("cls", "display", None, (None, "Byte")),
        ("red f32", "display", None, ([[0, 4000, 0, 255], [0, 0.4, 0, 255]], "Byte")),
        ("red i16 alpha", "physical", None, ([[0, 10000, 0, 1], None, None], "Float64")),
        ("red i16", [(0, 100, 0, 1), None], None, ([[0, 100, 0, 1], None], "Float64")),
        ("red i16", [(0, 100), None], None, ([[0, 100, 0, 255], None], "Byte")),
        ("red", [("10%", "90%", "0%", "50%")], "Byte", ([[400, 3600, 0, 127]], "Byte")),
        ("red cls", {"default_": "display"}, None, ([[0, 4000, 0, 255], None], "Byte")),
        ("red", "display", "UInt16", ([[0, 4000, 0, 255]], "UInt16")),
    ],
)
def test_scalings(names: str, scaling: Any, data_type: str | None, expected: Any) -> None:
    bands = [Ranges.of(name, BANDS[name]) for name in names.split()]
    assert scaling_parameters(bands, scaling, data_type) == expected


@pytest.mark.parametrize(
    "scaling", ["x", [(1, 2, 3)], 5, [None, None], ["display", "raw"], [("a%", "1%")]]
)
def test_wrong_scalings(scaling: Any) -> None:
    count = 2 if scaling == ["display", "raw"] else 1
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        scaling_parameters([Ranges.of(n, BANDS[n]) for n in ("red", "i16")][:count], scaling)


def test_common_types() -> None:
    assert common_data_type(["Byte", "Int16"]) == "Int16"
    assert common_data_type(["Byte"]) == "Byte"
    assert common_data_type(["UInt32", "Byte"]) == "UInt32"
    assert common_data_type(["Int8"]) == "Int8"
    assert common_data_type(["Int8", "Byte"]) == "Int16"
    assert common_data_type(["Int64", "Int64"]) == "Int64"
    assert common_data_type(["Int64", "UInt64"]) is None


def test_tiles_as_requests(image: Image, fake: FakeCatalog) -> None:
    tile = DLTile.from_key("128:16:960.0:15:-2:37")
    image.ndarray("blue", tile)
    body = fake.requests("POST", "/npz")[-1].body
    assert body["outputBounds"] == [238880.0, 4531200.0, 392480.0, 4684800.0]
    assert (body["outputBoundsSRS"], body["srs"], body["resolution"]) == (None, "EPSG:32615", 960.0)
    image.ndarray("blue", XYZTile(3, 5, 4))
    assert fake.requests("POST", "/npz")[-1].body["srs"] == "EPSG:3857"
