"""The planner: which partitions a search opens, chosen by what it is expected to read.

For each product it weighs the rungs of the ladder, and the partitions by time, by the postings that
each is expected to read for one match. An image is read once per opened cell that it touches, so
a rung's postings go with the area of its cells, each widened by a footprint, and the
matches with the area of the query, widened likewise (Steiner's formula with the mean over all
directions): the density of images cancels out, and nothing has to be known of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.index import (
    EVERYWHERE,
    RUNGS,
    cover,
    null_partition,
    own_partition,
    passing_partition,
    planar_cells,
    time_partition,
    whole_partition,
)

from ._merge import Source
from ._model import MonthState, SearchProduct
from ._split import KeyRange

MOST_PARTITIONS = 16
MOST_POINT_PARTITIONS = 2
PARTITION_COST = 0.08
"""Postings per match that a further partition has to save to be worth a request of its own."""

_KM_PER_DEGREE = 111.195
_TYPICAL_CELLS = 20
_HEXAGON_PERIMETER = 3.7224  # of a regular hexagon of area 1
_SQUARE_MEAN = 4 / (2 * math.pi)
_INSIDE_MARGIN = 1e-7
_LEAST_SIDE = 0.05


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
    rungs = frozenset(product.state.rungs)
    opened = _opened_cells(shapely.to_wkb(area), rungs, product.state.extent, most)
    if opened is None:
        return None
    plan = ProductPlan(product, "cells" if opened.partitions or EVERYWHERE in rungs else "none")
    plan.ratio = opened.ratio
    for each in opened.partitions:
        name = own_partition if each.own else passing_partition
        plan.rungs[each.rung] = plan.rungs.get(each.rung, 0) + 1
        plan.sources.append(
            Source(
                product.id,
                name(product.id, each.cell),
                keys.low,
                keys.high,
                inside=each.inside,
                share=each.share,
                footprints=needs.footprints and not each.inside,
                attributes=needs.attributes,
            )
        )
    if EVERYWHERE in rungs:
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
        share=0.1,
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
    extent = _hull_area(product.state.extent)
    side = max((_side(rung) for rung in product.state.rungs if rung != EVERYWHERE), default=0.0)
    return max(1.0, extent / max(_widened(area, side), 1e-9))


def _hull_area(extent: frozenset[int]) -> float:
    average: float = h3.average_hexagon_area(0, unit="km^2")
    return max(1, len(extent)) * average


# ---- cells


@dataclass(frozen=True, slots=True)
class _Opened:
    rung: int
    cell: int
    own: bool
    inside: bool
    share: float


@dataclass(frozen=True, slots=True)
class _Opening:
    partitions: tuple[_Opened, ...]
    ratio: float


@lru_cache(maxsize=256)
def _opened_cells(
    wkb: bytes, rungs: frozenset[int], extent: frozenset[int], most: int
) -> _Opening | None:
    """Return the partitions of the best rung; None where every rung opens too many.

    Pure in its arguments, so pages of one search plan once.
    """
    fine = sorted(rungs - {EVERYWHERE})
    if not fine:
        return _Opening((), 1.0)
    area = _within_extent(shapely.from_wkb(wkb), extent)
    if area is None:
        return _Opening((), 1.0)
    covers = _Covers(area, most)
    best: tuple[float, int] | None = None
    for rung in reversed([rung for rung in RUNGS if rung <= fine[-1]]):
        cost = _cost_of_rung(covers, rung, fine)
        if cost is not None and (best is None or cost < best[0]):
            best = (cost, rung)
    if best is None:
        return None
    return _open(covers, best[1], fine)


class _Covers:
    """Covers of one area by rung, computed when they are first asked for."""

    def __init__(self, area: BaseGeometry, most: int) -> None:
        self.area = area
        self.is_point = area.geom_type == "Point"
        self.most = min(most, MOST_POINT_PARTITIONS) if self.is_point else most
        self._covers: dict[int, frozenset[int] | None] = {}

    def at(self, rung: int) -> frozenset[int] | None:
        if rung not in self._covers:
            cells = cover(self.area, rung, None if self.is_point else self.most)
            if self.is_point and cells:
                cells = frozenset({min(cells)})  # each of them holds every image at the point
            self._covers[rung] = cells
        return self._covers[rung]


def _levels(rung: int, fine: Sequence[int]) -> list[tuple[int, bool, int]]:
    """Return the (rung, own, number of classes) families that a query at a rung opens."""
    levels = [(each, True, 1) for each in fine if each <= rung]
    finer = sum(1 for each in fine if each > rung)
    return [*levels, (rung, False, finer)] if finer else levels


def _cost_of_rung(covers: _Covers, rung: int, fine: Sequence[int]) -> float | None:
    partitions, ratio = 0, 0.0
    for level, own, _ in _levels(rung, fine):
        cells = covers.at(level)
        if cells is None:
            return None
        partitions += len(cells)
        if partitions > covers.most:
            return None
        classes = [level] if own else [each for each in fine if each > rung]
        ratio += sum(_ratio(covers.area, level, len(cells), each) for each in classes)
    return ratio / len(fine) + PARTITION_COST * partitions


def _ratio(area: BaseGeometry, level: int, cells: int, fine: int) -> float:
    side = _side(fine)
    cell: float = h3.average_hexagon_area(level, unit="km^2")
    read = cells * _steiner(cell, _HEXAGON_PERIMETER * math.sqrt(cell), side)
    return read / max(_widened(area, side), 1e-9)


def _side(fine: int) -> float:
    """Return the side in km of a typical footprint whose fine rung is this one."""
    cell: float = h3.average_hexagon_area(max(fine, 0), unit="km^2")
    return max(_LEAST_SIDE, (math.sqrt(_TYPICAL_CELLS) - 1) * math.sqrt(cell))


def _steiner(area: float, perimeter: float, side: float) -> float:
    return area + _SQUARE_MEAN * perimeter * side + side * side


def _widened(area: BaseGeometry, side: float) -> float:
    """Return the area in km² of what lies within a footprint of a query, roughly."""
    _, south, _, north = area.bounds
    shrink = max(0.05, math.cos(math.radians((south + north) / 2)))
    hull = shapely.convex_hull(area)
    flat = shapely.transform(hull, lambda xy: xy * [_KM_PER_DEGREE * shrink, _KM_PER_DEGREE])
    share = area.area / hull.area if hull.area > 0 else 1.0
    return _steiner(flat.area * share, flat.length, side)


def _open(covers: _Covers, rung: int, fine: Sequence[int]) -> _Opening:
    opened: list[_Opened] = []
    ratio = 0.0
    for level, own, classes in _levels(rung, fine):
        cells = sorted(covers.at(level) or ())
        inside = _inside(covers.area, cells)
        members = [level] if own else [each for each in fine if each > rung]
        ratios = sum(_ratio(covers.area, level, len(cells), each) for each in members)
        ratio += ratios / len(fine)
        share = classes / len(fine)
        opened += [
            _Opened(level, cell, own, bool(within), share)
            for cell, within in zip(cells, inside, strict=True)
        ]
    return _Opening(tuple(opened), max(1.0, ratio))


def _inside(area: BaseGeometry, cells: Sequence[int]) -> Iterable[bool]:
    """Return for each cell whether it lies in the area, a margin away from its edge."""
    if area.geom_type not in {"Polygon", "MultiPolygon"} or not cells:
        return [False] * len(cells)
    tiles = planar_cells(cells).tiles
    within = shapely.contains_properly(area, tiles)
    if within.any():
        within &= shapely.distance(shapely.boundary(area), tiles) > _INSIDE_MARGIN
    listed: list[bool] = np.asarray(within).tolist()
    return listed


def _within_extent(area: BaseGeometry, extent: frozenset[int]) -> BaseGeometry | None:
    """Return the part of an area where the product can have images; None if there is none."""
    touched = cover(area, 0) or frozenset()
    live = [cell for cell in touched if h3.get_base_cell_number(cell) in extent]
    if not live:
        return None
    if len(live) == len(touched) or area.geom_type not in {"Polygon", "MultiPolygon"}:
        return area
    part = shapely.intersection(area, shapely.union_all(planar_cells(live).tiles))
    return part if part.geom_type in {"Polygon", "MultiPolygon"} else area
