"""The use cases of the STAC face, on those of the catalog and the search."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from swath_core.access import Caller
from swath_core.catalog import (
    ProductAccess,
    Products,
    Query,
    RemoteBuckets,
    SearchableProducts,
    not_found,
)
from swath_core.definitions import Extras, declared
from swath_core.documents import Document
from swath_core.errors import BadRequest

from ._aggregations import Aggregations, Aggregator
from ._collection_searches import CollectionSearch
from ._collections import Coverage, collection, derived_collection
from ._geoparquet import month_and_number, with_files
from ._items import Item, ItemForm
from ._links import Addresses
from ._searches import ItemSearch, one_of
from ._signing import ItemSigner, Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from swath_core.catalog import Images
    from swath_core.mirror import MirrorReader, MonthFile
    from swath_core.search import ImageSearch, SearchProduct
    from swath_core.store.objects import Objects
    from swath_core.store.rollups import RollupStore
    from swath_core.summaries import Summaries

_AT_ONCE = 8
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)
_ALL = 1_000


@dataclass(frozen=True)
class Found:
    """A page of objects, what the next page is asked with, and how many there are on all pages."""

    objects: list[dict[str, Any]]
    token: str | None
    matched: int | None


@dataclass(frozen=True)
class FoundItems:
    """A page of items, each as JSON text; else as :class:`Found`."""

    texts: list[str]
    token: str | None
    matched: int | None


@dataclass(frozen=True)
class StacService:
    """Collections and items as a caller may see them.

    What is needed for some requests only is a function that returns it.
    """

    access: ProductAccess
    products: Callable[[], Products]
    images: Callable[[], Images]
    searchable: Callable[[], SearchableProducts]
    search: Callable[[], ImageSearch]
    rollups: Callable[[], RollupStore]
    objects: Callable[[], Objects]
    summaries: Callable[[], Summaries]
    signing_key: Callable[[], bytes]
    bucket: str
    remote: RemoteBuckets
    mirror: Callable[[], tuple[MirrorReader, Objects]] | None = None

    # ---- items

    def items(self, caller: Caller, asked: ItemSearch, addresses: Addresses) -> FoundItems:
        """Return a page of items. Raises BadRequest."""
        forms = _Forms(self, caller, addresses, sign=asked.sign)
        made: dict[str, str] = {}

        def size_of(image: Document) -> int:
            made[image.id] = _text(asked.fields.of(forms.item(image)))
            return len(made[image.id]) + 1

        try:
            query = asked.images(caller.user)
            searched, _ = self.searchable().of(caller, query)
            page = self.search().page(query, searched, asked.token, size_of=size_of, counts=True)
        except BadRequest as error:
            raise _of_token(error) from error
        return FoundItems([made[each.id] for each in page.documents], page.token, page.matched)

    def item(
        self,
        caller: Caller,
        product_id: str,
        name: str,
        addresses: Addresses,
        *,
        sign: bool = False,
    ) -> tuple[Item, Document]:
        """Return an item and the image that it is. Raises NotFound."""
        image, _ = self.images().get(caller, image_id_of(product_id, name))
        return _Forms(self, caller, addresses, sign=sign).item(image), image

    def asset(
        self, caller: Caller, product_id: str, name: str, key: str, method: str = "GET"
    ) -> str:
        """Return where a file of an item can be read now, without a token. Raises NotFound.

        The catalog's own take the ``method`` only, GET or HEAD.
        """
        image_id = image_id_of(product_id, name)
        image, _ = self.images().get(caller, image_id)
        form = ItemForm(product_id, self.bands(product_id), Addresses(""), self.bucket)
        for index, file in enumerate(image.get("files") or ()):
            if form.key(index) == key:
                if form.is_own(file):
                    return Signer(self.objects(), self.bucket).url(file["href"], method)
                return str(file.get("href") or file.get("provider_href"))
        kept = form.item(image)["assets"].get(key, {}).get("href", "")
        if "://" in kept:  # of an item that came with it
            return str(kept)
        raise not_found(f"{image_id} has no file {key}")

    def aggregations(
        self, caller: Caller, asked: ItemSearch, wanted: Aggregations
    ) -> list[dict[str, Any]]:
        """Return aggregations over the items of a search. Raises BadRequest."""
        query = asked.images(caller.user)
        products, _ = self.searchable().of(caller, query)
        return Aggregator(self.search(), self.summaries(), query, products).answers(wanted)

    def extras(
        self, caller: Caller, given: Mapping[str, Any], collection: str | None = None
    ) -> Callable[[], Extras]:
        """Return what returns the extra properties that the collections of a search declare.

        They are read once: filter, order and aggregations take each for the same type.
        """
        named = given.get("collections") if collection is None else [collection]
        ids = [each for each in named if isinstance(each, str)] if isinstance(named, list) else None
        return cache(lambda: self.searchable().extras(caller, ids or None))

    # ---- collections

    def collection(
        self, caller: Caller, product_id: str, addresses: Addresses, *, sign: bool = False
    ) -> tuple[dict[str, Any], Document]:
        """Return a collection and the product that it is. Raises NotFound.

        The files of the mirror that tell its images are among its assets: with ``sign`` by
        addresses that open without a token.
        """
        product = self.products().get(caller, product_id)
        (found,) = self._covered(caller, [product])
        made = self._collection(found, addresses)
        if self.mirror is None:
            return made, product
        reader, objects = self.mirror()
        files = reader.files(product_id, self.rollups().state(product_id))  # markers first

        def ours(key: str, _: MonthFile) -> dict[str, Any]:
            return {"href": addresses.file(product_id, key)}

        if not sign or not files:
            return with_files(made, files, ours), product
        signer = Signer(objects, objects.bucket)

        def signed(_: str, each: MonthFile) -> dict[str, Any]:
            return {"href": signer.url(each.file.key), "expires": signer.expires}

        return with_files(made, files, signed), product

    def collection_asset(
        self, caller: Caller, product_id: str, key: str, method: str = "GET"
    ) -> str:
        """Return where a file of a collection's images can be read now, with GET or HEAD.

        Raises NotFound.
        """
        self.readable(caller, product_id)
        named = month_and_number(key)
        if named is not None and self.mirror is not None:
            reader, objects = self.mirror()
            file = reader.file(product_id, *named)
            if file is not None:
                return Signer(objects, objects.bucket).url(file.key, method)
        raise not_found(f"{product_id} has no file {key}")

    def derived_collection(
        self, caller: Caller, product: Document, addresses: Addresses
    ) -> dict[str, Any]:
        """Return the collection that a product's attributes make."""
        (found,) = self._covered(caller, [product])
        return derived_collection(product, self.bands(product.id), found.coverage, addresses)

    def readable(self, caller: Caller, product_id: str) -> Document:
        """Return a product that the caller may read. Raises NotFound."""
        return self.access.readable(caller, product_id)

    def collections(self, caller: Caller, asked: CollectionSearch, addresses: Addresses) -> Found:
        """Return a page of collections. Raises BadRequest."""
        everything = asked.looks_at_coverage
        query = Query(
            sort=asked.sort,
            texts=asked.texts,
            condition=asked.condition,
            after=asked.token,
            page_size=_ALL if everything else asked.limit,
        )
        try:
            page = self.products().search(caller, query)
        except BadRequest as error:
            raise _of_token(error) from error
        places = {document.id: place for place, document in enumerate(page.documents)}
        covered = self._covered(caller, page.documents)
        fitting = [each for each in covered if asked.fits(each.state, each.coverage)]
        kept = fitting[: asked.limit]
        more = len(fitting) > len(kept) or page.more
        token = page.positions[places[kept[-1].product.id]] if more and kept else None
        if more and not kept:
            token = page.positions[-1]
        whole = None if everything and (page.more or asked.token) else len(fitting)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            made = threads.map(lambda each: self._collection(each, addresses), kept)
            objects = [asked.fields.of(each) for each in made]
        return Found(objects, token, whole if everything else page.count)

    def _covered(self, caller: Caller, products: Sequence[Document]) -> list[_Covered]:
        """Return products with what is known of where and when their images are."""
        from swath_core.search import ImageQuery  # noqa: PLC0415 - H3 and shapely

        if not products:
            return []
        wanted = one_of("product_id", [each.id for each in products])
        searched, _ = self.searchable().of(caller, ImageQuery(wanted))
        states = {each.id: each for each in searched}
        found = [each for each in products if each.id in states]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            months = threads.map(lambda each: list(self.rollups().months(each.id)), found)
            return [
                _Covered(each, state := states[each.id], Coverage.of(each, state.state.extent, had))
                for each, had in zip(found, months, strict=True)
            ]

    def _collection(self, found: _Covered, addresses: Addresses) -> dict[str, Any]:
        bands = self.bands(found.product.id)
        return collection(found.product, bands, found.coverage, addresses)

    def bands(self, product_id: str) -> list[Document]:
        """Return the bands of a product whose reading was decided on."""
        found = self.access.store.product_with_bands(product_id)
        return [] if found is None else found[1]


