"""Use cases on bands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from swath_core.access import Caller, may_read
from swath_core.definitions import BAND, BAND_TYPES, BANDS, Resource
from swath_core.documents import Attributes, Document, shown
from swath_core.errors import Conflict, Invalid
from swath_core.filters import allowed_values
from swath_core.store.catalog import ChangedError
from swath_core.store.requests import attempts

from ._access import ProductAccess, not_found, require_read, require_write
from ._documents import check_id, check_size, check_version, exists, overtaken, stamped
from ._levels import check_levels
from ._listing import Page, Query, Search
from ._related import RelatedObjects

STRUCTURE = ("data_type", "band_index", "file_index")
"""Attributes that say where and how the pixels of images stored already are."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class _State:
    """A product with its bands at one moment."""

    product: Document
    bands: Sequence[Document]

    def band(self, band_id: str) -> Document | None:
        return next((band for band in self.bands if band.id == band_id), None)

    def product_with(self, bands: Sequence[Document]) -> Document:
        return product_with(self.product, bands)


def product_with(product: Document, bands: Sequence[Document]) -> Document:
    """Return what a product becomes when these are its bands: itself if nothing changes."""
    values = _with_range(product.attributes, bands)
    if values == product.attributes:
        return product
    return product.next_version(values, product.request)


class Bands:
    """Create, read, change, delete and find bands; the product decides on access.

    A band's write is decided on the product and all its bands as they are, and repeated where
    they changed meanwhile; what two writers do to the same band is a Conflict.
    """

    def __init__(self, access: ProductAccess, related: RelatedObjects) -> None:
        self._access = access
        self._store = access.store
        self._related = related

    def get(self, caller: Caller, band_id: str) -> tuple[Document, Document]:
        """Return a band and its product. Raises NotFound."""
        found = self._store.band_with_product(band_id)
        require_read(caller, found[1] if found else None, band_id)
        return found  # type: ignore[return-value]  # None is refused above

    def create(
        self, caller: Caller, given_id: str | None, given: Mapping[str, Any], request: str | None
    ) -> tuple[Document, Document]:
        """Return the new band and its product.

        Raises Invalid, Errors, NotFound (the product), Forbidden or Conflict (the name is taken).
        """
        values = _resource_of(given.get("type")).validate_create(given)
        check_levels(values)
        band_id = f"{values['product_id']}:{values['name']}"
        check_id(given_id, band_id)

        def attempt() -> tuple[Document, Document]:
            state = self._state(caller, values["product_id"], "/data/attributes/product_id")
            require_write(caller, state.product)
            stored = state.band(band_id)
            if stored is not None:
                return _replayed(stored, request), state.product
            numbered = {"sort_order": _next_order(state.bands), **values}
            band = Document("band", band_id, stamped(numbered), 1, request)
            check_size(band.attributes)
            after = state.product_with([*state.bands, band])
            self._store.create_band(band, state.product, after)
            return band, after

        return _repeated(attempt, band_id)

    def update(
        self,
        caller: Caller,
        band_id: str,
        changes: Mapping[str, Any],
        request: str | None,
        expected: int | None = None,
    ) -> tuple[Document, Document]:
        """Return the changed band and its product; null clears an attribute.

        Raises NotFound, Forbidden, Invalid, Errors or Conflict.
        """
        first: list[int] = []

        def attempt() -> tuple[Document, Document]:
            state, band = self._existing(caller, band_id)
            if request is not None and band.request == request and band.version > 1:
                return band, state.product
            first.append(band.version)
            check_version(band_id, band, first[0] if expected is None else expected)
            changed = band.next_version(self._changed(band, changes), request)
            bands = [changed if each.id == band_id else each for each in state.bands]
            after = state.product_with(bands)
            self._replace(band, changed, state.product, after)
            return changed, after

        return _repeated(attempt, band_id)

    def _replace(
        self, band: Document, changed: Document, product: Document, after: Document
    ) -> None:
        """Store a band; where its pixels lie elsewhere then, only while there are no images."""
        moved = [name for name in STRUCTURE if _place(changed, name) != _place(band, name)]
        if not moved:
            self._store.replace_band(changed, product, after)
            return
        with self._related.closed(product) as token:
            if self._related.images_exist(product.id):
                message = (
                    f"{', '.join(moved)}: cannot change while the product has images, whose pixels "
                    "are stored that way"
                )
                raise Conflict(message, pointer=f"/data/attributes/{moved[0]}")
            self._store.replace_band(changed, product, after, token)

    def _changed(self, band: Document, changes: Mapping[str, Any]) -> Attributes:
        resource = _resource_of(band.get("type"))
        values = resource.validate_update(changes, band.attributes)
        if "processing_levels" in changes:
            check_levels(values)
        values = stamped(values, band)
        check_size(values)
        return values

    def delete(
        self, caller: Caller, band_id: str, request: str | None, expected: int | None = None
    ) -> None:
        """Delete a band. Raises NotFound, Forbidden or Conflict."""

        def attempt() -> None:
            product_id = band_id.rpartition(":")[0]
            state = self._state(caller, product_id, None, band_id)
            band = state.band(band_id)
            if band is None and self._store.was_deleted(band_id, request):
                return
            band = self._required(state, band_id)
            require_write(caller, state.product)
            check_version(band_id, band, expected)
            after = state.product_with([each for each in state.bands if each.id != band_id])
            self._store.delete_band(band, state.product, after, request)

        _repeated(attempt, band_id)

    def _existing(self, caller: Caller, band_id: str) -> tuple[_State, Document]:
        """Return a band that the caller may change. Raises NotFound or Forbidden."""
        state = self._state(caller, band_id.rpartition(":")[0], None, band_id)
        band = self._required(state, band_id)
        require_write(caller, state.product)
        return state, band

    @staticmethod
    def _required(state: _State, band_id: str) -> Document:
        band = state.band(band_id)
        if band is None:
            raise not_found(band_id)
        return band

    def _state(
        self, caller: Caller, product_id: str, pointer: str | None, object_id: str | None = None
    ) -> _State:
        found = self._store.product_with_bands(product_id) if product_id else None
        product = require_read(
            caller, found[0] if found else None, object_id or product_id, pointer
        )
        return _State(product, found[1] if found else ())

    def search(self, caller: Caller, query: Query) -> tuple[Page, list[Document]]:
        """Return a page of the bands that the caller may read, and their products."""
        search = Search(query, BAND, default_sort="sort_order")
        found = self._candidates(caller, search)
        products = {product.id: product for product, _ in found}
        page = search.run(band for _, bands in found for band in bands)
        used = dict.fromkeys(str(band.get("product_id")) for band in page.documents)
        return page, [products[product_id] for product_id in used]

    def _candidates(self, caller: Caller, search: Search) -> list[tuple[Document, list[Document]]]:
        """Return the readable products that can have matches, each with its bands."""
        ids = search.ids
        products = allowed_values(search.expression, "product_id")
        if ids is not None:
            products = list(dict.fromkeys(each.rpartition(":")[0] for each in ids))
        readable = self._access.readable_many(caller, products)
        found = [self._store.product_with_bands(each.id) for each in readable]
        return [each for each in found if each and may_read(caller, each[0])]


