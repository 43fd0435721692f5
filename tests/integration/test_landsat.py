"""The pictures of the documentation: a scene of one file a band, in true colour and as NDVI."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from swath import Client
from swath_dev import landsat
from swath_dev._errors import CommandError
from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack

REAL = Path(__file__).parents[3] / "shared" / "data" / "landsat5-canberra"
HERE = Affine(25, 0, 690_000, 0, -25, 6_100_000)
SUFFIXES = [suffix for suffix, _, _ in landsat.SPECTRAL.values()]


def made_up(folder: Path) -> Path:
    generator = np.random.default_rng(5)
    for suffix in (*SUFFIXES, "PQ_X"):
        pixels = generator.integers(50, 5000, (30, 40)).astype("uint16" if "PQ" in suffix else "i2")
        if suffix == "B40":
            pixels[:5, :7] = landsat.NODATA
        with rasterio.open(
            folder / f"scene_{suffix}.tif", "w", driver="GTiff", height=30, width=40, count=1,
            dtype=pixels.dtype, crs="EPSG:28355", transform=HERE,
            nodata=None if "PQ" in suffix else landsat.NODATA,
        ) as dataset:  # fmt: skip
            dataset.write(pixels, 1)
    return folder


def stored(folder: Path, suffix: str) -> np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]]:
    with rasterio.open(next(folder.glob(f"*_{suffix}.tif"))) as dataset:
        return np.ma.asarray(dataset.read(1, masked=True).astype(float))


@pytest.mark.parametrize("real", [False, pytest.param(True, id="real")])
def test_the_pictures_are_the_files(
    stack: Deployed, cloud: LocalCloud, tmp_path: Path, real: bool
) -> None:
    if real and not REAL.exists():
        pytest.skip("the folder of real images is not here")
    folder = REAL if real else made_up(tmp_path)
    org = f"org{time.time_ns():x}"
    client = Client(url=stack.api_url, token=cloud.token(org=org))
    image = landsat.ingest(client, f"{org}:tm", folder)
    red, nir = stored(folder, "B30"), stored(folder, "B40")
    index, expected = landsat.vegetation(image), np.ma.masked_invalid((nir - red) / (nir + red))
    np.testing.assert_array_equal(np.ma.getmaskarray(index), np.ma.getmaskarray(expected))
    np.testing.assert_allclose(index.compressed(), expected.compressed(), atol=1e-12)
    colours = landsat.true_colour(image)
    low, high = landsat.DISPLAY
    shown = [(stored(folder, f"B{n}0") - low) / (high - low) * 255 for n in (3, 2, 1)]
    seen = colours[..., 3] > 0
    np.testing.assert_array_equal(seen, ~np.ma.getmaskarray(np.ma.stack(shown)).any(axis=0))
    rounded = np.clip(np.floor(np.dstack([band.filled(0) for band in shown]) + 0.5), 0, 255)
    np.testing.assert_array_equal(colours[seen][:, :3], rounded[seen])
    again = landsat.ingest(client, f"{org}:tm", folder)
    assert (again.id, again.modified) == (image.id, image.modified)
    picture = landsat.draw(colours, index, str(image.id), tmp_path / "picture.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_a_scene(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"0 files \*_B10.tif; one is expected"):
        landsat.main(tmp_path)
