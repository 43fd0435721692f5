"""Search, count and summary of images: one mechanism, a merged stream of matching postings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from swath_core.mirror import Wanted
from swath_core.store.postings import PostingReader

from ._columns import MirrorRows
from ._merge import DocumentReader, Matcher, SizeOf, TooManyWholeError
from ._mirrored import MirrorSource, mirrored
from ._ordered import OrderedFiles
from ._pages import Pages, State, by_id
from ._plan import MonthReader, Projection, plan_search
from ._query import Cost, ImageQuery, Match, Page, SearchProduct, split_by_product, unsign
from ._streams import Batch, Streams

COUNTED_POSTINGS = 20_000
COUNTED_SECONDS = 2.0
"""What counting the matches of a page that says their number may take beside the page itself."""


class ImageSearch:
    """The search over images. One instance serves any number of searches."""

    def __init__(
        self,
        *,
        postings: PostingReader,
        documents: DocumentReader,
        months: MonthReader,
        signing_key: Callable[[], bytes],
        clock: Callable[[], float] = time.monotonic,
        mirror: MirrorSource | None = None,
    ) -> None:
        """Search postings; with ``mirror`` count, sum up and sort very many images from files."""
        self._documents = documents
        self._months = months
        self._signing_key = signing_key
        self._clock = clock
        self._mirror = mirror
        self._streams = Streams(postings, mirror, clock)
        ordered = None if mirror is None else OrderedFiles(mirror, self._streams, months)
        self._pages = Pages(self._streams, ordered, signing_key)

    # ---- entry points

    def page(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        token: str | None = None,
        *,
        size_of: SizeOf | None = None,
        counts: bool = False,
    ) -> Page:
        """Return a page of images. ``products`` are those that the caller may read.

        ``token`` is the previous page's. ``size_of`` tells how many bytes a document adds to the
        response, of which a page has a bounded number. With ``counts`` the page says how many
        images match, if that can be counted within a budget: on the first page, whose token
        carries the number on. Raises BadRequest for a token that is not this query's, or an order
        that would have to sort too many images.
        """
        state: State = {"n": 0}
        if token:
            state = unsign(token, self._signing_key(), query.digest)
        sorts = query.sort.name != "acquired" or bool(query.sort.then)
        matcher = self._planned(query, products, Projection(attributes=sorts), from_files=sorts)
        if size_of is not None:
            matcher.size_of = size_of
        if counts and token is None:
            state["m"] = self.count_within(query, products)
        if matcher.plan.by_id:
            return self._pages.of_ids(matcher, state)
        if sorts:
            return self._pages.in_another_order(matcher, state)
        return self._pages.in_order(matcher, state)

    def count(self, query: ImageQuery, products: Sequence[SearchProduct]) -> tuple[int, Cost]:
        """Return the exact number of matches, whatever ``limit`` says, and what it cost.

        Raises BadRequest where it takes too long.
        """
        count, matcher = self._count(query, products)
        return count, matcher.cost

    def count_within(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        postings: int = COUNTED_POSTINGS,
        seconds: float = COUNTED_SECONDS,
    ) -> int | None:
        """Return the exact number of matches; None where counting them takes more than that."""
        matcher = self._planned(query, products, Projection(), counting=True)
        plan = matcher.plan
        if plan.by_id:
            return len(by_id(matcher))
        if sum(source.expected or 0.0 for each in plan.products for source in each.sources) > (
            postings
        ):
            return None
        found = sum(each.counted for each in plan.products)
        merge, deadline = self._streams.merge(matcher, None), self._clock() + seconds
        while not merge.finished:
            if matcher.cost.postings > postings or self._clock() > deadline:
                return None
            try:
                found += len(matcher.matching(merge.advance(None)))
            except TooManyWholeError:
                return None
        return found

    def _count(self, query: ImageQuery, products: Sequence[SearchProduct]) -> tuple[int, Matcher]:
        matcher = self._planned(query, products, Projection(), counting=True, from_files=True)
        if matcher.plan.by_id:
            return len(by_id(matcher)), matcher
        counted = sum(each.counted for each in matcher.plan.products)
        found = sum(len(batch) for batch in self._streams.batches(matcher))
        return counted + found, matcher

    def batches(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        *,
        footprints: bool = False,
        attributes: bool = False,
        centroids: bool = False,
        whole: frozenset[str] = frozenset(),
    ) -> Iterator[Batch]:
        """Yield all matches, each once and in no order, as :meth:`matches` or as columns of files.

        ``whole`` are attributes that matches have to tell even where they are too long for a
        posting: such images of a file are yielded as matches. ``centroids`` says that the caller
        will look at those of columns. Raises BadRequest where it takes too long.
        """
        wanted = Projection(footprints, attributes or bool(whole))
        matcher = self._planned(query, products, wanted, from_files=True, whole=whole)
        if matcher.plan.by_id:
            matches = [Match.of(document) for document in by_id(matcher)]
            matcher.complete(matches, whole)
            yield matches
            return

        def parted(rows: MirrorRows) -> list[Batch]:
            told, short = rows.parted(whole)
            return [told, short.matches(footprints=footprints)]

        first = Wanted.CENTROIDS if centroids else Wanted.ATTRIBUTES
        for batch in self._streams.batches(matcher, parted, first):
            if isinstance(batch, list):
                matcher.complete(batch, whole)
            yield batch

    def is_from_files(self, query: ImageQuery, product: SearchProduct) -> bool:
        """Return whether :meth:`batches` would read the images of a product from files."""
        if self._mirror is None:
            return False
        matcher = self._planned(query, [product], Projection(), from_files=True)
        return any(each.parts for each in matcher.plan.products)

    def matches(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        *,
        footprints: bool = False,
        attributes: bool = False,
        whole: frozenset[str] = frozenset(),
        cost: Cost | None = None,
    ) -> Iterator[list[Match]]:
        """Yield all matches by (acquired, id), each once, in batches; ``limit`` is not applied.

        ``footprints`` and ``attributes`` say what the caller will look at in a match; what it does
        not is not transferred. ``whole`` are attributes that matches have to tell even where they
        are too long for a posting. What is read is added to ``cost``. This is what counts and
        summaries are made from. Raises BadRequest where it takes too long.
        """
        wanted = Projection(footprints, attributes or bool(whole))
        matcher = self._planned(query, products, wanted, cost)
        if matcher.plan.by_id:
            found = sorted(map(Match.of, by_id(matcher)), key=lambda match: match.key)
            batches: Iterator[list[Match]] = iter([found])
        else:
            batches = self._streams.in_order(matcher)
        for matches in batches:
            matcher.complete(matches, whole)
            yield matches

    def explain(
        self, query: ImageQuery, products: Sequence[SearchProduct], token: str | None = None
    ) -> dict[str, Any]:
        """Return how a page (with ``limit`` 0, the count) was planned, and what it cost."""
        if query.limit == 0:
            count, matcher = self._count(query, products)
            cost, plan = matcher.cost.to_json(), matcher.plan.to_json()
            return {"plan": plan, "cost": cost, "count": count}
        page = self.page(query, products, token)
        return {"plan": page.plan, "cost": page.cost.to_json(), "images": len(page.documents)}

    def _planned(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        wanted: Projection,
        cost: Cost | None = None,
        *,
        counting: bool = False,
        from_files: bool = False,
        whole: frozenset[str] = frozenset(),
    ) -> Matcher:
        queries = split_by_product(query, products)
        plan = plan_search(query, queries, self._months, wanted, counting=counting)
        if from_files and self._mirror is not None:
            plan = mirrored(plan, self._mirror, self._months, wanted, whole)
        return Matcher(plan, self._documents, cost or Cost())
