"""What the guide finds: a few products, one with images of four years, and pixels.

And what the cookbook finds (``_forest``).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

import swath
from swath.catalog import (
    ClassBand,
    File,
    Image,
    MaskBand,
    Product,
    SpectralBand,
)

from ._forest import seed_forest
from ._saving import saved, uploaded

_PRODUCTS = (  # id, name, first year, last year
    ("weather-reanalysis", "Weather reanalysis", 1979, 2011),
    ("avhrr", "AVHRR", 1981, 1999),
    ("landsat5", "Landsat 5", 1984, 2013),
    ("sentinel2", "Sentinel-2", 2015, 2024),
    ("icesat2", "ICESat-2", 2018, 2024),
)
_SPECTRAL = {"coastal-aerosol": 443, "blue": 482, "green": 561, "red": 655, "nir": 865}
_CLASSES = (
    "qa_cirrus",
    "qa_cloud",
    "qa_cloud_shadow",
    "qa_saturated",
    "qa_snow",
    "valid-cloudfree",
)
_ORG = "acme"  # of the local token
_FIRST = datetime(2015, 1, 1, tzinfo=UTC)
_REVISIT = timedelta(days=16)
_IMAGES = 92  # four years of one place, every sixteenth day
_WIDE = 0.4  # degrees


def seed(url: str, token: str) -> None:
    """Fill a catalog, or go on with it where that was interrupted; every number in it is fixed."""
    client = swath.configure(url=url, token=token)
    for id, name, first, last in _PRODUCTS:
        product = Product(id=f"{_ORG}:{id}", name=name)
        product.start_datetime, product.end_datetime = f"{first}", f"{last}"
        saved(product)
    _landsat8()
    seed_forest()
    _pixels()
    client.close()
    swath.set_default_client(None)


def is_seeded(url: str, token: str) -> bool:
    """Return whether a catalog holds what `seed` makes last."""
    with swath.Client(url=url, token=token) as client:
        return Image.exists(f"{_ORG}:pixels:scene1", client=client)


def _landsat8() -> None:
    """A product with bands of three types, and images that are known but stored elsewhere."""
    product = saved(Product(id=f"{_ORG}:landsat8", name="Landsat 8", start_datetime="2013-04-11"))
    for order, (name, wavelength) in enumerate(_SPECTRAL.items()):
        saved(SpectralBand(
            name=name, product=product, data_type="UInt16", band_index=order, sort_order=order,
            data_range=(0, 10000), display_range=(0, 4000), resolution="30m",
            wavelength_nm_center=wavelength,
        ))  # fmt: skip
    for order, name in enumerate(_CLASSES, start=len(_SPECTRAL)):
        saved(ClassBand(
            name=name, product=product, data_type="Byte", band_index=order, sort_order=order,
            data_range=(0, 1), display_range=(0, 1), resolution="30m",
        ))  # fmt: skip
    for number in range(_IMAGES):
        _registered(product, number)


def _registered(product: Product, number: int) -> None:
    """Over Catalonia, or (every third) further east; clouds unknown in every fifth."""
    west = 2.7 if number % 3 else 12.0
    ring = [(0, 0), (_WIDE, 0), (_WIDE, _WIDE), (0, _WIDE), (0, 0)]
    image = Image(name=f"scene{number:03}", product=product, storage_state="remote")
    image.acquired = _FIRST + number * _REVISIT
    image.geometry = {
        "type": "Polygon", "coordinates": [[(west + x, 41.8 + y) for x, y in ring]],
    }  # fmt: skip
    image.cs_code = "EPSG:32631"
    image.files = [File(href=f"s3://elsewhere/{number}.tif", size_bytes=1_000_000 + number)]
    if number % 5:
        image.cloud_fraction = number % 10 / 10
    saved(image)


def _pixels() -> None:
    """Two scenes that overlap, of one band and an alpha band each, stored in the catalog."""
    import tempfile
    from pathlib import Path

    import rasterio

    product = saved(Product(id=f"{_ORG}:pixels", name="Two scenes"))
    common = {"product": product, "data_type": "UInt16", "resolution": "30m"}
    saved(
        SpectralBand(
            name="blue", band_index=0, data_range=(0, 10000), display_range=(0, 4000), **common
        )
    )
    saved(MaskBand(name="alpha", band_index=1, is_alpha=True, **common))
    with tempfile.TemporaryDirectory() as folder:
        work = []
        for number, left in enumerate((440_000, 443_000)):
            data = np.full((2, 200, 200), 1000 * (number + 1), np.uint16)
            data[1] = 1
            data[1, :, :50] = 0  # nothing to be seen in the west
            path = Path(folder) / f"scene{number}.tif"
            with rasterio.open(
                path, "w", driver="GTiff", count=2, height=200, width=200, dtype="uint16",
                crs="EPSG:32631", transform=rasterio.Affine(30, 0, left, 0, -30, 4_650_000),
            ) as dataset:  # fmt: skip
                dataset.write(data)
            image = Image(name=f"scene{number}", product=product, acquired=f"2018-10-{25 + number}")
            work.append((image, path))
        uploaded(work)
