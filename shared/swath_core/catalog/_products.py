"""Use cases on products."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from swath_core.access import (
    PRIVILEGED,
    Caller,
    default_owners,
    lower_emails,
    may_own,
    namespaced,
    visible_attributes,
)
from swath_core.definitions import (
    ID_PATTERN,
    LONGEST_PRODUCT_ID,
    PRODUCT,
    check_declared,
)
from swath_core.documents import (
    ACCESS_LISTS,
    MOST_SHARDS,
    QUERYABLES,
    SHARDS,
    Document,
    shards_of,
    shown,
)
from swath_core.errors import Conflict, Forbidden, Invalid
from swath_core.store.catalog import ChangedError

from ._access import ProductAccess, not_found, require_own, require_read
from ._documents import check_size, check_version, exists, overtaken, stamped
from ._listing import Page, Query, Search
from ._related import RelatedObjects
from ._retention import check_retention


class Products:
    """Create, read, change, delete and find products.

    ``request`` is the token of the caller's request: its replay is answered as it was.
    ``expected`` is the version that the caller means to change, None for whichever there is.
    """

    def __init__(self, access: ProductAccess, related: RelatedObjects) -> None:
        self._access = access
        self._store = access.store
        self._related = related

    def get(self, caller: Caller, product_id: str) -> Document:
        """Return a product. Raises NotFound."""
        return self._access.readable(caller, product_id)

    def create(
        self, caller: Caller, given_id: str | None, given: Mapping[str, Any], request: str | None
    ) -> Document:
        """Return the new product; its id begins with the caller's organisation.

        Raises Invalid, Errors, Forbidden (privileged attributes) or Conflict (the id is taken).
        """
        product_id = _checked_id(caller, given_id)
        _check_privileged(caller, given, {})
        values = PRODUCT.validate_create(_prepared(given))
        _check_shards(values, 1)
        _check_queryables(values)
        if not values.get("owners"):
            values["owners"] = default_owners(caller)
        values = stamped({"writers": [], "readers": [], **values})
        check_retention(values)
        check_size(values)
        product = Document("product", product_id, values, 1, request)
        try:
            self._store.create_product(product)
        except ChangedError as error:
            return self._replayed(caller, product, error)
        return product

    def _replayed(self, caller: Caller, product: Document, error: ChangedError) -> Document:
        """Return what the first try of this very request stored. Raises Conflict."""
        stored = self._store.product(product.id)
        if stored is None or product.request is None or stored.request != product.request:
            raise exists(product.id) from error
        return require_read(caller, stored, product.id)

    def update(
        self,
        caller: Caller,
        product_id: str,
        changes: Mapping[str, Any],
        request: str | None,
        expected: int | None = None,
    ) -> Document:
        """Return the changed product; null clears an attribute.

        Raises NotFound, Forbidden, Invalid, Errors or Conflict.
        """
        product = self._access.writable(caller, product_id)
        if request is not None and product.request == request and product.version > 1:
            return product
        check_version(product_id, product, expected)
        _check_lists(caller, product, changes)
        _check_privileged(caller, changes, product.attributes)
        values = PRODUCT.validate_update(_prepared(changes), product.attributes)
        _check_shards(values, shards_of(product.attributes))
        _check_queryables(values)
        values = {"writers": [], "readers": [], **stamped(values, product)}
        check_retention(values)
        check_size(values)
        changed = product.next_version(values, request)
        if "owners" in changes:
            _check_still_owned(caller, changed)
        try:
            self._store.replace_product(changed)
        except ChangedError as error:
            stored = self._store.product(product_id)
            if stored is not None and request is not None and stored.request == request:
                return stored
            raise overtaken(product_id) from error
        return changed

    def delete(
        self, caller: Caller, product_id: str, request: str | None, expected: int | None = None
    ) -> None:
        """Delete a product without bands and images. Raises NotFound, Forbidden or Conflict."""
        found = self._store.product(product_id)
        if found is None and self._store.was_deleted(product_id, request):
            return
        product = require_own(caller, require_read(caller, found, product_id))
        check_version(product_id, product, expected)
        try:
            with self._related.closed(product) as token:
                if self._related.exist(product_id):
                    message = "One or more related objects exist"
                    raise Conflict(message, title="Related objects exist")
                self._store.delete_product(product, token, request)
        except ChangedError as error:
            if self._store.product(product_id) is None:
                raise not_found(product_id) from error
            raise overtaken(product_id) from error

    def search(self, caller: Caller, query: Query) -> Page:
        """Return a page of the products that the caller may read, as the caller sees them."""
        search = Search(query, PRODUCT, default_sort="id")
        found = self._access.readable_many(caller, search.ids)
        return search.run(_seen(caller, product) for product in found)


def _seen(caller: Caller, product: Document) -> Document:
    return Document("product", product.id, visible_attributes(caller, product), product.version)


def _checked_id(caller: Caller, given: str | None) -> str:
    if given is None:
        message = f"an id is needed; it will begin with {caller.namespace}:"
        raise Invalid(message, pointer="/data/id")
    product_id = namespaced(caller, given)
    is_good = re.fullmatch(ID_PATTERN, product_id) and not product_id.endswith(":")
    if not is_good or len(product_id) > LONGEST_PRODUCT_ID:
        message = (
            f"the id {shown(given)} was sent, but with the prefix {caller.namespace}: it must be "
            f"at most {LONGEST_PRODUCT_ID} letters, digits, '_', '.', ':' or '-'"
        )
        raise Invalid(message, pointer="/data/id")
    return product_id


def _prepared(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: lower_emails(value) if name in ACCESS_LISTS and isinstance(value, list) else value
        for name, value in given.items()
    }


def _check_privileged(caller: Caller, given: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Raise Forbidden where a privileged attribute would be changed by anybody else."""
    for name in PRIVILEGED:
        before = current.get(name, PRODUCT.attribute(name).default) or None
        if not caller.is_admin and name in given and (given[name] or None) != before:
            message = f"{name}: only administrators of the platform may set it"
            raise Forbidden(message, pointer=f"/data/attributes/{name}")


