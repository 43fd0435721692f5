"""Uploads by the living clients: files and arrays become images, or say what was wrong."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from shapely.geometry import shape
from tests.contract.published import Client, Raised

from swath_dev.cloud import Deployed, LocalCloud

pytestmark = [pytest.mark.stack, pytest.mark.published]

GEOTRANS = [258292.5, 60.0, 0.0, 4743307.5, 0.0, -60.0]
PLACE = {"acquired": "2020-02-01T01:02:03Z", "cs_code": "EPSG:32615", "geotrans": GEOTRANS}


def fresh() -> str:
    return f"x{secrets.token_hex(4)}"


def pixels(shape: tuple[int, ...], dtype: str, seed: int = 0) -> NDArray[Any]:
    """Return the pixels that clients/uploads.py makes."""
    values = (np.arange(int(np.prod(shape))) * 7 + seed) % 251
    return values.reshape(shape).astype(dtype)


def product_of(client: Client, data_type: str, files: list[int], **band: Any) -> str:
    """Make a product whose images have files with so many bands each."""
    product: str = client.call("objects", "create", kind="Product", id=fresh(), name="up")["id"]
    for file_index, count in enumerate(files):
        for band_index in range(count):
            client.call(
                "objects",
                "create",
                kind="SpectralBand",
                product_id=product,
                name=f"b{file_index}_{band_index}",
                data_type=data_type,
                data_range=[0, 255],
                display_range=[0, 255],
                resolution="60m",
                file_index=file_index,
                band_index=band_index,
                **band,
            )
    return product


def tiff(path: Path, array: NDArray[Any], **more: Any) -> str:
    """Write a GeoTIFF of (band, y, x)."""
    profile = {
        "driver": "GTiff",
        "count": array.shape[0],
        "height": array.shape[1],
        "width": array.shape[2],
        "dtype": array.dtype,
        "crs": "EPSG:32615",
        "transform": from_origin(258292.5, 4743307.5, 60, 60),
        **more,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(array)
    return str(path)


def stored(cloud: LocalCloud, file: dict[str, Any]) -> MemoryFile:
    bucket, _, key = file["href"].removeprefix("s3://").partition("/")
    body = cloud.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert len(body) == file["size_bytes"]
    return MemoryFile(body)


def kinds_of(done: dict[str, Any]) -> list[str]:
    return [each["event_type"] for each in done["upload"]["events"]]


def words_of(upload: dict[str, Any]) -> str:
    return " | ".join(each["message"] for each in upload["events"])


def arrays(client: Client, id: str, shapes: list[tuple[int, ...]], dtype: str, **more: Any) -> Any:
    made = [{"shape": each, "dtype": dtype, "seed": n} for n, each in enumerate(shapes)]
    more.setdefault("attributes", PLACE)
    return client.call("uploads", "upload_arrays", id=id, arrays=made, **more)


def test_one_file(client: Client, cloud: LocalCloud, tmp_path: Path) -> None:
    product = product_of(client, "UInt16", [2])
    array = pixels((2, 70, 90), "uint16")
    id = f"{product}:one"
    done = client.call(
        "uploads",
        "upload_files",
        id=id,
        files=[tiff(tmp_path / "scene one.tif", array)],
        attributes={"acquired": "2020-02-01T01:02:03Z", "tags": ["z"], "cloud_fraction": 0.5},
    )
    # work may begin as soon as the last file is there
    assert done["began"]["status"] in {"pending", "running", "success"}
    assert done["upload"]["status"] == "success", words_of(done["upload"])
    events = kinds_of(done)
    assert [each for each in events if each in {"queue", "run", "usage", "complete"}] == [
        *("queue", "run", "usage", "complete")
    ]
    assert all(each["event_datetime"] and each["id"] for each in done["upload"]["events"])
    assert {each["severity"] for each in done["upload"]["events"]} <= {"INFO", "DEBUG"}

    image = done["image"]
    assert image["state"] == "saved"
    attributes = image["attributes"]
    assert (attributes["x_pixels"], attributes["y_pixels"]) == (90, 70)
    assert attributes["geotrans"] == GEOTRANS
    assert attributes["cs_code"] == "EPSG:32615"
    assert attributes["storage_state"] == "available"
    assert (attributes["tags"], attributes["cloud_fraction"]) == (["z"], 0.5)
    assert shape(attributes["geometry"]).is_valid
    (file,) = attributes["files"]
    with stored(cloud, file) as memory, memory.open() as source:
        np.testing.assert_array_equal(source.read(), array)
        assert source.crs.to_epsg() == 32615
        assert list(source.transform.to_gdal()) == GEOTRANS

    found = client.call("objects", "get", kind="Image", id=id)
    assert found["attributes"] == attributes
    summed = client.call("summaries", "total", filter=f"p.product_id == {product!r}")
    assert (summed["count"], summed["bytes"]) == (1, file["size_bytes"])


def test_several_files_that_are_open(
    descarteslabs: Client, cloud: LocalCloud, tmp_path: Path
) -> None:
    client = descarteslabs
    product = product_of(client, "Byte", [1, 2, 1])
    made = [pixels((count, 20, 30), "uint8", seed) for seed, count in enumerate((1, 2, 1))]
    files = [tiff(tmp_path / f"part{n}.tif", each) for n, each in enumerate(made)]
    done = client.call(
        "uploads",
        "upload_files",
        id=f"{product}:several",
        files=files,
        attributes={"acquired": "2020-02-01"},
        opened=True,
    )
    assert done["upload"]["status"] == "success", words_of(done["upload"])
    images = done["image"]["attributes"]["files"]
    assert len(images) == 3
    for file, array in zip(images, made, strict=True):
        with stored(cloud, file) as memory, memory.open() as source:
            np.testing.assert_array_equal(source.read(), array)


def test_arrays_of_two_dimensions(client: Client, cloud: LocalCloud) -> None:
    product = product_of(client, "Int16", [1])
    done = arrays(client, f"{product}:flat", [(33, 44)], "int16")
    assert done["upload"]["status"] == "success", words_of(done["upload"])
    attributes = done["image"]["attributes"]
    assert (attributes["x_pixels"], attributes["y_pixels"]) == (44, 33)
    with stored(cloud, attributes["files"][0]) as memory, memory.open() as source:
        np.testing.assert_array_equal(source.read(1), pixels((33, 44), "int16"))


def test_arrays_of_three_dimensions_with_overviews(
    descarteslabs: Client, cloud: LocalCloud
) -> None:
    client = descarteslabs
    product = product_of(client, "UInt16", [3])
    done = arrays(
        client,
        f"{product}:cube",
        [(3, 640, 600)],
        "uint16",
        overviews=[2, 4],
        resampler="AVERAGE",
    )
    assert done["upload"]["status"] == "success", words_of(done["upload"])
    array = pixels((3, 640, 600), "uint16")
    with stored(cloud, done["image"]["attributes"]["files"][0]) as memory:
        with memory.open() as source:
            np.testing.assert_array_equal(source.read(), array)
            assert source.overviews(1) == [2, 4]
        with memory.open(overview_level=0) as half:
            mean = array[:, :640, :600].reshape(3, 320, 2, 300, 2).mean(axis=(2, 4))
            assert np.abs(half.read().astype(float) - mean).max() <= 1


def test_several_arrays(descarteslabs: Client, cloud: LocalCloud) -> None:
    client = descarteslabs
    product = product_of(client, "Float32", [1, 2])
    done = arrays(client, f"{product}:many", [(12, 20), (2, 12, 20)], "float32")
    assert done["upload"]["status"] == "success", words_of(done["upload"])
    files = done["image"]["attributes"]["files"]
    assert len(files) == 2
    for file, (seed, form) in zip(files, enumerate([(1, 12, 20), (2, 12, 20)]), strict=True):
        with stored(cloud, file) as memory, memory.open() as source:
            np.testing.assert_array_equal(source.read(), pixels(form, "float32", seed))


def test_the_metadata_of_a_raster_places_an_array(descarteslabs: Client) -> None:
    client = descarteslabs
    product = product_of(client, "Byte", [1])
    meta = {
        "geoTransform": GEOTRANS,
        "coordinateSystem": {"proj4": "+proj=utm +zone=15 +datum=WGS84 +units=m +no_defs"},
    }
    done = arrays(
        client,
        f"{product}:meta",
        [(40, 40)],
        "uint8",
        attributes={"acquired": "2020-02-01"},
        raster_meta=meta,
    )
    assert done["upload"]["status"] == "success", words_of(done["upload"])
    attributes = done["image"]["attributes"]
    assert attributes["geotrans"] == GEOTRANS
    centre = shape(attributes["geometry"]).centroid
    assert (round(centre.x, 1), round(centre.y, 1)) == (-95.9, 42.8)


def test_every_type_of_pixel(descarteslabs: Client, cloud: LocalCloud) -> None:
    types = {
        "Byte": "uint8",
        "UInt32": "uint32",
        "Int32": "int32",
        "Float64": "float64",
    }
    begun = {}
    for data_type, dtype in types.items():
        product = product_of(descarteslabs, data_type, [1])
        id = f"{product}:typed"
        begun[dtype] = id, arrays(descarteslabs, id, [(10, 11)], dtype, wait=0)["upload"]["id"]
    for dtype, (id, upload_id) in begun.items():
        upload = descarteslabs.call("uploads", "finished", upload_id=upload_id)
        assert upload["status"] == "success", words_of(upload)
        (file,) = descarteslabs.call("objects", "get", kind="Image", id=id)["attributes"]["files"]
        with stored(cloud, file) as memory, memory.open() as source:
            assert source.dtypes == (dtype,)
            np.testing.assert_array_equal(source.read(1), pixels((10, 11), dtype))


def test_an_image_that_exists_is_only_replaced_on_demand(descarteslabs: Client) -> None:
    client = descarteslabs
    product = product_of(client, "Byte", [1])
    id = f"{product}:twice"
    assert arrays(client, id, [(20, 20)], "uint8")["upload"]["status"] == "success"
    with pytest.raises(Raised, match="already exists") as refused:
        arrays(client, id, [(20, 20)], "uint8")
    assert refused.value.name == "ValueError"
    done = arrays(client, id, [(21, 22)], "uint8", overwrite=True)
    assert done["upload"]["status"] == "success", words_of(done["upload"])
    attributes = client.call("objects", "get", kind="Image", id=id)["attributes"]
    assert (attributes["x_pixels"], attributes["y_pixels"]) == (22, 21)
    base = f"p.product_id == {product!r}"
    assert client.call("searches", "count", kind="Image", filter=base) == 1


def test_failures_say_what_was_wrong(descarteslabs: Client, tmp_path: Path) -> None:
    client = descarteslabs
    product = product_of(client, "UInt16", [1])
    array = pixels((1, 30, 30), "uint16")
    whole = Path(tiff(tmp_path / "whole.tif", array)).read_bytes()
    (tmp_path / "text.tif").write_text("this is no raster")
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    tiff(tmp_path / "nowhere.tif", array, crs=None)
    tiff(tmp_path / "two.tif", pixels((2, 30, 30), "uint16"))
    tiff(tmp_path / "bytes.tif", pixels((1, 30, 30), "uint8"))
    names = ["text.tif", "cut.tif", "nowhere.tif", "two.tif", "bytes.tif"]
    begun = {
        name: client.call(
            "uploads",
            "upload_files",
            id=f"{product}:{name}",
            files=[str(tmp_path / name)],
            attributes={"acquired": "2020-02-01"},
            wait=0,
        )["upload"]["id"]
        for name in names
    }
    for name, upload_id in begun.items():
        upload = client.call("uploads", "finished", upload_id=upload_id)
        assert upload["status"] == "failure", name
        last = upload["events"][-1]
        assert (last["event_type"], last["severity"]) == ("complete", "ERROR"), name
        assert name in words_of(upload), words_of(upload)
        assert client.call("objects", "exists", kind="Image", id=f"{product}:{name}") is False
    base = f"p.product_id == {product!r}"
    assert client.call("searches", "count", kind="Image", filter=base) == 0


def test_uploads_to_nowhere_are_refused(client: Client) -> None:
    with pytest.raises(Raised) as refused:
        arrays(client, f"{client.org}:no-such:image", [(10, 10)], "uint8")
    assert refused.value.name in {"NotFoundError", "AttributeError", "ValueError"}


def test_cancel_and_searches_of_uploads(descarteslabs: Client, tmp_path: Path) -> None:
    client = descarteslabs
    product = product_of(client, "Byte", [1])
    place = {"acquired": "2020-02-01"}
    gone = client.call(
        "uploads", "declared", id=f"{product}:gone", attributes=place, files=["a.tif"]
    )
    assert gone["began"]["status"] == "transferring"
    assert len(gone["began"]["urls"]) == 1
    assert gone["canceled"]["status"] == "canceled"
    assert "cancel" in [each["event_type"] for each in gone["canceled"]["events"]]
    assert gone["again"] == "ConflictError"
    good = arrays(client, f"{product}:good", [(10, 10)], "uint8")
    bad = arrays(client, f"{product}:bad", [(2, 10, 10)], "uint8")
    ids = {"gone": gone["id"], "good": good["upload"]["id"], "bad": bad["upload"]["id"]}
    with pytest.raises(Raised) as refused:
        client.call("uploads", "cancel_finished", upload_id=ids["good"])
    assert refused.value.name == "ConflictError"
    assert client.call("uploads", "refused")
    got = client.call("uploads", "get", upload_id=ids["bad"])
    assert (got["status"], got["events"]) == ("failure", bad["upload"]["events"])

    def names(found: list[dict[str, Any]]) -> list[str]:
        by_id = {id: name for name, id in ids.items()}
        return sorted(by_id[each["id"]] for each in found)

    def search(expression: str | None = None, **more: Any) -> list[str]:
        return names(
            client.call("uploads", "search", product_id=product, expression=expression, **more)
        )

    assert names(client.call("objects", "uploads_of", product_id=product)) == sorted(ids)
    assert names(client.call("objects", "uploads_of", image_id=f"{product}:good")) == ["good"]
    assert search() == ["bad", "gone", "good"]
    assert search("p.status == 'failure'") == ["bad"]
    assert search("p.status.in_(['success', 'canceled'])") == ["gone", "good"]
    assert search(f"p.image_id == {product + ':gone'!r}") == ["gone"]
    assert search("p.status != 'success'", includes=False) == ["bad", "gone"]
    assert search("p.created > '2020'", sort="created") == ["bad", "gone", "good"]
    assert search("p.image_id.prefix('nobody')") == []
    count = client.call(
        "searches", "count", kind="ImageUpload", filter=f"p.product_id == {product!r}"
    )
    assert count == 3


def test_deleting_a_product_deletes_its_files(
    descarteslabs: Client, cloud: LocalCloud, stack: Deployed
) -> None:
    client = descarteslabs
    product = product_of(client, "Byte", [1])
    done = arrays(client, f"{product}:only", [(10, 10)], "uint8")
    key = done["image"]["attributes"]["files"][0]["href"].partition(stack.bucket + "/")[2]
    s3 = cloud.session.client("s3")
    assert s3.list_objects_v2(Bucket=stack.bucket, Prefix=key)["KeyCount"] == 1
    client.call("objects", "delete_related", id=product)
    assert client.call("objects", "delete", kind="Product", id=product) is True
    assert client.call("objects", "get", kind="Image", id=f"{product}:only") is None
    assert s3.list_objects_v2(Bucket=stack.bucket, Prefix=key)["KeyCount"] == 0
