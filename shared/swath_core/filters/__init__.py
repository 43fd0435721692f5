"""Filter expressions and sort orders: for listings in memory and for the search over images.

``parse_filter``, ``parse_sort`` and ``parse_limit`` read the contract's JSON form.
"""

from ._expression import EVERYTHING, NOTHING, And, Comparison, Expression, IsNull, Or
from ._parse import MOST_CONDITIONS, parse_filter
from ._sort import (
    Sort,
    SortKey,
    is_after,
    parse_limit,
    parse_sort,
    sort_documents,
    sort_key,
    sorted_keys,
    values_of,
)
from ._split import KeyRange, ids_of, product_of, split_range

__all__ = [
    "EVERYTHING",
    "MOST_CONDITIONS",
    "NOTHING",
    "And",
    "Comparison",
    "Expression",
    "IsNull",
    "KeyRange",
    "Or",
    "Sort",
    "SortKey",
    "ids_of",
    "is_after",
    "parse_filter",
    "parse_limit",
    "parse_sort",
    "product_of",
    "sort_documents",
    "sort_key",
    "sorted_keys",
    "split_range",
    "values_of",
]
