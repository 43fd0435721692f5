"""What the cookbook finds: sixteen Sentinel-2 acquisitions of a forest (docs/cookbook/data)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio

from swath.catalog import ClassBand, Image, Product, SpectralBand
from swath_dev.build import ROOT

from ._saving import saved, uploaded

DATA = ROOT / "docs" / "cookbook" / "data"
_SPECTRAL = {"blue": (490, 1500), "green": (560, 1500), "red": (665, 1500), "nir": (842, 6000)}
"""Of each band: its wavelength in nanometres, and the value that is shown as white."""
_CLOUDY = (3, 8, 9, 10)
"""Classes of the scene classification: cloud shadow, clouds of two kinds, cirrus."""


def seed_forest() -> None:
    """Make the product, its bands and its images with the client in use."""
    product = Product(id="acme:forest", name="A forest, by Sentinel-2", start_datetime="2017-06-06")
    product.description = "Contains modified Copernicus Sentinel data 2017-2020; EUPL-1.2"
    product = saved(product)
    for index, (name, (wavelength, white)) in enumerate(_SPECTRAL.items()):
        saved(SpectralBand(
            name=name, product=product, data_type="UInt16", band_index=index, resolution="10m",
            data_range=(0, 10_000), display_range=(0, white), physical_range=(0, 1),
            wavelength_nm_center=wavelength, sort_order=index,
        ))  # fmt: skip
    saved(ClassBand(
        name="scl", product=product, data_type="UInt16", band_index=len(_SPECTRAL),
        data_range=(0, 11), display_range=(0, 11), resolution="10m", sort_order=len(_SPECTRAL),
    ))  # fmt: skip
    uploaded((_image(product, path), path) for path in sorted(DATA.glob("*.tif")))


def _image(product: Product, path: Path) -> Image:
    with rasterio.open(path) as dataset:
        classes = dataset.read(dataset.count)
    day = path.stem.removeprefix("s2_")
    return Image(
        name=path.stem, product=product, acquired=f"{day[:4]}-{day[4:6]}-{day[6:]}",
        cloud_fraction=round(float(np.isin(classes, _CLOUDY).mean()), 4), satellite_id="Sentinel-2",
    )  # fmt: skip
