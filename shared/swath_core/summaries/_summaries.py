"""The use cases: totals, time series and the spatial summary of what a search matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from swath_core.definitions import IMAGE
from swath_core.errors import BadRequest
from swath_core.filters import (
    EVERYTHING,
    NOTHING,
    And,
    Comparison,
    Expression,
    split_range,
)
from swath_core.mirror import CELLS
from swath_core.search import Batch, ImageQuery, ImageSearch, Match, MirrorRows, SearchProduct
from swath_core.store.postings import PostingReader
from swath_core.store.rollups import RollupStore, Tally

from ._cells import MOST_CELLS, cell_polygon, cells_of
from ._columns import CellSums, tallied_by_moment
from ._intervals import DateField, Interval, RequestedRange, TimeRange, filled, just_after
from ._live import LiveCounter
from ._rollup_summary import RollupSummary, timestamp_in

SumUp = Callable[[SearchProduct, TimeRange], dict[str, Tally]]
"""Sums up one product over a range of ``acquired``."""

_PARALLEL_PRODUCTS = 8
_SECONDS = 22.0
"""Time that counting may take: the API has 30 s."""


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
        self._rollups = RollupSummary(rollups, LiveCounter(postings, seconds=_SECONDS))
        self._search = search

    def total(self, query: ImageQuery, products: Sequence[SearchProduct]) -> Summary:
        """Return the summary of all matches."""

        def plain(product: SearchProduct, wanted: TimeRange) -> dict[str, Tally]:
            return self._rollups.tally(product.id, wanted, None, product.shards)

        sums, others = self._plain(query, products, plain)
        for batch in self._batches(query, others):
            if isinstance(batch, MirrorRows):
                sums.add("", batch.product_id, len(batch), int(batch.stored.sum()))
                continue
            for match in batch:
                sums.add("", match.product_id, 1, match.bytes)
        return sums.summaries().get("", Summary())

    def series(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        date_field: DateField,
        interval: Interval,
        requested: RequestedRange,
    ) -> dict[str, Summary]:
        """Return the summary of each interval by its start (canonical timestamp), in order.

        Intervals without images are there where the range is given. Images without a value of
        the field are in none. Raises BadRequest for too many intervals.
        """
        within = requested.range()
        bounded = replace(query, expression=_bounded(query, date_field, requested))
        in_files: list[SearchProduct] = []

        def plain(product: SearchProduct, wanted: TimeRange) -> dict[str, Tally]:
            if date_field is DateField.ACQUIRED:
                part = wanted.intersect(within)
                return self._rollups.tally(product.id, part, interval, product.shards)
            if self._search.is_from_files(bounded, product):
                in_files.append(product)
                return {}
            return self._rollups.tally_by(
                product.id, wanted, date_field, interval, within, product.shards
            )

        sums, others = self._plain(query, products, plain)
        for batch in self._batches(bounded, [*others, *in_files], date_field):
            if isinstance(batch, MirrorRows):
                for start, tally in tallied_by_moment(batch, date_field, interval):
                    sums.add(start, batch.product_id, tally.count, tally.bytes)
                continue
            for match in batch:
                moment = _start_of(match, date_field, interval)
                if moment is not None:
                    sums.add(moment, match.product_id, 1, match.bytes)
        return filled(interval, sums.summaries(), requested, Summary())

    def cells(
        self, query: ImageQuery, products: Sequence[SearchProduct], resolution: int
    ) -> CellSummaries:
        """Return the summary of each H3 cell of a resolution that holds centroids of matches.

        Raises BadRequest where that is too many cells.
        """
        sums, without = _Sums(), 0
        from_files: dict[str, CellSums] = {}
        finer = resolution not in CELLS
        for batch in self._search.batches(query, products, footprints=True, centroids=finer):
            if isinstance(batch, MirrorRows):
                in_files = from_files.setdefault(batch.product_id, CellSums(resolution))
                in_files.add(batch)
                _check_cells(len(in_files), resolution)
                continue
            matches = batch
            placed = [match for match in matches if match.row.footprint is not None]
            without += len(matches) - len(placed)
            footprints = [match.row.footprint or b"" for match in placed]
            for cell, match in zip(cells_of(footprints, resolution), placed, strict=True):
                sums.add(cell, match.product_id, 1, match.bytes)
            _check_cells(len(sums.tallies), resolution)
        for product_id, in_files in from_files.items():
            without += in_files.without_footprint
            for cell, tally in in_files.tallies():
                sums.add(cell, product_id, tally.count, tally.bytes)
        _check_cells(len(sums.tallies), resolution)
        return CellSummaries(sums.summaries(), without)

    # ---- the two ways

    def _plain(
        self, query: ImageQuery, products: Sequence[SearchProduct], sum_up: SumUp
    ) -> tuple[_Sums, list[SearchProduct]]:
        """Sum up the products of which only a range of time is asked; return the others too."""
        ranges = {product.id: plain_range(query, product) for product in products}
        plain = [
            (product, wanted)
            for product in products
            if (wanted := ranges[product.id]) is not None and not wanted.is_empty
        ]
        sums = _Sums()
        with ThreadPoolExecutor(max(1, min(len(plain), _PARALLEL_PRODUCTS))) as threads:
            found = threads.map(lambda each: sum_up(*each), plain)
            for (product, _), tallies in zip(plain, found, strict=True):
                for key, tally in tallies.items():
                    sums.add(key, product.id, tally.count, tally.bytes)
        return sums, [product for product in products if ranges[product.id] is None]

    def _batches(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        date_field: DateField | None = None,
    ) -> Iterator[Batch]:
        """Yield matches, which tell a date field if it is given."""
        if not products:
            return
        whole = frozenset({DateField.MODIFIED.value} if date_field is DateField.MODIFIED else ())
        attributes = date_field is not None
        yield from self._search.batches(query, products, attributes=attributes, whole=whole)


def plain_range(query: ImageQuery, product: SearchProduct) -> TimeRange | None:
    """Return the range of ``acquired`` that a query asks of a product if it asks nothing else.

    An empty range is one that nothing matches; None is a query that needs the search.
    """
    left = query.expression.given({"product_id": product.id})
    keys, rest = split_range(left)
    if left == NOTHING or keys.empty:
        return TimeRange("", "")
    if query.area is not None or rest != EVERYTHING:
        return None
    return TimeRange(_bound(keys.low), _bound(keys.high))


def _bound(key: str) -> str:
    """Return a bound of sort keys as a timestamp: a ``$`` behind one excludes the moment itself."""
    return just_after(key[:-1]) if key.endswith("$") else key


def _bounded(query: ImageQuery, date_field: DateField, requested: RequestedRange) -> Expression:
    attribute = IMAGE.attribute(date_field)
    parts: list[Expression] = [query.expression]
    if requested.start is not None:
        parts.append(Comparison(attribute, "gte", (requested.start,)))
    if requested.end is not None:
        parts.append(Comparison(attribute, "lte", (requested.end,)))
    return And(tuple(parts))


def _start_of(match: Match, date_field: DateField, interval: Interval) -> str | None:
    if date_field is DateField.ACQUIRED:
        return interval.start(match.acquired)
    moment = timestamp_in(match.row.attributes or "", date_field)
    if date_field is DateField.MODIFIED:  # postings in cells do not hold it
        moment = match.values.get(date_field.value)
    return None if moment is None else interval.start(moment)


def _check_cells(number: int, resolution: int) -> None:
    if number > MOST_CELLS:
        message = (
            f"the images lie in more than {MOST_CELLS} cells of resolution {resolution}: take a "
            "coarser resolution, or narrow filter or intersects"
        )
        raise BadRequest(message)
