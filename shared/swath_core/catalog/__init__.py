"""Products, bands and images: their rules, their writes, their versions.

Read in this order: ``_access`` (what a caller may do with a product), ``_documents`` (what holds
for every document), ``_products``, ``_bands``, ``_images`` (the use cases), ``_image_rules``,
``_image_changes``, ``_image_commits`` and ``_image_writes`` (the only write path of images),
``_reindex`` (moves a product's images in its index), ``_files`` (which objects an image owns),
``_remote`` (which objects of others may be read),
``_listing`` (searches in memory), ``_directory`` (upkeep of what searches look into), ``_related``
and ``_deletion`` (all that belongs to a product), ``_retention`` and ``_expiry`` (images whose time
is over).

Imports inside functions keep H3, Shapely and boto3 out of requests that do not need them.
"""

from ._access import ProductAccess, not_found
from ._bands import Bands
from ._deletion import run_task
from ._directory import complete_directory
from ._expiry import Expired, expire_images
from ._files import image_prefix, owned_keys
from ._image_changes import Planned, planned_change
from ._image_rules import STORED_IMAGE
from ._image_writes import BULK_LIMIT, BulkResult, ImageWriter, SavedImage
from ._images import Images, SearchableProducts
from ._listing import Page, Query, Search
from ._products import Products
from ._reindex import Outcome, Reindex, Sweep
from ._related import RelatedObjects
from ._remote import RemoteBuckets, remote_href

__all__ = [
    "BULK_LIMIT",
    "STORED_IMAGE",
    "Bands",
    "BulkResult",
    "Expired",
    "ImageWriter",
    "Images",
    "Outcome",
    "Page",
    "Planned",
    "ProductAccess",
    "Products",
    "Query",
    "Reindex",
    "RelatedObjects",
    "RemoteBuckets",
    "SavedImage",
    "Search",
    "SearchableProducts",
    "Sweep",
    "complete_directory",
    "expire_images",
    "image_prefix",
    "not_found",
    "owned_keys",
    "planned_change",
    "remote_href",
    "run_task",
]
