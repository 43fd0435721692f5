"""Use cases on images: access decided by the product, then the writer or the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from swath_core.access import Caller, may_read
from swath_core.definitions import EXTRA, IMAGE, Extras, ImageResource, Resource, declared
from swath_core.documents import Document
from swath_core.errors import Conflict, SwathError
from swath_core.filters import allowed_values, parse_filter
from swath_core.settings import Settings
from swath_core.store.bus import announce_deleted
from swath_core.store.images import ImageStore

from ._access import ProductAccess, not_found, require_read, require_write
from ._documents import check_id
from ._image_writes import BulkResult, ImageWriter, check_number

if TYPE_CHECKING:
    from swath_core.search import ImageQuery, SearchProduct

_PRODUCT = "/data/attributes/product_id"


class Images:
    """Create, read, change and delete images.

    ``request`` is the token of the caller's request: its replay is answered as it was.
    """

    def __init__(self, access: ProductAccess, settings: Settings) -> None:
        self._access = access
        self._writer = ImageWriter(settings)
        self._store = ImageStore(settings)
        self._settings = settings

    def get(self, caller: Caller, image_id: str) -> tuple[Document, Document]:
        """Return an image and its product. Raises NotFound."""
        found = self._store.get_with_product(image_id)
        if found is None or not may_read(caller, found[1]):
            raise not_found(image_id)
        return found

    def _writable(self, caller: Caller, image_id: str) -> tuple[Document, Document]:
        image, product = self.get(caller, image_id)
        require_write(caller, product)
        return image, product

    def create(
        self, caller: Caller, given_id: str | None, given: Mapping[str, Any], request: str | None
    ) -> tuple[Document, Document]:
        """Return the new image and its product.

        Raises NotFound (the product), Forbidden, Invalid, Errors or Conflict.
        """
        product = self._product_of(caller, given)
        _check_id(given_id, given)
        return self._writer.create(given, product, request=request), product

    def _product_of(self, caller: Caller, given: Mapping[str, Any]) -> Document:
        product_id = IMAGE.attribute("product_id").normalise(given.get("product_id"))
        stored = self._access.store.product(product_id)
        return require_write(caller, require_read(caller, stored, product_id, _PRODUCT))

    def create_many(
        self,
        caller: Caller,
        items: Sequence[tuple[str | None, Mapping[str, Any]]],
        request: str | None,
    ) -> list[BulkResult]:
        """Return what became of each of many new images, in order.

        One that is refused does not keep the others from being saved. Raises Invalid for more
        than a request may bring.
        """
        check_number(items)
        results: dict[int, BulkResult] = {}
        groups: dict[str, tuple[Document, list[int]]] = {}
        for index, (given_id, given) in enumerate(items):
            try:
                product = self._grouped(caller, given, groups)
                _check_id(given_id, given)
            except SwathError as error:
                results[index] = BulkResult(index, error=error)
            else:
                groups[product.id][1].append(index)
        for product, indexes in groups.values():
            token = None if request is None else f"{request}/{indexes[0] if indexes else 0}"
            saved = self._writer.bulk([items[i][1] for i in indexes], product, request=token)
            for index, result in zip(indexes, saved, strict=True):
                results[index] = BulkResult(index, result.image, result.error)
        return [results[index] for index in range(len(items))]

    def _grouped(
        self,
        caller: Caller,
        given: Mapping[str, Any],
        groups: dict[str, tuple[Document, list[int]]],
    ) -> Document:
        product_id = given.get("product_id")
        if not isinstance(product_id, str) or product_id not in groups:
            product = self._product_of(caller, given)
            groups[product.id] = (product, [])
            return product
        return groups[product_id][0]

    def update(
        self,
        caller: Caller,
        image_id: str,
        changes: Mapping[str, Any],
        request: str | None,
        expected: int | None = None,
    ) -> tuple[Document, Document]:
        """Return the changed image and its product; null clears an attribute.

        Objects of files that the image no longer has are deleted.
        Raises NotFound, Forbidden, Invalid, Errors or Conflict.
        """
        image, product = self._writable(caller, image_id)
        saved = self._writer.update(
            image_id, changes, product, expected_version=expected, request=request, stored=image
        )
        self._writer.clear_now(saved.note)
        return saved, product

    def delete(
        self, caller: Caller, image_id: str, request: str | None, expected: int | None = None
    ) -> None:
        """Delete an image, its postings and the objects that the catalog holds for it.

        Raises NotFound, Forbidden or Conflict.
        """
        store = self._access.store
        found = self._store.get_with_product(image_id)
        if found is None and store.was_deleted(image_id, request):
            announce_deleted(image_id, image_id.rpartition(":")[0], self._settings)
            return
        if found is None or not may_read(caller, found[1]):
            raise not_found(image_id)
        require_write(caller, found[1])
        store.remember_deletion(image_id, request)
        try:
            deleted = self._writer.delete(image_id, expected_version=expected, stored=found[0])
        except Conflict:
            store.forget_deletion(image_id, request)
            raise
        self._writer.clear_now(deleted.note)
        announce_deleted(image_id, found[1].id, self._settings)


class SearchableProducts:
    """The products that a caller's search for images may look into."""

    def __init__(self, access: ProductAccess) -> None:
        self._access = access

    def of(
        self, caller: Caller, query: ImageQuery
    ) -> tuple[list[SearchProduct], Callable[[str], Document | None]]:
        """Return the readable products that can have matches, and how to look one up by id.

        Where the query names none, the directory says which can; these are read as they are now.
        """
        from swath_core.search import SearchProduct  # noqa: PLC0415 - h3, only for searches

        ids = allowed_values(query.expression, "product_id")
        images = allowed_values(query.expression, "id")
        if images is not None:
            ids = list(dict.fromkeys(each.rpartition(":")[0] for each in images if ":" in each))
        if ids is None:
            ids = self._touched(caller, query)
        found = [row for row in self._access.store.products_by_id(ids) if may_read(caller, row)]
        products: dict[str, Document] = {row.id: row for row in found}
        return [SearchProduct.of(row) for row in found], products.get

    def extras(self, caller: Caller, ids: Iterable[str] | None = None) -> Extras:
        """Return the extra properties that readable products declare, out of ``ids`` or of all."""
        store = self._access.store
        if ids is not None:
            found: Iterable[Document] = store.products_by_id(ids)
        else:
            listed = store.directory.products()
            found = (row for rows in listed or () for row in rows.values())
            found = store.products() if listed is None else found
        readable = (row for row in found if may_read(caller, row))
        return Extras.of((row.id, declared(row.attributes)) for row in readable)

    def resource(self, caller: Caller, body: Mapping[str, Any]) -> Resource:
        """Return what the filter and sort of a search may name. Raises BadRequest.

        Products are looked at only where an extra property is named.
        """
        if EXTRA not in f"{body.get('filter')} {body.get('sort')}":
            return IMAGE
        expression = parse_filter(body.get("filter"), IMAGE)
        ids = allowed_values(expression, "product_id")
        return ImageResource.with_extras(self.extras(caller, ids))

    def _touched(self, caller: Caller, query: ImageQuery) -> list[str]:
        """Return the products that the directory says are readable and can have matches."""
        from swath_core.search import Reach  # noqa: PLC0415

        listed = self._access.store.directory.products()
        if listed is None:
            return [product.id for product in self._access.readable_many(caller, None)]
        reach = Reach(query)
        return sorted(
            product.id
            for rows in listed
            for product in rows.values()
            if reach.touches(product) and may_read(caller, product)
        )


def _check_id(given_id: str | None, given: Mapping[str, Any]) -> None:
    name = given.get("name")
    if isinstance(name, str) and name:
        check_id(given_id, f"{given.get('product_id')}:{name}")
