from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from tests.client.fake import FakeCatalog, Seen

import swath
from swath.catalog import (
    AttributeValidationError,
    Image,
    ImageUpload,
    ImageUploadOptions,
    OverviewResampler,
    Product,
    UploadError,
    upload_images,
)
from swath.catalog import properties as p
from swath.catalog._transfer import MeteredFile
from swath.http import RetryPolicy

GEO = {"geoTransform": [0.0, 60.0, 0.0, 100.0, 0.0, -60.0], "coordinateSystem": {"epsg": 32615}}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    def session(client: swath.Client) -> swath.http.HttpSession:
        made = swath.http.HttpSession(client.settings, client.tokens)
        made.retries = RetryPolicy(attempts=3, base=0.001)
        return made

    monkeypatch.setattr("swath.catalog._transfer._patient", session)


@pytest.fixture
def image(client: swath.Client) -> Image:
    product = Product(id="p", name="P")
    product.save()
    return Image(name="i", product=product, acquired="2020-02-01", tags=["z"])


def files(tmp_path: Path, *sizes: int) -> list[Path]:
    paths = [tmp_path / f"{index}.tif" for index in range(len(sizes))]
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(bytes([size % 251]) * size)
    return paths


def test_files_go_to_their_signed_urls(image: Image, fake: FakeCatalog, tmp_path: Path) -> None:
    paths = files(tmp_path, 3_000_000, 5, 0)
    upload = image.upload(paths)
    declared = fake.requests("POST", "/uploads_v2")[0]
    assert declared.query == {"include": "events"}
    attributes = declared.body["data"]["attributes"]
    assert attributes["image"]["data"]["id"] == attributes["image_id"] == "acme:p:i"
    assert attributes["image"]["data"]["attributes"]["acquired"] == "2020-02-01T00:00:00.000000Z"
    assert attributes["image_upload_options"] == {
        "upload_type": "file", "image_files": [str(path) for path in paths],
    }  # fmt: skip
    assert [fake.stored[f"{upload.id}/{i}"] for i in range(3)] == [x.read_bytes() for x in paths]
    puts = [seen for seen in fake.seen if seen.path.startswith("/signed/")]
    assert all("authorization" not in seen.headers for seen in puts)
    assert all(seen.headers["content-type"] == "application/octet-stream" for seen in puts)
    assert all("transfer-encoding" not in seen.headers for seen in puts)
    upload.wait_for_completion(timeout=5)
    assert upload.status == "success"
    assert upload.image is image
    assert (image.state, image.x_pixels) == ("saved", 7)
    assert upload.events[0].message == "it was read"
    assert "it was read" in repr(upload)


def test_arrays_travel_bands_last(image: Image, fake: FakeCatalog) -> None:
    array = np.ma.MaskedArray(
        np.arange(24, dtype=np.uint16).reshape(2, 3, 4), np.zeros((2, 3, 4), bool), fill_value=9
    )
    array[0, 0, 0] = np.ma.masked
    upload = image.upload_ndarray(
        array, raster_meta=GEO, overviews=[2, 4], overview_resampler=OverviewResampler.AVERAGE
    )
    sent = np.load(io.BytesIO(fake.stored[f"{upload.id}/0"]), allow_pickle=False)
    assert sent.shape == (3, 4, 2)
    np.testing.assert_array_equal(np.moveaxis(sent, -1, 0), array.filled())
    attributes = fake.requests("POST", "/uploads_v2")[0].body["data"]["attributes"]
    options = attributes["image_upload_options"]
    assert (options["upload_type"], options["upload_size"]) == ("ndarray", 48)
    assert (options["overviews"], options["overview_resampler"]) == ([2, 4], "average")
    nested = attributes["image"]["data"]["attributes"]
    assert (nested["geotrans"], nested["cs_code"]) == (GEO["geoTransform"], "EPSG:32615")


def test_several_arrays_are_several_files(image: Image, fake: FakeCatalog) -> None:
    upload = image.upload_ndarray(
        [np.zeros((3, 4), ">i2"), np.zeros((3, 4), "f4")], raster_meta=GEO
    )
    assert sorted(fake.stored) == [f"{upload.id}/0", f"{upload.id}/1"]
    assert np.load(io.BytesIO(fake.stored[f"{upload.id}/0"])).dtype == np.dtype(">i2")


