"""The only way in which an image changes: document, postings and dirty marks together."""

from ._bulk import BULK_LIMIT, BulkResult
from ._catalog import ImageCatalog, SavedImage
from ._objects import delete_objects, image_prefix, objects_of
from ._rules import stored_bytes

__all__ = [
    "BULK_LIMIT",
    "BulkResult",
    "ImageCatalog",
    "SavedImage",
    "delete_objects",
    "image_prefix",
    "objects_of",
    "stored_bytes",
]
