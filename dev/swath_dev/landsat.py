"""A Landsat 5 scene in the catalog, as true colour and as a vegetation index (docs/landsat5.png).

Everything is done as a user of the client would: products, bands, an upload of one file a band,
arrays out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from swath import Client
from swath.catalog import ClassBand, DataType, Image, Product, SpectralBand
from swath_dev._errors import CommandError
from swath_dev.build import ROOT
from swath_dev.cloud import default_cloud

ORG = "acme"
PICTURE = ROOT / "docs" / "landsat5.png"
ACQUIRED = datetime(1992, 3, 23, 23, 14, 25, tzinfo=UTC)
NODATA = -999
SPECTRAL = {
    "blue": ("B10", 450, 520),
    "green": ("B20", 520, 600),
    "red": ("B30", 630, 690),
    "nir": ("B40", 760, 900),
    "swir1": ("B50", 1550, 1750),
    "swir2": ("B70", 2080, 2350),
}
"""Of each spectral band of the Thematic Mapper: its file, and its wavelengths in nanometres."""
QUALITY = "PQ"
FULL, DISPLAY = (0, 10_000), (0, 1_900)
"""Stored values of reflectance 0 and 1, and those that are shown as black and white."""

Array = npt.NDArray[Any]


def main(folder: Path, picture: Path = PICTURE) -> None:
    """Put the scene of a folder into the local stack and draw it. Raises CommandError."""
    list(_files(folder))
    cloud = default_cloud()
    _, deployed = cloud.bring_up()
    client = Client(url=deployed.api_url, token=cloud.token(org=ORG))
    image = ingest(client, f"{ORG}:landsat5-tm", folder)
    print(draw(true_colour(image), vegetation(image), str(image.id), picture))


def ingest(client: Client, product_id: str, folder: Path) -> Image:
    """Return the image of a scene's files, uploaded unless it is there. Raises CommandError."""
    files = list(_files(folder))
    product = Product.get_or_create(
        id=product_id, name="Landsat 5 TM surface reflectance", client=client
    )
    product.save()
    for index, band in enumerate(_bands(product, client)):
        band.file_index, band.band_index = index, 0
        band.save()
    name = f"scene_{ACQUIRED:%Y%m%d}"
    image = Image.get_or_create(id=f"{product.id}:{name}", client=client)
    if not image.files:
        image.acquired = ACQUIRED
        image.upload(files).wait_for_completion()
        image.reload()
    return image


def _files(folder: Path) -> Iterator[Path]:
    for suffix in (*(file for file, _, _ in SPECTRAL.values()), f"{QUALITY}_*"):
        found = sorted(folder.glob(f"*_{suffix}.tif"))
        if len(found) != 1:
            raise CommandError(f"{folder} holds {len(found)} files *_{suffix}.tif; one is expected")
        yield found[0]


def _bands(product: Product, client: Client) -> Iterator[SpectralBand | ClassBand]:
    shared: Mapping[str, Any] = {"resolution": "25m", "nodata": NODATA, "client": client}
    for name, (_, shortest, longest) in SPECTRAL.items():
        band = SpectralBand.get_or_create(id=f"{product.id}:{name}", **shared)
        band.data_type, band.data_range, band.display_range = DataType.INT16, FULL, DISPLAY
        band.physical_range = (0.0, 1.0)
        band.wavelength_nm_min, band.wavelength_nm_max = shortest, longest
        yield band
    quality = ClassBand.get_or_create(id=f"{product.id}:quality", resolution="25m", client=client)
    quality.data_type, quality.data_range = DataType.UINT16, (0, 65_535)
    quality.display_range = (0, 65_535)
    yield quality


def true_colour(image: Image) -> Array:
    """Return (rows, columns, 4) of bytes: red, green and blue as displayed, and opacity."""
    pixels = np.ma.asarray(image.ndarray("red green blue", scaling="display"))
    opacity = np.where(np.ma.getmaskarray(pixels).any(axis=0), 0, 255)
    return np.dstack([*pixels.filled(0), opacity]).astype(np.uint8)


def vegetation(image: Image) -> np.ma.MaskedArray[Any, Any]:
    """Return the normalized difference vegetation index, (rows, columns) of -1 to 1."""
    red, nir = np.ma.asarray(image.ndarray("red nir", scaling="physical"))
    return np.ma.masked_invalid((nir - red) / (nir + red))


def draw(colours: Array, index: np.ma.MaskedArray[Any, Any], title: str, path: Path) -> Path:
    """Write both pictures, side by side, as PNG; return its path."""
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 8}):
        figure = Figure(figsize=(9.4, 4.1), dpi=100, facecolor="white", layout="constrained")
        left, right = figure.subplots(1, 2)
        left.imshow(colours, interpolation="nearest")
        left.set_title("red, green, blue", loc="left")
        shown = right.imshow(index, cmap="RdYlGn", vmin=-0.2, vmax=0.9, interpolation="nearest")
        right.set_title("(nir - red) / (nir + red)", loc="left")
        figure.colorbar(shown, ax=right, shrink=0.8, label="NDVI")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
        for axes in (left, right):
            axes.set_axis_off()
        figure.savefig(path)
    return path
