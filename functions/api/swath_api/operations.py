"""``/operations``: how the service is doing, for those who run it."""

from __future__ import annotations

from typing import Any

from swath_core.web import Request, Response, answer
from swath_core.web.jsonapi import single

from . import services


def report(request: Request) -> Response[Any]:
    """``GET /operations``."""
    found = services.operations().report(request.caller)
    return answer(single({"type": "operations", "id": "now", "attributes": found}))


def redrive(request: Request, queue: str) -> Response[Any]:
    """``POST /operations/queues/QUEUE/redrive``: send its dead letters again."""
    done = services.operations().redrive(request.caller, queue)
    return answer(single({"type": "redrive", "id": queue, "attributes": done}))
