"""The S3 client of every function, and with it the addresses that callers are handed.

Presigned URLs must be regional: a bucket of any region but us-east-1 answers requests to the
global address ``BUCKET.s3.amazonaws.com`` with a redirect that no signature survives, and regions
opened since 2019 are not served there at all. botocore presigns global addresses unless it is told
otherwise. See "Virtual hosting of buckets" in the Amazon S3 user guide.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from swath_core.errors import Unavailable

UNKNOWN_SESSION_SECONDS = 900
"""The shortest session of a role that STS issues: what can be promised where none is told."""

_SESSION_STEPS = (43_200, 21_600, 3_600, 1_800, UNKNOWN_SESSION_SECONDS, 300, 60)
_RETRIES = {"max_attempts": 5, "mode": "standard"}
_CONNECT_SECONDS = 5
_READ_SECONDS = 60


def s3_client() -> Any:
    """Return a client of S3 with regional, virtual-hosted addresses.

    Where ``AWS_ENDPOINT_URL`` (or ``AWS_ENDPOINT_URL_S3``) names another endpoint, as on the local
    cloud, buckets are part of the path: their names do not resolve as hosts there.
    """
    import boto3  # noqa: PLC0415 - a quarter of a second that searches need not pay
    from botocore.config import Config  # noqa: PLC0415

    own_endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    style = "path" if own_endpoint else "virtual"
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
        retries=_RETRIES,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client("s3", config=config)


def bucket_origin(bucket: str) -> str:
    """Return scheme and host of a bucket's presigned URLs, as a browser is told whom it may ask.

    It says what :func:`s3_client` signs without loading botocore for it.
    """
    own_endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if own_endpoint:
        scheme, _, rest = own_endpoint.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ["AWS_REGION"]
    suffix = ".cn" if region.startswith("cn-") else ""
    return f"https://{bucket}.s3.{region}.amazonaws.com{suffix}"


def signed_for(wanted: int) -> int:
    """Return how many seconds, at most ``wanted``, the URLs signed now certainly hold.

    S3 refuses a URL once the session that signed it has ended, whatever the URL says (Amazon S3
    user guide, "Sharing objects with presigned URLs"). Keys without a session have no end. Where
    the credentials know theirs, it is found to the step; a function's environment does not say.
    """
    import boto3  # noqa: PLC0415

    session = boto3.DEFAULT_SESSION or boto3.Session()
    return seconds_left(session.get_credentials(), wanted)


def seconds_left(credentials: Any, wanted: int) -> int:
    """Return how many seconds, at most ``wanted``, credentials of botocore certainly last."""
    is_due = getattr(credentials, "refresh_needed", None)
    if is_due is None:
        has_session = credentials is not None and credentials.token
        return min(wanted, UNKNOWN_SESSION_SECONDS) if has_session else wanted
    steps = (wanted, *(step for step in _SESSION_STEPS if step < wanted))
    return next((step for step in steps if not is_due(refresh_in=step)), 0)


@contextmanager
def answered() -> Iterator[None]:
    """Turn what S3 failed to do after all repetitions into Unavailable; other errors stay.

    boto3 wraps the error of a transfer, and botocore has no common class for bodies cut short.
    """
    try:
        yield
    except Exception as error:
        if _is_passing(error):
            message = "the object store is busy just now: send the request again"
            raise Unavailable(message) from error
        raise


def _is_passing(error: BaseException | None) -> bool:
    from botocore.exceptions import IncompleteReadError  # noqa: PLC0415 - as boto3 above

    from .requests import is_passing  # noqa: PLC0415 - it loads botocore

    while error is not None:
        if is_passing(error) or isinstance(error, IncompleteReadError):
            return True
        error = error.__cause__ or error.__context__
    return False