def _check_shards(values: Mapping[str, Any], before: int) -> None:
    """Raise Invalid where a product's shards are not a number that it can have, or fewer."""
    given = (values.get("extra_properties") or {}).get(SHARDS, 1)
    if isinstance(given, bool) or given not in range(before, MOST_SHARDS + 1):
        message = (
            f"extra_properties: {SHARDS} would be {shown(given)}, but a whole number from {before} "
            f"to {MOST_SHARDS} is expected: shards can be added, but not taken away"
        )
        raise Invalid(message, pointer=f"/data/attributes/extra_properties/{SHARDS}")


def _check_queryables(values: Mapping[str, Any]) -> None:
    """Raise Invalid where a product declares extra properties in a form that says nothing."""
    extra = values.get("extra_properties") or {}
    if QUERYABLES not in extra:
        return
    try:
        check_declared(extra[QUERYABLES])
    except ValueError as error:
        pointer = f"/data/attributes/extra_properties/{QUERYABLES}"
        raise Invalid(f"extra_properties: {QUERYABLES}: {error}", pointer=pointer) from error


def _check_lists(caller: Caller, product: Document, changes: Mapping[str, Any]) -> None:
    lists = [name for name in ACCESS_LISTS if name in changes]
    if lists and not may_own(caller, product):
        message = f"{', '.join(lists)}: only the owners of {product.id} may change who may do what"
        raise Forbidden(message, pointer=f"/data/attributes/{lists[0]}")
    if "owners" in changes and not changes["owners"]:
        message = "owners: a product needs at least one"
        raise Invalid(message, pointer="/data/attributes/owners")


def _check_still_owned(caller: Caller, product: Document) -> None:
    """Raise Invalid where a change would take the product from the caller, and perhaps from all.

    Whoever is to own it alone becomes an owner first, and then removes the others.
    """
    if not may_own(caller, product):
        message = (
            "owners: you would no longer own the product; keep user:"
            f"{caller.user} among them, which another owner can remove"
        )
        raise Invalid(message, pointer="/data/attributes/owners")
