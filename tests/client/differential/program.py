"""One program for two clients: argv[1] is the catalog module, argv[2] the geo module.

Every case sends requests; between cases the program prints the case's name and waits for a line, so
that the test knows which requests belong to it. The cases are drawn by a seeded generator that both
clients share.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

c: Any = importlib.import_module(sys.argv[1])
geo: Any = importlib.import_module(sys.argv[2])
p = c.properties
COUNT = int(os.environ.get("CASES", "300"))

NUMBERS = ["cloud_fraction", "view_angle", "fill_fraction", "solar_elevation_angle", "area"]
TIMES = ["acquired", "created", "modified", "published", "acquired_end"]
TEXTS = ["name", "satellite_id", "provider_id", "processing_pipeline_id", "id"]


def when(rng: random.Random) -> Any:
    day = datetime(2015, 1, 1) + timedelta(seconds=rng.randrange(300_000_000))
    zone = timezone(timedelta(hours=rng.randrange(-11, 12)))
    return rng.choice(
        [
            day,
            day.replace(tzinfo=zone),
            day.strftime("%Y-%m-%d"),
            day.strftime("%Y-%m-%dT%H:%M:%SZ"),
        ]
    )


def comparison(rng: random.Random) -> Any:  # noqa: PLR0911 - one per kind
    kind = rng.randrange(8)
    if kind == 0:
        # one comparison only: the other client joins all comparisons of one property object
        number, which = getattr(p, rng.choice(NUMBERS)), rng.randrange(4)
        if which < 2:
            return number < 0.5 if which else number <= 1
        return number > 0 if which == 2 else number >= 0.25
    if kind == 1:
        name, moment = rng.choice(TIMES), when(rng)
        return getattr(p, name) > moment if rng.random() < 0.5 else getattr(p, name) <= moment
    if kind == 2:
        low, high = sorted(round(rng.random(), 3) for _ in range(2))
        return low < p.cloud_fraction <= high
    if kind == 3:
        values = [f"v{rng.randrange(9)}" for _ in range(rng.randrange(1, 4))]
        return getattr(p, rng.choice(TEXTS)).in_(values)
    if kind == 4:
        return rng.choice([p.tags == "a", p.tags == ["a", "b"], p.name != "x"])
    if kind == 5:
        return rng.choice([p.cloud_fraction.isnull, p.tags.isnotnull])
    if kind == 6:
        return rng.choice([p.storage_state == c.StorageState.REMOTE, p.x_pixels == 3])
    return getattr(p, rng.choice(TEXTS)) == f"w{rng.randrange(100)}"


def expression(rng: random.Random, depth: int = 0) -> Any:
    if depth > 2 or rng.random() < 0.4:
        return comparison(rng)
    left, right = expression(rng, depth + 1), expression(rng, depth + 1)
    return left & right if rng.random() < 0.5 else left | right


def polygon(rng: random.Random) -> Any:
    x, y = rng.randrange(-170, 160), rng.randrange(-80, 70)
    ring = [[x, y], [x + 5, y], [x + 5.5, y + 4.25], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def case_search(rng: random.Random) -> None:
    search = c.Image.search().filter(p.product_id == "acme:p")
    for _ in range(rng.randrange(1, 4)):
        search = search.filter(expression(rng))
    if rng.random() < 0.3:
        search = search.intersects(polygon(rng), match_null_geometry=rng.random() < 0.5)
    if rng.random() < 0.3:
        search = search.find_text("some words")
    if rng.random() < 0.5:
        search = search.sort(rng.choice(NUMBERS + TIMES), ascending=rng.random() < 0.5)
    if rng.random() < 0.5:
        search = search.limit(rng.randrange(1, 20))
    how = rng.randrange(4)
    if how == 0:
        search.count()
    elif how == 1:
        list(search)
    elif how == 2:
        search.summary()
    else:
        search.summary_interval(
            aggregate_date_field=rng.choice(["acquired", "created", "modified", "published"]),
            interval=rng.choice(["year", "quarter", "month", "week", "day", "hour", "minute"]),
            start_datetime=rng.choice([None, when(rng)]),
            end_datetime=rng.choice([None, when(rng)]),
        )


def case_product_search(rng: random.Random) -> None:
    search = c.Product.search()
    if rng.random() < 0.7:
        search = search.filter(p.start_datetime < when(rng))
    if rng.random() < 0.5:
        search = search.filter((p.is_core == True) | p.owners.in_(["org:a", "user:b"]))  # noqa: E712
    if rng.random() < 0.5:
        search = search.sort("start_datetime").limit(3)
    rng.choice([list, lambda s: s.count()])(search)


def case_band_search(rng: random.Random) -> None:
    kind = rng.choice(
        [c.Band, c.SpectralBand, c.MaskBand, c.ClassBand, c.MicrowaveBand, c.GenericBand]
    )
    search = kind.search().filter(p.product_id == "acme:p")
    if rng.random() < 0.5:
        search = search.filter(
            p.type == rng.choice(sorted(c.BandType, key=lambda kind: kind.value))
        )
    if rng.random() < 0.5:
        search = search.filter(p.resolution == c.Resolution(value=60, unit="meters"))
    list(search.sort("name"))


def unique(rng: random.Random) -> str:
    return f"n{rng.randrange(10**9)}"


def case_product(rng: random.Random) -> None:
    product = c.Product(id=unique(rng), name="Name")
    choices = {
        "description": "words",
        "tags": ["a", "b"],
        "extra_properties": {"x": 1, "y": "z"},
        "start_datetime": when(rng),
        "end_datetime": when(rng),
        "is_core": False,
        "revisit_period_minutes_min": 5,
        "revisit_period_minutes_max": 7.5,
        "default_display_bands": ["red", "green", "blue"],
        "readers": ["org:x"],
        "writers": [],
        "owners": ["org:acme", "user:me"],
        "product_tier": None,
    }
    for name in rng.sample(sorted(choices), rng.randrange(len(choices))):
        setattr(product, name, choices[name])
    product.save()
    product.save()
    product.name = "Other"
    if rng.random() < 0.5:
        product.start_datetime = when(rng)
    if product.tags:
        product.tags.append("c")
    if product.extra_properties:
        product.extra_properties["new"] = 2.5
    product.save()
    product.reload()
    c.Product.get(product.id)
    c.Product.exists(product.id)
    c.Product.get_many([product.id])
    list(product.bands().limit(4))
    product.images().count()
    list(product.image_uploads())
    product.get_band("x")
    product.get_image("x")
    product.delete_related_objects()
    again = c.Product.get_or_create(product.id, name="Third")
    again.save()
    if rng.random() < 0.5:
        product.delete()
    else:
        c.Product.delete(product.id)


SPECIFIC: dict[str, dict[str, Any]] = {
    "SpectralBand": {
        "physical_range": (0, 1),
        "physical_range_unit": "reflectance",
        "wavelength_nm_min": 452,
        "wavelength_nm_max": 512,
        "wavelength_nm_center": 480.5,
        "wavelength_nm_fwhm": 60,
    },
    "MicrowaveBand": {"frequency": 5.4, "bandwidth": 100, "physical_range": [0, 2]},
    "MaskBand": {"is_alpha": True},
    "ClassBand": {
        "colormap_name": "viridis",
        "colormap": [[0, 0, 0, 0], [1, 2, 3, 255]],
        "class_labels": ["water", None],
    },
    "GenericBand": {
        "colormap_name": "magma",
        "physical_range": (0.5, 2),
        "physical_range_unit": "K",
    },
}


def case_band(rng: random.Random) -> None:
    kind = rng.choice(sorted(SPECIFIC))
    band = getattr(c, kind)(name=unique(rng), product=c.Product.get("acme:p"))
    choices = {
        "description": "words",
        "data_type": c.DataType.UINT16,
        "nodata": rng.choice([0, -999, 1.5]),
        "data_range": (0, 10000),
        "display_range": [0, 4000],
        "band_index": 1,
        "file_index": 0,
        "resolution": rng.choice(
            [
                c.Resolution(unit=c.ResolutionUnit.METERS, value=60),
                "60m",
                "1.2 deg.",
                {"value": 10, "unit": "meters"},
            ]
        ),
        "sort_order": 3,
        "vendor_order": 1,
        "vendor_band_name": "B1",
        "tags": ["x"],
        "jpx_layer_index": 2,
        "extra_properties": {"k": "v"},
        "processing_levels": {
            "default": "toa",
            "toa": [{"function": "gain", "data_type": "Float64"}],
        },
        "derived_params": {"function": "f", "bands": ["red"], "source_type": "UInt16"},
        **SPECIFIC[kind],
    }
    for name in rng.sample(sorted(choices), rng.randrange(len(choices))):
        setattr(band, name, choices[name])
    band.save()
    band.description = "other"
    if band.resolution is not None:
        band.resolution.value = 30
    band.save()
    c.Band.get(band.id)
    band.delete()


def case_image(rng: random.Random) -> None:
    image = c.Image(name=unique(rng), product=c.Product.get("acme:p"))
    choices = {
        "geometry": polygon(rng),
        "cs_code": "EPSG:32615",
        "projection": "+proj=utm +zone=15",
        "geotrans": [258292.5, 60, 0, 4743307.5, 0, -60],
        "x_pixels": 10,
        "y_pixels": 20,
        "acquired": when(rng),
        "acquired_end": when(rng),
        "published": when(rng),
        "storage_state": rng.choice(["remote", c.StorageState.AVAILABLE]),
        "files": [c.File(href="s3://a/b", size_bytes=3, hash="0" * 32), {"href": "s3://c"}],
        "cloud_fraction": 0.25,
        "view_angle": 3,
        "bits_per_pixel": [1.5, 2],
        "reflectance_gain_bias": [[1, 2], [3, 4.5]],
        "satellite_id": "L8",
        "preview_url": "http://x",
        "tags": ["q"],
        "extra_properties": {"n": 5},
        "provider_url": None,
    }
    for name in rng.sample(sorted(choices), rng.randrange(len(choices))):
        setattr(image, name, choices[name])
    image.save()
    image.cloud_fraction = 0.5
    image.save()
    c.Image.exists(image.id)
    c.Image.get_many([image.id])
    list(image.image_uploads())
    image.delete()


def case_upload(rng: random.Random) -> None:
    image = c.Image(name=unique(rng), product=c.Product.get("acme:p"), acquired="2020-02-01")
    if rng.random() < 0.5:
        options = {"overviews": [2, 4], "overview_resampler": c.OverviewResampler.AVERAGE}
        dtype = rng.choice(["u1", "<u2", "<i2", "<i4", "<u4", "<f4", "<f8"])
        shape = rng.choice([(3, 4), (1, 3, 4), (2, 3, 4)])
        array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
        meta = {
            "geoTransform": [0.0, 60.0, 0.0, 9.0, 0.0, -60.0],
            "coordinateSystem": {"proj4": "+proj=utm +zone=15"},
        }
        several = rng.random() < 0.3
        upload = image.upload_ndarray(
            [array, array] if several else array,
            raster_meta=meta,
            **rng.choice([options, {}]),
            overwrite=rng.random() < 0.3,
        )
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/file.tif"
            Path(path).write_bytes(b"content" * rng.randrange(1, 100))
            upload = image.upload(path)
    upload.wait_for_completion()
    assert upload.status == "success", upload.status


def case_pixels(rng: random.Random) -> None:
    image = c.Image.get("acme:p:i1")
    context = rng.choice(
        [
            None,
            geo.DLTile.from_key("128:16:960.0:15:-2:37"),
            geo.XYZTile(3, 5, 4),
            geo.AOI(geometry=polygon(rng), resolution=30, crs="EPSG:32615"),
            geo.AOI(geometry=polygon(rng), shape=(7, 9), crs="EPSG:4326", all_touched=True),
            geo.AOI(
                bounds=(0, 0, 100, 100), bounds_crs="EPSG:32615", crs="EPSG:32615", resolution=10
            ),
        ]
    )
    options: dict[str, Any] = {
        "bands": rng.choice(["blue", "blue red", ["red", "alpha"], ["cls"]]),
        "resampler": rng.choice(list(c.ResampleAlgorithm)),
    }
    extra = {
        "mask_nodata": False,
        "mask_alpha": rng.choice([True, False]),
        "scaling": rng.choice(
            [
                "raw",
                "auto",
                "display",
                "physical",
                {"blue": "display"},
                {"red": (0, 100)},
                {"blue": (5, 50, 0, 1), "red": (0, 100.5, 0.5, 3)},
                {"default_": ("10%", "80%")},
            ]
        ),
        "data_type": rng.choice(["Byte", "Float32", "UInt16"]),
    }
    for name in rng.sample(sorted(extra), rng.randrange(len(extra))):
        options[name] = extra[name]
    if context is None or isinstance(context, geo.AOI):
        options |= rng.choice([{}, {}, {"resolution": 25}, {"crs": "EPSG:32616"}])
    if rng.random() < 0.5:
        image.ndarray(options.pop("bands"), geocontext=context, **options)
    else:
        images = c.ImageCollection([image, c.Image.get("acme:p:i2")])
        # the other client cuts to the image's footprint here, but not in Image.ndarray
        context = context or image.geocontext.assign(geometry=None)
        images.mosaic(options.pop("bands"), geocontext=context, **options)


CASES = (
    [case_search] * 10
    + [case_product_search, case_band_search] * 2
    + [
        case_product,
        case_band,
        case_band,
        case_image,
        case_image,
        case_upload,
        case_pixels,
        case_pixels,
    ]
)


def main() -> None:
    for number in range(COUNT):
        rng = random.Random(number)
        case = rng.choice(CASES)
        try:
            case(rng)
            outcome = "done"
        except Exception as error:  # noqa: BLE001 - whatever it is, the two clients should agree
            outcome = f"raised {type(error).__name__}: {error}"
        print(json.dumps([number, case.__name__, outcome]), flush=True)
        sys.stdin.readline()


main()
