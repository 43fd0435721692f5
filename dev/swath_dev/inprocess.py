"""The API inside this process: its handler on tables in memory (moto), without a network.

For unit and property tests, for fuzzing and for measuring the handler's own processor time.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

ISSUER = "https://issuer.example"
AUDIENCE = "swath"
HOST = "api.example"
PUBLIC_URL = f"https://{HOST}"
BASE = "/catalog/v2"
BUCKET = "swath-data"
QUEUE = "swath-tasks"
BUS = "swath"
_FUNCTIONS = Path(__file__).parents[2] / "functions"

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A response: status, headers in lower case, the body as text and as JSON."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Json:
        """The body as a JSON object; an empty one is an empty object."""
        parsed: Json = json.loads(self.text) if self.text else {}
        return parsed

    @property
    def data(self) -> Any:
        """The member ``data``."""
        return self.json["data"]

    @property
    def attributes(self) -> Json:
        """The attributes of a single resource."""
        found: Json = self.data["attributes"]
        return found

    @property
    def pointers(self) -> list[str]:
        """What the errors point at."""
        return [
            error.get("source", {}).get("pointer") or error.get("source", {}).get("parameter")
            for error in self.json["errors"]
        ]


class Issuer:
    """A token issuer with a key of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def key_set(self) -> Json:
        """The public keys as a JSON Web Key Set."""
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "test", "use": "sig", "alg": "ES256"}]}

    def token(self, **claims: object) -> str:
        """Return a token; ``claims`` replace the usual ones, None leaves one out."""
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "org": "acme", "exp": now + 86400}
        chosen = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(chosen, self._key, algorithm="ES256", headers={"kid": "test"})


@dataclass
class InProcessApi:
    """The handler, called as API Gateway calls it."""

    handler: Any
    issuer: Issuer
    token: str = ""
    base: str = BASE
    headers: dict[str, str] = field(default_factory=dict)

    def as_user(self, sub: str, org: str | None = None, **claims: object) -> InProcessApi:
        """Return the same API as somebody else calls it."""
        token = self.issuer.token(sub=sub, org=org, **claims)
        return InProcessApi(self.handler, self.issuer, token, self.base)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: str | None = None,
    ) -> Answer:
        """Send a request; ``path`` begins below the base, or with ``//`` at the root."""
        absolute = path[1:] if path.startswith("//") else self.base + path
        event = self.event(method, absolute, body, headers or {}, raw)
        answer = self.handler.lambda_handler(event, Context())
        text = answer.get("body") or ""
        if answer.get("isBase64Encoded"):
            text = _inflated(text)
        given = {str(name).lower(): str(value) for name, value in answer["headers"].items()}
        return Answer(answer["statusCode"], given, text)

    def event(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        raw: str | None = None,
    ) -> Json:
        """Return the event of a request."""
        bare, _, query = path.partition("?")
        sent = {"host": HOST, "x-forwarded-proto": "https", **self.headers}
        if self.token:
            sent["authorization"] = f"Bearer {self.token}"
        event: Json = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": bare,
            "rawQueryString": query,
            "headers": sent | {name.lower(): value for name, value in (headers or {}).items()},
            "requestContext": {
                "apiId": "api",
                "domainName": HOST,
                "http": {"method": method, "path": bare, "sourceIp": "127.0.0.1"},
                "requestId": str(uuid.uuid4()),
                "stage": "$default",
            },
            "isBase64Encoded": False,
        }
        if raw is not None or body is not None:
            event["body"] = raw if raw is not None else json.dumps(body)
        return event

    @staticmethod
    def restart() -> None:
        """Forget what a function's process remembers between requests."""
        _forget()

    @staticmethod
    def empty() -> None:
        """Delete everything. Transactions in moto copy all tables: small ones are fast."""
        from moto.dynamodb.models import dynamodb_backends

        from swath_core.store import permits
        from swath_core.store.rollups import MEMORY

        permits.forget()
        for regions in dynamodb_backends.values():
            for backend in regions.values():
                for table in backend.tables.values():
                    table.items.clear()
        MEMORY.forget()

    def save(self, kind: str, object_id: str, **attributes: object) -> Answer:
        """Send the POST that creates an object."""
        collection = {"product": "products", "band": "bands", "image": "images"}[kind]
        data = {"type": kind, "id": object_id, "attributes": attributes}
        return self.call("POST", f"/{collection}", {"data": data})

    def change(self, kind: str, object_id: str, **attributes: object) -> Answer:
        """Send the PATCH that changes an object."""
        data = {"type": kind, "id": object_id, "attributes": attributes}
        return self.call("PATCH", f"/{kind}s/{object_id}", {"data": data})

    def find(self, collection: str, *filters: Json, **members: object) -> Answer:
        """Send a search."""
        body = {**members, **({"filter": json.dumps(filters)} if filters else {})}
        return self.call("PUT", f"/{collection}", body)


