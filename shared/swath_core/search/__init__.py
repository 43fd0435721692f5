"""Search over images: use :meth:`ImageQuery.from_body` and :class:`ImageSearch`.

To be read in this order: ``_query``, ``_reach``, ``_plan``, ``_cover``, ``_merge``, ``_mirrored``,
``_columns``, ``_streams``, ``_ordered``, ``_pages``, ``_engine``.
"""

from ._columns import MirrorRows
from ._engine import ImageSearch
from ._mirrored import FROM_POSTINGS, MirrorSource
from ._plan import MonthReader
from ._query import Cost, ImageQuery, Match, Page, SearchProduct, digest, types_of
from ._reach import Reach
from ._streams import Batch

__all__ = [
    "FROM_POSTINGS",
    "Batch",
    "Cost",
    "ImageQuery",
    "ImageSearch",
    "Match",
    "MirrorRows",
    "MirrorSource",
    "MonthReader",
    "Page",
    "Reach",
    "SearchProduct",
    "digest",
    "types_of",
]
