"""Search: the filter language, the planner, the merge, pages and cursors.

Use :meth:`ImageQuery.from_body` and :class:`ImageSearch` for images; :func:`parse_filter`,
:func:`parse_sort` and :func:`sort_documents` for lists of other documents.
"""

from ._cursor import digest, sign, unsign
from ._engine import MOST_SORTED, PAGE_BYTES, PAGE_IMAGES, ImageSearch
from ._expression import EVERYTHING, NOTHING, And, Comparison, Expression, IsNull, Or
from ._model import (
    Cost,
    DocumentReader,
    ImageQuery,
    Match,
    MonthReader,
    MonthState,
    Page,
    SearchProduct,
    parse_limit,
)
from ._parse import MOST_CONDITIONS, parse_filter
from ._run import satisfies
from ._sort import Sort, is_after, parse_sort, sort_documents, sort_key, values_of
from ._split import KeyRange, ids_of, product_of, split_range

__all__ = [
    "EVERYTHING",
    "MOST_CONDITIONS",
    "MOST_SORTED",
    "NOTHING",
    "PAGE_BYTES",
    "PAGE_IMAGES",
    "And",
    "Comparison",
    "Cost",
    "DocumentReader",
    "Expression",
    "ImageQuery",
    "ImageSearch",
    "IsNull",
    "KeyRange",
    "Match",
    "MonthReader",
    "MonthState",
    "Or",
    "Page",
    "SearchProduct",
    "Sort",
    "digest",
    "ids_of",
    "is_after",
    "parse_filter",
    "parse_limit",
    "parse_sort",
    "product_of",
    "satisfies",
    "sign",
    "sort_documents",
    "sort_key",
    "split_range",
    "unsign",
    "values_of",
]
