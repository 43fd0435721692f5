"""Search, count and summary of images: one mechanism, a merged stream of matching postings."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from swath_core.definitions import IMAGE
from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.filters import SortKey, is_after, product_of, sort_documents, sort_key, sorted_keys
from swath_core.index import indexed_of
from swath_core.mirror import MirrorPart
from swath_core.store.postings import PostingReader

from ._columns import MirrorRows, selected
from ._merge import (
    TOLD,
    DocumentReader,
    Matcher,
    Merge,
    SizeOf,
    TooManyWholeError,
    satisfies,
    tells,
)
from ._mirrored import MirrorSource, bounds_of, live_sources, mirrored
from ._ordered import OrderedFiles
from ._plan import MonthReader, ProductPlan, Projection, SearchPlan, plan_search
from ._query import (
    Cost,
    ImageQuery,
    Match,
    Page,
    SearchProduct,
    sign,
    split_by_product,
    unsign,
)

PAGE_IMAGES = 100
PAGE_BYTES = 4_000_000
"""Bytes of JSON of the documents on a page; a function's response may have 6,291,556."""

MOST_SORTED = 100_000
"""Matches in postings that a search sorted by anything but ``acquired`` may have."""

SECONDS = 22.0
"""Time after which a search that is still reading gives up; the API has 30 s."""

COUNTED_POSTINGS = 20_000
COUNTED_SECONDS = 2.0
"""What counting the matches of a page that says their number may take beside the page itself."""

_ROUNDS = 2
_SHORT_PAGE = 4

State = dict[str, Any]

