"""Large results on S3: parts that name their checksum, and a link that reads what was written."""

from __future__ import annotations

import base64
import zlib
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from moto import mock_aws

from swath_core.raster._stream import ResultsBucket
from swath_core.store.s3 import s3_client

PARTS = [b"a" * (5 * 2**20), b"tail"]


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The parameters of every request, by operation, on a bucket in memory."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen: dict[str, list[dict[str, Any]]] = {}
    with mock_aws():
        client = s3_client()
        client.create_bucket(Bucket="results")
        client.meta.events.register(
            "provide-client-params.s3",
            lambda params, model, **_: seen.setdefault(model.name, []).append(dict(params)),
        )
        yield client, seen


def stored(link: str) -> bytes:
    key = urlsplit(link).path.removeprefix("/")
    body: bytes = boto3.client("s3").get_object(Bucket="results", Key=key)["Body"].read()
    return body


def test_parts_repeat_the_checksum_that_the_upload_named(requests: Any) -> None:
    client, seen = requests
    upload = ResultsBucket(client, "results").begin()
    for number, part in enumerate(PARTS, start=1):
        upload.put(number, part)
    link = upload.finish()

    sums = [base64.b64encode(zlib.crc32(part).to_bytes(4, "big")).decode() for part in PARTS]
    (begun,) = seen["CreateMultipartUpload"]
    (done,) = seen["CompleteMultipartUpload"]
    assert begun["ChecksumAlgorithm"] == "CRC32"
    assert [sent["ChecksumCRC32"] for sent in seen["UploadPart"]] == sums
    assert [part["ChecksumCRC32"] for part in done["MultipartUpload"]["Parts"]] == sums
    assert stored(link) == b"".join(PARTS)


def test_parts_may_come_in_any_order(requests: Any) -> None:
    client, _ = requests
    upload = ResultsBucket(client, "results").begin()
    for number in (2, 1):
        upload.put(number, PARTS[number - 1])

    assert stored(upload.finish()) == b"".join(PARTS)
