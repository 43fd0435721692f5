"""What the collections have in common: save, look at, change and delete objects; pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, Protocol, TypeVar

from swath_core.access import Caller
from swath_core.catalog import Page, Query
from swath_core.documents import Document
from swath_core.web import Body, Request, Response, answer
from swath_core.web.jsonapi import (
    MOST_PAGE_BYTES,
    SearchBody,
    answer_message,
    answer_object,
    includes,
    is_true,
    listing,
    member_resource,
    page_within,
    parse_resource,
    product_resource,
    single,
)

Found = TypeVar("Found")
Saved_co = TypeVar("Saved_co", covariant=True)
Member = tuple[Document, Document]
"""A band or an image, and its product."""


class UseCases(Protocol[Saved_co]):
    """What ``swath_core.catalog`` offers for the objects of a collection."""

    def create(
        self, caller: Caller, given_id: str | None, given: Mapping[str, Any], request: str | None, /
    ) -> Saved_co:
        """Save a new object."""

    def get(self, caller: Caller, object_id: str, /) -> Saved_co:
        """Return an object."""

    def update(
        self,
        caller: Caller,
        object_id: str,
        changes: Mapping[str, Any],
        request: str | None,
        expected: int | None,
        /,
    ) -> Saved_co:
        """Change an object."""

    def delete(
        self, caller: Caller, object_id: str, request: str | None, expected: int | None, /
    ) -> None:
        """Delete an object."""


@dataclass(frozen=True)
class Objects(Generic[Found]):
    """The routes of the objects of a collection, its list apart."""

    kind: str
    use_cases: Callable[[], UseCases[Found]]
    answer: Callable[[Request, Found, int], Response[Any]]

    def create(self, request: Request) -> Response[Any]:
        """``POST`` on the collection."""
        given_id, given = parse_resource(request.json, self.kind)
        found = self.use_cases().create(request.caller, given_id, given, request.replay_token)
        return self.answer(request, found, HTTPStatus.CREATED)

    def get(self, request: Request, id: str) -> Response[Any]:
        """``GET`` and ``HEAD`` of an object."""
        return self.answer(request, self.use_cases().get(request.caller, id), HTTPStatus.OK)

    def update(self, request: Request, id: str) -> Response[Any]:
        """``PATCH`` of an object."""
        _, changes = parse_resource(request.json, self.kind, id)
        found = self.use_cases().update(
            request.caller, id, changes, request.replay_token, request.expected_version
        )
        return self.answer(request, found, HTTPStatus.OK)

    def delete(self, request: Request, id: str) -> Response[Any]:
        """``DELETE`` of an object."""
        self.use_cases().delete(request.caller, id, request.replay_token, request.expected_version)
        return answer_message("Object successfully deleted")


def answer_member(request: Request, member: Member, status: int) -> Response[Any]:
    """Return the response for a band or an image, with its product where that is asked for."""
    document, product = member
    data = member_resource(document, v1=is_true(request.query.get("v1_compatibility")))
    wants_product = includes(request, "product")
    included = [product_resource(request.caller, product)] if wants_product else None
    return answer_object(single(data, included), document, status)


def query_of(request: Request, body: SearchBody) -> Query:
    """Return the search over listed documents that body and query string ask for."""
    return Query(
        filter=body.filter,
        sort=body.sort,
        limit=body.limit,
        text=body.text,
        after=request.query.get("continuation"),
    )


def answer_page(
    request: Request,
    page: Page,
    resources: Iterable[Body],
    included: Callable[[Sequence[Body]], Iterable[Body]] | None = None,
) -> Response[Any]:
    """Return a page, cut where the response would be too big, and what goes with what is kept."""
    kept, cut = page_within(resources, MOST_PAGE_BYTES)
    more = (cut or page.more) and kept
    body = listing(
        kept,
        self_url=request.url,
        count=page.count,
        next_url=request.next_url(page.positions[len(kept) - 1]) if more else None,
        included=None if included is None else included(kept),
    )
    return answer(body)
