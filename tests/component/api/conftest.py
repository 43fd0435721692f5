"""The API in this process, on empty tables, and the smallest objects of each kind."""

from collections.abc import Iterator
from typing import Any

import pytest

from swath_dev.inprocess import InProcessApi, running_api

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[10, 50], [10.5, 50], [10.5, 50.5], [10, 50.5], [10, 50]]],
}


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    with running_api() as running:
        yield running


@pytest.fixture
def product(api: InProcessApi) -> Iterator[str]:
    """An empty product of the usual caller; what is put into it is cleared away."""
    created = api.save("product", "p", name="P")
    assert created.status == 201, created.text
    product_id: str = created.data["id"]
    yield product_id
    clear(api, product_id)


def clear(api: InProcessApi, product_id: str) -> None:
    of_product = {"op": "eq", "name": "product_id", "val": product_id}
    for kind in ("image", "band"):
        for each in api.find(f"{kind}s", of_product).data:
            api.call("DELETE", f"/{kind}s/{each['id']}")
    assert api.call("DELETE", f"/products/{product_id}").status == 200


def band(product_id: str, name: str = "blue", **more: Any) -> dict[str, Any]:
    return {
        "object_id": f"{product_id}:{name}",
        "name": name,
        "product_id": product_id,
        "type": "spectral",
        "data_type": "UInt16",
        "data_range": [0, 10000],
        "display_range": [0, 4000],
        "band_index": 0,
        **more,
    }


def image(product_id: str, name: str = "i", **more: Any) -> dict[str, Any]:
    return {
        "object_id": f"{product_id}:{name}",
        "name": name,
        "product_id": product_id,
        "acquired": "2020-01-02T03:04:05Z",
        "geometry": SQUARE,
        "storage_state": "remote",
        **more,
    }
