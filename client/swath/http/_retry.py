"""When to try again, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

_TRANSIENT = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter; a `Retry-After` of the service is obeyed.

    `attempts` counts the first one; `base` and `cap` are seconds. The jitter follows
    "Exponential backoff and jitter" of the AWS Architecture Blog: uniform in [0, base * 2^n].
    """

    attempts: int = 5
    base: float = 0.4
    cap: float = 20.0
    statuses: frozenset[int] = _TRANSIENT

    def again(self, attempt: int, status: int | None) -> bool:
        """Whether to try again after attempt number `attempt` (from 1).

        `status` is the answer's HTTP status, or None when there was no answer.
        """
        return attempt < self.attempts and (status is None or status in self.statuses)

    def wait(self, attempt: int, headers: Mapping[str, str] | None = None) -> float:
        """Seconds to wait after attempt number `attempt` (from 1)."""
        asked = _seconds((headers or {}).get("Retry-After"))
        if asked is not None:
            return min(asked, self.cap)
        return random.uniform(0.0, min(self.cap, self.base * 2.0**attempt))


def _seconds(value: str | None) -> float | None:
    """`Retry-After` in seconds; its date form is not worth a clock comparison."""
    try:
        return max(float(value), 0.0) if value else None
    except ValueError:
        return None
