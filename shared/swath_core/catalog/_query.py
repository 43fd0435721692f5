"""What a search in memory is asked with, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from swath_core.documents import Document

PAGE_SIZE = 1000


@dataclass(frozen=True)
class Query:
    """What a search asks for; ``after`` is the token of the page before."""

    filter: str | None = None
    sort: str | None = None
    limit: int | None = None
    text: str | None = None
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
