"""Points and statistics over HTTP: what a query means, and what is answered."""

from __future__ import annotations

import importlib
import json
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from tests.raster_world import ME, PRODUCT, DiskCatalog

from swath_core.errors import BadRequest, NotFound
from swath_core.web import Request
from swath_dev.inprocess import load_handler

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)
ID = f"{PRODUCT}:one"
RED = np.arange(1, 401, dtype=np.uint16).reshape(20, 20)


@pytest.fixture
def values(made: DiskCatalog, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the routes, on a catalog of one image of two bands."""
    made.band("red", data_type="UInt16", sort_order=2)
    made.band("nir", data_type="UInt16", sort_order=1, nodata=800)
    made.image("one", np.stack([RED, 2 * RED]), HERE, acquired="2024-05-06T00:00:00Z")
    load_handler("raster")
    module = importlib.import_module("swath_raster.values")
    monkeypatch.setattr(module, "raster_service", lambda: made.service)
    return module


def request(body: dict[str, Any] | None = None, /, **query: Any) -> Request:
    event = {"rawQueryString": urlencode(query), "body": json.dumps(body or {})}
    return Request(event, lambda _: ME, lambda: 60.0)


def lonlat(column: float, row: float) -> dict[str, float]:
    x, y = HERE @ (column, row)
    lon, lat = Transformer.from_crs("EPSG:32618", "EPSG:4326", always_xy=True).transform(x, y)
    return {"lon": lon, "lat": lat}


def answered(response: Any) -> dict[str, Any]:
    assert response.content_type == "application/json"
    found: dict[str, Any] = json.loads(response.body)
    return found


def test_a_point_has_all_bands_in_their_order_unless_some_are_named(values: ModuleType) -> None:
    place = lonlat(3.5, 2.5)
    found = answered(values.point(request(**place), ID))
    assert list(found["values"].items()) == [("nir", 88), ("red", 44)]
    assert (found["id"], found["acquired"]) == (ID, "2024-05-06T00:00:00Z")
    found = answered(values.point(request(**place, bands="red", expression="nir / red"), ID))
    assert found["values"] == {"red": 44, "nir / red": 2.0}
    found = answered(values.point(request(**place, expression="nir - red", mask="red > 40"), ID))
    assert found["values"] == {"nir - red": None}


def test_statistics_of_one_image_and_of_several(values: ModuleType) -> None:
    found = answered(values.image_statistics(request(), ID))
    assert found["statistics"]["red"]["sum"] == RED.sum()
    assert found["statistics"]["nir"]["count"] == 399
    assert found["statistics"]["nir"]["masked"] == 1
    body = {"ids": [ID, ID], "bands": ["x"], "expressions": {"x": "nir - red"}, "mask": "red > 10"}
    both = answered(values.statistics(request(body)))["data"]
    assert [each["id"] for each in both] == [ID, ID]
    assert both[0]["statistics"]["x"]["max"] == 10.0
    x, y = lonlat(2, 3).values()
    beside = {"shape": f"POINT({x} {y})"}
    with pytest.raises(BadRequest, match="shape has no area"):
        values.image_statistics(request(**beside), ID)
    coarse = answered(values.image_statistics(request(bands="red", resolution="20"), ID))
    assert coarse["statistics"]["red"]["count"] == 100


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({}, "lon"),
        ({"lon": "x", "lat": "1"}, "lon"),
        ({"lon": "1", "lat": "nan"}, "lat"),
        ({"lon": "1", "lat": "90.5"}, "lat"),
        ({"lon": "-181", "lat": "1"}, "lon"),
        ({"lon": "1", "lat": "1", "bands": "blue"}, "bands"),
        ({"lon": "1", "lat": "1", "expression": ""}, "expression"),
        ({"lon": "1", "lat": "1", "mask": "red"}, "mask"),
    ],
)
def test_a_query_that_cannot_be_answered(
    values: ModuleType, query: dict[str, str], where: str
) -> None:
    place = lonlat(3, 2) if {"lon", "lat"} <= set(query) and where not in {"lon", "lat"} else {}
    with pytest.raises(BadRequest) as refused:
        values.point(request(**{**query, **place}), ID)
    assert refused.value.parameter == where


def test_what_is_not_there(values: ModuleType) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        values.point(request(**lonlat(1, 1)), f"{PRODUCT}:none")
    with pytest.raises(NotFound, match="no pixel at"):
        values.point(request(lon="1", lat="1"), ID)
    with pytest.raises(BadRequest, match="means nothing for statistics"):
        values.statistics(request({"ids": [ID], "bands": ["red"], "ot": "Byte"}))
