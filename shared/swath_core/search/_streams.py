"""All matches of a plan: those in postings, merged, and then those that files tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from swath_core.errors import BadRequest
from swath_core.mirror import LostFileError, MirrorColumns, MirrorPart, Wanted
from swath_core.store.postings import PostingReader

from ._columns import MirrorRows, ShortFileError, selected
from ._merge import Matcher, Merge
from ._mirrored import MirrorSource, bounds_of, live_sources
from ._plan import ProductPlan, Projection
from ._query import Cost, Match

SECONDS = 22.0
"""Time after which a search that is still reading gives up; the API has 30 s."""

Batch = list[Match] | MirrorRows
"""Matches: as postings, or as columns of a file of the mirror."""

Made = TypeVar("Made")
Take = Callable[[MirrorRows], Iterable[Made]]
"""What is made of the matches in a file, before anything of its part is handed on."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Reads what a plan says."""

    postings: PostingReader
    mirror: MirrorSource | None
    clock: Callable[[], float] = time.monotonic

    def merge(self, matcher: Matcher, after: str | None) -> Merge:
        """Return the merged postings behind a key."""
        plan, sources = matcher.plan, matcher.plan.sources(after)
        descending, ratio = plan.descending, plan.ratio
        return Merge(self.postings, sources, matcher.cost, descending=descending, ratio=ratio)

    def in_order(self, matcher: Matcher) -> Iterator[list[Match]]:
        """Yield the matches in postings. Raises BadRequest where it takes too long."""
        return self._all_of(matcher, self.merge(matcher, None), self._deadline)

    @property
    def _deadline(self) -> float:
        return self.clock() + SECONDS

    def _all_of(self, matcher: Matcher, merge: Merge, deadline: float) -> Iterator[list[Match]]:
        while not merge.finished:
            yield matcher.matching(merge.advance(None))
            if self.clock() > deadline:
                raise TakesTooLongError(matcher.cost)

    def batches(
        self,
        matcher: Matcher,
        take: Take[Batch] = lambda rows: [rows],
        wanted: Wanted = Wanted.ATTRIBUTES,
    ) -> Iterator[Batch]:
        """Yield the matches in postings, and then what ``take`` makes of those in files.

        Of files the attributes are fetched, and what ``wanted`` says; what else ``take`` looks at
        is fetched when it does. Raises BadRequest where it takes too long.
        """
        deadline, within = self._deadline, bounds_of(matcher.plan.query)
        yield from self._all_of(matcher, self.merge(matcher, None), deadline)
        for each in matcher.plan.products:
            if self.mirror is None or not each.parts:
                continue
            first = wanted | wanted_of(matcher)
            for part, files in self.mirror.reader.read(each.parts, within, first):
                told = None if files is None else self.told(matcher, part, files, take)
                if told is None:
                    yield from self.instead(matcher, each, part, deadline)
                else:
                    yield from (batch for batch in told if batch)
                if self.clock() > deadline:
                    raise TakesTooLongError(matcher.cost)

    def told(
        self, matcher: Matcher, part: MirrorPart, files: Sequence[MirrorColumns], take: Take[Made]
    ) -> list[Made] | None:
        """Return what is made of the matches in a part's files.

        None where one of them is lost, or leaves too much to documents.
        """
        found: list[Made] = []
        before = matcher.cost.images, matcher.cost.matches
        try:
            for columns in files:
                if rows := selected(matcher, part, columns):
                    found += take(rows)
        except (LostFileError, ShortFileError) as error:
            matcher.cost.images, matcher.cost.matches = before
            if self.mirror is not None and isinstance(error, LostFileError):
                self.mirror.reader.lost(part)
            return None
        matcher.cost.files += len(files)
        return found

    def instead(
        self, matcher: Matcher, of_product: ProductPlan, part: MirrorPart, deadline: float
    ) -> Iterator[list[Match]]:
        """Read the days of a part from postings: a file of it is not as it was written.

        Raises BadRequest where it is not done by a deadline.
        """
        keys = matcher.plan.queries[part.product_id].keys
        days = sorted(part.days)
        needed = Projection(footprints=True, attributes=True)
        sources = list(live_sources(of_product, part.month, days, keys, needed))
        merge = Merge(self.postings, sources, matcher.cost, descending=False, ratio=1.0)
        return self._all_of(matcher, merge, deadline)


def wanted_of(matcher: Matcher) -> Wanted:
    """Return what deciding about matches looks at in files."""
    plan = matcher.plan
    looks = any("geometry" in each.predicate.names for each in plan.queries.values())
    return Wanted.SPACE if looks or plan.query.area is not None else Wanted.ATTRIBUTES


class TakesTooLongError(BadRequest):
    """A search has read for too long."""

    def __init__(self, cost: Cost) -> None:
        """Say what it has read."""
        message = (
            f"the search has read {cost.postings} postings for {cost.matches} matches and is "
            "not done: narrow it by product, acquired or intersects"
        )
        super().__init__(message, parameter="filter")