@dataclass(frozen=True)
class _Covered:
    product: Document
    state: SearchProduct
    coverage: Coverage


class _Forms:
    """The form of the items of each product of a page."""

    def __init__(
        self, service: StacService, caller: Caller, addresses: Addresses, *, sign: bool
    ) -> None:
        self._service = service
        self._addresses = addresses
        self._signer: ItemSigner | None = None
        if sign:
            files = Signer(service.objects(), service.bucket)
            self._signer = ItemSigner(files, caller, service.signing_key, addresses)
        self._forms: dict[str, ItemForm] = {}

    def item(self, image: Document) -> Item:
        product_id = str(image.get("product_id"))
        form = self._forms.get(product_id)
        if form is None:
            bands = self._service.bands(product_id)
            form = ItemForm(
                product_id,
                bands,
                self._addresses,
                self._service.bucket,
                self._signer,
                self._service.remote,
            )
            self._forms[product_id] = form
        return form.item(image)


def declared_in(product: Document) -> Extras:
    """Return the extra properties that a product declares for its images."""
    return Extras.of([(product.id, declared(product.attributes))])


def image_id_of(product_id: str, name: str) -> str:
    """Return the id of an image. Raises NotFound for what no image is called."""
    image_id = f"{product_id}:{name}"
    if ":" in name:
        raise not_found(image_id)
    return image_id


def _text(item: Mapping[str, Any]) -> str:
    """Return compact JSON; characters outside ASCII are escaped, so that its length is in bytes.

    Items are made of JSON that was parsed: they hold no cycles.
    """
    return _ENCODER.encode(item)


def _of_token(error: BadRequest) -> BadRequest:
    """Return an error about a continuation as one about a token: what STAC calls it."""
    if error.parameter != "continuation":
        return error
    detail = error.detail.replace("continuation:", "token:")
    return BadRequest(detail, parameter="token")
