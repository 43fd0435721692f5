"""A user's script passes mypy --strict, and one with mistakes does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOOD = """
from datetime import datetime

import numpy as np

import swath
from swath.catalog import Band, Image, ImageCollection, Product, Resolution, SpectralBand
from swath.catalog import properties as p
from swath.geo import AOI
from swath.scenes import Scene, SceneCollection

swath.configure(url="http://localhost", token="x")
product = Product.get("acme:p")
if product is not None:
    product.tags.append("x")
    product.start_datetime = "2020"
    started: datetime | None = product.start_datetime
    names: list[str] = [band.name or "" for band in product.bands().sort("name")]
    bands: Band | None = product.get_band("blue")
    band = SpectralBand(name="blue", product=product)
    band.data_range = (0, 1)
    band.resolution = "60m"
    size: Resolution | None = band.resolution
    search = product.images().filter((p.acquired > "2020") & (1 < p.cloud_fraction <= 5))
    found: ImageCollection = search.collect()
    years = [(key, len(group)) for key, group in found.groupby("acquired.year")]
    first: Image = found[0]
    total: int = product.images().summary().bytes
    scene, ctx = Scene.from_id("acme:p:i")
    area: AOI = ctx.assign(resolution=60)
    array, info = scene.ndarray("blue", area, raster_info=True)
    mean = float(np.mean(array)) + float(info["geoTransform"][0])
    upload = first.upload_ndarray(array, raster_meta=info, overviews=[2, 4])
    upload.wait_for_completion(timeout=60.0)
    product.delete()
    gone: bool = Product.delete("acme:p")
"""
BAD = {
    "product.tags = 5": "Incompatible types in assignment",
    "product.start_datetime = 3.5": "Incompatible types in assignment",
    "x: str = product.images().count()": "Incompatible types in assignment",
    "product.images().limit('3')": "incompatible type",
    "product.images().filter(True)": "incompatible type",
}


def mypy(folder: Path, text: str) -> tuple[int, str]:
    script = folder / "script.py"
    script.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, str(script)],
        env={**os.environ, "MYPYPATH": str(ROOT / "client"), "MYPY_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(str(script))]
    return done.returncode if lines else 0, "\n".join(lines)


def test_a_users_script_under_mypy_strict(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    assert mypy(tmp_path, GOOD) == (0, "")
    head = "from swath.catalog import Product\nproduct = Product(id='p')\n"
    status, said = mypy(tmp_path, head + "\n".join(BAD))
    assert status == 1
    for number, (line, expected) in enumerate(BAD.items(), start=3):
        assert f":{number}: error: " in said, line
        assert expected in said
