"""The plan of a search: which partitions are read, of which keys, and what of their postings.

For each product cells or months are read, whichever are expected to give fewer postings for one
match.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import h3.api.basic_int as h3
import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.filters import EVERYTHING, KeyRange
from swath_core.index import (
    IN_KEYS,
    is_sharded,
    null_partition,
    own_partition,
    passing_partition,
    predecessor,
    successor,
    time_partition,
    whole_partition,
)
from swath_core.mirror import MirrorPart
from swath_core.store.rollups import RollupState

from ._cover import MOST_PARTITIONS, CellCover, best_cover, footprint_side, widened
from ._query import ImageQuery, ProductQuery, SearchProduct

_RARE = 0.1
_MOST_TOGETHER = 64
"""Partitions of all products together, where that leaves two for each."""


class MonthReader(Protocol):
    """Tells in which months a product has images; read consistently."""

    def states_of(self, product_ids: Sequence[str]) -> Mapping[str, RollupState]:
        """Return the months of each product, and which of their figures are out of date."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What is looked at in a posting beside its key."""

    footprints: bool = False
    attributes: bool = False


@dataclass(slots=True)
class Source:
    """A range of one partition, and what the planner expects of it.

    ``inside``: every posting of the partition lies in the query's area. ``expected`` is the number
    of postings in the range, ``share`` the part of the postings that the query reads which come
    from here; sources with ``ordered`` follow one another in time instead of interleaving.
    """

    product: str
    partition: str
    low: str
    high: str
    inside: bool = False
    expected: float | None = None
    share: float = 1.0
    ordered: bool = False
    footprints: bool = True
    attributes: bool = True


@dataclass(slots=True)
class ProductPlan:
    """How the images of one product are searched.

    ``kind`` is ``cells``, ``time``, ``mirror`` or ``none``; ``ratio`` the postings expected per
    match; ``counted`` the images of whole months that the rollups have counted already; ``parts``
    what is read from files.
    """

    product: SearchProduct
    kind: str
    sources: list[Source] = field(default_factory=list)
    ratio: float = 1.0
    rungs: dict[int, int] = field(default_factory=dict)
    counted: int = 0
    parts: Sequence[MirrorPart] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the plan for people: ``rungs`` counts the cells opened at each."""
        plan = {
            "product": self.product.id,
            "index": self.kind,
            "rungs": {str(rung): count for rung, count in sorted(self.rungs.items())},
            "partitions": len(self.sources),
            "postings_per_match": round(self.ratio, 2),
        }
        if self.parts:
            plan["files"] = sum(len(part.group.files) for part in self.parts)
        return plan


@dataclass(slots=True)
class SearchPlan:
    """A query, what it asks of each product (by id), and how each is searched."""

    query: ImageQuery
    queries: dict[str, ProductQuery]
    products: list[ProductPlan] = field(default_factory=list)

    @property
    def by_id(self) -> bool:
        """Whether the query names the images that it can only be about: nothing is searched."""
        queries = self.queries.values()
        return bool(queries) and all(each.ids is not None for each in queries)

    @property
    def descending(self) -> bool:
        """Whether keys are read from the last to the first."""
        return self.query.sort.name == "acquired" and self.query.sort.descending

    @property
    def ratio(self) -> float:
        """Postings expected to be read for one match."""
        ratios = [plan.ratio for plan in self.products if plan.sources]
        return sum(ratios) / len(ratios) if ratios else 1.0

    def sources(self, after: str | None) -> list[Source]:
        """Return the plans' sources, from behind a key on."""
        sources = [source for plan in self.products for source in plan.sources]
        if after is None:
            return sources
        if self.descending:
            high = predecessor(after)
            moved = [replace(each, high=min(each.high, high)) for each in sources]
        else:
            low = successor(after)
            moved = [replace(each, low=max(each.low, low)) for each in sources]
        return [each for each in moved if each.low < each.high]

    def to_json(self) -> dict[str, Any]:
        """Return the plan for people."""
        plan: dict[str, Any] = {"products": [each.to_json() for each in self.products]}
        area = self.query.area
        if area is not None:
            bounds = [round(bound, 6) for bound in area.bounds]
            plan["area"] = {"type": area.geom_type, "bounds": bounds}
        return plan


