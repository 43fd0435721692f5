"""The API: parse the event, call one use case of ``swath_core``, serialise.

Routes are listed in ``swath_api.routes``; the module of a route is imported when the route is
first asked for, so that a cold start pays only for what the request needs.
"""

from __future__ import annotations

from typing import Any

from swath_api.application import resolve


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request of an HTTP API (payload format 2.0)."""
    return resolve(event, context)
