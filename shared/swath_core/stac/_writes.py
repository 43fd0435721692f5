"""Transactions: items and collections saved, changed and deleted, by the catalog's use cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from swath_core.access import Caller
from swath_core.catalog import STORED_IMAGE
from swath_core.definitions import IMAGE
from swath_core.documents import Document
from swath_core.errors import NotFound, SwathError

from ._collections import Coverage, derived_collection
from ._incoming import (
    bad,
    checked_collection,
    checked_item,
    collection_attributes,
    incoming,
    with_declaration,
    without_signatures,
)
from ._items import Item, ItemForm
from ._links import Addresses
from ._overlay import collection_remainder, item_remainder
from ._patches import json_patched, merge_patched
from ._service import StacService, image_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

_SETTABLE = tuple(each.name for each in IMAGE if not each.read_only)
_KEPT = frozenset({"name", "product_id", "expires"})
"""Attributes that a replacement leaves alone where it does not name them."""

Json = Any


@dataclass(frozen=True)
class Transaction:
    """One caller's changes: ``request`` is the token of the request, ``expected`` the version."""

    service: StacService
    caller: Caller
    here: Addresses
    request: str | None = None
    expected: int | None = None

    # ---- items

    def create_item(self, product_id: str, given: Json) -> tuple[Item, Document]:
        """Save a new item and return it as it is now.

        Raises Invalid, NotFound (the collection), Forbidden or Conflict.
        """
        item = checked_item(given, product_id)
        image_id, attributes = self._attributes(self._form(product_id), item, None)
        self.service.images().create(self.caller, image_id, attributes, self.request)
        return self._answer(product_id, item["id"])

    def create_items(self, product_id: str, features: Sequence[Json]) -> list[SwathError | None]:
        """Save many new items; return what is wrong with each, in order."""
        form = self._form(product_id)
        made: dict[int, tuple[str, dict[str, Any]]] = {}
        errors: dict[int, SwathError] = {}
        for number, given in enumerate(features):
            try:
                made[number] = self._attributes(form, checked_item(given, product_id), None)
            except SwathError as error:
                errors[number] = error
        saved = self.service.images().create_many(self.caller, list(made.values()), self.request)
        found = {number: each.error for number, each in zip(made, saved, strict=True)}
        return [errors.get(number) or found.get(number) for number in range(len(features))]

    def replace_item(self, product_id: str, name: str, given: Json) -> Document:
        """Save an item in the place of one that exists. Raises as :meth:`create_item`."""
        image, _ = self.service.images().get(self.caller, image_id_of(product_id, name))
        return self._replace(image, checked_item(given, product_id, name))

    def merge_item(self, product_id: str, name: str, patch: Json) -> Document:
        """Change an item by a merge patch. Raises as :meth:`create_item`."""
        return self._changed(product_id, name, lambda item: _merged_item(item, patch))

    def patch_item(self, product_id: str, name: str, patch: list[Json]) -> Document:
        """Change an item by a JSON patch. Raises as :meth:`create_item`, and BadRequest."""
        return self._changed(product_id, name, lambda item: json_patched(item, patch))

    def delete_item(self, product_id: str, name: str) -> None:
        """Delete an item; one that is not there is fine.

        Raises NotFound (the collection), Forbidden or Conflict.
        """
        self.service.access.writable(self.caller, product_id)
        image_id = image_id_of(product_id, name)
        with suppress(NotFound):
            self.service.images().delete(self.caller, image_id, self.request, self.expected)

    def _changed(self, product_id: str, name: str, change: Callable[[Item], Json]) -> Document:
        item, image = self._answer(product_id, name)
        given = checked_item(change(item), product_id, name)
        return self._replace(image, given, image.version)

    def _replace(self, image: Document, item: Item, version: int | None = None) -> Document:
        form = self._form(str(image.get("product_id")))
        _, attributes = self._attributes(form, item, image)
        cleared = {
            name: None
            for name in _SETTABLE
            if name not in attributes and name not in _KEPT and image.get(name) is not None
        }
        expected = version if self.expected is None else self.expected
        saved, _ = self.service.images().update(
            self.caller, image.id, cleared | attributes, self.request, expected
        )
        return saved

    def _attributes(
        self, form: ItemForm, item: Item, stored: Document | None
    ) -> tuple[str, dict[str, Any]]:
        """Return the id and the attributes of the image that an item is, the rest among them."""
        bare = without_signatures(item, form, self.here, stored)
        found = incoming(bare, form.product_id, form, self.here, stored)
        image_id = f"{form.product_id}:{item['id']}"
        present = {name: each for name, each in found.attributes.items() if each is not None}
        normal = STORED_IMAGE.validate_create(present)
        derived = form.derived(Document("image", image_id, normal))
        rest = item_remainder(bare, derived, found.mapped, found.files, self.here.root)
        return image_id, present | ({"stac": rest} if rest else {})

    def _form(self, product_id: str) -> ItemForm:
        product = self.service.readable(self.caller, product_id)
        bands = self.service.bands(product.id)
        return ItemForm(
            product.id, bands, self.here, self.service.bucket, remote=self.service.remote
        )

    def _answer(self, product_id: str, name: str) -> tuple[Item, Document]:
        return self.service.item(self.caller, product_id, name, self.here)

    # ---- collections

    def create_collection(self, given: Json) -> tuple[dict[str, Any], Document]:
        """Save a new collection; its id gets the prefix of the caller's organisation.

        Raises Invalid, Forbidden or Conflict.
        """
        collection = checked_collection(given)
        attributes = self._product_attributes(collection, None)
        made = self.service.products().create(
            self.caller, collection["id"], attributes, self.request
        )
        return self.service.collection(self.caller, made.id, self.here)

    def replace_collection(self, product_id: str, given: Json) -> Document:
        """Save a collection in the place of one that exists.

        Attributes of the product that collections do not have stay. Raises Invalid, NotFound,
        Forbidden or Conflict.
        """
        product = self.service.readable(self.caller, product_id)
        return self._replace_collection(product, checked_collection(given, product_id))

    def merge_collection(self, product_id: str, patch: Json) -> Document:
        """Change a collection by a merge patch. Raises as :meth:`replace_collection`."""
        return self._changed_collection(product_id, lambda each: merge_patched(each, patch))

    def patch_collection(self, product_id: str, patch: list[Json]) -> Document:
        """Change a collection by a JSON patch. Raises as :meth:`replace_collection`."""
        return self._changed_collection(product_id, lambda each: json_patched(each, patch))

    def delete_collection(self, product_id: str) -> None:
        """Delete a collection without bands and items. Raises NotFound, Forbidden or Conflict."""
        self.service.products().delete(self.caller, product_id, self.request, self.expected)

    def _changed_collection(
        self, product_id: str, change: Callable[[dict[str, Any]], Json]
    ) -> Document:
        found, product = self.service.collection(self.caller, product_id, self.here)
        given = checked_collection(change(found), product_id)
        return self._replace_collection(product, given, product.version)

    def _replace_collection(
        self, product: Document, given: Mapping[str, Any], version: int | None = None
    ) -> Document:
        changes = {"stac": None} | self._product_attributes(given, product)
        if product.get("stac") is None and changes["stac"] is None:
            del changes["stac"]
        expected = version if self.expected is None else self.expected
        return self.service.products().update(
            self.caller, product.id, changes, self.request, expected
        )

    def _product_attributes(
        self, given: Mapping[str, Any], product: Document | None
    ) -> dict[str, Any]:
        attributes = dict(collection_attributes(given))
        extra = {} if product is None else product.get("extra_properties") or {}
        if (changed := with_declaration(extra, given)) != extra:
            attributes["extra_properties"] = changed
        if product is None:
            derived = derived_collection(
                Document("product", given["id"], {}), [], Coverage(), self.here
            )
        else:
            derived = self.service.derived_collection(self.caller, product, self.here)
        rest = collection_remainder(dict(given), derived, self.here.root)
        return attributes | ({"stac": rest} if rest else {})


def _merged_item(item: Item, patch: Json) -> Json:
    """Return an item changed by a merge patch; members that must be there may become null."""
    found = merge_patched(item, patch)
    if isinstance(found, dict) and isinstance(found.get("properties"), dict):
        properties = {"datetime": None, **found["properties"]}
        return {"geometry": None, **found, "properties": properties}
    return found


def features_of(given: Json) -> list[Json] | None:
    """Return the items of a FeatureCollection, None of a single one. Raises Invalid."""
    if not isinstance(given, dict) or given.get("type") != "FeatureCollection":
        return None
    features = given.get("features")
    if not isinstance(features, list) or not features:
        raise bad("/features", "a list of items is expected")
    return features
