"""Expressions, masks, composites, series and points: what is asked for, and what is made of it."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import shapely
from tests.client.fake import FakeCatalog, Seen, stream

import swath
from swath.catalog import (
    ClassBand,
    Image,
    ImageCollection,
    PixelSelection,
    Product,
    SpectralBand,
    TimeSeries,
)
from swath.catalog import _timeseries as timeseries_module
from swath.geo import AOI

NDVI = {"ndvi": "(nir - red) / (nir + red)"}
AREA = AOI(bounds=(0, 0, 40, 50), bounds_crs="EPSG:32615", crs="EPSG:32615", resolution=10)
META = {"geoTransform": [0.0, 10.0, 0.0, 50.0, 0.0, -10.0], "coordinateSystem": {"wkt": ""}}
FIELD = (0.2, 0.2, 0.4, 0.4)


def pixels(request: dict[str, Any]) -> bytes:
    dtype = {"UInt16": "uint16", "Float64": "float64", "Byte": "uint8"}[request["ot"]]
    data = np.full((len(request["bands"]), 5, 4), len(request["ids"]), dtype)
    return stream(data, np.zeros(data.shape, bool), META)


@pytest.fixture
def images(client: swath.Client, fake: FakeCatalog) -> ImageCollection:
    fake.raster = pixels
    product = Product(id="p", name="P")
    product.save()
    for name in ("red", "nir"):
        SpectralBand(name=name, product=product, data_type="UInt16", data_range=(0, 9)).save()
    ClassBand(name="qa", product=product, data_type="Byte").save()
    for number in range(18):
        acquired = f"20{18 - number:02}-01-02"
        Image(name=f"i{number:02}", product=product, acquired=acquired).save()
    found = product.images().collect(AREA)
    assert len(found) == 18
    return found


def sent(fake: FakeCatalog) -> dict[str, Any]:
    body: dict[str, Any] = fake.requests("POST", "/npz")[-1].body
    return body


def test_a_request_without_them_is_what_it_was(images: ImageCollection, fake: FakeCatalog) -> None:
    images.mosaic("red")
    assert not {"expressions", "mask", "pixel_selection"} & set(sent(fake))


def test_expressions_and_masks_go_with_every_way_to_read(
    images: ImageCollection, fake: FakeCatalog
) -> None:
    options: dict[str, Any] = {"expressions": NDVI, "mask": "qa != 0"}
    array = images[0].ndarray(["ndvi", "red"], AREA, **options)
    assert array.dtype == np.float64
    body = sent(fake)
    assert body["bands"] == ["ndvi", "red"]
    assert (body["expressions"], body["mask"]) == (NDVI, "qa != 0")
    assert (body["ot"], body["scales"]) == ("Float64", None)
    images[:2].stack(["ndvi"], **options)
    assert sent(fake)["expressions"] == NDVI
    lazy = images[:2].to_xarray(["ndvi"], **options)
    assert lazy.dtype == np.float64
    assert lazy.compute().shape == (2, 1, 5, 4)
    assert sent(fake)["mask"] == "qa != 0"


def test_modes_of_scaling_leave_expressions_alone(
    images: ImageCollection, fake: FakeCatalog
) -> None:
    images.mosaic(["ndvi", "red"], expressions=NDVI, scaling="display", data_type="Float64")
    assert sent(fake)["scales"][0] is None
    images.mosaic(["ndvi"], expressions=NDVI, scaling={"ndvi": (-1, 1, 0, 255)}, data_type="Byte")
    assert sent(fake)["scales"] == [[-1, 1, 0, 255]]


def test_a_band_that_is_neither_is_named(images: ImageCollection) -> None:
    with pytest.raises(ValueError, match=r"no band 'ndwi'; it has .*qa.*ndvi"):
        images.mosaic(["ndwi"], expressions=NDVI)


@pytest.mark.parametrize(
    ("method", "data_type"),
    [("median", "UInt16"), ("mean", "UInt16"), ("count", "UInt16"), ("std", "Float64"),
     ("least_cloudy", "UInt16"), (PixelSelection.MAX, "UInt16")],
)  # fmt: skip
def test_composites(
    images: ImageCollection, fake: FakeCatalog, method: str, data_type: str
) -> None:
    array, info = images.composite("red", method=method, mask="qa & 8 != 0", raster_info=True)
    body = sent(fake)
    assert body["pixel_selection"] == str(method)
    assert body["mask"] == "qa & 8 != 0"
    assert body["ot"] == data_type
    assert len(body["ids"]) == 18
    assert array.shape == (1, 5, 4)
    assert (array == 18).all()
    assert info["geoTransform"][1] == 10.0


def test_composites_default_to_the_median_in_any_type(
    images: ImageCollection, fake: FakeCatalog
) -> None:
    images.composite(["red"], data_type="Float64", bands_axis=2)
    assert (sent(fake)["pixel_selection"], sent(fake)["ot"]) == ("median", "Float64")
    with pytest.raises(ValueError, match=r"did you mean 'median'\?"):
        images.composite("red", method="medain")
    with pytest.raises(TypeError, match="did you mean 'method'"):
        images.composite("red", methid="mean")  # type: ignore[call-overload]


def numbers(seen: Seen) -> dict[str, Any]:
    """Each image's mean is its number; the third has none."""

    def one(id: str) -> dict[str, Any]:
        number = int(id[-2:])
        names = ("min", "max", "mean", "std", "sum", "percentile_2", "percentile_50",
                 "percentile_98")  # fmt: skip
        own = None if number == 3 else float(number)
        found = dict.fromkeys(names, own) | {"count": number, "masked": 1}
        (band,) = seen.body["bands"]
        acquired = f"20{18 - number:02}-01-02T00:00:00.000000Z"
        return {"id": id, "acquired": acquired, "statistics": {band: found}}

    return {"data": [one(id) for id in seen.body["ids"]]}


