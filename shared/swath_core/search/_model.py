"""What a search is asked with, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.definitions import IMAGE, Resource
from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.filters import EVERYTHING, Expression, Sort, parse_filter, parse_limit, parse_sort
from swath_core.geo import query_geometry
from swath_core.index import IndexState, attributes_of_row, encode_row, key_of, split_key
from swath_core.store.postings import PostingRow

from ._cursor import digest


@dataclass(frozen=True, slots=True)
class SearchProduct:
    """A product that the caller may read, as far as searching its images needs it."""

    id: str
    state: IndexState
    shards: int = 1


class Counted(Protocol):
    """The figures of a month."""

    @property
    def count(self) -> int:
        """Images in the month, as of the last recount."""


class MonthState(Protocol):
    """What the rollups tell of a product (``swath_core.store.rollups.RollupState``)."""

    @property
    def months(self) -> Mapping[str, Counted]:
        """Every month (``YYYY-MM``) that may hold images."""

    @property
    def dirty_months(self) -> Mapping[str, Sequence[str]]:
        """The months whose figures may be out of date, with their dirty days."""


class MonthReader(Protocol):
    """Where the planner asks for the months of a product; read consistently."""

    def state(self, product_id: str) -> MonthState:
        """Return the months of a product."""


class DocumentReader(Protocol):
    """Where whole images come from."""

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Return those of the images that exist, by id; read consistently."""


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """A search for images, parsed and checked.

    ``area`` is on the plane; ``or_without_area`` also takes images without a footprint. ``limit``
    counts over all pages. Images asked for by id come as asked unless ``sort_given``. ``digest``
    is what a cursor is bound to.
    """

    expression: Expression = EVERYTHING
    area: BaseGeometry | None = None
    or_without_area: bool = False
    sort: Sort = field(default_factory=lambda: Sort("acquired"))
    sort_given: bool = False
    limit: int | None = None
    digest: str = ""

    @classmethod
    def from_body(cls, body: Mapping[str, Any], resource: Resource = IMAGE) -> ImageQuery:
        """Return the query of a search's body. Raises BadRequest naming the member."""
        if body.get("text"):
            message = "text: images have no text to search; use filter"
            raise BadRequest(message, parameter="text")
        intersects = body.get("intersects")
        area = query_geometry(intersects) if intersects is not None else None
        return cls(
            expression=parse_filter(body.get("filter"), resource),
            area=area,
            or_without_area=bool(body.get("intersects_none")),
            sort=parse_sort(body.get("sort"), resource, "acquired"),
            sort_given=bool(body.get("sort")),
            limit=parse_limit(body.get("limit")),
            digest=digest(*(body.get(name) for name in _BOUND)),
        )


_BOUND = ("filter", "sort", "intersects", "intersects_none", "limit")


@dataclass(slots=True)
class Match:
    """An image that a search found, as the index holds it."""

    key: str
    product_id: str
    row: PostingRow
    _values: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """The image's id."""
        return split_key(self.key)[1]

    @property
    def acquired(self) -> str:
        """When the image was taken (canonical timestamp)."""
        return split_key(self.key)[0]

    @property
    def bytes(self) -> int:
        """Stored bytes of the image's files."""
        return self.row.bytes

    @property
    def version(self) -> int:
        """The version of the document that was indexed."""
        return self.row.version

    @classmethod
    def of(cls, image: Document) -> Match:
        """Return what the index holds of a document."""
        key = key_of(image.attributes["acquired"], image.id)
        return cls(key, image.attributes["product_id"], PostingRow.of(key, encode_row(image)))

    @property
    def values(self) -> dict[str, Any]:
        """The attributes that the index holds. Needs a search that read them."""
        if self._values is None:
            acquired, image_id = split_key(self.key)
            self._values = attributes_of_row(
                self.product_id, acquired, image_id, self.row.attributes or "{}"
            )
        return self._values

    @property
    def footprint(self) -> BaseGeometry | None:
        """The footprint on the plane. Needs a search that read it."""
        return None if self.row.footprint is None else shapely.from_wkb(self.row.footprint)


@dataclass(slots=True)
class Cost:
    """What a search has cost the index; documents apart."""

    partitions: set[str] = field(default_factory=set)
    rounds: int = 0
    postings: int = 0
    images: int = 0
    matches: int = 0
    read_units: float = 0.0
    documents: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the figures; ``images`` are the distinct ones among the postings read."""
        return {
            "partitions": len(self.partitions),
            "rounds": self.rounds,
            "postings": self.postings,
            "images": self.images,
            "matches": self.matches,
            "read_units": self.read_units,
            "documents": self.documents,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search: documents in order, and the token of the next page, if there is one."""

    documents: list[Document]
    token: str | None
    cost: Cost
    plan: dict[str, Any]
