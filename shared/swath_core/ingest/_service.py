"""An object was created: record it with the upload that it belongs to, and process that."""

from __future__ import annotations

from swath_core.uploads import Busy

from ._attempt import run
from ._context import IngestContext
from ._message import ObjectCreated
from .doors import door_of_key


def ingest(context: IngestContext, created: ObjectCreated) -> None:
    """Record an object, and bring its upload to its end if all of its files are there.

    Where an attempt is at work already, the message that began it is delivered again if it dies:
    another message has nothing to add, and need not be delivered again. Raises Busy where it is
    the same message, and Interrupted or the cause where this attempt could not finish: then it
    should be delivered again.
    """
    door = door_of_key(created.key)
    upload_id = door.record(context, created) if door else None
    if upload_id is None:
        return
    try:
        run(context, upload_id)
    except Busy as busy:
        if busy.runner == context.component_id:
            raise
