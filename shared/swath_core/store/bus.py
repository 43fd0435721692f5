"""Events out: what happened to images, on the EventBridge bus, for whoever wants to react.

Delivered at least once; ``detail`` of each type is described in docs/ingest.md.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from swath_core.settings import Settings

SOURCE = "swath"
IMAGE_AVAILABLE = "swath.image.available"
IMAGE_DELETED = "swath.image.deleted"
UPLOAD_FAILED = "swath.upload.failed"


@cache
def _client() -> Any:
    import boto3  # noqa: PLC0415 - only functions that announce something pay for it

    return boto3.client("events")


class AnnouncementError(RuntimeError):
    """EventBridge did not take an event; what it was about has happened all the same."""


class Bus:
    """The bus of this deployment."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.need("event_bus")

    @property
    def _events(self) -> Any:
        return _client()

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


def announce_deleted(image_id: str, product_id: str, settings: Settings) -> None:
    """Put ``swath.image.deleted`` on the bus; a function without one announces nothing."""
    if settings.event_bus:
        Bus(settings).announce(IMAGE_DELETED, {"image_id": image_id, "product_id": product_id})
