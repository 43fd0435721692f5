"""A listing of products needs no geometry: filters load neither H3 nor shapely."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["definitions", "filters", "catalog", "stac"])
def test_no_geometry_is_loaded(package: str) -> None:
    code = (
        f"import sys, swath_core.{package}\n"
        "heavy = {'boto3', 'h3', 'numpy', 'pyproj', 'rasterio', 'shapely'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
