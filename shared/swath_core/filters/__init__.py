"""Filter expressions and sort orders: for listings in memory and for the search over images.

:func:`parse_filter`, :func:`parse_sort` and :func:`parse_limit` read the contract's JSON form. No
geometry is known here, so that a listing of products loads neither H3 nor shapely.
"""

from ._conditions import Holds, Overlaps
from ._expression import (
    EVERYTHING,
    NOTHING,
    And,
    Comparison,
    Expression,
    IsNull,
    KeyRange,
    Or,
    allowed_values,
    conjunction,
    ids_of,
    product_of,
    split_range,
)
from ._parse import ID, MOST_CONDITIONS, Sort, parse_filter, parse_limit, parse_sort
from ._sort import (
    SortKey,
    is_after,
    sort_documents,
    sort_key,
    sorted_keys,
    values_of,
)

__all__ = [
    "EVERYTHING",
    "ID",
    "MOST_CONDITIONS",
    "NOTHING",
    "And",
    "Comparison",
    "Expression",
    "Holds",
    "IsNull",
    "KeyRange",
    "Or",
    "Overlaps",
    "Sort",
    "SortKey",
    "allowed_values",
    "conjunction",
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
