"""One search under way: what is asked of each product, how it is planned, which postings match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from swath_core.documents import Document
from swath_core.filters import (
    EVERYTHING,
    NOTHING,
    Expression,
    KeyRange,
    ids_of,
    split_range,
    values_of,
)
from swath_core.geo import footprint
from swath_core.index import OMITTED, predecessor, successor

from ._merge import Candidate, Source
from ._model import Cost, DocumentReader, ImageQuery, Match, MonthReader, SearchProduct
from ._opening import MOST_PARTITIONS
from ._plan import (
    Needs,
    ProductPlan,
    plan_cells,
    plan_time,
    time_ratio,
    without_area,
)

_MOST_TOGETHER = 64
_IN_KEYS = frozenset({"acquired", "id", "product_id", "name"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asks of one product: a key range, and a predicate on postings."""

    product: SearchProduct
    keys: KeyRange
    predicate: Expression
    ids: frozenset[str] | None


def ask(query: ImageQuery, products: Sequence[SearchProduct]) -> list[Asked]:
    """Return what a query asks of each product that it can find images in."""
    asked = []
    for product in products:
        left = query.expression.given({"product_id": product.id})
        if left == NOTHING:
            continue
        keys, predicate = split_range(left)
        asked.append(Asked(product, keys, predicate, ids_of(left, product.id)))
    return asked


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a stream of matches is for: what is looked at in them, and whether only to count."""

    footprints: bool = False
    attributes: bool = False
    counting: bool = False


@dataclass(slots=True)
class Run:
    """One search under way."""

    query: ImageQuery
    asked: dict[str, Asked]
    plans: list[ProductPlan] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)

    @property
    def descending(self) -> bool:
        """Whether keys are read from the last to the first."""
        return self.query.sort.name == "acquired" and self.query.sort.descending

    @property
    def ratio(self) -> float:
        """Postings expected to be read for one match."""
        ratios = [plan.ratio for plan in self.plans if plan.sources]
        return sum(ratios) / len(ratios) if ratios else 1.0

    def sources(self, after: str | None) -> list[Source]:
        """Return the plans' sources, from behind a key on."""
        sources = [source for plan in self.plans for source in plan.sources]
        if after is None:
            return sources
        if self.descending:
            high = predecessor(after)
            moved = [replace(each, high=min(each.high, high)) for each in sources]
        else:
            low = successor(after)
            moved = [replace(each, low=max(each.low, low)) for each in sources]
        return [each for each in moved if each.low < each.high]


def plan_run(query: ImageQuery, asked: list[Asked], months: MonthReader, purpose: Purpose) -> Run:
    """Return the planned search of what is asked."""
    run = Run(query, {each.product.id: each for each in asked})
    searched = [each for each in asked if not each.keys.empty]
    most = max(2, min(MOST_PARTITIONS, _MOST_TOGETHER // max(1, len(searched))))
    for each in searched:
        plan = _plan_product(query, each, months, purpose, most)
        for source in plan.sources:
            source.footprints |= purpose.footprints
        run.plans.append(plan)
    if query.area is not None:
        shapely.prepare(query.area)
    return run


def _plan_product(
    query: ImageQuery, asked: Asked, months: MonthReader, purpose: Purpose, most: int
) -> ProductPlan:
    product, keys = asked.product, asked.keys
    needs = Needs(
        query.area is not None, purpose.attributes or not asked.predicate.names <= _IN_KEYS
    )
    if query.area is None:
        whole = purpose.counting and asked.predicate == EVERYTHING
        state = months.state(product.id)
        return plan_time(product, state, keys, needs, count_months=whole)
    cells = plan_cells(product, query.area, keys, needs, most)
    ratio = time_ratio(product, query.area)
    if cells is None or (cells.kind == "cells" and ratio <= cells.ratio):
        by_time = plan_time(product, months.state(product.id), keys, needs, ratio)
        if cells is None or len(by_time.sources) <= most:
            return by_time
    if query.or_without_area:
        cells.sources.append(without_area(product, keys, needs))
    return cells


class Matcher:
    """Tells which postings match, with the documents where a posting cannot tell."""

    def __init__(self, run: Run, documents: DocumentReader) -> None:
        self._run = run
        self._documents = documents

    def matching(self, candidates: list[Candidate]) -> list[Match]:
        """Return the candidates that satisfy area and predicate, in their order."""
        touching = _touching(self._run.query, candidates)
        matches = [
            Match(key, source.product, row)
            for (key, source, row), hit in zip(candidates, touching, strict=True)
            if hit
        ]
        matches = self._satisfying(matches)
        self._run.cost.matches += len(matches)
        return matches

    def _satisfying(self, matches: list[Match]) -> list[Match]:
        answers: list[bool | None] = []
        for match in matches:
            predicate = self._run.asked[match.product_id].predicate
            if predicate == EVERYTHING:
                answers.append(True)
            elif predicate.names.isdisjoint(match.values.get(OMITTED, ())):
                answers.append(predicate.matches(match.values))
            else:
                answers.append(None)
        if None in answers:
            unsure = [m for m, answer in zip(matches, answers, strict=True) if answer is None]
            good = self._satisfying_documents(unsure)
            answers = [
                match.id in good if answer is None else answer
                for match, answer in zip(matches, answers, strict=True)
            ]
        return [match for match, answer in zip(matches, answers, strict=True) if answer]

    def _satisfying_documents(self, matches: list[Match]) -> set[str]:
        documents = self.fetch([match.id for match in matches])
        expression = self._run.query.expression
        return {id_ for id_, each in documents.items() if expression.matches(values_of(each))}

    def fetch(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Return those of the images that exist, by id."""
        if not ids:
            return {}
        self._run.cost.documents += len(ids)
        return self._documents.get_many(ids)


def _touching(query: ImageQuery, candidates: list[Candidate]) -> Sequence[bool]:
    if query.area is None:
        return [True] * len(candidates)
    hits = np.ones(len(candidates), dtype=bool)
    tested = [n for n, (_, source, _) in enumerate(candidates) if not source.inside]
    if tested:
        footprints = np.array([candidates[n][2].footprint for n in tested], dtype=object)
        shapes = shapely.from_wkb(footprints)
        found = shapely.intersects(query.area, shapes)
        if query.or_without_area:
            found |= shapely.is_missing(shapes)
        hits[tested] = found
    listed: list[bool] = hits.tolist()
    return listed


def satisfies(query: ImageQuery, document: Document) -> bool:
    """Return whether a whole document satisfies a query: what the index only makes fast."""
    if not query.expression.matches(values_of(document)):
        return False
    if query.area is None:
        return True
    geometry = document.get("geometry")
    if geometry is None:
        return query.or_without_area
    return bool(shapely.intersects(query.area, footprint(geometry)))
