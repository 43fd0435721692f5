"""The third source: files of the mirror in place of so many postings that they cost more.

A plan by cells or months that is expected to read very many postings becomes one that reads files
for the days that these tell as they are, and months for all other days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from swath_core.definitions import EXTRA, is_told_as
from swath_core.filters import EVERYTHING, KeyRange
from swath_core.index import time_partition
from swath_core.mirror import MirrorColumns, MirrorPart, Wanted, days_in
from swath_core.store.rollups import RollupState

from ._cover import widened
from ._merge import TOLD
from ._plan import (
    MonthReader,
    ProductPlan,
    Projection,
    SearchPlan,
    Source,
    month_keys,
    source_of,
    time_ratio,
)
from ._query import ImageQuery, SearchProduct

FROM_POSTINGS = 20_000
"""Postings that cost about as much as what is asked of the mirror at least: a manifest for every
month, and files."""

FROM_KM2 = 300_000.0
"""The area of a query from which on it may touch very many images."""

LEAST_TOLD = 0.5
"""The part of the images in question that files must tell."""


class FileReader(Protocol):
    """What :class:`swath_core.mirror.MirrorReader` does."""

    def parts(self, product_id: str, state: RollupState) -> list[MirrorPart]:
        """Return what files tell of a product whose markers were read before."""

    def read(
        self,
        parts: Sequence[MirrorPart],
        within: tuple[float, float, float, float] | None = None,
        wanted: Wanted = Wanted.EVERYTHING,
    ) -> Iterator[tuple[MirrorPart, list[MirrorColumns] | None]]:
        """Yield parts with their files; None where these are not as they were written.

        Row groups that lie wholly outside of ``within`` are left out. ``wanted`` is fetched at
        first; what else is looked at may raise LostFileError.
        """

    def lost(self, part: MirrorPart) -> None:
        """Read a part from postings from now on: a file of it is not as it was written."""


@dataclass(frozen=True, slots=True)
class MirrorSource:
    """Where files are read, and from how many postings (and square kilometres) on."""

    reader: FileReader
    least: float = FROM_POSTINGS
    least_area: float = FROM_KM2
    least_told: float = LEAST_TOLD


def mirrored(
    plan: SearchPlan,
    source: MirrorSource,
    months: MonthReader,
    wanted: Projection,
    whole: frozenset[str] = frozenset(),
) -> SearchPlan:
    """Return a plan that reads files where that is expected to cost less.

    ``whole`` are attributes that are looked at beside those of filter and order.
    """
    if plan.by_id:
        return plan
    looked_at = whole | plan.query.sort.names
    large = [
        each.product.id
        for each in plan.products
        if _may_be_large(plan, each, source)
        and _extras(plan.query, each.product, looked_at | _names(plan, each)) is not None
    ]
    if not large:
        return plan
    states = months.states_of(large)  # markers, before manifests
    products = [
        _product(plan, each, states[each.product.id], source, wanted, looked_at)
        if each.product.id in states
        else each
        for each in plan.products
    ]
    return SearchPlan(plan.query, plan.queries, products)


def bounds_of(query: ImageQuery) -> tuple[float, float, float, float] | None:
    """Return the bounds outside of which no footprint is asked for; None: there are none."""
    if query.area is None or query.or_without_area:
        return None
    west, south, east, north = query.area.bounds
    return west, south, east, north


def _may_be_large(plan: SearchPlan, of_product: ProductPlan, source: MirrorSource) -> bool:
    """Return whether it is worth looking how many images there are."""
    if not of_product.sources or of_product.counted:
        return False
    if of_product.kind == "time":
        return sum(each.expected or 0.0 for each in of_product.sources) >= source.least
    area = plan.query.area
    return area is not None and widened(area, 0.0) >= source.least_area


def _names(plan: SearchPlan, of_product: ProductPlan) -> frozenset[str]:
    return plan.queries[of_product.product.id].predicate.names


def _extras(
    query: ImageQuery, product: SearchProduct, names: frozenset[str]
) -> frozenset[tuple[str, str]] | None:
    """Return which of a product's declared extra properties are among names.

    None where others are, or where the query takes one for another type, since the declaration
    has changed after it was parsed: postings and documents hold values of any type.
    """
    declared = query.declared
    found = {
        (name, type_name)
        for name, type_name in product.extras
        if (full := EXTRA + name) in names
        and full in declared
        and is_told_as(type_name, declared[full])
    }
    is_told = names <= TOLD | {EXTRA + name for name, _ in found}
    return frozenset(found) if is_told else None


def _product(
    plan: SearchPlan,
    before: ProductPlan,
    state: RollupState,
    source: MirrorSource,
    wanted: Projection,
    looked_at: frozenset[str],
) -> ProductPlan:
    keys = plan.queries[before.product.id].keys
    within = _months_within(state, keys)
    total = sum(state.months[month].count for month in within)
    if _expected(plan, before, total) < source.least:
        return before
    extras = _extras(plan.query, before.product, looked_at | _names(plan, before)) or frozenset()
    parts = [
        part
        for part in source.reader.parts(before.product.id, state)
        # files that were written before a declaration do not tell what it declares
        if part.month in within and extras.issubset(part.group.extras)
    ]
    if sum(part.group.rows for part in parts) < source.least_told * total:
        return before
    parts = [part for part in parts if _is_asked(part, keys)]
    asked = plan.queries[before.product.id]
    needed = replace(
        wanted,
        footprints=True,
        attributes=wanted.attributes or asked.predicate != EVERYTHING,
    )
    live = [
        each
        for month in within
        for each in live_sources(before, month, untold(month, parts), keys, needed)
    ]
    return ProductPlan(before.product, "mirror", live, parts=parts)


def _expected(plan: SearchPlan, before: ProductPlan, total: int) -> float:
    """Return how many postings a plan is expected to read of so many images in question."""
    if before.kind == "time" or plan.query.area is None:
        return float(total)
    return total * min(1.0, before.ratio / time_ratio(before.product, plan.query.area))


def _months_within(state: RollupState, keys: KeyRange) -> list[str]:
    return [
        month for month in state.months if not keys.intersection(KeyRange(*month_keys(month))).empty
    ]


def _is_asked(part: MirrorPart, keys: KeyRange) -> bool:
    return any(not keys.intersection(_keys_of(part.month, day)).empty for day in part.days)


def _keys_of(month: str, first: str, last: str | None = None) -> KeyRange:
    """Return the keys of days: each goes on with "T", which sorts before "U"."""
    return KeyRange(f"{month}-{first}T", f"{month}-{last or first}U")


def untold(month: str, parts: Sequence[MirrorPart]) -> list[str]:
    """Return the days (``01`` to ``31``) of a month that no part tells."""
    told = frozenset[str]().union(*(part.days for part in parts if part.month == month))
    return [day for day in days_in(month) if day not in told]


def live_sources(
    plan: ProductPlan, month: str, days: Sequence[str], keys: KeyRange, needed: Projection
) -> Iterator[Source]:
    """Yield what is read of a month from postings: some of its days, in a range of keys."""
    for first, last in _runs(days):
        within = keys.intersection(_keys_of(month, first, last))
        if within.empty:
            continue
        for shard in range(plan.product.shards):
            partition = time_partition(plan.product.id, month, shard)
            yield source_of(plan.product, partition, within, needed)


def _runs(days: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the first and the last day of each run of consecutive days."""
    first = last = None
    for day in days:
        if last is not None and int(day) == int(last) + 1:
            last = day
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = day
    if first is not None and last is not None:
        yield first, last