def test_what_cannot_be_uploaded(image: Image, client: swath.Client, tmp_path: Path) -> None:
    good = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match="raster_meta"):
        image.upload_ndarray(good)
    with pytest.raises(ValueError, match="complex64"):
        image.upload_ndarray(good.astype("complex64"), raster_meta=GEO)
    with pytest.raises(ValueError, match="bands, rows, columns"):
        image.upload_ndarray(good[0], raster_meta=GEO)
    with pytest.raises(FileNotFoundError, match=r"none\.tif is no file"):
        image.upload(tmp_path / "none.tif")
    with pytest.raises(ValueError, match="no files"):
        image.upload([])
    with pytest.raises(AttributeValidationError, match="acquired"):
        Image(name="j", product="acme:p").upload_ndarray(good, raster_meta=GEO)
    with pytest.raises(AttributeValidationError, match="name"):
        Image(product="acme:p").upload(files(tmp_path, 3))


def test_an_image_that_exists_is_only_replaced_on_request(
    image: Image, fake: FakeCatalog, tmp_path: Path
) -> None:
    fake.objects["images"]["acme:p:i"] = {"name": "i", "product_id": "acme:p"}
    with pytest.raises(ValueError, match="exists already"):
        image.upload(files(tmp_path, 3))
    image.upload(files(tmp_path, 3), overwrite=True)