Batch = list[Match] | MirrorRows
"""Matches: as postings, or as columns of a file of the mirror."""


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
        self._postings = postings
        self._documents = documents
        self._months = months
        self._signing_key = signing_key
        self._clock = clock
        self._mirror = mirror
        self._ordered = (
            None if mirror is None else OrderedFiles(mirror, postings, months, self._instead)
        )

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
            return self._page_of_ids(matcher, state)
        if sorts:
            return self._page_sorted(matcher, state)
        return self._page_in_order(matcher, state)

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
            return len(_by_id(matcher))
        if sum(source.expected or 0.0 for each in plan.products for source in each.sources) > (
            postings
        ):
            return None
        found = sum(each.counted for each in plan.products)
        merge, deadline = self._merge(matcher, None), self._clock() + seconds
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
            return len(_by_id(matcher)), matcher
        counted = sum(each.counted for each in matcher.plan.products)
        found = sum(len(batch) for batch in self._batches(matcher))
        return counted + found, matcher

    def batches(
        self,
        query: ImageQuery,
        products: Sequence[SearchProduct],
        *,
        footprints: bool = False,
        attributes: bool = False,
        whole: frozenset[str] = frozenset(),
    ) -> Iterator[Batch]:
        """Yield all matches, each once and in no order, as :meth:`matches` or as columns of files.

        ``whole`` are attributes that matches have to tell even where they are too long for a
        posting: such images of a file are yielded as matches. Raises BadRequest where it takes too
        long.
        """
        wanted = Projection(footprints, attributes or bool(whole))
        matcher = self._planned(query, products, wanted, from_files=whole <= TOLD)
        if matcher.plan.by_id:
            matches = [Match.of(document) for document in _by_id(matcher)]
            matcher.complete(matches, whole)
            yield matches
            return
        for batch in self._batches(matcher):
            if isinstance(batch, MirrorRows):
                told, short = batch.parted(whole)
                if told:
                    yield told
                matches = short.matches()
            else:
                matches = batch
            matcher.complete(matches, whole)
            if matches:
                yield matches

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
            found = sorted(map(Match.of, _by_id(matcher)), key=lambda match: match.key)
            batches: Iterator[list[Match]] = iter([found])
        else:
            batches = self._stream(matcher)
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
    ) -> Matcher:
        queries = split_by_product(query, products)
        plan = plan_search(query, queries, self._months, wanted, counting=counting)
        if from_files and self._mirror is not None:
            plan = mirrored(plan, self._mirror, self._months, wanted)
        return Matcher(plan, self._documents, cost or Cost())

    # ---- the stream

    def _stream(self, matcher: Matcher) -> Iterator[list[Match]]:
        merge = self._merge(matcher, None)
        deadline = self._clock() + SECONDS
        while not merge.finished:
            yield matcher.matching(merge.advance(None))
            if self._clock() > deadline:
                raise _takes_too_long(matcher.cost)

    def _batches(self, matcher: Matcher) -> Iterator[Batch]:
        """Yield the matches in postings, and then those in files."""
        yield from self._stream(matcher)
        deadline, within = self._clock() + SECONDS, bounds_of(matcher.plan.query)
        for each in matcher.plan.products:
            if self._mirror is None or not each.parts:
                continue
            for part, files in self._mirror.reader.read(each.parts, within):
                if files is None:
                    yield from self._instead(matcher, each, part)
                    continue
                for columns in files:
                    matcher.cost.files += 1
                    if rows := selected(matcher, part, columns):
                        yield rows
                if self._clock() > deadline:
                    raise _takes_too_long(matcher.cost)

    def _instead(
        self, matcher: Matcher, of_product: ProductPlan, part: MirrorPart
    ) -> Iterator[list[Match]]:
        """Read the days of a part from postings: a file of it is not as it was written."""
        keys = matcher.plan.queries[part.product_id].keys
        days = sorted(part.days)
        needed = Projection(footprints=True, attributes=True)
        sources = list(live_sources(of_product, part.month, days, keys, needed))
        merge = Merge(self._postings, sources, matcher.cost, descending=False, ratio=1.0)
        while not merge.finished:
            yield matcher.matching(merge.advance(None))

    def _merge(self, matcher: Matcher, after: str | None) -> Merge:
        plan, sources = matcher.plan, matcher.plan.sources(after)
        descending, ratio = plan.descending, plan.ratio
        return Merge(self._postings, sources, matcher.cost, descending=descending, ratio=ratio)

    # ---- a page in the order of the index

    def _page_in_order(self, matcher: Matcher, state: State) -> Page:
        """Read until the page is full; a quarter will do after two rounds.

        Matches whose documents were all deleted meanwhile are passed over.
        """
        room = _room(matcher.plan.query, state)
        documents: list[Document] = []
        more = room > 0
        deadline = self._clock() + SECONDS
        in_files = "f" in state
        while more and not documents:
            found, finished = self._find(matcher, state.get("k"), room, deadline, files=in_files)
            in_files = any(each.parts for each in matcher.plan.products)
            if not found and not finished:
                raise _takes_too_long(matcher.cost)
            documents, used = _whole(matcher, found[:room])
            more = used < len(found) or not finished
            if used:
                state = {**state, "k": found[used - 1].key} | ({"f": 1} if in_files else {})
        return self._answer(matcher, documents, state, more=more)

    def _find(
        self, matcher: Matcher, after: str | None, room: int, deadline: float, *, files: bool
    ) -> tuple[list[Match], bool]:
        """Return matches behind a key, about as many as there is room for, and whether all.

        ``files`` says that the last page came to files: this one begins with them.
        """
        ordered, until_files = self._ordered, math.inf
        if ordered is not None:
            if files and ordered.go_on(matcher, after):
                return ordered.find(matcher, room, lambda: self._clock() <= deadline)
            until_files = ordered.source.least
        merge = self._merge(matcher, after)
        found: list[Match] = []
        rounds = 0
        while not merge.finished and len(found) < room:
            found += matcher.matching(merge.advance(room + 1 - len(found)))
            merge.note(len(found))
            rounds += 1
            if rounds >= _ROUNDS and len(found) * _SHORT_PAGE >= room:
                break
            left, reached = room - len(found), merge.reached
            if ordered and reached and left > 0 and matcher.cost.postings >= until_files:
                until_files = math.inf
                if ordered.go_on(matcher, reached):
                    more, finished = ordered.find(matcher, left, lambda: self._clock() <= deadline)
                    return found + more, finished
            if self._clock() > deadline:
                break
        return found, merge.finished

    # ---- a page in another order

    def _page_sorted(self, matcher: Matcher, state: State) -> Page:
        """Read all matches and keep the best ones behind the last page's end."""
        query = matcher.plan.query
        room = _room(query, state)
        last: SortKey | None = tuple(state["s"]) if "s" in state else None
        best: dict[SortKey, Match] = {}
        total = 0
        for batch in self._batches(matcher):
            if isinstance(batch, MirrorRows):
                best = _first(best, room + 1, query)
                worst = next(reversed(best)) if len(best) > room else None
                matches = batch.first(query.sort, last, room + 1, worst)
            else:
                matches = batch
                total += len(matches)
            if total > MOST_SORTED:
                raise _too_many_to_sort(query)
            best |= {
                key: match
                for key, match in _keyed(matcher, matches)
                if last is None or is_after(key, last, query.sort)
            }
            if len(best) > _SHORT_PAGE * max(room, PAGE_IMAGES):
                best = _first(best, room + 1, query)
        best = _first(best, room + 1, query)
        keys = list(best)
        documents, used = _whole(matcher, list(best.values())[:room])
        if used:
            state = {**state, "s": keys[used - 1]}
        return self._answer(matcher, documents, state, more=used < len(best))

    # ---- images by id

    def _page_of_ids(self, matcher: Matcher, state: State) -> Page:
        query, found = matcher.plan.query, _by_id(matcher)
        if query.sort_given:
            found = sort_documents(found, query.sort, IMAGE)
        found = found[: query.limit]
        first, size = int(state.get("o", 0)), 0
        documents: list[Document] = []
        for document in found[first : first + (query.page_size or len(found))]:
            size += matcher.size_of(document)
            if size > PAGE_BYTES and documents:
                break
            documents.append(document)
        end = first + len(documents)
        return self._answer(matcher, documents, {**state, "o": end}, more=end < len(found))

    # ---- the answer

    def _answer(
        self, matcher: Matcher, documents: list[Document], state: State, *, more: bool
    ) -> Page:
        query = matcher.plan.query
        returned = int(state["n"]) + len(documents)
        token = None
        if more and documents and (query.limit is None or returned < query.limit):
            cursor = {**state, "n": returned, "q": query.digest}
            token = sign(cursor, self._signing_key())
        return Page(documents, token, matcher.cost, matcher.plan.to_json(), state.get("m"))


