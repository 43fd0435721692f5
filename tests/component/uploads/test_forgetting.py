"""A user is replaced wherever the tables hold one, and only that user."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from unittest import mock

import boto3
import pytest
from tests.component.uploads.test_store import SETTINGS as UPLOADS
from tests.component.uploads.test_store import aws, upload  # noqa: F401 - a fixture

from swath_core.access import Caller
from swath_core.documents import Document
from swath_core.store import quota
from swath_core.store.catalog import CatalogStore, ChangedError
from swath_core.store.tables import CatalogItem, UploadItem
from swath_core.uploads import NOBODY, Person, UploadStore, forget, may_publish

SETTINGS = replace(UPLOADS, catalog_table="catalog")
ANN = Caller("ann", "acme", frozenset({"acme:editors"}), "ann@acme.example")
BEN = Caller("ben", "acme", email="ben@acme.example")
LISTS = {
    "acme:a": {"owners": [f"user:{ANN.user}", "org:acme"], "writers": [], "readers": ["org:x"]},
    "acme:b": {"owners": ["user:ann"], "writers": [f"user:{BEN.user}"], "readers": ["user:ann"]},
    "acme:c": {"owners": ["org:acme"], "writers": [], "readers": ["email:ann@acme.example"]},
    "acme:d": {"owners": [f"user:{BEN.user}"], "writers": ["org:ann"], "readers": ["group:ann"]},
}


@pytest.fixture
def catalog(aws: None) -> CatalogStore:  # noqa: F811
    names = ("pk", "sk")
    boto3.client("dynamodb").create_table(
        TableName="catalog",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        KeySchema=[
            {"AttributeName": n, "KeyType": kind}
            for n, kind in zip(names, ("HASH", "RANGE"), strict=True)
        ],
    )
    store = CatalogStore(SETTINGS)
    for product_id, lists in LISTS.items():
        store.create_product(Document("product", product_id, {"name": "P", **lists}, 1))
    uploads = UploadStore(SETTINGS)
    for number, caller in enumerate([ANN, BEN, ANN]):
        made = upload(f"u{number}", user=caller.user, declared_by=caller.to_json())
        uploads.create(made)
    uploads.create(upload("drop", user="org:acme"))
    for caller in (ANN, BEN):
        quota.count_request(SETTINGS, caller.user)
    return store


def everything() -> str:
    """Return all that the tables hold, as one text."""
    client = boto3.client("dynamodb")
    tables = [client.scan(TableName=name)["Items"] for name in ("catalog", "uploads")]
    return json.dumps([sorted(map(_text, items)) for items in tables])


def _text(item: dict[str, Any]) -> str:
    return json.dumps(item, sort_keys=True, default=repr)  # stores order members as they like


def lists_of(store: CatalogStore, product_id: str) -> dict[str, Any]:
    product = store.product(product_id)
    assert product is not None
    return {name: product.get(name) for name in ("owners", "writers", "readers")}


def test_without_write_it_counts(catalog: CatalogStore) -> None:
    before = everything()
    done = forget(SETTINGS, Person.of("ann"))
    assert (done.uploads, done.products, done.requests) == (2, 2, 1)
    assert everything() == before


@pytest.mark.parametrize("given", ["ann", ANN.user])
def test_nothing_names_the_user_afterwards(catalog: CatalogStore, given: str) -> None:
    done = forget(SETTINGS, Person.of(given, ["Ann@ACME.example"]), write=True)
    assert (done.uploads, done.products, done.requests) == (2, 3, 1)
    held = everything().replace("org:ann", "").replace("group:ann", "")
    assert ANN.user not in held
    assert '"ann' not in held
    assert "user:ann" not in held
    assert "ann@" not in held
    again = forget(SETTINGS, Person.of(given, ["ann@acme.example"]), write=True)
    assert (again.uploads, again.products, again.requests) == (0, 0, 0)


def test_everybody_else_stays(catalog: CatalogStore) -> None:
    forget(SETTINGS, Person.of("ann", ["ann@acme.example"]), write=True)
    assert lists_of(catalog, "acme:a") == {**LISTS["acme:a"], "owners": ["org:acme"]}
    assert lists_of(catalog, "acme:b") == {
        "owners": [f"user:{NOBODY}"],
        "writers": [f"user:{BEN.user}"],
        "readers": [],
    }
    assert lists_of(catalog, "acme:c") == {**LISTS["acme:c"], "readers": []}
    assert lists_of(catalog, "acme:d") == LISTS["acme:d"]
    uploads = UploadStore(SETTINGS)
    ben, drop = uploads.get("u1"), uploads.get("drop")
    assert ben is not None
    assert ben.declared_by == BEN.to_json()
    assert drop is not None
    assert drop.declared_by is None
    assert drop.user == "org:acme"


def test_an_upload_of_nobody_is_not_published(catalog: CatalogStore) -> None:
    forget(SETTINGS, Person.of("ann"), write=True)
    found, product = UploadStore(SETTINGS).get("u0"), catalog.product("acme:b")
    assert found is not None
    assert product is not None
    assert not may_publish(found, product), "nobody owns it, and nobody can be nobody"
    assert not may_publish(replace(found, declared_by=Caller("nobody").to_json()), product)


def test_it_goes_on_where_it_was_ended(catalog: CatalogStore) -> None:
    class EndedError(Exception):
        pass

    with (
        mock.patch.object(CatalogStore, "replace_product", side_effect=EndedError),
        pytest.raises(EndedError),
    ):
        forget(SETTINGS, Person.of("ann"), write=True)
    done = forget(SETTINGS, Person.of("ann"), write=True)
    assert (done.uploads, done.products, done.requests) == (0, 2, 1)


def test_a_product_that_changes_meanwhile(catalog: CatalogStore) -> None:
    replace_product, first = CatalogStore.replace_product, [True]

    def overtaken(store: CatalogStore, product: Document) -> None:
        if first.pop() if first else False:
            other = store.product(product.id)
            assert other is not None
            replace_product(store, other.next_version({**other.attributes, "name": "Q"}))
            raise ChangedError
        replace_product(store, product)

    with mock.patch.object(CatalogStore, "replace_product", overtaken):
        forget(SETTINGS, Person.of("ann"), write=True)
    assert ANN.user not in str(CatalogItem.get("acme:a", "product").document)
    assert CatalogItem.get("acme:a", "product").document["name"] == "Q"


def test_a_damaged_upload_is_named_and_the_others_are_done(catalog: CatalogStore) -> None:
    UploadItem("bad", product_id="acme:p", created="2020", document={}, version=1).save()
    done = forget(SETTINGS, Person.of("ann"), write=True)
    assert done.unreadable == ["bad"]
    assert done.uploads == 2


@pytest.mark.parametrize("given", ["", NOBODY])
def test_no_user(given: str) -> None:
    with pytest.raises(ValueError, match="no user: give the token's sub"):
        Person.of(given)
