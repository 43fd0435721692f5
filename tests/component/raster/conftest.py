"""A catalog of files on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.raster_world import World, world


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    yield from world(tmp_path)
