"""The addresses that callers are handed: regional, whatever the partition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.credentials import Credentials, RefreshableCredentials

from swath_core.store.s3 import (
    UNKNOWN_SESSION_SECONDS,
    bucket_origin,
    s3_client,
    seconds_left,
    signed_for,
)

REGIONS = {
    "us-east-1": "amazonaws.com",
    "eu-central-1": "amazonaws.com",
    "ap-east-2": "amazonaws.com",  # opened after 2019: unknown to the global address
    "mx-central-1": "amazonaws.com",
    "us-gov-west-1": "amazonaws.com",
    "cn-north-1": "amazonaws.com.cn",
}
PRESIGNED = {
    "put_object": {"Bucket": "data", "Key": "uploads/1/a.tif"},
    "get_object": {"Bucket": "data", "Key": "uploads/1/a.tif"},
    "upload_part": {
        "Bucket": "data",
        "Key": "uploads/1/a.tif",
        "UploadId": "u",
        "PartNumber": 1,
    },
}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("method", PRESIGNED)
@pytest.mark.parametrize("region", REGIONS)
def test_presigned_urls_are_of_the_region(
    region: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)

    url = urlsplit(s3_client().generate_presigned_url(method, Params=PRESIGNED[method]))

    assert url.netloc == f"data.s3.{region}.{REGIONS[region]}"
    assert bucket_origin("data") == f"{url.scheme}://{url.netloc}"
    assert f"/{region}/s3/aws4_request" in parse_qs(url.query)["X-Amz-Credential"][0]
    assert not [name for name in parse_qs(url.query) if "checksum" in name.lower()]


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:4566"])
@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_another_endpoint_has_the_bucket_in_the_path(
    variable: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv(variable, endpoint)

    url = s3_client().generate_presigned_url("put_object", Params=PRESIGNED["put_object"])

    assert url.startswith(f"{endpoint}/data/uploads/1/a.tif?")
    assert bucket_origin("data") == endpoint


DAY = 86_400


def _refreshable(lasts: timedelta) -> RefreshableCredentials:
    until = (datetime.now(UTC) + lasts).isoformat()
    made = {"access_key": "k", "secret_key": "s", "token": "t", "expiry_time": until}
    return RefreshableCredentials.create_from_metadata(made, lambda: made, "test")


@pytest.mark.parametrize(
    ("lasts", "promised"),
    [
        (timedelta(days=2), DAY),
        (timedelta(hours=12, minutes=1), 43_200),
        (timedelta(hours=2), 3_600),
        (timedelta(minutes=20), 900),
        (timedelta(minutes=2), 60),
        (timedelta(seconds=5), 0),
    ],
)
def test_no_more_is_promised_than_the_session_lasts(lasts: timedelta, promised: int) -> None:
    assert seconds_left(_refreshable(lasts), DAY) == promised
    assert promised <= lasts.total_seconds()


def test_a_session_of_unknown_end_promises_the_shortest() -> None:
    assert seconds_left(Credentials("k", "s", "token"), DAY) == UNKNOWN_SESSION_SECONDS
    assert seconds_left(Credentials("k", "s", "token"), 60) == 60
    assert seconds_left(Credentials("k", "s"), DAY) == DAY


def test_the_functions_own_credentials_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    assert signed_for(DAY) == DAY
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the role")  # as Lambda gives them
    assert signed_for(DAY) == UNKNOWN_SESSION_SECONDS