def test_a_series_is_in_the_order_of_time(images: ImageCollection, fake: FakeCatalog) -> None:
    fake.numbers = numbers
    found = images.timeseries(FIELD, NDVI["ndvi"], mask="qa != 0", resolution=20, crs="EPSG:32615")
    requests = fake.requests("POST", "/statistics")
    assert sorted(len(each.body["ids"]) for each in requests) == [2, 16]
    body = requests[0].body
    assert body["bands"] == [NDVI["ndvi"]]
    assert body["expressions"] == {NDVI["ndvi"]: NDVI["ndvi"]}
    assert (body["mask"], body["resolution"], body["srs"]) == ("qa != 0", 20, "EPSG:32615")
    assert shapely.geometry.shape(json.loads(body["shape"])).equals(shapely.box(*FIELD))
    assert len(found) == 18
    assert found.times[0] == datetime(2001, 1, 2, tzinfo=UTC)
    assert found.values[:2] == [17.0, 16.0]
    assert found.values[14] is None
    assert found[14].statistics["count"] == 3
    assert found[0].id == "acme:p:i17"
    assert isinstance(found[:3], TimeSeries)
    assert "TimeSeries of 18 observations: mean of (nir" in repr(found)
    assert pickle.loads(pickle.dumps(found)).values == found.values  # noqa: S301
    frame = found.to_pandas()
    assert frame["value"].isna().sum() == 1
    assert frame.index[0].year == 2001
    assert frame["count"].iloc[0] == 17


def test_a_series_of_a_band(images: ImageCollection, fake: FakeCatalog) -> None:
    fake.numbers = numbers
    found = images[:5].timeseries(shapely.box(*FIELD), "red", "median")
    assert "expressions" not in fake.requests("POST", "/statistics")[0].body
    assert found.values == [4.0, None, 2.0, 1.0, 0.0]
    with pytest.raises(ValueError, match=r"is no statistic.*did you mean 'median'\?"):
        images.timeseries(FIELD, "red", "medain")
    assert set(timeseries_module.NAMES.values()) <= set(timeseries_module.STATISTICS)


def test_statistics_of_an_image(images: ImageCollection, fake: FakeCatalog) -> None:
    of_band = {"count": 20, "masked": 0, "mean": 3.5}

    def answered(seen: Seen) -> dict[str, Any]:
        statistics = dict.fromkeys(seen.body["bands"], of_band)
        return {"data": [{"id": seen.body["ids"][0], "acquired": None, "statistics": statistics}]}

    fake.numbers = answered
    assert images[2].statistics() == dict.fromkeys(("red", "nir", "qa"), of_band)
    body = fake.requests("POST", "/statistics")[-1].body
    assert set(body) == {"ids", "bands"}
    assert body["ids"] == ["acme:p:i02"]

    (name,) = NDVI.values()
    found = images[0].statistics(FIELD, expression=name, mask="qa != 0", resolution=20)
    assert found == {name: of_band}
    body = fake.requests("POST", "/statistics")[-1].body
    assert (body["bands"], body["expressions"]) == ([name], {name: name})
    assert (body["mask"], body["resolution"]) == ("qa != 0", 20)
    assert shapely.geometry.shape(json.loads(body["shape"])).equals(shapely.box(*FIELD))

    assert set(images[0].statistics(bands="red", expression=name)) == {"red", name}


def test_a_point(images: ImageCollection, fake: FakeCatalog) -> None:
    fake.numbers = lambda _: {"values": {"red": 7, "nir": None}}
    assert images[0].point(1.5, -2.25, "red nir", mask="qa != 0") == {"red": 7, "nir": None}
    (seen,) = fake.requests("GET", "/point")
    assert seen.path == "/raster/v2/images/acme%3Ap%3Ai00/point"
    expected = {"lon": "1.5", "lat": "-2.25", "bands": "red,nir", "mask": "qa != 0"}
    assert {name: seen.query[name] for name in expected} == expected
    images[0].point(1, 2, expression="nir / red")
    assert fake.requests("GET", "/point")[-1].query["expression"] == "nir / red"
