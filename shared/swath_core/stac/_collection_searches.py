"""Searches of collections: by words, place and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from swath_core.documents import shown
from swath_core.errors import BadRequest
from swath_core.filters import EVERYTHING, Expression, Sort

from ._areas import Box, box_area, parse_box
from ._fields import Fields, collection_path
from ._intervals import parse_interval
from ._orders import COLLECTION_SORTABLES, parse_orders
from ._properties import COLLECTION_QUERYABLES
from ._searches import check_members, language_of, parse_limit

if TYPE_CHECKING:
    from swath_core.search import SearchProduct

    from ._collections import Coverage

PAGE_COLLECTIONS = 100
MOST_COLLECTIONS = 1_000
MEMBERS = (
    *("q", "bbox", "datetime", "filter", "filter-lang", "sortby", "fields", "limit", "token"),
)
"""What a list of collections may be asked."""
_MOST_TERMS = 20


@dataclass(frozen=True)
class CollectionSearch:
    """A search of collections, checked."""

    texts: tuple[str, ...]
    sort: Sort
    fields: Fields
    limit: int
    box: Box | None = None
    moments: tuple[str | None, str | None] | None = None
    condition: Expression = EVERYTHING
    token: str | None = None

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> CollectionSearch:
        """Return the search of a query string's members. Raises BadRequest naming the member."""
        check_members(given, MEMBERS)
        box, moments = given.get("bbox"), given.get("datetime")
        return cls(
            texts=_texts(given.get("q")),
            sort=parse_orders(given.get("sortby"), COLLECTION_SORTABLES) or Sort("id"),
            fields=Fields.parse(given.get("fields"), collection_path),
            limit=parse_limit(given.get("limit"), PAGE_COLLECTIONS, MOST_COLLECTIONS),
            box=None if box is None else parse_box(box),
            moments=None if moments is None else parse_interval(moments),
            condition=_condition(given),
            token=given.get("token") or None,
        )

    @property
    def looks_at_coverage(self) -> bool:
        """Whether it asks where and when the images are."""
        return self.box is not None or self.moments is not None

    def fits(self, product: SearchProduct, coverage: Coverage) -> bool:
        """Return whether a product may have images where and when it is asked for."""
        return coverage.meets(self.moments) and (self.box is None or self._meets(product))

    def _meets(self, product: SearchProduct) -> bool:
        import h3.api.basic_int as h3  # noqa: PLC0415 - only for searches by place

        from swath_core.index import cover  # noqa: PLC0415

        if self.box is None:
            return True
        touched = cover(box_area(self.box), 0) or frozenset()
        return any(h3.get_base_cell_number(cell) in product.state.extent for cell in touched)


def _condition(given: Mapping[str, Any]) -> Expression:
    if given.get("filter") is None:
        return EVERYTHING
    from .cql2 import parse_cql2  # noqa: PLC0415 - shapely

    language = given.get("filter-lang", language_of(given["filter"]))
    return parse_cql2(given["filter"], language, COLLECTION_QUERYABLES, places=False).expression


def _texts(value: Any) -> tuple[str, ...]:
    """Return the terms of ``q``, any of which is looked for."""
    if value is None:
        return ()
    if not isinstance(value, str):
        message = f"q: {shown(value)} was sent, but a text is expected"
        raise BadRequest(message, parameter="q")
    terms = tuple(term for each in value.split(",") if (term := each.strip()))
    if len(terms) > _MOST_TERMS:
        message = f"q: {len(terms)} terms were sent, but at most {_MOST_TERMS} are looked for"
        raise BadRequest(message, parameter="q")
    return terms
