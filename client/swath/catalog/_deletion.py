"""The task that deletes a product's bands and images."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from swath.arguments import public

from ._enums import TaskState

_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds between looks; the last one repeats


@public
class DeletionTask:
    """A deletion that the service carries out; a snapshot, renewed by `reload`."""

    def __init__(
        self, product_id: str | None, body: dict[str, Any], look: Callable[[], dict[str, Any]]
    ) -> None:
        self._product_id, self._look = product_id, look
        self._attributes = _attributes(body)

    @property
    def status(self) -> TaskState:
        """How far it has come."""
        return TaskState(self._attributes.get("status") or "NONE")

    @property
    def objects_deleted(self) -> int:
        """How many bands and images are gone."""
        return int(self._attributes.get("objects_deleted") or 0)

    @property
    def errors(self) -> list[Any]:
        """What went wrong, when the task failed."""
        return list(self._attributes.get("errors") or [])

    @property
    def duration_in_seconds(self) -> float | None:
        """How long it took, once it has ended."""
        value = self._attributes.get("duration_in_seconds")
        return None if value is None else float(value)

    def reload(self) -> None:
        """Look again."""
        self._attributes = _attributes(self._look())

    def wait_for_completion(self, timeout: float | None = None) -> None:
        """Return when the task has ended. Raises TimeoutError after `timeout` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        looks = 0
        while self.status is TaskState.RUNNING:
            pause = _PAUSES[min(looks, len(_PAUSES) - 1)]
            if end is not None and time.monotonic() + pause > end:
                raise TimeoutError(f"{self!r} after {timeout} s")
            time.sleep(pause)
            looks += 1
            self.reload()

    def __repr__(self) -> str:
        return (
            f"DeletionTask of {self._product_id}: {self.status.value}, "
            f"{self.objects_deleted} objects deleted"
        )


def _attributes(body: dict[str, Any]) -> dict[str, Any]:
    return (body.get("data") or {}).get("attributes") or {}
