"""Shared by tests on the deployed stack: scenes that are ingested once."""

from __future__ import annotations

import pytest
from tests.raster_stack import Door, Gallery

from swath_dev.cloud import Deployed


@pytest.fixture(scope="session")
def gallery(stack: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Scenes of an organisation of their own, for tests that leave them as they are."""
    return Gallery.ingested(stack, tmp_path_factory.mktemp("scenes"))


@pytest.fixture(params=["HTTP API", "function URL"])
def door(request: pytest.FixtureRequest, stack: Deployed, gallery: Gallery) -> Door:
    """The owner of the scenes at each address of the raster function in turn."""
    urls = {"HTTP API": stack.api_url, "function URL": stack.raster_url}
    return Door(urls[request.param], gallery.owner.token)