def _repeated(attempt: Callable[[], _T], band_id: str) -> _T:
    for _ in attempts():
        with suppress(ChangedError):
            return attempt()
    raise overtaken(band_id)


def _replayed(stored: Document, request: str | None) -> Document:
    if request is None or stored.request != request:
        raise exists(stored.id)
    return stored


def _resource_of(band_type: object) -> Resource:
    if not isinstance(band_type, str) or band_type not in BANDS:
        sent = "nothing" if band_type is None else shown(band_type)
        message = f"type: {sent} was sent, but one of {', '.join(BAND_TYPES)} is expected"
        raise Invalid(message, pointer="/data/attributes/type")
    return BANDS[band_type]


def _place(values: Document | Attributes, name: str) -> object:
    return values.get(name, BAND.attribute(name).default)


def _next_order(bands: Sequence[Document]) -> int:
    return max((int(band.get("sort_order", 0)) for band in bands), default=0) + 1


def _with_range(product: Attributes, bands: Sequence[Document]) -> Attributes:
    """Return a product's attributes with the finest and coarsest resolution of its bands."""
    key = BAND.attribute("resolution").type.key
    found = sorted((band.get("resolution") for band in bands if band.get("resolution")), key=key)
    bare = {n: v for n, v in product.items() if n not in {"resolution_min", "resolution_max"}}
    return bare | {"resolution_min": found[0], "resolution_max": found[-1]} if found else bare
