"""A catalog of files on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.raster_world import DiskCatalog, disk_catalog


@pytest.fixture
def made(tmp_path: Path) -> Iterator[DiskCatalog]:
    yield from disk_catalog(tmp_path)
