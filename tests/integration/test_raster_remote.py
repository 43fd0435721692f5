"""Files in buckets of others: what the stack's parameter lists is read, and nothing else."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import requests
from rasterio.io import MemoryFile
from tests.conftest import REMOTE_BUCKETS
from tests.raster_stack import Door, Place, Scene, array, error, geotiff, picture, tile_of, visible

from swath_dev.api import Api
from swath_dev.cloud import Deployed

pytestmark = pytest.mark.stack

LISTED, OTHER = REMOTE_BUCKETS
CLOSED = "not-listed"
COLOURS = ["red", "green", "blue"]
SCENE = Scene.at("far", visible((3, 120, 160), "uint8", 21), "EPSG:32631", (2.00, 41.00))
PLACE = Place.of(*SCENE.middle, 13)
KEY = "a scene/far.tif"
SECONDS = 60


@dataclass(frozen=True)
class Harvest:
    """A collection of somebody else's images, registered through the STAC face."""

    url: str
    token: str
    collection: str

    def stac(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method,
            f"{self.url}/stac{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=SECONDS,
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    @property
    def door(self) -> Door:
        return Door(self.url, self.token)

    def add(self, name: str, href: str) -> str:
        """Register an item whose file lies elsewhere; return the image's id."""
        columns, rows = SCENE.size
        t = SCENE.transform
        item = {
            "type": "Feature",
            "stac_version": "1.1.0",
            "id": name,
            "geometry": SCENE.footprint,
            "properties": {
                "datetime": "2020-01-01T10:00:00Z",
                "proj:code": SCENE.crs,
                "proj:transform": [t.a, t.b, t.c, t.d, t.e, t.f],
                "proj:shape": [rows, columns],
            },
            "links": [],
            "assets": {"image": {"href": href, "roles": ["data"]}},
            "stac_extensions": ["https://stac-extensions.github.io/projection/v2.0.0/schema.json"],
        }
        self.stac("POST", f"/collections/{self.collection}/items", item)
        return f"{self.collection}:{name}"

    def array(self, image: str, **more: Any) -> requests.Response:
        return self.door.npz(ids=[image], bands=COLOURS, **more)


@pytest.fixture(scope="module")
def harvest(stack: Deployed) -> Harvest:
    s3 = stack.session.client("s3")
    content = geotiff(SCENE.pixels, SCENE.crs, SCENE.transform)
    for bucket in (LISTED, OTHER, CLOSED):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key=KEY, Body=content)
    s3.put_object(Bucket=LISTED, Key="no.tif", Body=b"no picture at all")
    numbers = SCENE.pixels.astype("uint16")
    s3.put_object(Bucket=LISTED, Key="wide.tif", Body=geotiff(numbers, SCENE.crs, SCENE.transform))
    one = geotiff(SCENE.pixels[:1], SCENE.crs, SCENE.transform)
    s3.put_object(Bucket=LISTED, Key="one.tif", Body=one)
    s3.put_object(Bucket=LISTED, Key="unpacked.tif", Body=large_block())
    return collection_of(stack)


def collection_of(stack: Deployed) -> Harvest:
    api = Api(stack.api_url, stack.token(f"org{secrets.token_hex(4)}"))
    product = api.save("product", "harvest", {"name": "Harvest"})
    for index, band in enumerate(COLOURS):
        place = {"name": band, "product_id": product, "type": "spectral", "band_index": index}
        ranges = {"data_range": [0, 255], "display_range": [0, 255], "resolution": "30m"}
        pixels = {"data_type": "Byte", "nodata": 0}
        api.save("band", f"{product}:{band}", {**place, **ranges, **pixels})
    return Harvest(stack.api_url, api.token, product)


def large_block() -> bytes:
    """Return a small file whose one block is large once it is unpacked."""
    side = 8192
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", count=3, height=side, width=side, dtype="uint8", crs=SCENE.crs,
            transform=SCENE.transform, compress="deflate", tiled=True, blockxsize=side,
            blockysize=side, SPARSE_OK="YES",
        ):  # fmt: skip
            pass
        content: bytes = memory.read()
    return content


ADDRESSES = [
    f"s3://{LISTED}/{KEY}",
    f"https://{LISTED}.s3.us-east-1.amazonaws.com/a%20scene/far.tif",
    f"https://s3.amazonaws.com/{OTHER}/a%20scene/far.tif",
]