def plan_search(
    query: ImageQuery,
    queries: Sequence[ProductQuery],
    months: MonthReader,
    wanted: Projection,
    *,
    counting: bool = False,
) -> SearchPlan:
    """Return the plan of a query.

    ``wanted`` is what the caller looks at in matches; ``counting`` that their number will do.
    """
    plan = SearchPlan(query, {each.product.id: each for each in queries})
    if plan.by_id:
        return plan
    searched = [each for each in queries if not each.keys.empty]
    most = max(2, min(MOST_PARTITIONS, _MOST_TOGETHER // max(1, len(searched))))
    drafts = [_draft(query, each, wanted, most) for each in searched]
    of_time = months.states_of([each.id for each in drafts if each.may_be_time])
    for draft in drafts:
        product_plan = _decided(query, draft, of_time.get(draft.id), most, counting=counting)
        for source in product_plan.sources:
            source.footprints |= wanted.footprints or (
                "geometry" in draft.of_product.predicate.names
            )
        plan.products.append(product_plan)
    if query.area is not None:
        shapely.prepare(query.area)
    return plan


@dataclass(slots=True)
class _Draft:
    """What is known of the plan for a product before its months are; ``cells`` None: not by cells.

    ``ratio`` are the postings that reading by time is expected to read for one match.
    """

    of_product: ProductQuery
    needed: Projection
    cells: ProductPlan | None = None
    ratio: float = 1.0

    @property
    def id(self) -> str:
        return self.of_product.product.id

    @property
    def may_be_time(self) -> bool:
        """Whether reading months may be better than reading cells."""
        cells = self.cells
        return cells is None or (cells.kind == "cells" and self.ratio <= cells.ratio)


def _draft(query: ImageQuery, of_product: ProductQuery, wanted: Projection, most: int) -> _Draft:
    has_area = query.area is not None
    attributes = wanted.attributes or not of_product.predicate.names <= IN_KEYS
    draft = _Draft(of_product, Projection(has_area, attributes))
    if query.area is not None:
        product = of_product.product
        draft.cells = plan_cells(product, query.area, of_product.keys, draft.needed, most)
        draft.ratio = time_ratio(product, query.area)
    return draft


def _decided(
    query: ImageQuery, draft: _Draft, months: RollupState | None, most: int, *, counting: bool
) -> ProductPlan:
    """Return the plan of a product whose months are known where they may be read."""
    product, keys = draft.of_product.product, draft.of_product.keys
    if months is not None:
        count_months = counting and query.area is None and draft.of_product.predicate == EVERYTHING
        by_time = plan_time(
            product, months, keys, draft.needed, draft.ratio, count_months=count_months
        )
        if draft.cells is None or len(by_time.sources) <= most:
            return by_time
    cells = draft.cells
    if cells is None:
        raise ValueError(f"{product.id}: neither cells nor months to read")
    if query.or_without_area:
        cells.sources.append(source_of(product, null_partition(product.id), keys, draft.needed))
    return cells


# ---- cells


def plan_cells(
    product: SearchProduct,
    area: BaseGeometry,
    keys: KeyRange,
    needed: Projection,
    most: int = MOST_PARTITIONS,
) -> ProductPlan | None:
    """Return the plan of cells that is expected to read least, or None if none is allowed.

    A product whose extent the area does not touch gets a plan without sources.
    """
    plan, wkb = ProductPlan(product, "none", ratio=0.0), shapely.to_wkb(area)
    versions = product.versions
    for version in versions:
        cover = best_cover(wkb, product.state, most // len(versions), version, product.shards)
        if cover is None:
            return None
        plan.ratio += cover.ratio
        sources = list(_sources(product, version, cover, keys, needed))
        for each in cover.cells:
            plan.rungs[each.rung] = plan.rungs.get(each.rung, 0) + 1
        plan.kind = "cells" if sources else plan.kind
        plan.sources += sources
    return plan


def _sources(
    product: SearchProduct, version: int, cover: CellCover, keys: KeyRange, needed: Projection
) -> Iterator[Source]:
    for each in cover.cells:
        name = own_partition if each.own else passing_partition
        shards = product.shards if version > 1 and is_sharded(each.cell) else 1
        for shard in range(shards):
            partition = name(product.id, each.cell, version, shard)
            source = source_of(product, partition, keys, needed)
            source.inside, source.share = each.inside, each.share / shards
            source.footprints &= not each.inside
            yield source
    if product.state.used(version).everywhere:
        yield source_of(product, whole_partition(product.id, version), keys, needed)


def source_of(product: SearchProduct, partition: str, keys: KeyRange, needed: Projection) -> Source:
    """Return the range of a partition that is read."""
    return Source(
        product.id,
        partition,
        keys.low,
        keys.high,
        share=_RARE,
        footprints=needed.footprints,
        attributes=needed.attributes,
    )


# ---- time


def plan_time(
    product: SearchProduct,
    months: RollupState,
    keys: KeyRange,
    needed: Projection,
    ratio: float = 1.0,
    *,
    count_months: bool = False,
) -> ProductPlan:
    """Return the plan that reads the months of a range of keys, one after another.

    With ``count_months`` the months that lie in the range as a whole, and whose figures are up to
    date, are counted from the rollups and not read.
    """
    plan = ProductPlan(product, "time", ratio=ratio)
    dirty = months.dirty_months
    for month, tally in months.months.items():
        whole = KeyRange(*month_keys(month))
        within = keys.intersection(whole)
        if within.empty:
            continue
        if count_months and within == whole and month not in dirty:
            plan.counted += tally.count
            continue
        part = 1.0 if within == whole else 0.5
        for shard in range(product.shards):
            source = source_of(product, time_partition(product.id, month, shard), within, needed)
            source.ordered = True
            source.expected = tally.count * part / product.shards
            plan.sources.append(source)
    if not plan.sources and not plan.counted:
        plan.kind = "none"
    return plan


def month_keys(month: str) -> tuple[str, str]:
    """Return the bounds of the sort keys of a month, of December 9999 as of any other."""
    # every key of the month goes on with "-", which sorts before "."
    return f"{month}-01T00:00:00.000000Z", f"{month}."


def time_ratio(product: SearchProduct, area: BaseGeometry) -> float:
    """Return the postings that reading by time is expected to read for one match."""
    used = [(version, product.state.used(version)) for version in product.versions]
    sides = [footprint_side(rung, v) for v, each in used for rung in each.ending or each.few]
    side = max(sides, default=0.0)
    base_cell: float = h3.average_hexagon_area(0, unit="km^2")
    return max(1.0, len(product.state.extent) * base_cell / widened(area, side))