class Context:
    """What Lambda tells a function about its invocation, as far as it is looked at."""

    function_name = "api"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:api"
    aws_request_id = "00000000-0000-0000-0000-000000000000"


def _inflated(body: str) -> str:
    import base64
    import zlib

    return zlib.decompress(base64.b64decode(body), zlib.MAX_WBITS | 16).decode()


@contextlib.contextmanager
def running_api() -> Iterator[InProcessApi]:
    """Yield the API on empty tables; nothing outside this process is touched."""
    from moto import mock_aws

    from swath_dev.quick_moto import send_plain_values

    send_plain_values()
    issuer = Issuer()
    environment = {
        **{f"SWATH_{name.upper()}_TABLE": f"swath-{name}" for name in _models()},
        "SWATH_DATA_BUCKET": BUCKET,
        "SWATH_EVENT_BUS": BUS,
        "SWATH_ISSUER": ISSUER,
        "SWATH_AUDIENCE": AUDIENCE,
        "SWATH_TRUSTED_KEYS": json.dumps(issuer.key_set),
        "SWATH_PUBLIC_URL": PUBLIC_URL,
        "POWERTOOLS_SERVICE_NAME": "swath",
        "POWERTOOLS_LOG_LEVEL": "ERROR",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    with mock_aws(), _one_at_a_time(), _environment(environment):
        os.environ |= _create_resources()
        from swath_core.store.fast import dynamo_client

        _forget()
        handler = load_handler("api")
        dynamo_client.cache_clear()
        dynamo_client().http = _MotoHttp()
        yield InProcessApi(handler, issuer, issuer.token())
        _forget()
        dynamo_client.cache_clear()


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let moto answer one request after the other: its transactions are not for threads."""
    from moto.core.botocore_stubber import BotocoreStubber

    lock, answer = threading.RLock(), BotocoreStubber.__call__

    def alone(self: BotocoreStubber, *args: Any, **named: Any) -> Any:
        with lock:
            return answer(self, *args, **named)

    BotocoreStubber.__call__ = alone  # type: ignore[method-assign]
    try:
        yield
    finally:
        BotocoreStubber.__call__ = answer  # type: ignore[method-assign]


def _models() -> dict[str, Any]:
    from swath_core.store import tables

    return {
        "catalog": tables.CatalogItem,
        "images": tables.ImageItem,
        "postings": tables.PostingItem,
        "uploads": tables.UploadItem,
        "rollups": tables.RollupItem,
    }


def _create_resources() -> dict[str, str]:
    """Create tables, bucket, bus and queues; return the environment that names the queues."""
    import boto3

    from swath_core.settings import Settings
    from swath_core.store.requests import connection
    from swath_core.store.tables import bind

    settings = Settings.from_environment()
    connection.cache_clear()
    for model in _models().values():
        bind(model, settings)
        model._connection = None  # noqa: SLF001 - made inside the mock
        model.create_table(billing_mode="PAY_PER_REQUEST")
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    boto3.client("events").create_event_bus(Name=BUS)
    sqs = boto3.client("sqs")
    return {
        name: str(sqs.create_queue(QueueName=queue)["QueueUrl"])
        for name, queue in (
            ("SWATH_TASKS_QUEUE_URL", QUEUE),
            ("SWATH_INGEST_QUEUE_URL", f"{QUEUE}-ingest"),
            ("SWATH_TASKS_DEAD_LETTERS_URL", f"{QUEUE}-dead"),
            ("SWATH_INGEST_DEAD_LETTERS_URL", f"{QUEUE}-ingest-dead"),
        )
    }


class _MotoHttp:
    """Takes the place of the connection that reads of the index are made through."""

    def send(self, request: Any) -> Any:
        """Return moto's response to a prepared request."""
        from moto.core.models import botocore_stubber

        return botocore_stubber("before-send.dynamodb", request)


def _forget() -> None:
    """Drop what this process remembers of another environment."""
    from swath_core.settings import settings
    from swath_core.store import permits
    from swath_core.store.rollups import MEMORY

    permits.forget()
    settings.cache_clear()
    MEMORY.forget()
    services = sys.modules.get("swath_api.services")
    if services is not None:
        services.reset()


def load_handler(function: str) -> Any:
    """Return a function's handler, under a name of its own: every function has a ``handler``."""
    folder = _FUNCTIONS / function
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    spec = importlib.util.spec_from_file_location(f"{function}_handler", folder / "handler.py")
    if spec is None or spec.loader is None:
        message = f"{folder} holds no handler"
        raise ImportError(message)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
