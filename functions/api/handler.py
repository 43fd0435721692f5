"""The API. Its routes are the rows of ``swath_core.web.routes`` whose function is ``api``."""

from __future__ import annotations

from typing import Any

from swath_core.web import Application, Request, Response


def bind(key: str, fingerprint: str) -> None:
    """Bind an idempotency key to a request. Raises Invalid where it came with another one."""
    from swath_api import services  # noqa: PLC0415 - few requests have a key
    from swath_core.errors import Invalid  # noqa: PLC0415

    if not services.access().store.bind_key(key, fingerprint):
        message = (
            "the Idempotency-Key came with another request before (another method, path or "
            "body): send this one with a key of its own"
        )
        raise Invalid(message, parameter="Idempotency-Key")


def pages(request: Request) -> Response[Any] | None:
    """Return what the explorer has at a path that is no route's."""
    from swath_api import explorer  # noqa: PLC0415 - few requests are a browser's

    return explorer.respond(request)


lambda_handler = Application("api", bind=bind, pages=pages)
