"""The use cases of those who run the service; nobody else may ask."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import cached_property
from typing import Any

from swath_core.access import PLATFORM_ADMIN, PLATFORM_READER, Caller
from swath_core.errors import Forbidden, NotFound
from swath_core.settings import Settings
from swath_core.store.manifests import ManifestStore
from swath_core.store.rollups import RollupStore
from swath_core.times import format_timestamp, parse_timestamp, timestamp_of
from swath_core.times import now as clock
from swath_core.uploads import UploadStore

from ._failures import Failures, failures_since
from ._lag import Lag, mirror_lag, rollup_lag
from ._letters import Letters
from ._queues import NAMES, Queue, depth, look, redrive

DAY = timedelta(days=1)
REDRIVE_SECONDS = 20.0
"""How long one request sends letters again; API Gateway ends it at 30."""

Report = dict[str, Any]


class Operations:
    """What operators see and do: members of the groups of platform administrators and readers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _sqs(self) -> Any:
        import boto3  # noqa: PLC0415 - a quarter of a second that other requests need not pay

        return boto3.client("sqs")

    def report(self, caller: Caller) -> Report:
        """Return how the service is doing. Raises Forbidden."""
        if not caller.reads_all:
            raise Forbidden(
                f"only operators may see this: members of {PLATFORM_ADMIN} or {PLATFORM_READER}"
            )
        now = clock()
        since = format_timestamp(parse_timestamp(now) - DAY)
        letters = Letters(self._settings)
        failed = failures_since(UploadStore(self._settings), since, now)
        return {
            "queues": [self._queue(name, letters) for name in NAMES],
            "rollups": _lag(rollup_lag(RollupStore(self._settings)), "products"),
            "mirror": _lag(mirror_lag(ManifestStore(self._settings)), "months"),
            "failed_uploads": {"since": since, **_failures(failed)},
        }

    def redrive(self, caller: Caller, name: str) -> Report:
        """Send the dead letters of a queue again. Raises Forbidden and NotFound."""
        if not caller.is_admin:
            raise Forbidden(f"only members of {PLATFORM_ADMIN} may send dead letters again")
        if name not in NAMES:
            raise NotFound(f"there is no queue {name[:100]!r}, only {' and '.join(NAMES)}")
        queue = Queue.of(self._settings, name)
        moved = redrive(self._sqs, queue.dead_url, queue.url, seconds=REDRIVE_SECONDS)
        return {"sent_again": moved, "dead_letters": depth(self._sqs, queue.dead_url).all}

    def _queue(self, name: str, letters: Letters) -> Report:
        queue = Queue.of(self._settings, name)
        living, dead = depth(self._sqs, queue.url), depth(self._sqs, queue.dead_url)
        found = look(self._sqs, queue.dead_url) if dead.all else []
        return {
            "name": name,
            "waiting": living.waiting,
            "running": living.running,
            "dead_letters": dead.all,
            "oldest_dead_letter": found[0].sent if found else None,
            "letters": [{"sent": each.sent, **letters.describe(each.body)} for each in found],
        }


def _lag(lag: Lag, counted: str) -> Report:
    """Return a lag as it is answered; ``counted`` is what it counts."""
    seconds = 0.0 if lag.since is None else max(time.time() - lag.since, 0.0)
    since = None if lag.since is None else timestamp_of(lag.since)
    return {
        counted: lag.count,
        "oldest_change": since,
        "lag_seconds": round(seconds, 1),
        "complete": lag.is_whole,
    }


def _failures(failures: Failures) -> Report:
    reasons = [
        {
            "reason": each.message,
            "count": each.count,
            "latest": each.latest.modified,
            "product_id": each.latest.product_id,
            "image_id": each.latest.image_id,
            "upload_id": each.latest.id,
        }
        for each in failures.reasons
    ]
    return {"count": failures.count, "complete": failures.is_whole, "reasons": reasons}
