"""The planner: cells or months, whichever are expected to read fewer postings for one match."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import h3.api.basic_int as h3
import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.filters import KeyRange
from swath_core.index import (
    null_partition,
    own_partition,
    passing_partition,
    time_partition,
    whole_partition,
)

from ._area import footprint_side, widened
from ._merge import Source
from ._model import MonthState, SearchProduct
from ._opening import MOST_PARTITIONS, open_cells

_RARE = 0.1


@dataclass(slots=True)
class ProductPlan:
    """How the images of one product are searched.

    ``kind`` is ``cells``, ``time`` or ``none``; ``ratio`` the postings expected per match;
    ``counted`` the images of whole months that the rollups have counted already.
    """

    product: SearchProduct
    kind: str
    sources: list[Source] = field(default_factory=list)
    ratio: float = 1.0
    rungs: dict[int, int] = field(default_factory=dict)
    counted: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the plan for people: ``rungs`` counts the cells opened at each."""
        return {
            "product": self.product.id,
            "index": self.kind,
            "rungs": {str(rung): count for rung, count in sorted(self.rungs.items())},
            "partitions": len(self.sources),
            "postings_per_match": round(self.ratio, 2),
        }


@dataclass(frozen=True, slots=True)
class Needs:
    """What the search will look at in a posting beside its key."""

    footprints: bool
    attributes: bool


def plan_cells(
    product: SearchProduct,
    area: BaseGeometry,
    keys: KeyRange,
    needs: Needs,
    most: int = MOST_PARTITIONS,
) -> ProductPlan | None:
    """Return the plan of cells that is expected to read least, or None if none is allowed.

    A product whose extent the area does not touch gets a plan without sources.
    """
    opening = open_cells(shapely.to_wkb(area), product.state, most)
    if opening is None:
        return None
    plan = ProductPlan(product, "cells" if opening.cells or product.state.everywhere else "none")
    plan.ratio = opening.ratio
    for each in opening.cells:
        name = own_partition if each.own else passing_partition
        plan.rungs[each.rung] = plan.rungs.get(each.rung, 0) + 1
        source = _source(product, name(product.id, each.cell), keys, needs)
        source.inside, source.share = each.inside, each.share
        source.footprints &= not each.inside
        plan.sources.append(source)
    if product.state.everywhere:
        plan.sources.append(_source(product, whole_partition(product.id), keys, needs))
    return plan


def without_area(product: SearchProduct, keys: KeyRange, needs: Needs) -> Source:
    """Return the source of a product's images without a footprint."""
    return _source(product, null_partition(product.id), keys, needs)


def _source(product: SearchProduct, partition: str, keys: KeyRange, needs: Needs) -> Source:
    return Source(
        product.id,
        partition,
        keys.low,
        keys.high,
        share=_RARE,
        footprints=needs.footprints,
        attributes=needs.attributes,
    )


# ---- time


def plan_time(
    product: SearchProduct,
    months: MonthState,
    keys: KeyRange,
    needs: Needs,
    ratio: float = 1.0,
    *,
    count_months: bool = False,
) -> ProductPlan:
    """Return the plan that reads the months of a range of keys, one after another.

    With ``count_months`` the months that lie in the range as a whole, and whose figures are up to
    date, are counted from the rollups and not read.
    """
    plan = ProductPlan(product, "time", ratio=ratio)
    for month, tally in months.months.items():
        whole = KeyRange(*_month_keys(month))
        within = keys.intersection(whole)
        if within.empty:
            continue
        if count_months and within == whole and month not in months.dirty_months:
            plan.counted += tally.count
            continue
        part = 1.0 if within == whole else 0.5
        for shard in range(product.shards):
            source = _source(product, time_partition(product.id, month, shard), within, needs)
            source.ordered = True
            source.expected = tally.count * part / product.shards
            plan.sources.append(source)
    if not plan.sources and not plan.counted:
        plan.kind = "none"
    return plan


def _month_keys(month: str) -> tuple[str, str]:
    year, number = int(month[:4]), int(month[5:7])
    after = f"{year + number // 12:04d}-{number % 12 + 1:02d}"
    return f"{month}-01T00:00:00.000000Z", f"{after}-01T00:00:00.000000Z"


def time_ratio(product: SearchProduct, area: BaseGeometry) -> float:
    """Return the postings that reading by time is expected to read for one match."""
    rungs = product.state.ending or product.state.few
    side = max(map(footprint_side, rungs), default=0.0)
    base_cell: float = h3.average_hexagon_area(0, unit="km^2")
    return max(1.0, len(product.state.extent) * base_cell / widened(area, side))