def _room(query: ImageQuery, state: State) -> int:
    """Return how many images the page may have."""
    most = query.page_size or PAGE_IMAGES
    if query.limit is None:
        return most
    return max(0, min(most, query.limit - int(state["n"])))


def _whole(matcher: Matcher, matches: list[Match]) -> tuple[list[Document], int]:
    """Return the documents of matches as far as bytes allow, and how many matches that are.

    A document that is not of the version indexed has changed since: it is checked again.
    """
    stored = matcher.fetch([match.id for match in matches])
    documents: dict[str, Document] = {}
    size = 0
    for number, match in enumerate(matches):
        document = stored.get(match.id)
        if document is None or not _still(matcher.plan.query, document, match):
            continue
        size += matcher.size_of(document)
        if size > PAGE_BYTES and documents:
            return list(documents.values()), number
        documents[document.id] = document
    return list(documents.values()), len(matches)


def _still(query: ImageQuery, document: Document, match: Match) -> bool:
    """Return whether a document is where a match says, and matches.

    A posting in a cell is as good as the document's until the postings are written again.
    """
    if document.version == match.version:
        return True
    names = query.expression.names
    if indexed_of(document) == match.version and "modified" not in names and tells(match, names):
        return True
    return document.attributes["acquired"] == match.acquired and satisfies(query, document)


def _keyed(matcher: Matcher, matches: list[Match]) -> Iterator[tuple[SortKey, Match]]:
    """Yield matches with what they are sorted by."""
    sort = matcher.plan.query.sort
    matcher.complete(matches, sort.names)
    for match in matches:
        yield sort_key(sort, IMAGE, match.values), match


def _first(best: dict[SortKey, Match], most: int, query: ImageQuery) -> dict[SortKey, Match]:
    keys = sorted_keys(best, query.sort)[:most]
    return {key: best[key] for key in keys}


def _by_id(matcher: Matcher) -> list[Document]:
    """Return the documents of the ids asked for that satisfy the query, as asked."""
    plan = matcher.plan
    ids = _ids_as_asked(plan)
    stored = matcher.fetch(ids)
    matcher.cost.rounds += 1
    found = [
        document
        for image_id in ids
        if (document := stored.get(image_id)) is not None
        and product_of(image_id) in plan.queries
        and satisfies(plan.query, document)
    ]
    matcher.cost.matches += len(found)
    return found


def _ids_as_asked(plan: SearchPlan) -> list[str]:
    """Return the ids, each once, in the order in which the filter names them if it does."""
    wanted = frozenset().union(*(each.ids or () for each in plan.queries.values()))
    named = [id_ for id_ in plan.query.expression.listed("id") if id_ in wanted]
    return list(dict.fromkeys([*named, *sorted(wanted)]))


def _takes_too_long(cost: Cost) -> BadRequest:
    message = (
        f"the search has read {cost.postings} postings for {cost.matches} matches and is "
        "not done: narrow it by product, acquired or intersects"
    )
    return BadRequest(message, parameter="filter")


def _too_many_to_sort(query: ImageQuery) -> BadRequest:
    message = (
        f"sort: more than {MOST_SORTED} images match, too many to sort by {query.sort.name}: "
        "narrow the search, or sort by acquired"
    )
    return BadRequest(message, parameter="sort")
