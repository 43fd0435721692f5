"""Items and collections out of catalog objects of every kind: valid, and complete."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests import stac_documents
from tests.component.api.samples import samples

from swath_core.definitions import BANDS, IMAGE, PRODUCT, Resource
from swath_core.documents import Document
from swath_core.geo import normalise_footprint
from swath_core.stac import Addresses
from swath_core.stac._collections import Coverage, collection
from swath_core.stac._items import ItemForm
from swath_core.stac._properties import fraction, percent

HERE = Addresses("https://api.example")
BUCKET = "data"
OWN = f"s3://{BUCKET}/images/acme/p/2020/01/02/i/v1/a.tif"


def attributes(resource: Resource, dice: random.Random, share: float) -> dict[str, Any]:
    """Return some of a resource's attributes, as they are stored."""
    return {
        each.name: dice.choice(samples(each))[1]
        for each in resource
        if each.required or dice.random() < share
    }


def random_bands(dice: random.Random) -> list[Document]:
    made = []
    for number in range(dice.randint(0, 5)):
        kind = dice.choice(sorted(BANDS))
        values = attributes(BANDS[kind], dice, dice.random()) | {
            "name": dice.choice([f"b{number}", "red" if number == 0 else f"c{number}"]),
            "product_id": "acme:p",
            "band_index": dice.randint(0, 3),
            "file_index": dice.randint(0, 2),
            "resolution": dice.choice([None, {"value": 10.0, "unit": "meters"}]),
            "nodata": dice.choice([None, 0.0, "NaN", "-Infinity"]),
        }
        present = {name: value for name, value in values.items() if value is not None}
        made.append(Document("band", f"acme:p:{values['name']}", present, 1))
    return made


def random_image(dice: random.Random) -> Document:
    values = attributes(IMAGE, dice, dice.random()) | {
        "name": "i",
        "product_id": "acme:p",
        "acquired": "2020-01-02T03:04:05.000000Z",
        "files": [
            {
                "href": dice.choice([OWN, "https://x.example/b.jp2"]),
                "size_bytes": 7,
                "hash": "0" * 32,
            }
            for _ in range(dice.randint(0, 4))
        ],
        "extra_properties": {
            "eo:snow_cover": "much",
            "datetime": "today",
            "proj:epsg": True,
            "mine": 1.5,
            "swath:x": "y",
        },
        "created": "2020-01-02T03:04:05.000000Z",
        "modified": "2020-01-02T03:04:05.000000Z",
    }  # fmt: skip
    for name in ("cloud_fraction", "view_angle", "azimuth_angle", "solar_elevation_angle"):
        values[name] = dice.choice([0.0, 0.3, -3.0, 91.0, 500.0, 1.0])
    if "geometry" in values:
        values["geometry"] = normalise_footprint(values["geometry"])
    return Document("image", "acme:p:i", values, 3)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_an_image_holds_its_item_is_valid(seed: int) -> None:
    dice = random.Random(seed)
    image, bands = random_image(dice), random_bands(dice)
    item = ItemForm("acme:p", bands, HERE, BUCKET).item(image)

    stac_documents.check(item)
    files = [each for key, each in item["assets"].items() if key != "thumbnail"]
    assert len(files) == len(image.attributes["files"])
    assert item["properties"]["mine"] == 1.5
    assert item["properties"]["swath:extra_eo:snow_cover"] == "much"
    shown = " ".join(str(link["href"]) for link in item["links"]) + str(item["assets"])
    assert "s3://data" not in shown


@pytest.mark.parametrize("seed", range(40))
def test_whatever_a_product_holds_its_collection_is_valid(seed: int) -> None:
    dice = random.Random(seed)
    bands = random_bands(dice)
    stored = attributes(PRODUCT, dice, dice.random()) | {
        "name": "P",
        "created": "2020-01-02T03:04:05.000000Z",
        "modified": "2020-01-02T03:04:05.000000Z",
        "default_display_bands": [band.attributes["name"] for band in bands[:3]] or ["x"],
    }
    product = Document("product", "acme:p", stored, 2)
    cells = dice.sample(range(122), dice.randint(0, 5))
    coverage = Coverage.of(product, cells, dice.choice([[], ["2020-02"], ["2019-12", "2021-02"]]))

    stac_documents.check(collection(product, bands, coverage, HERE))


