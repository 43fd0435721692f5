"""The last client with Scenes, on Python 3.10: its catalog, and Scenes over the catalog."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import pytest
from shapely.geometry import shape
from tests.contract.published import Client, Raised
from tests.contract.tables import square

pytestmark = [pytest.mark.stack, pytest.mark.published]


@dataclass(frozen=True)
class World:
    """A product with two bands and three images."""

    product: str
    images: list[str]


@pytest.fixture(scope="module")
def world(descarteslabs_1_12: Client) -> World:
    client = descarteslabs_1_12
    product = client.call(
        "objects", "create", kind="Product", id=f"x{secrets.token_hex(4)}", name="old things"
    )["id"]
    for index, name in enumerate(("red", "mask")):
        more = {"data_range": [0, 10000], "display_range": [0, 4000]} if name == "red" else {}
        client.call(
            "objects",
            "create",
            kind="SpectralBand" if name == "red" else "MaskBand",
            product_id=product,
            name=name,
            data_type="UInt16",
            band_index=index,
            resolution="60m",
            **more,
        )
    images = [
        client.call(
            "objects",
            "create",
            kind="Image",
            product_id=product,
            name=f"i{month}",
            acquired=f"2020-0{month}-05T06:07:08Z",
            geometry=square(-93 + month / 10, 41),
            cloud_fraction=month / 10,
            cs_code="EPSG:32615",
            geotrans=[500000, 60, 0, 4600000, 0, -60],
            x_pixels=100,
            y_pixels=100,
            storage_state="remote",
            files=[{"href": f"s3://x/{month}", "size_bytes": month, "hash": "0" * 32}],
        )["id"]
        for month in (3, 1, 2)
    ]
    return World(product, sorted(images))


def test_the_catalog(descarteslabs_1_12: Client, world: World) -> None:
    found = descarteslabs_1_12.call("old", "catalogue", product_id=world.product)
    months = [[f"2020-0{month}-01T00:00:00+00:00", 1] for month in (1, 2, 3)]
    assert found == {
        "bands": [f"{world.product}:red", f"{world.product}:mask"],
        "images": world.images,
        "count": 3,
        "summary": [3, 6],
        "months": months,
        "enums": months,
        "derived": [],
        "all_derived": [],
        "no_derived": None,
    }


def test_objects(descarteslabs_1_12: Client, world: World) -> None:
    client = descarteslabs_1_12
    who = {"kind": "Image", "id": world.images[0]}
    changed = client.call("objects", "change", tags=["a"], **who)
    assert changed["attributes"]["tags"] == ["a"]
    assert client.call("objects", "exists", kind="Image", id=f"{world.product}:none") is False
    found = client.call("objects", "get_many", kind="Image", ids=world.images[::-1])
    assert [each["id"] for each in found] == world.images[::-1]
    made = client.call(
        "objects",
        "create",
        kind="GenericBand",
        product_id=world.product,
        name="gone",
        data_type="Byte",
        band_index=2,
        data_range=[0, 1],
        display_range=[0, 1],
        resolution="10m",
    )
    after = client.call("objects", "delete_instance", kind="Band", id=made["id"])
    assert after["state"] == "deleted"
    with pytest.raises(Raised) as refused:
        client.call("objects", "create", kind="Product", id=world.product, name="again")
    assert refused.value.name == "ConflictError"


def test_scenes(descarteslabs_1_12: Client, world: World) -> None:
    client = descarteslabs_1_12
    found = client.call("old", "scenes", product_id=world.product, aoi=square(-93, 41, 2))
    assert found["ids"] == world.images  # by acquired
    assert (found["id"], found["product"], found["key"]) == (
        world.images[0],
        world.product,
        "i1",
    )
    assert found["date"].startswith("2020-01-05T06:07:08")
    assert found["crs"] == "EPSG:32615"
    assert found["cloud_fraction"] == 0.1
    assert found["bands"] == ["mask", "red"]
    assert found["band"]["dtype"] == "UInt16"
    assert found["band"]["data_range"] == [0, 10000]
    assert (found["band"]["resolution"], found["band"]["resolution_unit"]) == (60, "m")
    assert shape(found["own"]).intersects(shape(square(-92.9, 41)))
    assert "i1" in found["repr"]
    clear = client.call(
        "old", "scenes", product_id=world.product, aoi=square(-93, 41, 2), cloud_fraction=0.15
    )
    assert clear["ids"] == world.images[:1]
    with pytest.raises(Raised) as refused:
        client.call("old", "no_scene", id=f"{world.product}:none")
    assert refused.value.name == "NotFoundError"


def test_products_and_bands(descarteslabs_1_12: Client, world: World) -> None:
    found = descarteslabs_1_12.call("old", "products", product_id=world.product, band="red")
    assert found["product"]["id"] == world.product
    assert found["product"]["name"] == "old things"
    assert found["band"]["name"] == "red"
    assert world.product in found["products"]
    assert sorted(found["bands"]) == [f"{world.product}:mask", f"{world.product}:red"]
