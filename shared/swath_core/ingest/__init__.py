"""Ingest: files come in, are read whole, become COGs, and then an image of the catalog.

Read in this order: ``_service`` (an object was created), ``doors`` (which upload it belongs to),
``_attempt`` (from files to an image) with ``_plan``, ``_files``, ``_attributes`` and
``_publication``, ``_cleanup``, and ``_sweep`` (what nobody finished). Rasters are decoded by
:mod:`swath_core.pixels` in a child process that holds no credentials; everything here moves
objects and keeps the upload's record true.
"""

from swath_core.uploads import Busy

from ._context import IngestContext, message_context, schedule_context
from ._heartbeat import Interrupted
from ._message import Message, ObjectCreated, objects_created
from ._service import ingest
from ._sweep import Swept, sweep

__all__ = [
    "Busy",
    "IngestContext",
    "Interrupted",
    "Message",
    "ObjectCreated",
    "Swept",
    "ingest",
    "message_context",
    "objects_created",
    "schedule_context",
    "sweep",
]
