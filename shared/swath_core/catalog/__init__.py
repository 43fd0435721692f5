"""Use cases on products, bands and images: their rules, their writes, their versions.

Every write of an image goes through :class:`ImageCatalog`: document, postings and dirty marks
together.
"""

from ._access import ProductAccess, not_found
from ._bands import Bands
from ._bulk import BULK_LIMIT, BulkResult
from ._image_objects import delete_objects, image_prefix, objects_of, owned_keys
from ._image_rules import STORED_IMAGE
from ._image_writes import ImageCatalog, SavedImage
from ._images import Images, SearchableProducts
from ._listing import Search, bounds
from ._products import Products
from ._query import Page, Query
from ._related import RelatedObjects, run_task
from ._versions import check_version

__all__ = [
    "BULK_LIMIT",
    "STORED_IMAGE",
    "Bands",
    "BulkResult",
    "ImageCatalog",
    "Images",
    "Page",
    "ProductAccess",
    "Products",
    "Query",
    "RelatedObjects",
    "SavedImage",
    "Search",
    "SearchableProducts",
    "bounds",
    "check_version",
    "delete_objects",
    "image_prefix",
    "not_found",
    "objects_of",
    "owned_keys",
    "run_task",
]
