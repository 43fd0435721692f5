"""A store that fails: reads are tried again, and what then fails is said to pass or to be final."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from affine import Affine
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws
from tests.raster_world import DiskCatalog, noise

from swath_core.catalog import RemoteBuckets
from swath_core.errors import Unavailable
from swath_core.raster import _files
from swath_core.raster._files import FilePool, FileUnreadable, gdal_options
from swath_core.raster._grid import Window
from swath_core.raster._sources import BucketStorage

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)
HEAD = "bytes=0-32767"
BLOCK = Window(1000, 1000, 20, 20)


class Store(ThreadingHTTPServer):
    """An object store with one object, whose answers can be made to fail."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content = content
        self.status: Callable[[str], int] = lambda _range: 206
        self.decide: Callable[[Mapping[str, str]], tuple[int, bytes]] | None = None
        self.cut: Callable[[str], bool] = lambda _range: False
        self.ranges: list[str] = []


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait
    server: Store

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.ranges.append(asked)
        status, refusal = self.server.status(asked), b"<Error><Code>Slow</Code></Error>"
        if self.server.decide is not None:
            status, refusal = self.server.decide(dict(self.headers.items()))
        first, last = map(int, asked.removeprefix("bytes=").split("-"))
        whole = self.server.content
        part = whole[first : last + 1] if status == 206 else refusal
        self.send_response(status)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(whole)}")
        self.end_headers()
        if self.server.cut(asked):  # the connection ends in the middle of the body
            self.close_connection = True
            part = part[: len(part) // 2]
        self.wfile.write(part)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def store(made: DiskCatalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setattr(_files, "PAUSES", (0.0, 0.0))
    made.band("b", data_type="UInt16")
    image = made.image("one", noise((1, 1500, 1500), "uint16"), HERE)
    serving = Store(Path(made.path(image)).read_bytes())
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join()


_names = iter(range(1_000_000))


def opened(store: Store, *, exists: bool = True, **more: Any) -> tuple[FilePool, str]:
    """Return a pool on the store, and the path of an object that GDAL has not seen yet."""
    options = gdal_options({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.server_port}"})
    options["GDAL_HTTP_RETRY_DELAY"] = 0.01
    return FilePool(options, lambda _path: exists, **more), f"/vsis3/data/faults-{next(_names)}.tif"


def read(pool: FilePool, path: str) -> np.ndarray[Any, Any]:
    return pool.read(path, 0, [1], BLOCK, with_mask=False).values


def test_blocks_that_fail_are_read_again(store: Store, made: DiskCatalog) -> None:
    pool, path = opened(store)
    failures = [503, 500]
    store.status = lambda asked: failures.pop() if asked != HEAD and failures else 206
    expected = FilePool().read(made.path("acme:scenes:one"), 0, [1], BLOCK, with_mask=False)
    assert np.array_equal(read(pool, path), expected.values)
    assert not failures


@pytest.mark.parametrize("failing", ["header", "blocks"])
def test_a_store_that_goes_on_failing_is_unavailable(store: Store, failing: str) -> None:
    pool, path = opened(store)
    store.status = lambda asked: 503 if (asked == HEAD) is (failing == "header") else 206
    with pytest.raises(Unavailable, match="send the request again"):
        read(pool, path)
    store.status = lambda _asked: 206
    assert read(pool, path).any()


@pytest.mark.parametrize("failing", ["header", "blocks"])
def test_bodies_that_are_cut_short_are_read_again(
    store: Store, made: DiskCatalog, failing: str
) -> None:
    pool, path = opened(store)
    left = [True]
    store.cut = lambda asked: (asked == HEAD) is (failing == "header") and bool(left and left.pop())
    expected = FilePool().read(made.path("acme:scenes:one"), 0, [1], BLOCK, with_mask=False)
    assert np.array_equal(read(pool, path), expected.values)
    assert not left


@pytest.mark.parametrize("failing", ["all", "blocks"])
def test_bodies_that_are_always_cut_short_are_no_pixels(store: Store, failing: str) -> None:
    """Neither half a block nor zeros in its place; and no image that is said to be broken."""
    pool, path = opened(store)
    store.cut = lambda asked: failing == "all" or asked != HEAD
    with pytest.raises(Unavailable, match="send the request again"):
        read(pool, path)
    store.cut = lambda _asked: False
    assert read(pool, path).any()


@pytest.mark.parametrize("failing", ["header", "blocks"])
def test_an_object_that_is_gone_is_not_asked_for_again(
    store: Store, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, path = opened(store, exists=False)
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("tried again"))
    store.status = lambda asked: 404 if (asked == HEAD) is (failing == "header") else 206
    with pytest.raises(FileUnreadable, match="gone"):
        read(pool, path)


@mock_aws
def test_whether_an_object_exists() -> None:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="data")
    client.put_object(Bucket="data", Key="images/a.tif", Body=b"")
    storage = BucketStorage("data", lambda: client)
    assert storage.exists("/vsis3/data/images/a.tif")
    assert not storage.exists("/vsis3/data/images/b.tif")


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "503"}}, "HeadObject"),
        EndpointConnectionError(endpoint_url="https://s3.example"),
    ],
)
def test_a_store_that_does_not_say_is_not_taken_for_empty(error: Exception) -> None:
    class Silent:
        def head_object(self, **_: str) -> None:
            raise error

    assert BucketStorage("data", Silent).exists("/vsis3/data/images/a.tif")


