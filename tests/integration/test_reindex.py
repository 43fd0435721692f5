"""A product of the first index moves to the present one on the deployed stack, and stays found."""

from __future__ import annotations

import time
from typing import Any
from unittest import mock

import pytest

from swath_core.documents import INDEX_VERSION
from swath_dev import reindex
from swath_dev._errors import CommandError
from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack


@pytest.fixture
def api(stack: Deployed, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Api:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    return Api(stack.api_url, cloud.token(org=f"org{time.time_ns():x}"))


def square(x: float, y: float) -> dict[str, Any]:
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def product_item(stack: Deployed, product: str, **update: Any) -> dict[str, Any]:
    table = stack.session.resource("dynamodb").Table(stack.outputs["CatalogTable"])
    key = {"pk": product, "sk": "product"}
    if update:
        table.update_item(Key=key, **update)
    item: dict[str, Any] = table.get_item(Key=key, ConsistentRead=True)["Item"]
    return item


def partitions(stack: Deployed, product: str) -> set[str]:
    pages = (
        stack.session.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=stack.outputs["PostingsTable"], ConsistentRead=True)
    )
    names = (item["pk"]["S"] for page in pages for item in page["Items"])
    return {name.split("|")[1] for name in names if name.startswith(f"{product}|")}


def names_in(api: Api, product: str, area: dict[str, Any]) -> list[str]:
    wanted = [{"op": "eq", "name": "product_id", "val": product}]
    found = api.search("images", filter=wanted, intersects=area)["data"]
    return sorted(each["attributes"]["name"] for each in found)


def test_a_product_moves_and_its_images_are_found(stack: Deployed, api: Api) -> None:
    product = api.save("product", "old", {"name": "old"})
    product_item(
        stack, product, UpdateExpression="REMOVE #i", ExpressionAttributeNames={"#i": "index"}
    )
    for n in range(3):
        given = {"product_id": product, "acquired": f"2020-0{n + 1}-01", "storage_state": "remote"}
        api.save(
            "image", f"{product}:i{n}", given | {"name": f"i{n}", "geometry": square(10 + n, 47)}
        )
    assert partitions(stack, product) == {"t", "f", "h"}
    before = names_in(api, product, square(10.5, 47.5))

    with mock.patch("swath_core.catalog._reindex.SETTLE_SECONDS", 0):
        assert reindex.move(product, stack.outputs) == 3

    assert partitions(stack, product) == {"t", "f2", "h2"}
    assert names_in(api, product, square(10.5, 47.5)) == before == ["i0", "i1"]
    item = product_item(stack, product)
    assert int(item["index"]) == INDEX_VERSION
    assert "also" not in item


def test_a_product_that_is_not_there_is_an_error(stack: Deployed, api: Api) -> None:
    with pytest.raises(CommandError, match="there is no product acme:none"):
        reindex.move("acme:none", stack.outputs)
