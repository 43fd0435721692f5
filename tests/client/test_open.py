"""`swath.open` against rasterio on the same files: the service answers with its own pixels."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.enums import Resampling
from tests.client.fake import FakeCatalog
from tests.contract.published import SCRIPTS, Release, environment_of
from tests.raster_world import ME, PRODUCT, DiskCatalog, gdal_warp

import swath
from swath.catalog import Image, ImageCollection, Product, SpectralBand
from swath.catalog._cube import _lengths
from swath_core.raster import encode, parse_request

xarray = pytest.importorskip("xarray")
dask = pytest.importorskip("dask")

ODC_STAC = Release("peer-odc-stac.txt", "ODC")
LEFT, TOP = 500_000.0, 5_000_000.0
ZONE = "EPSG:32618"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Four images of two bands, with nodata, at different places of one grid."""
    made = DiskCatalog(tmp_path_factory.mktemp("open"))
    made.band("red", data_type="UInt16", nodata=0)
    made.band("nir", data_type="UInt16", nodata=0)
    for number in range(4):
        generator = np.random.default_rng(number)
        pixels = generator.integers(1, 3000, (2, 700, 600), dtype=np.uint16)
        pixels[generator.random(pixels.shape) < 0.1] = 0
        corner = LEFT + 10 * 150 * (number % 2), TOP - 10 * 200 * (number // 2)
        place = Affine(10, 0, corner[0], 0, -10, corner[1])
        made.image(f"i{number}", pixels, place, ZONE)
    yield made
    made.pool.close()


@pytest.fixture
def images(client: swath.Client, fake: FakeCatalog, files: DiskCatalog) -> ImageCollection:
    def answer(body: dict[str, Any]) -> bytes:
        with rasterio.Env():
            return b"".join(encode(files.service.raster(ME, parse_request(body))))

    fake.raster = answer
    product = Product(id=PRODUCT, name="P")
    product.save()
    for name in ("red", "nir"):
        SpectralBand(name=name, product=product, data_type="UInt16", data_range=(0, 9)).save()
    for number in (2, 0, 3, 1):
        document = files.documents[f"{PRODUCT}:i{number}"]
        Image(
            name=f"i{number}",
            product=product,
            acquired=f"2024-0{number // 2 + 1}-0{number + 1}",
            cs_code=ZONE,
            geotrans=document.get("geotrans"),
            x_pixels=600,
            y_pixels=700,
        ).save()
    return product.images().collect()


def asked(fake: FakeCatalog) -> list[dict[str, Any]]:
    return [each.body for each in fake.requests("POST", "/npz")]


def by_rasterio(files: DiskCatalog, cube: Any, number: int, **how: Any) -> Any:
    """Return an image on a cube's grid, by GDAL's exact warp: NaN where there is none."""
    x, y = cube.x.values, cube.y.values
    step = float(x[1] - x[0])
    grid = Affine(step, 0, x[0] - step / 2, 0, -step, y[0] + step / 2)
    target = cube.attrs.get("crs", ZONE), grid, (len(y), len(x))
    with rasterio.open(files.path(f"{PRODUCT}:i{number}")) as dataset:
        source = dataset.crs, dataset.transform
        # band by band: of several at once GDAL's kernels treat nodata otherwise
        bands = [gdal_warp(band, source, target, 0, **how) for band in dataset.read()]
    values = np.stack(bands).astype(np.float32)
    return np.where(values == 0, np.nan, values)


def test_a_cube_is_lazy_and_equals_rasterio(
    images: ImageCollection, fake: FakeCatalog, files: DiskCatalog
) -> None:
    cube = swath.open(images, "red nir", 10, ZONE, chunk=512)
    assert asked(fake) == []
    assert cube.dims == ("time", "band", "y", "x")
    assert cube.shape == (4, 2, 900, 750)
    assert cube.band.values.tolist() == ["red", "nir"]
    assert cube.time.values[0] == np.datetime64("2024-01-01")
    assert cube.id.values[-1] == f"{PRODUCT}:i3"
    assert (cube.x.values[0], cube.y.values[0]) == (LEFT + 5, TOP - 5)
    assert cube.chunks == ((1,) * 4, (2,), (512, 388), (512, 238))
    whole = cube.compute()
    assert whole.dtype == np.float32
    for number in range(4):
        expected = by_rasterio(files, cube, number)
        assert np.array_equal(whole.values[number], expected, equal_nan=True)
    assert rasterio.CRS.from_wkt(cube.spatial_ref.attrs["crs_wkt"]) == rasterio.CRS.from_string(
        ZONE
    )


def test_only_the_chunks_that_are_used_are_read(images: ImageCollection, fake: FakeCatalog) -> None:
    cube = swath.open(images, "red", 10, ZONE, chunk=512)
    cube.isel(time=0, y=slice(0, 100), x=slice(0, 100)).compute()
    (one,) = asked(fake)
    assert one["ids"] == [f"{PRODUCT}:i0"]
    assert one["outsize"] == [512, 512]
    assert one["outputBounds"] == [LEFT, TOP - 5120, LEFT + 5120, TOP]
    # the first image ends before the last chunk: nothing is asked for
    cube.isel(time=0, y=slice(860, 900), x=slice(700, 750)).compute()
    assert len(asked(fake)) == 2
    beside = (LEFT - 9_000, TOP, LEFT - 1_000, TOP + 9_000)
    far = swath.open(images[:2], "red", 10, ZONE, beside, bounds_crs=ZONE)
    assert np.isnan(far.values).all()
    assert len(asked(fake)) == 2


def test_another_grid(images: ImageCollection, files: DiskCatalog) -> None:
    lonlat = Transformer.from_crs(ZONE, "EPSG:4326", always_xy=True)
    bounds = lonlat.transform_bounds(LEFT + 1000, TOP - 5000, LEFT + 4000, TOP - 2000)
    cube = swath.open(images, ["red"], 25, "EPSG:3857", bounds, chunk=64)
    assert cube.y.values[0] % 25 == 12.5
    for number in range(4):
        expected = by_rasterio(files, cube.assign_attrs(crs="EPSG:3857"), number)[:1]
        found = cube.values[number]
        assert np.array_equal(np.isnan(found), np.isnan(expected))
        assert np.array_equal(found, expected, equal_nan=True)
    smooth = swath.open(images, ["red"], 7, ZONE, bounds, resampler="bilinear")
    expected = by_rasterio(files, smooth, 1, resampling=Resampling.bilinear, XSCALE=1, YSCALE=1)[:1]
    both = ~np.isnan(expected) & ~np.isnan(smooth.values[1])
    assert both.mean() > 0.7
    # where a centre falls on a pixel's and that one is nodata, rounding decides about its neighbour
    assert (np.abs(smooth.values[1] - expected)[both] > 2).mean() < 1e-3


def test_layers_of_several_images_expressions_and_masks(
    images: ImageCollection, files: DiskCatalog
) -> None:
    cube = swath.open(
        images, ["ndvi"], 10, ZONE, flatten=lambda image: image.acquired.month,
        expressions={"ndvi": "(nir - red) / (nir + red)"}, mask="red > 2500",
    )  # fmt: skip
    assert cube.shape == (2, 1, 900, 750)
    assert cube.id.values[0] == f"{PRODUCT}:i0 {PRODUCT}:i1"
    below, top = (by_rasterio(files, cube, number).astype(float) for number in (0, 1))
    layers = []
    for red, nir in (below, top):
        red = np.where(red > 2500, np.nan, red)  # noqa: PLW2901 - the masked band
        layers.append((nir - red) / (nir + red))
    expected = np.where(np.isnan(layers[1]), layers[0], layers[1])
    assert np.allclose(cube.values[0, 0], expected, rtol=1e-12, equal_nan=True)


def test_whole_numbers_without_masks(images: ImageCollection, files: DiskCatalog) -> None:
    cube = swath.open(images[:1], "red", 10, ZONE, mask_nodata=False, mask_alpha=False)
    assert cube.dtype == np.uint16
    assert np.array_equal(cube.values[0], np.nan_to_num(by_rasterio(files, cube, 0)[:1]))


def test_cubes_pickle_and_compute_anywhere(images: ImageCollection) -> None:
    cube = swath.open(images[:2], "red", 10, ZONE, chunk=512)
    again = pickle.loads(pickle.dumps(cube))  # noqa: S301
    with dask.config.set(scheduler="synchronous"):
        one = again.compute()
    with dask.config.set(scheduler="threads"):
        assert cube.equals(one)


def test_without_dask_everything_is_read_at_once(
    images: ImageCollection, fake: FakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy = swath.open(images[:2], "red nir", 10, ZONE, chunk=512).compute()
    monkeypatch.setattr("swath.catalog._cube.dask_array", lambda: None)
    eager = swath.open(images[:2], "red nir", 10, ZONE, chunk=512)
    assert eager.chunks is None
    assert eager.equals(lazy)


def test_a_search_says_where_and_bounds_win(images: ImageCollection) -> None:
    lonlat = Transformer.from_crs(ZONE, "EPSG:4326", always_xy=True)
    box = lonlat.transform_bounds(LEFT + 1000, TOP - 2000, LEFT + 2000, TOP - 1000)

    class Searched(list[Image]):
        _geojson: Any = None

    search = Searched(images)
    search._geojson = swath.shapes.as_geojson(box)
    cube = swath.open(search, "red", 10, ZONE)
    assert 100 <= cube.sizes["x"] <= 104
    own = swath.open(search, "red", 10, ZONE, (LEFT, TOP - 55, LEFT + 71, TOP), bounds_crs=ZONE)
    assert (own.sizes["y"], own.sizes["x"]) == (6, 8)


def item(files: DiskCatalog, image: Image) -> dict[str, Any]:
    """Return an image as a STAC item with one asset."""
    document = files.documents[str(image.id)]
    with rasterio.open(files.path(str(image.id))) as dataset:
        lonlat = Transformer.from_crs(dataset.crs, "EPSG:4326", always_xy=True)
        west, south, east, north = lonlat.transform_bounds(*dataset.bounds)
        place = {
            "proj:code": ZONE,
            "proj:shape": list(dataset.shape),
            "proj:transform": list(dataset.transform)[:6],
        }
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    asset = {"href": document.get("files")[0]["href"], "type": "image/tiff; application=geotiff"}
    assert image.acquired is not None
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v2.0.0/schema.json"],
        "id": str(image.id),
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, south, east, north],
        "properties": {"datetime": image.acquired.isoformat(), **place},
        "assets": {"red": {**asset, "roles": ["data"]}},
        "links": [],
    }


