"""The main job on the deployed stack: real images go in, are found, and come out as pixels."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rio_cogeo.cogeo import cog_validate

from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack

DATA = Path(__file__).parents[3] / "shared" / "data"
LANDSAT5 = sorted((DATA / "landsat5-canberra").glob("*_B*.tif"))
LANDSAT7 = DATA / "landsat7-bahamas.tif"
CANBERRA = {"type": "Point", "coordinates": [149.1, -35.3]}
LONDON = {
    "type": "Polygon",
    "coordinates": [[[-1, 51], [1, 51], [1, 52], [-1, 52], [-1, 51]]],
}


class Caller(Api):
    """A caller with an org of its own, so that tests do not meet."""


@pytest.fixture
def api(stack: Deployed, cloud: LocalCloud) -> Api:
    return Api(stack.api_url, cloud.token(org=f"org{time.time_ns():x}"))


@pytest.fixture
def org(api: Api) -> str:
    product: str = api.call(
        "POST", "/products", {"data": {"type": "product", "id": "x", "attributes": {"name": "x"}}}
    )["data"]["id"]
    api.call("DELETE", f"/products/{product}")
    return product.partition(":")[0]


def band(index: int, data_type: str, **more: object) -> dict[str, Any]:
    return {
        "type": "spectral",
        "data_type": data_type,
        "data_range": [0, 10000],
        "display_range": [0, 3000],
        "resolution": "25m",
        "band_index": index,
        **more,
    }


def declare(api: Api, name: str, bands: dict[str, dict[str, Any]]) -> str:
    product = api.save("product", name, {"name": name})
    for band_name, attributes in bands.items():
        api.save(
            "band",
            f"{product}:{band_name}",
            {"name": band_name, "product_id": product, **attributes},
        )
    return product


def finish(api: Api, upload: str) -> tuple[str, str]:
    status, messages = "", list[str]()
    for status, messages in api.watch(upload):  # noqa: B007 - the last one counts
        pass
    return status, " | ".join(messages)


def objects(cloud: LocalCloud, stack: Deployed, prefix: str) -> list[dict[str, Any]]:
    s3 = cloud.session.client("s3")
    answer: list[dict[str, Any]] = s3.list_objects_v2(Bucket=stack.bucket, Prefix=prefix).get(
        "Contents", []
    )
    return answer


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def object_of(cloud: LocalCloud, href: str) -> bytes:
    bucket, _, key = href.removeprefix("s3://").partition("/")
    body: bytes = cloud.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def check_cog(cloud: LocalCloud, href: str, source: Path, folder: Path) -> None:
    copy = folder / "copy.tif"
    copy.write_bytes(object_of(cloud, href))
    valid, errors, warnings = cog_validate(copy, strict=True, quiet=True)
    assert valid, (errors, warnings)
    with rasterio.open(copy) as stored, rasterio.open(source) as given:
        assert stored.crs == given.crs
        assert stored.transform == given.transform
        assert stored.nodatavals == given.nodatavals
        assert stored.dtypes == given.dtypes
        np.testing.assert_array_equal(stored.read(), given.read())


def found(api: Api, product: str, area: dict[str, Any], **members: Any) -> list[str]:
    condition = [{"op": "eq", "name": "product_id", "val": product}, *members.pop("also", [])]
    answer = api.search("images", filter=condition, intersects=area, **members)
    return [each["id"] for each in answer["data"]]


def summed(api: Api, product: str) -> dict[str, Any]:
    condition = [{"op": "eq", "name": "product_id", "val": product}]
    summary: dict[str, Any] = api.search("images/summary/all", filter=condition)["data"]
    return dict(summary["attributes"])


@pytest.mark.skipif(not LANDSAT5, reason="the shared sample images are not on this machine")
def test_a_scene_of_six_files_by_presigned_urls(
    api: Api, cloud: LocalCloud, stack: Deployed, tmp_path: Path
) -> None:
    names = [path.stem.rpartition("_")[2].lower() for path in LANDSAT5]
    bands = {
        name: band(0, "Int16", file_index=index, nodata=-999) for index, name in enumerate(names)
    }
    product = declare(api, "landsat5", bands)
    image = f"{product}:LS5_19920323"
    upload = api.upload(image, {"acquired": "1992-03-23T23:14:25Z"}, LANDSAT5)
    status, messages = finish(api, upload)
    assert status == "success", messages

    document = api.call("GET", f"/images/{image}")["data"]["attributes"]
    assert (document["x_pixels"], document["y_pixels"]) == (456, 404)
    assert document["cs_code"] == "EPSG:28355"
    assert len(document["files"]) == 6
    for file, source in zip(document["files"], LANDSAT5, strict=True):
        check_cog(cloud, file["href"], source, tmp_path)

    footprint = document["geometry"]
    assert found(api, product, footprint) == [image]
    assert found(api, product, LONDON) == []
    in_time = {"name": "acquired", "op": "gte", "val": "1992-03"}
    too_late = {"name": "acquired", "op": "gte", "val": "1992-04"}
    assert found(api, product, footprint, also=[in_time]) == [image]
    assert found(api, product, footprint, also=[too_late]) == []

    stored = sum(file["size_bytes"] for file in document["files"])
    assert summed(api, product) == {"count": 1, "bytes": stored, "products": [product]}
    listed = sum(len(object_of(cloud, file["href"])) for file in document["files"])
    assert listed == stored

    request = {"ids": [image], "bands": names, "mask_nodata": True}
    _, pixels = api.pixels(**request)
    for array, source in zip(pixels, LANDSAT5, strict=True):
        with rasterio.open(source) as dataset:
            given = dataset.read(1, masked=True)
        np.testing.assert_array_equal(array.mask, np.ma.getmaskarray(given))
        np.testing.assert_array_equal(array.filled(0), given.filled(0))
    assert eventually(lambda: not objects(cloud, stack, f"uploads/{upload}/"))


@pytest.mark.skipif(
    not LANDSAT7.exists(), reason="the shared sample images are not on this machine"
)
def test_a_file_through_the_drop_folder(
    api: Api, org: str, cloud: LocalCloud, stack: Deployed, tmp_path: Path
) -> None:
    colours = ("red", "green", "blue")
    bands = {
        name: band(index, "Byte", nodata=0, data_range=[0, 255], display_range=[0, 255])
        for index, name in enumerate(colours)
    }
    product = declare(api, "landsat7", bands)
    drop = f"drop/{org}/landsat7/"
    s3 = cloud.session.client("s3")
    sidecar = b'{"acquired": "2001-07-04T15:30:00Z", "tags": ["bahamas"]}'
    s3.put_object(Bucket=stack.bucket, Key=f"{drop}bahamas.json", Body=sidecar)
    s3.upload_file(str(LANDSAT7), stack.bucket, f"{drop}bahamas.tif")
    image = f"{product}:bahamas"
    assert eventually(lambda: api.exists(f"/images/{image}"))

    document = api.call("GET", f"/images/{image}")["data"]["attributes"]
    assert document["acquired"] == "2001-07-04T15:30:00.000000Z"
    assert document["tags"] == ["bahamas"]
    check_cog(cloud, document["files"][0]["href"], LANDSAT7, tmp_path)
    assert found(api, product, document["geometry"]) == [image]
    assert found(api, product, LONDON) == []
    stored = document["files"][0]["size_bytes"]
    assert summed(api, product) == {"count": 1, "bytes": stored, "products": [product]}
    _, pixels = api.pixels(ids=[image], bands=list(colours))
    with rasterio.open(LANDSAT7) as dataset:
        np.testing.assert_array_equal(pixels.data, dataset.read())


def tiff(**changes: Any) -> bytes:
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": 64,
        "width": 48,
        "dtype": "uint16",
        "crs": CRS.from_epsg(32632),
        "transform": from_origin(440_000, 5_170_000, 30, 30),
        **changes,
    }
    values = np.arange(64 * 48, dtype=profile["dtype"]).reshape(64, 48)
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            for index in dataset.indexes:
                dataset.write(values, index)
        content: bytes = memory.read()
    return content


BAD_FILES = {
    "no raster": (b"this is a text, not a raster\n" * 50, "raster"),
    "no CRS": (tiff(crs=None), "coordinate reference system"),
    "truncated": (tiff()[:3000], "file"),
    "another type": (tiff(dtype="float32"), "Float32"),
    "a band missing": (tiff(), "band"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_end_in_failure_and_leave_nothing(
    api: Api, cloud: LocalCloud, stack: Deployed, tmp_path: Path, case: str
) -> None:
    content, word = BAD_FILES[case]
    bands = {"one": band(0, "UInt16")}
    if case == "a band missing":
        bands["two"] = band(1, "UInt16")
    product = declare(api, "bad", bands)
    path = tmp_path / "bad.tif"
    path.write_bytes(content)
    upload = api.upload(f"{product}:bad", {"acquired": "2020-01-01"}, [path])
    status, messages = finish(api, upload)
    assert status == "failure"
    assert word.lower() in messages.lower()
    assert "bad.tif" in messages
    assert not api.exists(f"/images/{product}:bad")
    assert summed(api, product)["count"] == 0
    prefix = f"images/{product.replace(':', '/')}/"
    assert objects(cloud, stack, prefix) == []
    assert eventually(lambda: not objects(cloud, stack, f"uploads/{upload}/"))


def test_unknown_products_and_wrong_tokens_are_specific_errors(api: Api, stack: Deployed) -> None:
    image = {"name": "a", "product_id": "nobody:none", "acquired": "2020"}
    body = {
        "data": {
            "type": "image_upload",
            "attributes": {
                "image_id": "nobody:none:a",
                "image": {"data": {"type": "image", "id": "nobody:none:a", "attributes": image}},
                "image_upload_options": {"upload_type": "file", "image_files": ["a.tif"]},
            },
        }
    }
    with pytest.raises(Exception, match=r"404.*nobody:none"):
        api.call("POST", "/uploads_v2", body)
    with pytest.raises(Exception, match="401"):
        Api(stack.api_url, "not.a.token").call("PUT", "/products", {})
