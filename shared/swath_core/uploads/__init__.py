"""Uploads: files on their way to become an image.

Read in this order: the record of an upload, the ``machine`` that says which step it may take
next, the store that makes every step conditional on the one before it, and the use cases behind
``/uploads_v2``. What the files are turned into is the ingest's (:mod:`swath_core.ingest`).
"""

from . import machine
from ._declared import image_attributes, may_publish
from ._forgetting import NOBODY, Forgotten, Person, forget
from ._record import (
    FINAL,
    UPLOADS,
    Event,
    Lease,
    Part,
    Upload,
    parse_upload_key,
    safe_name,
    upload_key,
    upload_prefix,
)
from ._service import UploadService, UploadView
from ._store import StaleUpload, UploadStore
from .machine import Busy, Step

__all__ = [
    "FINAL",
    "NOBODY",
    "UPLOADS",
    "Busy",
    "Event",
    "Forgotten",
    "Lease",
    "Part",
    "Person",
    "StaleUpload",
    "Step",
    "Upload",
    "UploadService",
    "UploadStore",
    "UploadView",
    "forget",
    "image_attributes",
    "machine",
    "may_publish",
    "parse_upload_key",
    "safe_name",
    "upload_key",
    "upload_prefix",
]
