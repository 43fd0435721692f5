"""Events out: what happened to images, on the EventBridge bus, for whoever wants to react.

Delivered at least once; ``detail`` of each type is described in docs/ingest.md.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from swath_core.settings import Settings

SOURCE = "swath"
IMAGE_AVAILABLE = "swath.image.available"
IMAGE_DELETED = "swath.image.deleted"
UPLOAD_FAILED = "swath.upload.failed"


class AnnouncementError(RuntimeError):
    """EventBridge did not take an event; what it was about has happened all the same."""


class Bus:
    """The bus of this deployment."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.need("event_bus")

    @cached_property
    def _events(self) -> Any:
        import boto3  # noqa: PLC0415 - only functions that announce something pay for it

        return boto3.client("events")

    def announce(self, kind: str, detail: dict[str, Any]) -> None:
        """Put one event on the bus. Raises AnnouncementError."""
        answer = self._events.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": kind,
                    "Detail": json.dumps(detail, separators=(",", ":")),
                }
            ]
        )
        for entry in answer.get("Entries", ()):
            if entry.get("ErrorCode"):
                raise AnnouncementError(f"{kind}: {entry['ErrorCode']} {entry['ErrorMessage']}")
