"""Requests of DynamoDB: what its refusals mean, trying again, batches and transactions.

botocore repeats a single request that is throttled or that finds a broken connection by itself, a
bounded number of times. What it does not repeat is repeated here: the keys and items that a batch
leaves unprocessed (pynamodb's own batches repeat them at once, and for reads without an end),
transactions that others stand in the way of, and the requests of the fast path. What is still
refused then is :class:`swath_core.errors.Unavailable`, so the caller is answered 503 and may send
the request again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.transactions import TransactWrite

from swath_core.errors import Unavailable

CONNECT_SECONDS = 2
READ_SECONDS = 5
RETRIES = 4
"""How often botocore repeats one request."""

_MOST_READ = 100
_MOST_WRITTEN = 25
_CANCELED = "TransactionCanceledException"
_IN_PROGRESS = "TransactionInProgressException"
_CONDITION = "ConditionalCheckFailed"
_CONTENTION = "TransactionConflict"
_THROTTLED = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", _IN_PROGRESS})

ATTEMPTS = 6
FIRST_PAUSE = 0.05
"""The longest pause before the second attempt, in seconds; it doubles with every further one."""

PASSING = frozenset(
    {
        "500",
        "502",
        "503",
        "504",
        "BandwidthLimitExceeded",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",  # a single write met a transaction on its item
    }
)
"""Codes of errors that a later request need not meet."""

_CONDITION_FAILED = "ConditionalCheckFailedException"

Item = dict[str, Any]
"""An item or key in DynamoDB's own form: ``{"pk": {"S": "..."}}``."""
Changes = Callable[[TransactWrite], None]
"""Adds writes to a transaction."""


class ConditionError(Exception):
    """A condition of a write does not hold: what it was decided on has changed."""


def attempts(most: int = ATTEMPTS) -> Iterator[int]:
    """Yield the number of each attempt from 0; before all but the first, pause (full jitter)."""
    for number in range(most):
        if number:
            time.sleep(random.uniform(0, FIRST_PAUSE * 2 ** (number - 1)))
        yield number


def unavailable() -> Unavailable:
    """Return the error for requests that DynamoDB refuses to take just now."""
    return Unavailable("the catalog's tables are busy just now: send the request again")


def is_passing(error: BaseException | None) -> bool:
    """Return whether botocore's error is throttling, a failure of the service, or no answer."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in PASSING
    return isinstance(error, (BotoConnectionError, HTTPClientError))


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors of pynamodb and botocore into ConditionError or Unavailable, where they are.

    Anything else is a fault of the service and stays what it is.
    """
    try:
        yield
    except (PynamoDBException, ClientError, BotoConnectionError, HTTPClientError) as error:
        cause = error.cause if isinstance(error, PynamoDBException) else error
        if isinstance(error, PynamoDBException) and error.cause_response_code == _CONDITION_FAILED:
            raise ConditionError from error
        if is_passing(cause):
            raise unavailable() from error
        raise


def together(*changes: Changes | None) -> Changes | None:
    """Return what adds the writes of all of these, or None where there are none."""
    given = [each for each in changes if each is not None]

    def add(write: TransactWrite) -> None:
        for each in given:
            each(write)

    return add if given else None


# ---- many items: batches and transactions


class ContentionError(Unavailable):
    """Other transactions held the same items during every attempt."""


@cache
def connection() -> Connection:
    """Return the connection of this process for batches and transactions."""
    return Connection(
        connect_timeout_seconds=CONNECT_SECONDS,
        read_timeout_seconds=READ_SECONDS,
        max_retry_attempts=RETRIES,
    )


def read_items(table: str, keys: Sequence[Item]) -> Iterator[Item]:
    """Yield the items that exist, consistently: a BatchGetItem per hundred keys.

    Raises Unavailable.
    """
    for start in range(0, len(keys), _MOST_READ):
        page = {"Keys": list(keys[start : start + _MOST_READ]), "ConsistentRead": True}
        for answer in _batches("BatchGetItem", {table: page}, "UnprocessedKeys"):
            yield from answer["Responses"].get(table, ())


def write_items(table: str, items: Sequence[Item]) -> None:
    """Put items without conditions: a BatchWriteItem per 25. Raises Unavailable."""
    for start in range(0, len(items), _MOST_WRITTEN):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + _MOST_WRITTEN]]
        for _ in _batches("BatchWriteItem", {table: puts}, "UnprocessedItems"):
            pass


def _batches(operation: str, wanted: Mapping[str, Any], left: str) -> Iterator[dict[str, Any]]:
    """Yield the answers until nothing is left unprocessed."""
    for _ in attempts():
        with explained():
            answer = connection().dispatch(operation, {"RequestItems": wanted})
        yield answer
        wanted = answer.get(left) or {}
        if not wanted:
            return
    raise unavailable()


def transact(
    changes: Changes, *, most: int = ATTEMPTS, before_each: Callable[[], None] | None = None
) -> None:
    """Apply changes in one transaction: all of them, or none.

    ``before_each`` runs before every attempt, ``most`` says how many there are. A transaction is
    tried again while its items are throttled or held by other transactions. Raises ConditionError
    where a condition does not hold, ContentionError where others held the items to the end, and
    Unavailable.
    """
    reasons: frozenset[str] = frozenset()
    for _ in attempts(most):
        if before_each is not None:
            before_each()
        reasons = commit(changes)
        if not reasons:
            return
        if _CONDITION in reasons:
            raise ConditionError
    if reasons & _THROTTLED:
        raise unavailable()
    raise ContentionError(unavailable().detail)


def commit(changes: Changes) -> frozenset[str]:
    """Try a transaction once; return why DynamoDB cancelled it, or nothing if it is applied.

    Raises Unavailable where the request as a whole is throttled, TransactWriteError where it is
    wrong.
    """
    try:
        with explained(), TransactWrite(connection=connection()) as write:
            changes(write)
    except TransactWriteError as error:
        if error.cause_response_code == _IN_PROGRESS:  # botocore's own retry met its first try
            return frozenset({_IN_PROGRESS})
        reasons = frozenset(reason.code for reason in error.cancellation_reasons if reason)
        known = reasons <= _THROTTLED | {_CONDITION, _CONTENTION}
        if error.cause_response_code != _CANCELED or not reasons or not known:
            raise
        return reasons
    return frozenset()
