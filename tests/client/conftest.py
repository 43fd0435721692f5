"""A client that talks to a catalog in this process."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from tests.client.fake import FakeCatalog, running

import swath
from swath.catalog._reading import band_cache
from swath.http import RetryPolicy


def token(**claims: object) -> str:
    body = {"exp": 4102444800, "sub": "auth0|1", "org": "acme", "groups": [], **claims}
    part = base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")
    return f"x.{part}.x"


@pytest.fixture(autouse=True)
def _quiet_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in ("URL", "TOKEN", "PROFILE", "RASTER_URL", "TOKEN_URL", "PROGRESS"):
        monkeypatch.delenv(f"SWATH_{name}", raising=False)
    monkeypatch.setenv("SWATH_CONFIG", str(tmp_path_factory.mktemp("config") / "config.toml"))


@pytest.fixture
def fake() -> Iterator[FakeCatalog]:
    with running() as server:
        yield server


@pytest.fixture
def client(fake: FakeCatalog) -> Iterator[swath.Client]:
    made = swath.configure(url=fake.url, token=token())
    made.http.retries = RetryPolicy(attempts=3, base=0.001, cap=0.01)
    band_cache._kept.clear()
    yield made
    made.close()
    swath.set_default_client(None)
