"""Searches that are answered in memory: products and bands are few beside the images."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from swath_core.definitions import Resource
from swath_core.documents import Attributes, Document
from swath_core.errors import BadRequest
from swath_core.filters import (
    EVERYTHING,
    Expression,
    Sort,
    SortKey,
    allowed_values,
    is_after,
    parse_filter,
    parse_sort,
    sort_documents,
    sort_key,
    values_of,
)

PAGE_SIZE = 1000
_WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 32
"""Words of a text search: each is looked for among those of every document."""


@dataclass(frozen=True)
class Query:
    """What a search asks for; ``after`` is the token of the page before.

    ``text`` is what must be found, ``texts`` what any of must be; ``condition`` has to hold beside
    ``filter``.
    """

    filter: str | None = None
    condition: Expression = EVERYTHING
    sort: str | Sort | None = None
    limit: int | None = None
    text: str | None = None
    texts: tuple[str, ...] = ()
    after: str | None = None
    page_size: int = PAGE_SIZE


@dataclass(frozen=True)
class Page:
    """Documents in order, how many match altogether, and where the next page begins."""

    documents: list[Document]
    count: int
    positions: list[str]
    """For each document the token that continues after it."""
    more: bool


class Search:
    """A parsed search over one kind of object."""

    def __init__(self, query: Query, resource: Resource, default_sort: str) -> None:
        self.query = query
        self.resource = resource
        self.expression = parse_filter(query.filter, resource)
        given = query.sort
        self.sort = given if isinstance(given, Sort) else parse_sort(given, resource, default_sort)
        self._words = _wanted(query.text)
        self._alternatives = [_wanted(each) for each in query.texts]
        self._after = _position(query.after)

    @property
    def ids(self) -> list[str] | None:
        """The ids that alone can match, in the order asked, or None."""
        return allowed_values(self.expression, "id")

    def run(self, documents: Iterable[Document]) -> Page:
        """Return a page of the documents that match."""
        found = [each for each in documents if self._matches(each)]
        ordered = self._ordered(found)
        rest, delivered = self._rest(ordered)
        room = len(rest) if self.query.limit is None else max(self.query.limit - delivered, 0)
        page = list(rest[: min(room, self.query.page_size)])
        positions = [
            _token(sort_key(self.sort, self.resource, values_of(each)), delivered + index)
            for index, each in enumerate(page, 1)
        ]
        return Page(page, len(found), positions, more=len(page) < min(room, len(rest)))

    def _matches(self, document: Document) -> bool:
        if self._words and not _text_matches(self._words, document.attributes, self.resource):
            return False
        if self._alternatives and not any(
            _text_matches(each, document.attributes, self.resource) for each in self._alternatives
        ):
            return False
        values = values_of(document)
        return self.expression.matches(values) and self.query.condition.matches(values)

    def _ordered(self, documents: list[Document]) -> list[Document]:
        """Return the documents in the order asked for; bare ids set the order themselves."""
        ids = self.ids
        if self.query.sort or ids is None:
            return sort_documents(documents, self.sort, self.resource)
        place = {each: index for index, each in enumerate(ids)}
        return sorted(documents, key=lambda each: place[each.id])

    def _rest(self, ordered: Sequence[Document]) -> tuple[Sequence[Document], int]:
        if self._after is None:
            return ordered, 0
        last, delivered = self._after
        for index, each in enumerate(ordered):
            if each.id == last[1]:
                return ordered[index + 1 :], delivered
        return [each for each in ordered if self._is_after(each, last)], delivered

    def _is_after(self, document: Document, last: SortKey) -> bool:
        key = sort_key(self.sort, self.resource, values_of(document))
        try:
            return is_after(key, last, self.sort)
        except TypeError as error:
            raise _foreign() from error


# -- full text: words, without regard to case and accents


def words(text: str) -> list[str]:
    """Return the words of a text in their folded form."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _WORD.findall(bare.casefold())


def text_matches(wanted: str, attributes: Attributes, resource: Resource) -> bool:
    """Return whether each wanted word begins a word of the resource's searchable attributes."""
    return _text_matches(words(wanted), attributes, resource)


def _wanted(text: str | None) -> list[str]:
    found = words(text or "")
    if len(found) > MOST_WORDS:
        message = f"text: {len(found)} words were sent, but at most {MOST_WORDS} are looked for"
        raise BadRequest(message, parameter="text")
    return found


def _text_matches(wanted: Sequence[str], attributes: Attributes, resource: Resource) -> bool:
    held: set[str] = set()
    for attribute in resource:
        value = attributes.get(attribute.name)
        if attribute.searchable and isinstance(value, str):
            held.update(words(value))
    return all(any(word.startswith(each) for word in held) for each in wanted)


# -- continuation


def _token(last: SortKey, delivered: int) -> str:
    text = json.dumps([*last, delivered], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(token: str | None) -> tuple[tuple[Any, str], int] | None:
    if token is None:
        return None
    try:
        value, last_id, delivered = json.loads(
            base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise _foreign() from error
    is_whole = isinstance(delivered, int) and not isinstance(delivered, bool) and delivered >= 0
    if not isinstance(last_id, str) or not is_whole:
        raise _foreign()
    return (value, last_id), delivered


def _foreign() -> BadRequest:
    message = "continuation: this is no token that a search of this catalog gave"
    return BadRequest(message, parameter="continuation")
