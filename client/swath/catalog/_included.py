"""Related objects that the service sends along."""

from __future__ import annotations

from typing import Any


class Included:
    """The `included` resources of an answer, by type and id."""

    def __init__(self, body: dict[str, Any]) -> None:
        resources = body.get("included") or []
        self._found = {(item.get("type"), item.get("id")): item for item in resources}

    def get(self, kind: str, id: str | None) -> dict[str, Any] | None:
        """The JSON:API resource, or None when it was not sent."""
        return self._found.get((kind, id))
