"""DynamoDB that refuses requests: faults put between botocore and moto, below every retry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import BotocoreStubber

from swath_core.store import requests

Request = tuple[str, tuple[str, ...]]
"""Name of the operation and the tables that it is about."""
Reply = tuple[int, dict[str, Any]]
Fault = Callable[[str, dict[str, Any]], Reply | None]
"""Returns the answer to an operation with a body, or None where it cannot fail that way."""


def refused(code: str, status: int = 400) -> Fault:
    """Return the fault of a request that is refused as a whole."""
    return lambda _operation, _body: (status, {"__type": f"x#{code}", "message": "refused"})


def cancelled(code: str) -> Fault:
    """Return the fault of a transaction that is cancelled because of its last item."""

    def fault(operation: str, body: dict[str, Any]) -> Reply | None:
        if operation != "TransactWriteItems":
            return None
        reasons = [{"Code": "None"} for _ in body["TransactItems"]]
        reasons[-1] = {"Code": code, "Message": "refused"}
        kind = {"__type": "x#TransactionCanceledException", "message": "cancelled"}
        return 400, {**kind, "CancellationReasons": reasons}

    return fault


def left_undone(operation: str, body: dict[str, Any]) -> Reply | None:
    """Cancel transactions for throttling, and leave everything of a batch unprocessed."""
    if operation == "BatchGetItem":
        return 200, {"Responses": {}, "UnprocessedKeys": body["RequestItems"]}
    if operation == "BatchWriteItem":
        return 200, {"UnprocessedItems": body["RequestItems"]}
    return cancelled("ThrottlingError")(operation, body)


def throttled(operation: str, body: dict[str, Any]) -> Reply | None:
    """Refuse every request in the way that it is refused when DynamoDB is throttled."""
    answer = left_undone(operation, body)
    return refused("ThrottlingException")(operation, body) if answer is None else answer


@dataclass
class Faults:
    """Lets the requests fail that :attr:`wanted` chooses; ``met`` are those that did."""

    fault: Fault
    wanted: Callable[[Request], bool] = lambda _: False
    met: list[Request] = field(default_factory=list)

    def answer(self, request: Any) -> AWSResponse | None:
        """Return what a request is answered with instead, or None."""
        target = request.headers.get("X-Amz-Target", b"")
        name = target.decode() if isinstance(target, bytes) else target
        if not name.startswith("DynamoDB_"):
            return None
        operation, body = name.rpartition(".")[2], json.loads(request.body)
        asked = (operation, tables_of(body))
        reply = self.fault(operation, body) if self.wanted(asked) else None
        if reply is None:
            return None
        self.met.append(asked)
        status, document = reply
        content = json.dumps(document).encode()
        return AWSResponse(request.url, status, {"content-length": str(len(content))}, Raw(content))


@dataclass
class Raw:
    """A response's body as botocore reads it."""

    content: bytes

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.content


def tables_of(body: dict[str, Any]) -> tuple[str, ...]:
    """Return the tables that the body of a request names."""
    names = {body["TableName"]} if "TableName" in body else set(body.get("RequestItems", ()))
    for item in body.get("TransactItems", ()):
        names |= {each["TableName"] for each in item.values()}
    return tuple(sorted(names))


@contextmanager
def failing(fault: Fault) -> Iterator[Faults]:
    """Yield faults that stand between botocore and moto; nothing pauses between attempts."""
    faults, answer = Faults(fault), BotocoreStubber.__call__

    def between(self: BotocoreStubber, event_name: str, request: Any, **named: Any) -> Any:
        return faults.answer(request) or answer(self, event_name, request, **named)

    with (
        mock.patch.object(BotocoreStubber, "__call__", between),
        mock.patch.object(requests, "FIRST_PAUSE", 0),
        mock.patch("botocore.endpoint.time.sleep"),
    ):
        yield faults