def test_who_pays_is_said_of_listed_buckets_only(store: Store) -> None:
    storage = BucketStorage("data", lambda: None, RemoteBuckets(frozenset("ab"), frozenset("a")))

    def answer(headers: Mapping[str, str]) -> tuple[int, bytes]:
        said = headers.get("x-amz-request-payer"), "x-amz-request-payer" in headers["Authorization"]
        return (
            206 if said == ("requester", True) else 403
        ), b"<Error><Code>AccessDenied</Code></Error>"

    store.decide = answer
    pool, _ = opened(store, options_of=storage.options, exists=False)
    assert pool.info("/vsis3/a/paid.tif").grid.width == 1500
    for path in ("/vsis3/b/paid.tif", "/vsis3/data/paid.tif", "/vsis3/ab/paid.tif"):
        with pytest.raises(FileUnreadable, match="may not be read"):
            pool.info(path)


@pytest.mark.parametrize("paid", [True, False])
def test_whether_an_object_exists_is_asked_as_who_pays(*, paid: bool) -> None:
    class Charging:
        def head_object(self, **asked: str) -> None:
            if asked.get("RequestPayer") != "requester":
                raise ClientError({"Error": {"Code": "403"}}, "HeadObject")

    remote = RemoteBuckets(frozenset({"a"}), frozenset({"a"} if paid else ()))
    assert BucketStorage("data", Charging, remote).exists("/vsis3/a/x.tif") is paid


def test_buckets_of_other_regions_are_read_where_they_are(store: Store) -> None:
    """S3 names the region; GDAL signs for it, then and from then on."""
    regions: list[str] = []

    def answer(headers: Mapping[str, str]) -> tuple[int, bytes]:
        regions.append(headers["Authorization"].partition("Credential=")[2].split("/")[2])
        error = "AuthorizationHeaderMalformed"
        region = f"<Region>eu-central-1</Region><Message>{error}</Message>"
        body = f'<?xml version="1.0"?><Error><Code>{error}</Code>{region}</Error>'
        return (206 if regions[-1] == "eu-central-1" else 400), body.encode()

    store.decide = answer
    pool, path = opened(store)
    assert read(pool, path).any()
    assert regions[0] != "eu-central-1"
    assert set(regions[1:]) == {"eu-central-1"}


def test_what_others_refuse_is_not_there_to_be_read() -> None:
    class Refusing:
        def head_object(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "403"}}, "HeadObject")

    storage = BucketStorage("data", Refusing)
    assert not storage.exists("/vsis3/others/a.tif")
    assert storage.exists("/vsis3/data/images/a.tif")
