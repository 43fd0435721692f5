"""Use cases on products and bands, and on everything that belongs to a product."""

from ._access import ProductAccess, not_found
from ._bands import Bands
from ._products import Products
from ._query import Page, Query
from ._related import RelatedObjects, run_task
from ._versions import check_version

__all__ = [
    "Bands",
    "Page",
    "ProductAccess",
    "Products",
    "Query",
    "RelatedObjects",
    "check_version",
    "not_found",
    "run_task",
]
