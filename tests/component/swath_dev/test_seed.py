"""Seeding goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.client.conftest import token
from tests.client.fake import FakeCatalog, running

import swath
from swath.catalog import Image, Product
from swath_dev.guide import _seed


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCatalog]:
    """A catalog that takes files at once."""
    with running() as catalog:
        yield catalog


def test_what_is_there_stays_and_the_rest_follows(
    fake: FakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_seed, "seed_forest", lambda: None)
    monkeypatch.setattr(_seed, "_pixels", lambda: None)
    real, calls = Image.save, []

    def dies(image: Image) -> None:
        calls.append(image.id)
        if len(calls) == 30:
            raise KeyboardInterrupt
        real(image)

    monkeypatch.setattr(Image, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        _seed.seed(fake.url, token())
    monkeypatch.setattr(Image, "save", real)
    before = dict(fake.objects["images"])
    assert len(before) == 29
    _seed.seed(fake.url, token())
    assert len(fake.objects["images"]) == 92
    assert before.items() <= fake.objects["images"].items()
    with swath.Client(url=fake.url, token=token()) as client:
        assert Product.search(client=client).count() == 6
