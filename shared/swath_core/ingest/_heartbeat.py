"""The heartbeat of an attempt: it keeps the lease on the upload, and the message invisible."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from aws_lambda_powertools import Logger

from swath_core.uploads import Lease, Upload, machine

from ._context import IngestContext

_LOG = Logger()  # the function's own: its lines carry what the request or message is called


class Interrupted(Exception):
    """The attempt ended without an outcome; another will follow."""


class Heartbeat:
    """Renews the lease of one attempt and hides its message, for as long as the block runs.

    A beat that fails is logged and the next one tries again: a lease that ran out holds all the
    same until somebody takes it over. Only then is it lost, and :meth:`check` says so.
    """

    def __init__(self, context: IngestContext, upload: Upload, token: str) -> None:
        self._context = context
        self._upload = upload
        self._token = token
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Hide the message and begin to beat; the lease was taken just now."""
        self._hide_message()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop beating."""
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raise Interrupted where the lease was lost: what is left to do is another's to do."""
        if self._lost.is_set():
            raise Interrupted(f"upload {self._upload.id} was taken over by another attempt")

    def _run(self) -> None:
        while not self._stop.wait(self._context.heartbeat_seconds):
            self._hide_message()
            if not self._renew():
                self._lost.set()
                return

    def _renew(self) -> bool:
        """Renew the lease; False where it is somebody else's."""
        until = self._context.step().after(machine.LEASE)
        try:
            return self._context.uploads.renew(self._upload, Lease(self._token, until))
        except Exception:  # noqa: BLE001 - whatever it is, the next beat may do
            _LOG.exception("the lease of upload %s was not renewed", self._upload.id)
            return True

    def _hide_message(self) -> None:
        try:
            self._context.extend_visibility_timeout(machine.LEASE.total_seconds())
        except Exception:  # noqa: BLE001 - as above; the lease matters more
            _LOG.exception("the message of upload %s was not hidden", self._upload.id)
