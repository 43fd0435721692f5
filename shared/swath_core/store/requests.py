"""Requests about many items: batches and transactions, each with its retries.

pynamodb's own batches repeat what is unprocessed at once, and for reads without an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from swath_core.errors import Unavailable

from .retry import ATTEMPTS, ConditionError, attempts, explained, unavailable

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

Item = dict[str, Any]
"""An item or key in DynamoDB's own form: ``{"pk": {"S": "..."}}``."""
Changes = Callable[[TransactWrite], None]
"""Adds writes to a transaction."""


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
