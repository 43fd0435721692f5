"""The five tables in moto, and a product with images to write."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from tests.strict_store import STORES
from tests.strict_store import store as dynamodb

from swath_core.catalog import ImageWriter
from swath_core.documents import INDEX_VERSION, Document
from swath_core.settings import Settings
from swath_core.store import permits, rollups
from swath_core.store.tables import CatalogItem, bind
from swath_dev.quick_moto import send_plain_values

TABLES = {
    "catalog": ("pk", "sk"),
    "images": ("id",),
    "postings": ("pk", "sk"),
    "rollups": ("pk", "sk"),
}
SETTINGS = Settings.from_environment(
    {f"SWATH_{name.upper()}_TABLE": name for name in TABLES} | {"SWATH_DATA_BUCKET": "data"}
)
PRODUCT = Document("product", "acme:p", {"name": "P", "created": "2020"}, 1)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[10, 50], [10.5, 50], [10.5, 50.5], [10, 50.5], [10, 50]]],
}


def attributes(name: str = "a", **more: Any) -> dict[str, Any]:
    base = {"name": name, "product_id": "acme:p", "acquired": "2020-02-03T04:05:06Z"}
    return base | {"geometry": SQUARE} | more


def create_tables() -> None:
    send_plain_values()
    client = boto3.client("dynamodb")
    for name, keys in TABLES.items():
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
            KeySchema=[
                {"AttributeName": k, "KeyType": kind}
                for k, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
        )
    bind(CatalogItem, SETTINGS)
    item = CatalogItem("acme:p", "product", document=PRODUCT.attributes, version=1)
    item.index = INDEX_VERSION
    item.save()


@pytest.fixture(params=STORES)
def tables(request: pytest.FixtureRequest) -> Iterator[None]:
    # moto is not made for several threads: bulk requests use one
    with dynamodb(request.param), mock.patch("swath_core.catalog._image_writes._BULK_THREADS", 1):
        rollups.MEMORY.forget()
        permits.forget()
        create_tables()
        yield


@pytest.fixture
def catalog(tables: None) -> ImageWriter:
    return ImageWriter(SETTINGS)
