"""The use cases: totals, time series and the spatial summary of what a search matches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from swath_core.attributes import IMAGE
from swath_core.errors import BadRequest
from swath_core.search import (
    EVERYTHING,
    NOTHING,
    And,
    Comparison,
    Expression,
    ImageQuery,
    ImageSearch,
    Match,
    SearchProduct,
    split_range,
)
from swath_core.store.postings import PostingReader
from swath_core.store.rollups import RollupStore, Tally

from ._cells import MOST_CELLS, cell_polygon, cells_of
from ._folded import FOLDED, FoldedSummary
from ._intervals import FIRST, AskedRange, DateField, Interval, TimeRange, filled, just_after
from ._live import LiveCounter

_PARALLEL_PRODUCTS = 8


@dataclass(frozen=True, slots=True)
class Summary:
    """Images, the stored bytes of their files, and their products (ids, sorted)."""

    count: int = 0
    bytes: int = 0
    products: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the attributes of an ``image_summary``."""
        return {"count": self.count, "bytes": self.bytes, "products": list(self.products)}


@dataclass(frozen=True, slots=True)
class CellSummaries:
    """Summaries by H3 cell, and how many matching images have no footprint to place them by."""

    cells: dict[str, Summary]
    without_footprint: int

    def to_geojson(self) -> dict[str, Any]:
        """Return a FeatureCollection with one Feature per cell."""
        features = [
            {
                "type": "Feature",
                "id": cell,
                "geometry": cell_polygon(cell),
                "properties": {"count": summary.count, "bytes": summary.bytes},
            }
            for cell, summary in self.cells.items()
        ]
        return {"type": "FeatureCollection", "features": features}


@dataclass
class _Sums:
    """Tallies by key and product, in the making."""

    tallies: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, key: str, product_id: str, count: int, stored: int) -> None:
        by_product = self.tallies.setdefault(key, {})
        sums = by_product.setdefault(product_id, [0, 0])
        sums[0] += count
        sums[1] += stored

    def summaries(self) -> dict[str, Summary]:
        return {key: _summary(by_product) for key, by_product in sorted(self.tallies.items())}


def _summary(by_product: Mapping[str, Sequence[int]]) -> Summary:
    return Summary(
        sum(count for count, _ in by_product.values()),
        sum(stored for _, stored in by_product.values()),
        tuple(sorted(by_product)),
    )


class Summaries:
    """Sums up images. ``products`` in every method are those that the caller may read."""

    def __init__(
        self, *, rollups: RollupStore, postings: PostingReader, search: ImageSearch
    ) -> None:
        self._folded = FoldedSummary(rollups, LiveCounter(postings))
        self._search = search

    def total(self, query: ImageQuery, products: Sequence[SearchProduct]) -> Summary:
        """Return the summary of all matches."""
        sums = self._sums(query, products, TimeRange(), None, lambda _: "")
        return sums.summaries().get("", Summary())

    def series(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        date_field: DateField,
        interval: Interval,
        asked: AskedRange,
    ) -> dict[str, Summary]:
        """Return the summary of each interval by its start (canonical timestamp), in order.

        Intervals without images are there where the range is given. Images without a value of
        the field are in none. Raises BadRequest for too many intervals.
        """
        bounded = replace(query, expression=_bounded(query, date_field, asked))
        if date_field is DateField.ACQUIRED:
            sums = self._sums(
                bounded, products, asked.range(), interval, lambda m: interval.start(m.acquired)
            )
        else:
            sums = _Sums()
            moments = self._streamed(bounded, products, attributes=True)
            _add_matches(sums, moments, lambda m: _start_of(m, date_field, interval))
        return filled(interval, sums.summaries(), asked, Summary())

    def cells(
        self, query: ImageQuery, products: Sequence[SearchProduct], resolution: int
    ) -> CellSummaries:
        """Return the summary of each H3 cell of a resolution that holds centroids of matches.

        Raises BadRequest where that is too many cells.
        """
        sums, without = _Sums(), 0
        for matches in self._search.matches(query, products, footprints=True):
            placed = [match for match in matches if match.row.footprint is not None]
            without += len(matches) - len(placed)
            footprints = [match.row.footprint or b"" for match in placed]
            for cell, match in zip(cells_of(footprints, resolution), placed, strict=True):
                sums.add(cell, match.product_id, 1, match.bytes)
            _check_cells(len(sums.tallies), resolution)
        return CellSummaries(sums.summaries(), without)

    # ---- the two ways

    def _sums(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        asked: TimeRange,
        interval: Interval | None,
        key_of: Callable[[Match], str],
    ) -> _Sums:
        """Sum up products from rollups where these can tell, the others from their postings."""
        sums = _Sums()
        folded: list[tuple[SearchProduct, TimeRange]] = []
        streamed: list[SearchProduct] = []
        for product in products:
            wanted = _foldable(query, product, interval)
            if wanted is None:
                streamed.append(product)
            elif not (part := wanted.intersect(asked)).is_empty:
                folded.append((product, part))
        for product_id, tallies in self._fold(folded, interval):
            for key, tally in tallies.items():
                sums.add(key, product_id, tally.count, tally.bytes)
        if streamed:
            _add_matches(sums, self._streamed(query, streamed), key_of)
        return sums

    def _fold(
        self, wanted: Sequence[tuple[SearchProduct, TimeRange]], interval: Interval | None
    ) -> Iterable[tuple[str, dict[str, Tally]]]:
        def one(each: tuple[SearchProduct, TimeRange]) -> tuple[str, dict[str, Tally]]:
            product, part = each
            return product.id, self._folded.tally(product.id, part, interval, product.shards)

        if len(wanted) < 2:  # noqa: PLR2004 - one product needs no threads
            return [one(each) for each in wanted]
        with ThreadPoolExecutor(_PARALLEL_PRODUCTS) as threads:
            return list(threads.map(one, wanted))

    def _streamed(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        *,
        attributes: bool = False,
    ) -> Iterator[Match]:
        for matches in self._search.matches(query, products, attributes=attributes):
            yield from matches


