"""DynamoDB without an SDK's overhead: signed requests, JSON in, JSON out, many at the same time.

botocore spends tens of microseconds on every item of a response, which for a search is most of its
time. Here a response is parsed once by ``json`` and handed on in DynamoDB's own form
(``{"S": "..."}``); signing and connections are still botocore's.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.session import get_session

MOST_PARALLEL = 16

_ATTEMPTS = 5
_FIRST_PAUSE = 0.05
_TIMEOUT = (2.0, 5.0)
_PASSING = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)
_OK = 200
_SERVER_ERROR = 500

Body = dict[str, Any]


class DynamoError(RuntimeError):
    """DynamoDB refused a request, or could not be reached in several attempts."""


class FastDynamo:
    """A connection to DynamoDB for reads."""

    def __init__(self, endpoint: str | None = None, region: str | None = None) -> None:
        session = get_session()
        self._region = region or session.get_config_variable("region") or "us-east-1"
        self._endpoint = endpoint or _endpoint(self._region)
        self._credentials = session.get_credentials()
        self._http = URLLib3Session(max_pool_connections=MOST_PARALLEL, timeout=_TIMEOUT)
        self._threads = ThreadPoolExecutor(MOST_PARALLEL, thread_name_prefix="dynamo")

    def call(self, operation: str, body: Body) -> Body:
        """Return the response to one request. Raises DynamoError.

        What passes (throttling, a broken connection) is tried again with growing pauses.
        """
        payload = json.dumps(body, separators=(",", ":")).encode()
        reason = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0))
            try:
                status, content = self._send(operation, payload)
            except (BotoConnectionError, HTTPClientError) as error:
                reason = str(error)
                continue
            if status == _OK:
                answer: Body = json.loads(content)
                return answer
            reason = content.decode(errors="replace")
            if status < _SERVER_ERROR and _kind(content) not in _PASSING:
                break
        message = f"{operation} failed: {reason[:500]}"
        raise DynamoError(message)

    def call_all(self, operation: str, bodies: Sequence[Body]) -> list[Body]:
        """Return the responses to several requests made at the same time, in their order."""
        if len(bodies) == 1:
            return [self.call(operation, bodies[0])]
        return list(self._threads.map(lambda body: self.call(operation, body), bodies))

    def _send(self, operation: str, payload: bytes) -> tuple[int, bytes]:
        request = AWSRequest(
            method="POST",
            url=self._endpoint,
            data=payload,
            headers={
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            },
        )
        if self._credentials is not None:
            frozen = self._credentials.get_frozen_credentials()
            SigV4Auth(frozen, "dynamodb", self._region).add_auth(request)
        response = self._http.send(request.prepare())
        return response.status_code, response.content


def _endpoint(region: str) -> str:
    configured = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL")
    if configured:
        return configured.rstrip("/") + "/"
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://dynamodb.{region}.{domain}/"


def _kind(content: bytes) -> str:
    try:
        return str(json.loads(content).get("__type", "")).rpartition("#")[2]
    except (ValueError, AttributeError):
        return ""


@cache
def fast_dynamo() -> FastDynamo:
    """Return the connection of this process."""
    return FastDynamo()
