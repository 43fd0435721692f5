"""The heartbeat of an attempt: it keeps the lease on the upload, and the message invisible."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from swath_core.uploads import Lease, Upload, machine

from ._context import IngestContext


@contextmanager
def heartbeat(context: IngestContext, upload: Upload, token: str) -> Iterator[None]:
    """Renew the lease of the attempt ``token``, and hide its message, until the block ends."""
    seconds = machine.LEASE.total_seconds()
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(context.heartbeat_seconds):
            until = context.step().after(machine.LEASE)
            if not context.uploads.renew(upload, Lease(token, until)):
                return
            context.extend_visibility_timeout(seconds)

    context.extend_visibility_timeout(seconds)
    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