def _add_matches(
    sums: _Sums, matches: Iterable[Match], key_of: Callable[[Match], str | None]
) -> None:
    for match in matches:
        key = key_of(match)
        if key is not None:
            sums.add(key, match.product_id, 1, match.bytes)


def _foldable(
    query: ImageQuery, product: SearchProduct, interval: Interval | None
) -> TimeRange | None:
    """Return the range of ``acquired`` that a query asks of a product if it asks nothing else.

    An empty range is one that nothing matches; None is a query that needs postings.
    """
    left = query.expression.given({"product_id": product.id})
    if left == NOTHING:
        return TimeRange("", "")
    if query.area is not None or (interval is not None and interval not in FOLDED):
        return None
    keys, rest = split_range(left)
    if keys.empty:
        return TimeRange("", "")
    return TimeRange(_bound(keys.low), _bound(keys.high)) if rest == EVERYTHING else None


def _bound(key: str) -> str:
    """Return a bound of sort keys as a timestamp: a ``$`` behind one excludes the moment itself."""
    return just_after(key[:-1]) if key.endswith("$") else key


def _bounded(query: ImageQuery, date_field: DateField, asked: AskedRange) -> Expression:
    attribute = IMAGE.attribute(date_field)
    parts: list[Expression] = [query.expression]
    if asked.start is not None:
        parts.append(Comparison(attribute, "gte", (asked.start,)))
    if asked.end is not None:
        parts.append(Comparison(attribute, "lte", (asked.end,)))
    return And(tuple(parts))


def _start_of(match: Match, date_field: DateField, interval: Interval) -> str | None:
    moment = timestamp_in(match.row.attributes or "", date_field)
    return None if moment is None else interval.start(moment)


def timestamp_in(row_json: str, name: str) -> str | None:
    """Return a timestamp of a posting's attributes without decoding them all.

    They are compact JSON of one level, where an unescaped ``"name":"`` can only be the member.
    This is what makes half a million postings countable within the API's time.
    """
    member = f'"{name}":"'
    place = row_json.find(member)
    if place < 0:
        return None
    start = place + len(member)
    return row_json[start : start + len(FIRST)]


def _check_cells(number: int, resolution: int) -> None:
    if number > MOST_CELLS:
        message = (
            f"the images lie in more than {MOST_CELLS} cells of resolution {resolution}: take a "
            "coarser resolution, or narrow filter or intersects"
        )
        raise BadRequest(message)
