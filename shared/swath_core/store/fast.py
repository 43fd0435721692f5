"""The fast path: reads of DynamoDB without an SDK's overhead, many at the same time.

pynamodb and botocore spend tens of microseconds on every item of a response, which for a search
is most of its time. Here a response is parsed once by ``json`` and handed on in DynamoDB's own
form (``{"S": "..."}``); signing and connections are still botocore's. Used where that counts and
nowhere else: for the postings that a search reads, and for an image that is read with its product.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.session import get_session

from swath_core.documents import Document, StoredImage, StoredProduct, shards_of

from .requests import PASSING, attempts, unavailable

MOST_PARALLEL = 16

_TIMEOUT = (2.0, 5.0)
_OK = 200
_SERVER_ERROR = 500

Body = dict[str, Any]


class DynamoError(RuntimeError):
    """DynamoDB refused a request for a reason that does not pass."""


class Http(Protocol):
    """Sends prepared requests: botocore's session, or what tests put in its place."""

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Return the response."""


class DynamoClient:
    """A client of DynamoDB for reads. ``http`` sends its requests."""

    def __init__(self, endpoint: str | None = None, region: str | None = None) -> None:
        session = get_session()
        self._region = region or session.get_config_variable("region") or "us-east-1"
        self._endpoint = endpoint or _endpoint(self._region)
        self._credentials = session.get_credentials()
        self.http: Http = URLLib3Session(max_pool_connections=MOST_PARALLEL, timeout=_TIMEOUT)
        self._threads = ThreadPoolExecutor(MOST_PARALLEL, thread_name_prefix="dynamo")

    def call(self, operation: str, body: Body) -> Body:
        """Return the response to one request.

        What passes (throttling, a broken connection) is tried again, and Unavailable in the end.
        Raises DynamoError for anything else.
        """
        payload = json.dumps(body, separators=(",", ":")).encode()
        passing: Exception | None = None
        for _ in attempts():
            try:
                status, content = self._send(operation, payload)
            except (BotoConnectionError, HTTPClientError) as error:
                passing = error
                continue
            if status == _OK:
                answer: Body = json.loads(content)
                return answer
            passing = DynamoError(f"{operation} failed: {content.decode(errors='replace')[:500]}")
            if status < _SERVER_ERROR and _kind(content) not in PASSING:
                raise passing
        raise unavailable() from passing

    def call_all(self, operation: str, bodies: Sequence[Body]) -> list[Body]:
        """Return the responses to several requests made at the same time, in their order."""
        if len(bodies) == 1:
            return [self.call(operation, bodies[0])]
        return list(self._threads.map(lambda body: self.call(operation, body), bodies))

    def query_all(self, bodies: Sequence[Body]) -> list[list[Body]]:
        """Return all the items of several Queries made at the same time, in their order."""
        found: list[list[Body]] = [[] for _ in bodies]
        waiting = dict(enumerate(bodies))
        while waiting:
            answers = self.call_all("Query", list(waiting.values()))
            for (number, body), answer in zip(list(waiting.items()), answers, strict=True):
                found[number] += answer["Items"]
                del waiting[number]
                if "LastEvaluatedKey" in answer:
                    waiting[number] = body | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return found

    def batch_get(self, keys: Mapping[str, Body]) -> dict[str, Body]:
        """Return one item of each table, consistently: what exists, by table. Raises Unavailable.

        What DynamoDB leaves unprocessed is asked for again.
        """
        wanted = {table: {"Keys": [key], "ConsistentRead": True} for table, key in keys.items()}
        found: dict[str, Body] = {}
        for _ in attempts():
            answer = self.call("BatchGetItem", {"RequestItems": wanted})
            found |= {table: items[0] for table, items in answer["Responses"].items() if items}
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return found
        raise unavailable()

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
        response = self.http.send(request.prepare())
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
def dynamo_client() -> DynamoClient:
    """Return the client of this process."""
    return DynamoClient()


def document_of(kind: str, object_id: str, item: Body) -> Document:
    """Return the document that an item in DynamoDB's form holds."""
    return Document(
        kind=kind,
        id=object_id,
        attributes=json.loads(item["document"]["S"]),
        version=int(item["version"]["N"]),
        request=item.get("request", {}).get("S"),
    )


def product_of(product_id: str, item: Body) -> StoredProduct:
    """Return the product that an item of the Catalog table in DynamoDB's form holds."""
    found = document_of("product", product_id, item)
    return StoredProduct(
        found.kind,
        found.id,
        found.attributes,
        found.version,
        found.request,
        numbers_of(item, "rungs"),
        numbers_of(item, "extent"),
        numbers_of(item, "spans"),
        numbers_of(item, "years"),
        _number(item, "index", 1),
        _number(item, "also", 0) or None,
        shards_of(found.attributes),
    )


def numbers_of(item: Body, name: str) -> frozenset[int]:
    """Return the whole numbers of a number set; none where the item lacks it."""
    return frozenset(map(int, item.get(name, {}).get("NS", ())))


def image_of(image_id: str, item: Body) -> StoredImage:
    """Return the image that an item of the Images table in DynamoDB's form holds."""
    found = document_of("image", image_id, item)
    return StoredImage(
        found.kind,
        found.id,
        found.attributes,
        found.version,
        found.request,
        _names(item, "posted"),
        _number(item, "index", 1),
        _number(item, "indexed", found.version),
        _names(item, "target"),
        float(item["since"]["N"]) if "since" in item else 0.0,
        tuple(json.loads(item["held"]["S"])) if "held" in item else (),
    )


def _names(item: Body, name: str) -> tuple[str, ...] | None:
    return tuple(item[name]["S"].split(" ")) if name in item else None


def _number(item: Body, name: str, default: int) -> int:
    return int(item[name]["N"]) if name in item else default
