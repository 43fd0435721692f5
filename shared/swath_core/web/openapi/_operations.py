"""JSON schemas of what operators are answered."""

from __future__ import annotations

from typing import Any

from ._schemas import record, single

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_MOMENT_OR_NONE: Schema = {"type": ["string", "null"], "format": "date-time"}
_COMPLETE: Schema = {
    "type": "boolean",
    "description": "Whether everything was looked at; else the count is the least there is.",
}


def operations_schemas() -> dict[str, Schema]:
    """Return the schemas by name."""
    report = record(
        {
            "queues": {"type": "array", "items": _queue()},
            "rollups": _lag("products"),
            "mirror": _lag("months"),
            "failed_uploads": _failures(),
        }
    )
    done = record({"sent_again": _COUNT, "dead_letters": _COUNT})
    return {
        "Operations": single(_resource("operations", report)),
        "Redrive": single(_resource("redrive", done)),
    }


def _resource(kind: str, attributes: Schema) -> Schema:
    return record({"type": {"const": kind}, "id": _TEXT, "attributes": attributes})


def _queue() -> Schema:
    letter = record(
        {
            "sent": {**_MOMENT, "description": "When the message was first sent."},
            "about": {**_TEXT, "description": "An object's key, a task, or the letter itself."},
            "product_id": _TEXT_OR_NONE,
            "upload_id": _TEXT_OR_NONE,
            "reason": {**_TEXT_OR_NONE, "description": "What is on record; null if nothing is."},
        }
    )
    return record(
        {
            "name": _TEXT,
            "waiting": _COUNT,
            "running": _COUNT,
            "dead_letters": _COUNT,
            "oldest_dead_letter": {
                **_MOMENT_OR_NONE,
                "description": "Of the letters that are listed.",
            },
            "letters": {"type": "array", "items": letter, "maxItems": 10},
        }
    )


def _lag(counted: str) -> Schema:
    return record(
        {
            counted: _COUNT,
            "oldest_change": _MOMENT_OR_NONE,
            "lag_seconds": {"type": "number", "minimum": 0},
            "complete": _COMPLETE,
        }
    )


def _failures() -> Schema:
    reason = record(
        {
            "reason": {**_TEXT, "description": "In the words of the latest upload."},
            "count": _COUNT,
            "latest": _MOMENT,
            "product_id": _TEXT,
            "image_id": _TEXT,
            "upload_id": _TEXT,
        }
    )
    return record(
        {
            "since": _MOMENT,
            "count": _COUNT,
            "complete": _COMPLETE,
            "reasons": {"type": "array", "items": reason},
        }
    )
