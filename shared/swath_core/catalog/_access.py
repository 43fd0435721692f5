"""What a caller may do with a product: asked by every use case before anything else."""

from __future__ import annotations

from collections.abc import Iterable

from swath_core.access import Caller, may_own, may_read, may_write
from swath_core.documents import Document
from swath_core.errors import Forbidden, NotFound
from swath_core.store.catalog import CatalogStore


def not_found(object_id: str, pointer: str | None = None) -> NotFound:
    """Return the error for what is not there, or is not there for this caller: the same words."""
    shown = object_id if len(object_id) <= 1000 else object_id[:997] + "..."  # noqa: PLR2004
    return NotFound(f"Object not found: {shown}", pointer=pointer)


class ProductAccess:
    """Reads products, and refuses those that the caller may not read, change or own."""

    def __init__(self, store: CatalogStore) -> None:
        self.store = store

    def readable(self, caller: Caller, product_id: str) -> Document:
        """Return a product that the caller may read. Raises NotFound."""
        return require_read(caller, self.store.product(product_id), product_id)

    def writable(self, caller: Caller, product_id: str) -> Document:
        """Return a product that the caller may change. Raises NotFound or Forbidden."""
        return require_write(caller, self.readable(caller, product_id))

    def ownable(self, caller: Caller, product_id: str) -> Document:
        """Return a product that the caller owns. Raises NotFound or Forbidden."""
        return require_own(caller, self.readable(caller, product_id))

    def readable_many(self, caller: Caller, ids: Iterable[str] | None) -> list[Document]:
        """Return the products that the caller may read, out of ``ids`` or of all there are."""
        found = self.store.products() if ids is None else self.store.products_by_id(ids)
        return [product for product in found if may_read(caller, product)]


def require_read(
    caller: Caller, product: Document | None, object_id: str, pointer: str | None = None
) -> Document:
    """Return the product if the caller may read it. Raises NotFound for ``object_id``."""
    if product is None or not may_read(caller, product):
        raise not_found(object_id, pointer)
    return product


def require_write(caller: Caller, product: Document) -> Document:
    """Return the product if the caller may change it and what is in it. Raises Forbidden."""
    if not may_write(caller, product):
        message = f"{product.id}: only its owners and writers may change it and what is in it"
        raise Forbidden(message)
    return product


def require_own(caller: Caller, product: Document) -> Document:
    """Return the product if the caller owns it. Raises Forbidden."""
    if not may_own(caller, product):
        message = f"{product.id}: only its owners may do this"
        raise Forbidden(message)
    return product
