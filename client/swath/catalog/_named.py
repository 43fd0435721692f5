"""Objects that are named within a product: bands and images."""

from __future__ import annotations

import re
from typing import Any

from swath.arguments import public
from swath.errors import AttributeValidationError

from ._attribute import Attribute
from ._generated import NamedAttributes
from ._object import CatalogObject

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


@public
class NamedObject(NamedAttributes, CatalogObject):
    """An object whose id is its product's id and its own name."""

    _include = "product"

    id = _NamedId()

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

    def _shown(self) -> list[tuple[str, object]]:
        identity, *rest = super()._shown()
        return [identity, ("product", self.product_id), *rest]