def test_broken_connections_lose_nothing(image: Image, fake: FakeCatalog, tmp_path: Path) -> None:
    tries: dict[str, int] = {}

    def break_first(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        if not seen.path.startswith("/signed/"):
            return None
        tries[seen.path] = tries.get(seen.path, 0) + 1
        return (0, {}, b"") if tries[seen.path] < 3 else None

    fake.faults.append(break_first)
    paths = files(tmp_path, 2_000_000, 100)
    upload = image.upload(paths)
    assert [fake.stored[f"{upload.id}/{i}"] for i in range(2)] == [x.read_bytes() for x in paths]
    assert set(tries.values()) == {3}


def test_an_interrupted_upload_is_resumed(image: Image, fake: FakeCatalog, tmp_path: Path) -> None:
    broken = [True]
    fake.faults.append(lambda seen: (0, {}, b"") if broken and seen.path.endswith("/1") else None)
    paths = files(tmp_path, 10, 20, 30)
    with pytest.raises(UploadError, match=r"1 of 3 files did not arrive: 1\.tif"):
        image.upload(paths)
    broken.clear()
    upload = ImageUpload.search().filter(p.image_id == "acme:p:i").first()
    assert upload is not None
    upload.resume(paths)
    upload.wait_for_completion(timeout=5)
    assert [fake.stored[f"{upload.id}/{i}"] for i in range(3)] == [x.read_bytes() for x in paths]
    upload.resume(paths)  # nothing to do any more


@pytest.mark.parametrize(
    ("status", "answer"), [(403, b"Request has expired"), (400, b"ExpiredToken")]
)
def test_an_expired_url_is_renewed_without_starting_anew(
    image: Image, fake: FakeCatalog, tmp_path: Path, status: int, answer: bytes
) -> None:
    paths = files(tmp_path, 3, 5)
    refused: list[str] = []

    def expire(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        if seen.path.endswith("/1") and "/signed/" in seen.path and not refused:
            refused.append(seen.path)
            return status, {}, answer
        return None

    fake.faults.append(expire)
    upload = image.upload(paths)
    upload.wait_for_completion(timeout=5)
    assert refused
    assert len(fake.requests("POST", "/uploads_v2")) == 1
    assert [fake.stored[f"{upload.id}/{i}"] for i in range(2)] == [x.read_bytes() for x in paths]
    puts = [seen.path for seen in fake.seen if "/signed/" in seen.path]
    assert len(puts) == 3  # the file that had arrived was not sent again


def test_a_url_that_is_refused_for_good_fails_the_upload(
    image: Image, fake: FakeCatalog, tmp_path: Path
) -> None:
    fake.faults.append(lambda seen: (403, {}, b"no") if "/signed/" in seen.path else None)
    with pytest.raises(UploadError, match=r"1 of 1 files did not arrive: .*403"):
        image.upload(files(tmp_path, 3))
    assert len([seen for seen in fake.seen if "/signed/" in seen.path]) == 2


def test_failure_shows_the_event_log(image: Image, fake: FakeCatalog, tmp_path: Path) -> None:
    fake.upload_ends = "failure"
    upload = image.upload(files(tmp_path, 3))
    with pytest.raises(UploadError, match=r"acme:p:i: failure\n.*INFO.*it was read"):
        upload.wait_for_completion()
    upload.wait_for_completion(raise_on_failure=False)
    assert (upload.status, image.state) == ("failure", "unsaved")


def test_waiting_has_an_end(image: Image, fake: FakeCatalog, tmp_path: Path) -> None:
    fake.upload_ends = "running"
    upload = image.upload(files(tmp_path, 3))
    with pytest.raises(TimeoutError, match=r"is running after 0\.4 s"):
        upload.wait_for_completion(timeout=0.4)
    upload.cancel()
    assert upload.status == "canceled"


def test_waiting_survives_failures_of_the_service(
    image: Image, fake: FakeCatalog, tmp_path: Path
) -> None:
    upload = image.upload(files(tmp_path, 3))
    left = [3, 2, 1]
    fake.faults.append(lambda _: (500, {}, b"") if left and left.pop() else None)
    with pytest.warns(UserWarning, match="still waiting"):
        upload.wait_for_completion(timeout=5)


def test_many_images_at_once(image: Image, fake: FakeCatalog, tmp_path: Path) -> None:
    paths = files(tmp_path, *range(1, 7))
    fresh = [Image(name=f"n{i}", product="acme:p", acquired="2020") for i in range(6)]
    uploads = upload_images(zip(fresh, paths, strict=True))
    assert [upload.image_id for upload in uploads] == [f"acme:p:n{i}" for i in range(6)]
    fake.objects["images"]["acme:p:again"] = {"name": "again", "product_id": "acme:p"}
    pair = [
        (Image(name=name, product="acme:p", acquired="2020"), paths[0]) for name in ("again", "new")
    ]
    with pytest.raises(
        UploadError, match=r"1 of 2 images were not uploaded\nacme:p:again: .* exists"
    ):
        upload_images(pair)


def test_options_given_are_kept(image: Image, fake: FakeCatalog, tmp_path: Path) -> None:
    image.upload(files(tmp_path, 3), upload_options=ImageUploadOptions(overviews=[2]))
    sent = fake.requests("POST", "/uploads_v2")[0].body["data"]["attributes"]
    assert sent["image_upload_options"]["overviews"] == [2]
    found = image.image_uploads().first()
    assert found is not None
    assert found.image_id == "acme:p:i"


def test_progress_goes_back_with_the_file(tmp_path: Path) -> None:
    class Counter:
        total = 0.0

        def update(self, n: float = 1) -> None:
            self.total += n

        def close(self) -> None:
            pass

    counter = Counter()
    path = files(tmp_path, 3_000_000)[0]
    with MeteredFile(path, counter) as body:
        assert len(body) == 3_000_000
        assert len(body.read(-1)) == 1 << 20
        body.seek(0)
        assert counter.total == 0
        while body.read(1 << 16):
            pass
        assert counter.total == 3_000_000


def test_parts_of_a_file_too_big_for_one_request(
    image: Image, fake: FakeCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swath.catalog._uploading._ONE_PUT", 2_000_000)
    (path,) = files(tmp_path, 2_500_000)
    path.write_bytes(np.arange(2_500_000, dtype="u4").astype("u1").tobytes())
    broken = [True]

    def in_parts(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        if broken and seen.path.endswith("/part1"):
            return 0, {}, b""
        if seen.method == "GET" and "/uploads_v2/" in seen.path:
            for id, held in fake.objects["uploads_v2"].items():
                held["part_bytes"] = 1_000_000
                held["part_urls"] = {"0": [f"{fake.url}/signed/{id}/part{n}" for n in range(3)]}
        return None

    fake.faults.append(lambda seen: (0, {}, b"") if seen.path.endswith("/0") else None)
    with pytest.raises(UploadError):
        image.upload(path)
    declared = fake.requests("POST", "/uploads_v2")[0].body["data"]["attributes"]
    assert declared["image_upload_options"]["upload_size"] == 2_500_000
    fake.faults[:] = [in_parts]
    upload = ImageUpload.search().first()
    assert upload is not None
    with pytest.raises(UploadError, match="1 of 3"):
        upload.resume(path)
    broken.clear()
    before = len(fake.seen)
    upload.resume(path)
    assert [s.path[-5:] for s in fake.seen[before:] if "/signed/" in s.path] == ["part1"]
    parts = [fake.stored[f"{upload.id}/part{n}"] for n in range(3)]
    assert [len(part) for part in parts] == [1_000_000, 1_000_000, 500_000]
    assert b"".join(parts) == path.read_bytes()
