"""Search over images: the planner, the merge, pages and cursors.

Use :meth:`ImageQuery.from_body` and :class:`ImageSearch`.
"""

from ._cursor import digest, sign, unsign
from ._engine import MOST_SORTED, PAGE_BYTES, PAGE_IMAGES, ImageSearch
from ._model import (
    Cost,
    DocumentReader,
    ImageQuery,
    Match,
    MonthReader,
    MonthState,
    Page,
    SearchProduct,
)
from ._run import satisfies

__all__ = [
    "MOST_SORTED",
    "PAGE_BYTES",
    "PAGE_IMAGES",
    "Cost",
    "DocumentReader",
    "ImageQuery",
    "ImageSearch",
    "Match",
    "MonthReader",
    "MonthState",
    "Page",
    "SearchProduct",
    "digest",
    "satisfies",
    "sign",
    "unsign",
]
