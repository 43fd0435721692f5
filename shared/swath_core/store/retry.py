"""Trying again, and what DynamoDB's refusals mean: the one place that says so.

botocore repeats a single request that is throttled or that finds a broken connection by itself, a
bounded number of times. What it does not repeat is repeated here: the keys and items that a batch
leaves unprocessed, transactions that others stand in the way of, and the requests of the fast
path. What is still refused then is :class:`swath_core.errors.Unavailable`, so the caller is
answered 503 and may send the request again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from pynamodb.exceptions import PynamoDBException

from swath_core.errors import Unavailable

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
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",  # a single write met a transaction on its item
    }
)
"""Codes of errors that a later request need not meet."""

_CONDITION_FAILED = "ConditionalCheckFailedException"


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
