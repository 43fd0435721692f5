"""GDAL's configuration, as GDAL has it and not as it was written."""

from __future__ import annotations

from typing import Any

import pytest
import rasterio
from rasterio.env import getenv

from swath_core.pixels._open import HARDENED
from swath_core.raster._files import gdal_options

MIB = 1024**2


@pytest.mark.parametrize("options", [gdal_options({}), HARDENED], ids=["raster", "ingest"])
def test_the_cache_holds_rows_of_blocks(options: dict[str, Any]) -> None:
    """Numbers are bytes to rasterio, where GDAL's own variable takes small ones as megabytes."""
    with rasterio.Env(**options):
        assert 32 * MIB <= int(getenv()["GDAL_CACHEMAX"]) <= 512 * MIB