BAND = {
    "name": "red",
    "type": "spectral",
    "product_id": "acme:p",
    "data_type": "UInt16",
    "nodata": 0.0,
    "data_range": [0.0, 10_000.0],
    "physical_range": [-0.1, 0.9],
    "physical_range_unit": "reflectance",
    "display_range": [0.0, 4000.0],
    "band_index": 0,
    "wavelength_nm_center": 650.0,
    "wavelength_nm_min": 630.0,
    "wavelength_nm_max": 680.0,
    "resolution": {"value": 10.0, "unit": "meters"},
}


def test_a_band_is_told_in_the_units_of_stac() -> None:
    bands = [Document("band", "acme:p:red", BAND)]
    files = [{"href": OWN, "size_bytes": 7, "hash": "ab" * 16}]
    image = {"name": "i", "product_id": "acme:p", "acquired": "2020-01-02T00:00:00.000000Z"}
    item = ItemForm("acme:p", bands, HERE, BUCKET).item(
        Document("image", "acme:p:i", {**image, "files": files})
    )

    asset = item["assets"]["red"]
    assert asset["href"] == "https://api.example/stac/collections/acme:p/items/i/assets/red"
    assert asset["file:checksum"] == "d50110" + "ab" * 16
    assert asset["file:size"] == 7
    assert asset["bands"] == [
        {
            "name": "red",
            "data_type": "uint16",
            "nodata": 0.0,
            "unit": "reflectance",
            "eo:common_name": "red",
            "eo:center_wavelength": 0.65,
            "eo:full_width_half_max": 0.05,
            "raster:spatial_resolution": 10.0,
            "raster:scale": pytest.approx(1e-4),
            "raster:offset": pytest.approx(-0.1),
        }
    ]
    assert item["assets"]["thumbnail"]["href"].startswith("https://api.example/raster/v2/images/")
    assert {"xyz", "tilejson", "preview"} <= {link["rel"] for link in item["links"]}


def test_the_grid_is_told_row_by_row() -> None:
    image = {
        "name": "i",
        "product_id": "acme:p",
        "acquired": "2020-01-02T00:00:00.000000Z",
        "cs_code": "epsg:32633",
        "geotrans": [500.0, 10.0, 1.0, 900.0, 2.0, -10.0],
        "x_pixels": 100,
        "y_pixels": 50,
    }
    properties = ItemForm("acme:p", [], HERE, BUCKET).item(Document("image", "acme:p:i", image))[
        "properties"
    ]
    assert properties["proj:code"] == "EPSG:32633"
    assert properties["proj:transform"] == [10.0, 1.0, 500.0, 2.0, -10.0, 900.0]
    assert properties["proj:shape"] == [50, 100]
    assert properties["proj:bbox"] == [500.0, 400.0, 1550.0, 1100.0]


def test_the_grid_stands_with_the_files_whose_pixels_it_is_of() -> None:
    coarse = BAND | {
        "name": "swir",
        "file_index": 1,
        "resolution": {"value": 20.0, "unit": "meters"},
    }
    bands = [Document("band", f"acme:p:{each['name']}", each) for each in (BAND, coarse)]
    image = {
        "name": "i",
        "product_id": "acme:p",
        "acquired": "2020-01-02T00:00:00.000000Z",
        "geotrans": [500.0, 10.0, 0.0, 900.0, 0.0, -10.0],
        "x_pixels": 100,
        "y_pixels": 50,
        "files": [{"href": "https://x.example/a.tif"}, {"href": "https://x.example/b.tif"}],
    }
    item = ItemForm("acme:p", bands, HERE, BUCKET).item(Document("image", "acme:p:i", image))
    assert item["assets"]["red"]["proj:shape"] == [50, 100]
    assert "proj:shape" not in item["assets"]["swir"]
    assert "proj:shape" not in item["properties"]


def test_percentages_keep_their_digits() -> None:
    dice = random.Random(3)
    for digits in range(1, 14):
        for _ in range(200):
            given = round(dice.uniform(0, 100), digits)
            assert percent(fraction(given)) == given
    assert percent(0.29) == 29.0
    assert percent(0.07) == 7.0


def test_the_schemas_refuse_what_is_wrong() -> None:
    image = {"name": "i", "product_id": "acme:p", "acquired": "2020-01-02T00:00:00.000000Z"}
    good = ItemForm("acme:p", [], HERE, BUCKET).item(
        Document("image", "acme:p:i", image | {"cloud_fraction": 0.5})
    )
    assert not stac_documents.faults(good)
    for name, value in (("datetime", "noon"), ("eo:cloud_cover", 101), ("eo:x", 1), ("created", 5)):
        wrong = good | {"properties": good["properties"] | {name: value}}
        assert stac_documents.faults(wrong), name
    assert stac_documents.faults(good | {"links": [{"rel": "self"}]})
