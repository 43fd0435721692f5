"""What a search is asked, of all products together and of each, and what it answers.

A page's cursor is opaque, signed, bound to its query, and holds all the state that there is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.definitions import IMAGE, Attribute, ImageResource, Resource
from swath_core.documents import INDEX_VERSION, Document, StoredProduct
from swath_core.errors import BadRequest
from swath_core.filters import (
    EVERYTHING,
    NOTHING,
    Expression,
    KeyRange,
    Sort,
    ids_of,
    parse_filter,
    parse_limit,
    parse_sort,
    split_range,
)
from swath_core.geo import query_geometry
from swath_core.index import (
    IndexState,
    attributes_of_row,
    encode_row,
    key_of,
    split_key,
)
from swath_core.mirror import Extras, declared_extras
from swath_core.store.postings import PostingRow

_MAC_BYTES = 16
_BOUND = ("filter", "sort", "intersects", "intersects_none", "limit")
"""Members of a search's body that its cursors are bound to."""


@dataclass(frozen=True, slots=True)
class SearchProduct:
    """A product that the caller may read, as far as searching its images needs it.

    Its images are posted under ``version`` of the index, or under ``also`` while it is moved.
    ``extras`` are the extra properties that it declares, with the names of their types.
    """

    id: str
    state: IndexState
    shards: int = 1
    version: int = INDEX_VERSION
    also: int | None = None
    extras: Extras = ()

    @classmethod
    def of(cls, product: StoredProduct) -> SearchProduct:
        """Return a product as it was read."""
        state = IndexState(product.rungs, product.extent, product.spans)
        extras = declared_extras(product.attributes)
        return cls(product.id, state, product.shards, product.index, product.also, extras)

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions of its index that are read."""
        return (self.version,) if self.also is None else (self.version, self.also)


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """A search for images, parsed and checked.

    ``area`` is on the plane; ``or_without_area`` also takes images without a footprint. ``limit``
    counts over all pages, ``page_size`` on one. Images asked for by id come as asked unless
    ``sort_given``. ``digest`` is what a cursor is bound to. ``declared`` are the extra properties
    with the types in which it asks for them, by their names in filters: products are read after it
    was parsed, and may declare others then.
    """

    expression: Expression = EVERYTHING
    area: BaseGeometry | None = None
    or_without_area: bool = False
    sort: Sort = field(default_factory=lambda: Sort("acquired"))
    sort_given: bool = False
    limit: int | None = None
    page_size: int | None = None
    digest: str = ""
    declared: Mapping[str, Attribute] = field(default_factory=dict)

    @classmethod
    def from_body(
        cls, body: Mapping[str, Any], resource: Resource = IMAGE, *, user: str = ""
    ) -> ImageQuery:
        """Return the query of a search's body. Raises BadRequest naming the member.

        Its cursors are good for ``user`` only.
        """
        if body.get("text"):
            message = "text: images have no text to search; use filter"
            raise BadRequest(message, parameter="text")
        intersects = body.get("intersects")
        sort = parse_sort(body.get("sort"), resource, "acquired")
        area = query_geometry(intersects) if intersects is not None else None
        return cls(
            expression=parse_filter(body.get("filter"), resource),
            area=area,
            or_without_area=bool(body.get("intersects_none")),
            sort=sort,
            sort_given=bool(body.get("sort")),
            limit=parse_limit(body.get("limit")),
            digest=digest(user, *(body.get(name) for name in _BOUND), *types_of(sort)),
            declared=resource.extras.by_name if isinstance(resource, ImageResource) else {},
        )


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """What a query asks of one product: a key range, and a predicate on postings.

    ``ids`` are the images that it can only be about; None: it can be about any.
    """

    product: SearchProduct
    keys: KeyRange
    predicate: Expression
    ids: frozenset[str] | None


def split_by_product(query: ImageQuery, products: Sequence[SearchProduct]) -> list[ProductQuery]:
    """Return what a query asks of each product that it can find images in."""
    queries = []
    for product in products:
        left = query.expression.given({"product_id": product.id})
        if left == NOTHING:
            continue
        keys, predicate = split_range(left, product.state.longest)
        queries.append(ProductQuery(product, keys, predicate, ids_of(left, product.id)))
    return queries


# ---- what it answers


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
    files: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the figures; ``images`` are the distinct ones among what was read."""
        files = {"files": self.files} if self.files else {}
        return files | {
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
    """One page of a search: documents in order, and the token of the next page, if there is one.

    ``matched`` is the number of images on all pages, where it was asked for and could be counted.
    """

    documents: list[Document]
    token: str | None
    cost: Cost
    plan: dict[str, Any]
    matched: int | None = None


# ---- cursors


def digest(*parts: object) -> str:
    """Return a short fingerprint of what a query asks for."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def types_of(sort: Sort) -> list[str]:
    """Return the types of the extra properties of an order: cursors hold values of them."""
    return [str(each.extra.type) for each in sort.all if each.extra]


def sign(state: dict[str, Any], key: bytes) -> str:
    """Return the token of a state; it survives in a URL's query as it is."""
    body = json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_mac(body, key) + body).decode().rstrip("=")


def unsign(token: str, key: bytes, query: str) -> dict[str, Any]:
    """Return the state of a token that this catalog gave for this query. Raises BadRequest."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error) as error:
        raise _foreign() from error
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise _foreign()
    state: dict[str, Any] = json.loads(body)
    if state.get("q") != query:
        message = (
            "continuation: the token belongs to another search or caller; "
            "send the body that it came with"
        )
        raise BadRequest(message, parameter="continuation")
    return state


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]


def _foreign() -> BadRequest:
    message = "continuation: this is no token that a search of this catalog gave"
    return BadRequest(message, parameter="continuation")
