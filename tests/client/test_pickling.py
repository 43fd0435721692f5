"""Objects, collections and lazy arrays go to other processes and come back."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import shapely
from tests.client.fake import FakeCatalog, stream

import swath
from swath.catalog import Image, Product, SpectralBand
from swath.catalog import properties as p
from swath.geo import AOI
from swath.scenes import Scene, SceneCollection

META = {"geoTransform": [500000.0, 10, 0, 5100000.0, 0, -10], "coordinateSystem": {}}


def pixels(request: dict[str, Any]) -> bytes:
    data = np.full((1, 5, 4), int(request["ids"][-1][-1]), np.uint16)
    return stream(data, np.zeros(data.shape, bool), META)


@pytest.fixture
def images(client: swath.Client, fake: FakeCatalog) -> swath.catalog.ImageCollection:
    fake.raster = pixels
    product = Product(id="p", name="P", tags=["a"])
    product.save()
    SpectralBand(name="blue", product=product, data_type="UInt16", resolution="10m").save()
    for number in (1, 2, 3):
        Image(
            name=f"i{number}", product=product, acquired=f"202{number}", cs_code="EPSG:32632",
            geotrans=META["geoTransform"], x_pixels=4, y_pixels=5,
            geometry=shapely.box(8, 46, 9, 47), files=[{"href": "s3://x"}],
        ).save()  # fmt: skip
    return Image.search().sort("name").collect(AOI(bounds=(8, 46, 9, 47)))


def pickled(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))  # noqa: S301


@pytest.mark.parametrize("again", [pickled, copy.copy, copy.deepcopy])
def test_objects_pickle_and_copy(images: Any, client: swath.Client, again: Any) -> None:
    for thing in (
        images[0],
        images[0].product,
        images[0].product.get_band("blue"),
        Image(name="n"),
    ):
        other = again(thing)
        assert other == thing
        assert other.state == thing.state
        assert other.client is client
    copied = again(images[0])
    copied.tags.append("new")
    copied.cloud_fraction = 0.5
    assert (images[0].tags, images[0].cloud_fraction) == ([], None)
    assert copied.files[0].href == "s3://x"
    copied.save()
    assert again(images) == images
    assert again(images).geocontext == images.geocontext
    scenes = SceneCollection(map(Scene, images))
    assert again(scenes)[0] == scenes[0]
    search = Image.search().filter((p.acquired > "2020") & (p.cloud_fraction < 1))
    assert repr(again(search)) == repr(search)
    assert again(search.limit(2)).count() == search.count()


def test_a_client_that_is_not_the_default_one_comes_back_once(client: swath.Client) -> None:
    other = swath.Client(url=client.settings.url, token="a.b.c")
    first, second = (pickled(other) for _ in range(2))
    assert first is second
    assert first is not client
    assert first.settings == other.settings


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_lazy_arrays_compute_anywhere(images: Any, scheduler: str) -> None:
    pytest.importorskip("dask")
    pytest.importorskip("xarray")
    lazy = images.to_xarray("blue", images[0].geocontext)
    assert [int(v) for v in lazy.compute(scheduler=scheduler).values[:, 0, 4, 3]] == [1, 2, 3]
    single = images[1].to_xarray("blue")
    assert int(single.compute(scheduler=scheduler).values[0, 4, 3]) == 2


def test_lazy_arrays_compute_on_a_distributed_cluster(images: Any) -> None:
    distributed = pytest.importorskip("distributed")
    lazy = images.to_xarray("blue", images[0].geocontext)
    with (
        distributed.LocalCluster(n_workers=2, dashboard_address=None) as cluster,
        distributed.Client(cluster),
    ):
        assert [int(v) for v in lazy.compute().values[:, 0, 4, 3]] == [1, 2, 3]


def test_the_graph_of_a_lazy_array_pickles(images: Any) -> None:
    pytest.importorskip("dask")
    pytest.importorskip("xarray")
    lazy = images.to_xarray("blue", images[0].geocontext).data
    again = pickled(lazy)
    assert again.compute(scheduler="synchronous").tolist() == lazy.compute().tolist()


def test_the_crs_of_an_array_is_wkt_that_others_read(images: Any) -> None:
    pyproj = pytest.importorskip("pyproj")
    rasterio = pytest.importorskip("rasterio")
    wkt = images[0].to_xarray("blue").spatial_ref.attrs["crs_wkt"]
    assert pyproj.CRS.from_wkt(wkt).to_epsg() == 32632
    assert rasterio.crs.CRS.from_wkt(wkt).to_epsg() == 32632
