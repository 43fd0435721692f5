"""The addresses that callers are handed: regional, whatever the partition."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from swath_core.store.s3 import s3_client

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
