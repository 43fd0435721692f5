"""S3 that answers 500, 503 or half a body, at every request that the data bucket's methods make."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from tests.component.catalog.images.conftest import SETTINGS

from swath_core.errors import Unavailable
from swath_core.raster._stream import PART_BYTES, ResultsBucket, deliver
from swath_core.store import objects as objects_module
from swath_core.store.objects import Objects
from swath_core.store.s3 import s3_client

BUCKET = "faulty"
BODY = bytes(range(256)) * 4000


def answer(
    status: int, body: bytes, claimed: int | None = None, more: dict[str, str] | None = None
) -> AWSResponse:
    """Return an answer as the network gives it, with a body that may be shorter than claimed."""
    length = len(body) if claimed is None else claimed
    headers = {"content-length": str(length), "etag": '"x"'} | (more or {})
    raw = urllib3.HTTPResponse(
        io.BytesIO(body), headers, status, preload_content=False, enforce_content_length=True
    )
    return AWSResponse("https://s3.example/", status, headers, raw)


def refused(status: int, code: str) -> Callable[[AWSResponse | None], AWSResponse]:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return lambda _: answer(status, body)


def cut(whole: AWSResponse | None) -> AWSResponse:
    """Return half of the body of an answer; one without a body is refused instead."""
    body = b"" if whole is None or whole.status_code >= 300 else whole.content
    if whole is None or len(body) < 2:
        return refused(500, "InternalError")(None)
    ranges = {k: v for k, v in whole.headers.items() if k.lower() == "content-range"}
    return answer(200, body[: len(body) // 2], len(body), ranges)


FAULTS = {
    "500": refused(500, "InternalError"),
    "503": refused(503, "SlowDown"),
    "cut": cut,
}


class Network:
    """Counts requests to S3, and lets those fail whose numbers are chosen."""

    def __init__(self) -> None:
        self.seen = 0
        self.fails: Callable[[int], bool] = lambda _: False
        self.fault = FAULTS["500"]

    def reset(self, fault: str, fails: Callable[[int], bool]) -> None:
        self.seen, self.fault, self.fails = 0, FAULTS[fault], fails

    def __call__(self, stubber: Any, real: Any, event_name: str, request: Any, **more: Any) -> Any:
        if ".s3." not in f"{event_name}.":
            return real(stubber, event_name, request, **more)
        self.seen += 1
        if not self.fails(self.seen):
            return real(stubber, event_name, request, **more)
        if self.fault is not cut:
            return self.fault(None)
        whole = real(stubber, event_name, request, **more)
        if not request.stream_output:  # botocore reads such a body at once
            raise ConnectionClosedError(endpoint_url=request.url)
        return cut(whole)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", _at_once)
    made, real = Network(), BotocoreStubber.__call__

    def call(stubber: Any, event_name: str, request: Any, **more: Any) -> Any:
        return made(stubber, real, event_name, request, **more)

    monkeypatch.setattr(BotocoreStubber, "__call__", call)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield made


def _at_once(*_: object) -> float:
    return 0.0


def bucket() -> Objects:
    return Objects(replace(SETTINGS, data_bucket=BUCKET))


def put(key: str, body: bytes = BODY) -> str:
    found = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    etag: str = found["ETag"].strip('"')
    return etag


def content(key: str) -> bytes:
    body: bytes = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def download(objects: Objects, folder: Path, etag: str) -> None:
    objects.download("a.tif", etag, len(BODY), folder / "file")
    assert (folder / "file").read_bytes() == BODY


def upload(objects: Objects, folder: Path, _etag: str) -> None:
    (folder / "new").write_bytes(BODY)
    objects.upload(folder / "new", "b.tif")


def copy(objects: Objects, _folder: Path, etag: str) -> None:
    objects.copy("a.tif", etag, "b.tif")


def head(objects: Objects, _folder: Path, etag: str) -> None:
    found = objects.head("a.tif")
    assert found is not None
    assert (found.etag, found.size) == (etag, len(BODY))


def read(objects: Objects, _folder: Path, _etag: str) -> None:
    assert objects.read("a.json", 1000) == b'{"acquired": "2020"}'


def read_range(objects: Objects, _folder: Path, _etag: str) -> None:
    assert objects.read_range("a.tif", 3, 9, len(BODY)) == BODY[3:9]


def under(objects: Objects, _folder: Path, _etag: str) -> None:
    assert [found.key for found in objects.under("a")] == ["a.json", "a.tif"]


def delete(objects: Objects, _folder: Path, _etag: str) -> None:
    objects.delete(["a.tif"])


def delete_version(objects: Objects, _folder: Path, etag: str) -> None:
    objects.delete_version("a.tif", etag)


def parts(objects: Objects, _folder: Path, _etag: str) -> None:
    objects.abort_parts("c.tif", objects.begin_parts("c.tif"))


CALLS = (download, upload, copy, head, read, read_range, under, delete, delete_version, parts)
Call = Callable[[Objects, Path, str], None]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS, ids=lambda each: each.__name__)
def test_one_bad_answer_anywhere_is_repeated(
    call: Call, fault: str, network: Network, tmp_path: Path
) -> None:
    def play(fails: Callable[[int], bool]) -> int:
        network.reset(fault, lambda _: False)
        etag = put("a.tif")
        put("a.json", b'{"acquired": "2020"}')
        network.reset(fault, fails)
        call(bucket(), tmp_path, etag)
        return network.seen

    for at in range(1, play(lambda _: False) + 1):
        if fault == "cut" and call in {read, read_range}:
            with pytest.raises(Unavailable):  # the message that led here comes again
                play(lambda number, at=at: number == at)  # type: ignore[misc]
        else:
            play(lambda number, at=at: number == at)  # type: ignore[misc]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS, ids=lambda each: each.__name__)
def test_a_store_that_goes_on_failing_is_unavailable(
    call: Call, fault: str, network: Network, tmp_path: Path
) -> None:
    """Neither an error of ours, nor half an object, nor an answer made of half a body."""
    network.reset(fault, lambda _: False)
    etag = put("a.tif")
    put("a.json", b'{"acquired": "2020"}')
    network.reset(fault, lambda _: True)
    with pytest.raises(Unavailable):
        call(bucket(), tmp_path, etag)
    network.reset(fault, lambda _: False)
    if call in {upload, copy} and bucket().head("b.tif") is not None:
        assert content("b.tif") == BODY  # stored; only the answer was lost


def test_members_of_a_deletion_that_fail_for_a_while(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        def delete_objects(self, **_: object) -> dict[str, Any]:
            return {"Errors": [{"Key": "a.tif", "Code": "SlowDown", "Message": "slow"}]}

    monkeypatch.setattr(objects_module, "s3_client", Slow)
    with pytest.raises(Unavailable, match=r"a\.tif could not be deleted"):
        bucket().delete(["a.tif"])


@pytest.mark.parametrize("fault", ["500", "503"])
def test_a_large_raster_whose_bucket_fails_is_answered_unavailable(
    fault: str, network: Network
) -> None:
    client = s3_client()
    stream = [bytes(PART_BYTES), b"tail"]
    network.reset(fault, lambda _: False)
    assert deliver(iter(stream), ResultsBucket(client, BUCKET).begin).link
    steps = network.seen
    assert steps >= 4
    for last in range(steps):
        network.reset(fault, lambda number, last=last: number > last)  # type: ignore[misc]
        with pytest.raises(Unavailable):
            deliver(iter(stream), ResultsBucket(client, BUCKET).begin)
