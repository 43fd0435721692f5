"""The key that signs cursors and tickets: made once, by whoever comes first."""

import secrets

import boto3
import pytest
from pynamodb.exceptions import PutError

from swath_core.store.catalog import CatalogStore

from .conftest import SETTINGS


@pytest.mark.usefixtures("tables")
def test_the_key_is_made_once() -> None:
    key = CatalogStore(SETTINGS).signing_key()
    assert len(key) == 32
    assert CatalogStore(SETTINGS).signing_key() == key


@pytest.mark.usefixtures("tables")
def test_the_key_of_another_that_came_first_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    store = CatalogStore(SETTINGS)
    first: list[bytes] = []
    make = secrets.token_hex

    def late(count: int) -> str:
        monkeypatch.setattr(secrets, "token_hex", make)
        first.append(CatalogStore(SETTINGS).signing_key())
        return "00" * count

    monkeypatch.setattr(secrets, "token_hex", late)
    assert [store.signing_key()] == first


@pytest.mark.usefixtures("tables")
def test_a_key_that_may_not_be_stored_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    store = CatalogStore(SETTINGS)

    def removed(_count: int) -> str:
        boto3.client("dynamodb").delete_table(TableName="catalog")
        return "00"

    monkeypatch.setattr(secrets, "token_hex", removed)
    with pytest.raises(PutError, match="ResourceNotFound"):
        store.signing_key()
