"""Pages of images: in the order of the index, in another order, and of ids."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from swath_core.definitions import IMAGE
from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.filters import SortKey, is_after, product_of, sort_documents, sort_key, sorted_keys
from swath_core.index import indexed_of

from ._columns import MirrorRows
from ._merge import Matcher, satisfies, tells
from ._ordered import OrderedFiles
from ._plan import SearchPlan
from ._query import ImageQuery, Match, Page, sign
from ._streams import SECONDS, Batch, Streams, TakesTooLongError

PAGE_IMAGES = 100
PAGE_BYTES = 4_000_000
"""Bytes of JSON of the documents on a page; a function's response may have 6,291,556."""

MOST_SORTED = 100_000
"""Matches in postings that a search sorted by anything but ``acquired`` may have."""

_ROUNDS = 2
_SHORT_PAGE = 4

State = dict[str, Any]
"""What a token carries from page to page."""


class _OfFile(list[Match]):
    """Matches that a file told: of these there may be any number."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Reads pages: each method reads the one behind a state."""

    streams: Streams
    ordered: OrderedFiles | None
    signing_key: Callable[[], bytes]

    # ---- a page in the order of the index

    def in_order(self, matcher: Matcher, state: State) -> Page:
        """Read until the page is full; a quarter will do after two rounds.

        Matches whose documents were all deleted meanwhile are passed over.
        """
        room = _room(matcher.plan.query, state)
        documents: list[Document] = []
        more = room > 0
        deadline = self.streams.clock() + SECONDS
        in_files = "f" in state
        while more and not documents:
            found, finished = self._find(matcher, state.get("k"), room, deadline, files=in_files)
            in_files = any(each.parts for each in matcher.plan.products)
            if not found and not finished:
                raise TakesTooLongError(matcher.cost)
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
        ordered, until_files = self.ordered, math.inf
        if ordered is not None:
            if files and ordered.go_on(matcher, after):
                return ordered.find(matcher, room, deadline)
            until_files = ordered.source.least
        merge = self.streams.merge(matcher, after)
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
                    more, finished = ordered.find(matcher, left, deadline)
                    return found + more, finished
            if self.streams.clock() > deadline:
                break
        return found, merge.finished

    # ---- a page in another order

    def in_another_order(self, matcher: Matcher, state: State) -> Page:
        """Read all matches and keep the best ones behind the last page's end."""
        query = matcher.plan.query
        room = _room(query, state)
        last: SortKey | None = tuple(state["s"]) if "s" in state else None
        best: dict[SortKey, Match] = {}
        total = 0

        def leading(rows: MirrorRows) -> list[Batch]:
            nonlocal best
            best = _first(best, room + 1, query)
            worst = next(reversed(best)) if len(best) > room else None
            return [_OfFile(rows.first(query.sort, last, room + 1, worst))]

        for batch in self.streams.batches(matcher, leading):
            matches = list(batch) if isinstance(batch, list) else batch.matches()
            total += 0 if isinstance(batch, _OfFile) else len(matches)
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

    def of_ids(self, matcher: Matcher, state: State) -> Page:
        """Return images that are asked for by their ids."""
        query, found = matcher.plan.query, by_id(matcher)
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
            token = sign(cursor, self.signing_key())
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


def by_id(matcher: Matcher) -> list[Document]:
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


def _too_many_to_sort(query: ImageQuery) -> BadRequest:
    message = (
        f"sort: more than {MOST_SORTED} images match, too many to sort by {query.sort.name}: "
        "narrow the search, or sort by acquired"
    )
    return BadRequest(message, parameter="sort")
