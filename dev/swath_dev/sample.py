"""`make sample`: a small GeoTIFF to try the catalog with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

SIZE = 256
_CRS = "EPSG:32632"
_WEST, _NORTH, _PIXEL = 457_800, 5_153_400, 30  # metres; 8.5 E, 46.5 N is in the middle
_TAKEN = "2024:05:02 10:00:00"


def write_sample(path: Path) -> None:
    """Write one UInt16 band of hills, 256 x 256 pixels of 30 m, dated by its own tag."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE * 2 * np.pi
    hills = 1500 + 700 * np.sin(2 * x + np.cos(y)) * np.cos(3 * y + np.sin(x)) + 300 * np.cos(x - y)
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=SIZE, width=SIZE, dtype="uint16",
        crs=_CRS, transform=from_origin(_WEST, _NORTH, _PIXEL, _PIXEL),
    ) as dataset:  # fmt: skip
        dataset.write(hills.astype(np.uint16), 1)
        dataset.update_tags(TIFFTAG_DATETIME=_TAKEN)
