"""An object was created: record it with the upload that it belongs to, and process that."""

from __future__ import annotations

from ._attempt import run
from ._context import IngestContext
from ._message import ObjectCreated
from .doors import door_of_key


def ingest(context: IngestContext, created: ObjectCreated) -> None:
    """Record an object, and bring its upload to its end if all of its files are there.

    Raises Busy where another attempt is at work, and Interrupted or the cause where this one
    could not finish: the message should then be delivered again.
    """
    door = door_of_key(created.key)
    upload_id = door.record(context, created) if door else None
    if upload_id is not None:
        run(context, upload_id)
