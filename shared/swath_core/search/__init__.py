"""Search over images: use :meth:`ImageQuery.from_body` and :class:`ImageSearch`.

To be read in this order: ``_query``, ``_reach``, ``_plan``, ``_cover``, ``_merge``, ``_engine``.
"""

from ._engine import ImageSearch
from ._plan import MonthReader
from ._query import Cost, ImageQuery, Match, Page, SearchProduct, digest, types_of
from ._reach import Reach

__all__ = [
    "Cost",
    "ImageQuery",
    "ImageSearch",
    "Match",
    "MonthReader",
    "Page",
    "Reach",
    "SearchProduct",
    "digest",
    "types_of",
]
