"""Where and when a query can find images: which products it does not have to look at."""

from __future__ import annotations

import h3.api.basic_int as h3

from swath_core.documents import StoredProduct
from swath_core.filters import split_range
from swath_core.index import IndexState, cover

from ._query import ImageQuery

_LAST_YEAR = 9999


class Reach:
    """Where and when a query can find images, whatever the product.

    An area stands for the H3 base cells that it touches: planar cells fill the plane, so a
    footprint that meets the area touches one of them, too.
    """

    def __init__(self, query: ImageQuery) -> None:
        self._expression = query.expression
        self._cells: frozenset[int] | None = None
        if query.area is not None and not query.or_without_area:
            touched = cover(query.area, 0) or ()
            self._cells = frozenset(h3.get_base_cell_number(each) for each in touched)
        self._years: dict[frozenset[int], range] = {}

    def touches(self, product: StoredProduct) -> bool:
        """Return whether a product can have matches, by what the directory says of its images."""
        if self._cells is not None and self._cells.isdisjoint(product.extent):
            return False
        if product.spans not in self._years:
            self._years[product.spans] = self._years_of(product.spans)
        years = self._years[product.spans]
        return any(year in years for year in product.years)

    def _years_of(self, spans: frozenset[int]) -> range:
        """Return the years of ``acquired`` of images that can match, where taking one lasts so."""
        keys, _ = split_range(self._expression, IndexState(spans=spans).longest)
        if keys.empty:
            return range(0)
        first = int(keys.low[:4]) if keys.low[:4].isdigit() else 0
        last = int(keys.high[:4]) if keys.high[:4].isdigit() else _LAST_YEAR
        return range(first, last + 1)