@pytest.mark.parametrize("number", range(len(ADDRESSES)))
def test_a_file_in_a_listed_bucket_is_read_where_it_lies(harvest: Harvest, number: int) -> None:
    image = harvest.add(f"far{number}", ADDRESSES[number])
    answer = harvest.array(image)
    assert answer.status_code == 200, answer.text
    _, data, mask = array(answer.content)
    np.testing.assert_array_equal(data, SCENE.pixels)
    np.testing.assert_array_equal(mask, SCENE.pixels == 0)
    tile = picture(harvest.door.get(f"/images/{image}/{PLACE.path()}"))
    np.testing.assert_array_equal(tile, tile_of([SCENE], PLACE))
    assert picture(harvest.door.get(f"/images/{image}/preview.png")).any()
    document = harvest.stac("GET", f"/collections/{harvest.collection}/items/far{number}")
    assert document["assets"]["image"]["href"] == ADDRESSES[number]
    assert {"xyz", "tilejson", "preview"} <= {each["rel"] for each in document["links"]}


REFUSED = [
    f"s3://{CLOSED}/{KEY}",
    f"https://{CLOSED}.s3.us-east-1.amazonaws.com/a%20scene/far.tif",
    f"https://{LISTED}.s3.amazonaws.com.far.example/a%20scene/far.tif",
    f"s3://{LISTED}/../{CLOSED}/{KEY}",
    f"s3://{LISTED}/metadata.json",
    "http://127.0.0.1:9/far.tif",
    "https://far.example/far.tif",
]


def test_everything_else_stays_closed(harvest: Harvest) -> None:
    for number, href in enumerate(REFUSED):
        image = harvest.add(f"closed{number}", href)
        for answer in (
            harvest.array(image),
            harvest.door.get(f"/images/{image}/{PLACE.path()}"),
            harvest.door.get(f"/images/{image}/preview.png"),
        ):
            assert answer.status_code == 400, (href, answer.text)
            assert "is remote" in error(answer)["detail"]
        document = harvest.stac("GET", f"/collections/{harvest.collection}/items/closed{number}")
        assert "xyz" not in {each["rel"] for each in document["links"]}


def test_the_catalogs_own_buckets_are_not_those_of_others(
    stack: Deployed, harvest: Harvest
) -> None:
    key = "images/others/secrets/2020/01/01/secret/1/secret.tif"
    content = geotiff(SCENE.pixels, SCENE.crs, SCENE.transform)
    stack.session.client("s3").put_object(Bucket=stack.bucket, Key=key, Body=content)
    for number, host in enumerate(("s3.amazonaws.com", "s3.us-east-1.amazonaws.com")):
        image = harvest.add(f"own{number}", f"https://{stack.bucket}.{host}/{key}")
        assert harvest.array(image).status_code == 400


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("none.tif", "gone"),
        ("no.tif", "no readable GeoTIFF"),
        ("wide.tif", "uint16"),
        ("one.tif", "has 1 band"),
        ("unpacked.tif", "blocks"),
    ],
)
def test_a_file_that_is_not_as_described(harvest: Harvest, key: str, reason: str) -> None:
    image = harvest.add(f"bad-{key}", f"s3://{LISTED}/{key}")
    answer = harvest.array(image, resolution=30, srs=SCENE.crs)
    assert answer.status_code == 404, answer.text
    assert reason in error(answer)["detail"]


def test_a_products_tile_shows_what_can_be_read(stack: Deployed) -> None:
    harvest = collection_of(stack)
    harvest.add("far", ADDRESSES[0])
    harvest.add("closed", REFUSED[0])
    tile = picture(harvest.door.get(f"/products/{harvest.collection}/{PLACE.path()}"))
    np.testing.assert_array_equal(tile, tile_of([SCENE], PLACE))
    gone = harvest.add("gone", f"s3://{LISTED}/none.tif")
    answer = harvest.door.get(f"/products/{harvest.collection}/{PLACE.path()}")
    np.testing.assert_array_equal(picture(answer), tile)
    assert gone in answer.headers["warning"]
    assert harvest.door.get(f"/images/{gone}/{PLACE.path()}").status_code == 404
    point = harvest.door.get(
        f"/images/{harvest.collection}:far/point", lon="2.01", lat="40.99", bands="red"
    )
    assert point.status_code == 200, point.text
    assert json.loads(point.content)