@pytest.mark.published
@pytest.mark.parametrize(("crs", "resolution"), [(ZONE, 10), (ZONE, 20), ("EPSG:3857", 25)])
def test_a_cube_is_that_of_odc_stac(
    images: ImageCollection, files: DiskCatalog, tmp_path: Path, crs: str, resolution: float
) -> None:
    lonlat = Transformer.from_crs(ZONE, "EPSG:4326", always_xy=True)
    bbox = lonlat.transform_bounds(LEFT + 1003, TOP - 6004, LEFT + 4004, TOP - 2006)
    request = {
        "items": [item(files, image) for image in images],
        "crs": crs,
        "resolution": resolution,
        "bbox": bbox,
        "path": str(tmp_path / "odc.npz"),
    }
    subprocess.run(
        [environment_of(ODC_STAC), SCRIPTS / "odc_reference.py"],
        input=json.dumps(request), text=True, check=True,
    )  # fmt: skip
    theirs = np.load(tmp_path / "odc.npz")
    cube = swath.open(images, "red", resolution, crs, bbox, mask_nodata=False, mask_alpha=False)
    assert np.array_equal(cube.x.values, theirs["x"])
    assert np.array_equal(cube.y.values, theirs["y"])
    assert np.array_equal(cube.time.values, theirs["time"])
    ours = cube.values[:, 0]
    assert (ours > 0).mean() > 0.6
    if crs == ZONE:
        assert np.array_equal(ours, theirs["red"])
    else:
        # GDAL approximates coordinates there, to an eighth of a pixel
        assert (ours != theirs["red"]).mean() < 0.02


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"search": []}, "no images"),
        ({"resolution": 0}, "greater than zero"),
        ({"resolution": float("nan")}, "greater than zero"),
        ({"bounds": (1, 1, 0, 0)}, "hold no area"),
        ({"chunk": 0}, "at least one pixel"),
        ({"bands": "blue"}, "no band 'blue'"),
    ],
)
def test_what_is_refused(images: ImageCollection, change: dict[str, Any], reason: str) -> None:
    given = {"search": images, "bands": "red", "resolution": 10, "crs": ZONE, **change}
    with pytest.raises(ValueError, match=reason):
        swath.open(**given)
    with pytest.raises(TypeError, match="did you mean 'resolution'"):
        swath.open(images, "red", resolutoin=10, crs=ZONE)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("size", "chunk", "start", "lengths"),
    [
        (1200, 512, 0, (512, 512, 176)),
        (1200, 512, 100, (100, 512, 512, 76)),
        (1200, 1024, -100, (924, 276)),
        (1200, 1100, 0, (1024, 176)),
        (90, 512, 0, (90,)),
        (90, 40, 0, (40, 40, 10)),
        (1024, 512, 512, (512, 512)),
    ],
)
def test_chunks_fall_on_blocks(size: int, chunk: int, start: int, lengths: tuple[int, ...]) -> None:
    assert _lengths(size, chunk, start) == lengths
