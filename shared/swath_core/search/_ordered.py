"""A page in the order of the index out of files: month by month, until the page is full.

A search whose filter few images satisfy reads very many postings for a page. When it has read as
many as files cost, and the page is far from full, it goes on in files if these tell all products.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from swath_core.filters import KeyRange
from swath_core.index import predecessor, successor

from ._columns import MirrorRows
from ._merge import Matcher, Merge
from ._mirrored import MirrorSource, bounds_of, mirrored
from ._plan import MonthReader, Projection, Source, plan_search
from ._query import Match
from ._streams import Streams, TakesTooLongError, wanted_of


@dataclass(frozen=True, slots=True)
class OrderedFiles:
    """Reads files in the order of the index."""

    source: MirrorSource
    streams: Streams
    months: MonthReader

    def go_on(self, matcher: Matcher, after: str | None) -> bool:
        """Give a matcher the plan for what lies behind a key; return whether that reads files.

        A plan of postings is left as it is where files do not tell all that is left.
        """
        plan = matcher.plan
        behind = _behind(after, descending=plan.descending)
        queries = [
            replace(each, keys=each.keys.intersection(behind)) for each in plan.queries.values()
        ]
        wanted = Projection()
        of_postings = plan_search(plan.query, queries, self.months, wanted)
        of_files = mirrored(of_postings, self.source, self.months, wanted)
        told = [bool(each.parts) for each in of_files.products if each.parts or each.sources]
        if told and all(told):
            matcher.plan = of_files
            return True
        if any(each.parts for each in plan.products):
            matcher.plan = of_postings
        return False

    def find(self, matcher: Matcher, room: int, deadline: float) -> tuple[list[Match], bool]:
        """Return the plan's first matches, more than there is room for, and whether all.

        They are fewer, or none, where that takes too long.
        """
        found: list[Match] = []
        with suppress(TakesTooLongError):
            for matches in self._by_month(matcher, room + 1, deadline):
                found += matches
                if len(found) > room or self.streams.clock() > deadline:
                    return found, False
            return found, True
        return found, False

    def _by_month(self, matcher: Matcher, most: int, deadline: float) -> Iterator[list[Match]]:
        """Yield the matches of each month in their order, of a file at least the first ``most``.

        Raises TakesTooLongError where a month is not read by then.
        """
        plan = matcher.plan

        def leading(rows: MirrorRows) -> list[list[Match]]:
            return [rows.first_taken(most, descending=plan.descending)]

        of_product = {each.product.id: each for each in plan.products}
        parts = sorted(
            (part for each in plan.products for part in each.parts),
            key=lambda part: part.month,
            reverse=plan.descending,
        )
        live: dict[str, list[Source]] = {}
        for source in plan.sources(None):
            live.setdefault(source.low[:7], []).append(source)
        read = self.source.reader.read(parts, bounds_of(plan.query), wanted_of(matcher))
        following = next(read, None)
        for month in sorted({*live, *(each.month for each in parts)}, reverse=plan.descending):
            found = self._live(matcher, live.get(month, ()), most, deadline)
            while following is not None and following[0].month == month:
                part, files = following
                told = None if files is None else self.streams.told(matcher, part, files, leading)
                if told is None:
                    searched = of_product[part.product_id]
                    told = list(self.streams.instead(matcher, searched, part, deadline))
                found += (match for batch in told for match in batch)
                following = next(read, None)
            found.sort(key=lambda match: match.key, reverse=plan.descending)
            yield found

    def _live(
        self, matcher: Matcher, sources: Sequence[Source], most: int, deadline: float
    ) -> list[Match]:
        """Return the first matches of a month in postings."""
        descending = matcher.plan.descending
        merge = Merge(
            self.streams.postings, sources, matcher.cost, descending=descending, ratio=1.0
        )
        found: list[Match] = []
        while not merge.finished and len(found) < most:
            if self.streams.clock() > deadline:
                raise TakesTooLongError(matcher.cost)
            found += matcher.matching(merge.advance(None))
        return found


def _behind(after: str | None, *, descending: bool) -> KeyRange:
    if after is None:
        return KeyRange()
    return KeyRange(high=predecessor(after)) if descending else KeyRange(low=successor(after))
