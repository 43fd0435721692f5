"""Ingest: files come in, are read whole, become COGs, and then an image of the catalog.

Read in this order: ``_context`` (what starts an ingest, and what it works with), ``_attempt``
(from an object to an image), ``doors`` (which upload an object belongs to), ``_plan`` (what the
files must be), ``_files`` (fetched, decoded, stored), ``_publication`` (the image), and ``_sweep``
(what nobody finished). Rasters are decoded by
:mod:`swath_core.pixels` in a child process that holds no credentials; everything here moves
objects and keeps the upload's record true.
"""

from swath_core.uploads import Busy

from ._attempt import Interrupted, ingest
from ._context import (
    IngestContext,
    Message,
    ObjectCreated,
    message_context,
    objects_created,
    schedule_context,
)
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
