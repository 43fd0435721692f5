"""Objects that belong to a product and are named within it: bands and images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from swath.catalog._attributes import Attribute, Text
from swath.catalog._included import Included
from swath.catalog._object import CatalogObject
from swath.errors import AttributeValidationError, UnsavedObjectError
from swath.http import Client

if TYPE_CHECKING:
    from swath.catalog._product import Product

_INVALID = re.compile(r"[^A-Za-z0-9_.-]+")


class _NamedId(Attribute[str | None, str | None]):
    """The id, made of product id and name once both are known; setting it sets the other two."""

    def __init__(self) -> None:
        super().__init__(mutable=False, doc="Product id and name, joined by a colon.")

    def read(self, owner: Any) -> str | None:
        known = owner._values.get("id") or owner._wire.get("id")
        if known is None and owner.product_id and owner.name:
            return f"{owner.product_id}:{owner.name}"
        return known if known is None else str(known)

    def is_set(self, owner: Any) -> bool:
        return self.read(owner) is not None

    def coerce(self, value: Any) -> str:
        if not isinstance(value, str) or not all(value.rpartition(":")[::2]):
            raise self.wrong(value, "a product id and a name, joined by a colon")
        return value

    def write(self, owner: Any, value: Any) -> None:
        super().write(owner, value)
        if value is not None:
            owner.product_id, _, owner.name = value.rpartition(":")


class NamedCatalogObject(CatalogObject):
    """An object whose id is its product's id and its own name.

    The product is given as `product=` (a saved Product or its id) or as `product_id=`.
    """

    _include = "product"
    _product: Product | None

    id = _NamedId()
    name = Text(mutable=False, doc="Unique in the product: letters, digits, `_`, `.` and `-`.")
    product_id = Text(mutable=False, doc="Id of the product it belongs to.")

    def __init__(
        self,
        *,
        product: Product | str | None = None,
        client: Client | None = None,
        **attributes: Any,
    ) -> None:
        self.__dict__["_product"] = None
        super().__init__(client=client, **attributes)
        if product is not None:
            self.product = product

    @property
    def product(self) -> Product | None:
        """The product it belongs to; requested when it did not come along."""
        if self._product is None and self.product_id is not None:
            from swath.catalog._product import Product

            self.__dict__["_product"] = Product.get(self.product_id, client=self._client)
        return self._product

    @product.setter
    def product(self, value: Product | str) -> None:
        if isinstance(value, str):
            self.product_id = value
            return
        if not isinstance(value, CatalogObject) or value._kind != "product":
            raise AttributeValidationError(f"'product' must be a Product or its id, not {value!r}")
        if value.id is None or value.state == "unsaved":
            raise UnsavedObjectError("save the product first: its id is only final then")
        self.product_id = value.id
        self.__dict__["_product"] = value
        if self._client is None:
            self.__dict__["_client"] = value._client

    @classmethod
    def make_valid_name(cls, name: str) -> str:
        """`name` with everything that a name may not contain replaced by `_`."""
        return _INVALID.sub("_", name)

    def _before_create(self) -> None:
        missing = [field for field in ("product_id", "name") if getattr(self, field) is None]
        if missing:
            raise AttributeValidationError(
                f"a new {self._kind} needs {' and '.join(map(repr, missing))}"
            )

    def _take(self, resource: dict[str, Any], included: Included) -> None:
        super()._take(resource, included)
        self.__dict__.setdefault("_product", None)
        sent = included.get("product", self.product_id)
        if sent is not None:
            from swath.catalog._product import Product

            product = Product._from_resource(sent, self._client, included)
            self.__dict__["_product"] = product

    def _shown(self) -> list[tuple[str, object]]:
        identity, *rest = super()._shown()
        return [identity, ("product", self.product_id), *rest]
