"""Extra properties that a product declares, so that its images are filtered and sorted by them.

A product says so in a text of its own extra properties, which every client leaves as it is:
``{"swath.queryables": '{"gsd": "number", "scene": "string"}'}``. Postings hold the declared values
as they are stored; their types are applied where they are read. A value of another type than the
declared one counts as none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from swath_core.documents import QUERYABLES, is_encodable, shown
from swath_core.errors import BadRequest

from ._attribute import (
    Attribute,
    AttributeType,
    Boolean,
    Integer,
    Number,
    Resource,
    Text,
    Timestamp,
)
from ._containers import AnyOf
from ._images import IMAGE

EXTRA = "extra_properties."
"""What the names of extra properties begin with in filters and orders."""

HOW_TO_REINDEX = (
    "images that were saved before extra properties were declared are posted with them by "
    "python -m swath_dev reindex PRODUCT; until then they are read whole, of which there may be few"
)
"""What to do where a product that has images declares other extra properties."""

HOW_TO_DECLARE = (
    f'a product declares the extra properties of its images in its extra property "{QUERYABLES}" '
    """({"NAME": "TYPE"} as JSON text; in STAC the collection's member "swath:queryables"), and """
    "those that were saved before are posted anew by python -m swath_dev reindex PRODUCT"
)
"""What to do where an extra property would have to be looked up in too many documents."""

MOST_DECLARED_BYTES = 300
"""Bytes of a posting that declared properties may be expected to take together."""

_LONGEST = 1_000
_TYPES: Mapping[str, tuple[AttributeType, int]] = {
    "number": (Number(), 8),
    "integer": (Integer(), 8),
    "string": (Text(_LONGEST), 20),
    "boolean": (Boolean(), 5),
    "date-time": (Timestamp(), 29),
}
"""By name: the type, and the bytes of JSON that a usual value takes."""
_AROUND = len('"+":,')

Declared = Mapping[str, str]
"""Names of extra properties to names of types."""


@dataclass(frozen=True, kw_only=True)
class Extra(Attribute):
    """An extra property of images as an attribute: ``name`` begins with ``EXTRA``."""

    filterable: bool = True
    sortable: bool = True

    @property
    def bare(self) -> str:
        """The name of the extra property itself."""
        return self.name.removeprefix(EXTRA)

    def of(self, values: Mapping[str, Any]) -> Any:
        """Return the value in its type; None where there is none, or one of another type."""
        held = values.get(self.name)  # a posting's
        stored = extra_value(values, self.bare) if held is None else held
        if stored is None:
            return None
        try:
            return self.type.normalise(stored)
        except ValueError:
            return None


def extra(name: str, type_name: str) -> Extra:
    """Return the attribute of an extra property of a type. Raises KeyError."""
    description = f"The extra property {name}."
    return Extra(name=EXTRA + name, type=_TYPES[type_name][0], description=description)


def is_told_as(type_name: str, attribute: Attribute) -> bool:
    """Return whether values of a declared type are those of an attribute that is asked for."""
    is_integer = type_name == "integer" and isinstance(attribute.type, Number)
    return is_integer or attribute.type == _TYPES[type_name][0]


def extra_value(attributes: Mapping[str, Any], name: str) -> Any:
    """Return an extra property of an image as it is stored; None where there is no scalar one.

    What an item came with through the STAC face goes before: the item is answered so.
    """
    kept = attributes.get("stac")
    properties = kept.get("properties") if isinstance(kept, dict) else None
    if isinstance(properties, dict) and name in properties:
        value = properties[name]
        is_scalar = isinstance(value, (int, float)) or (
            isinstance(value, str) and len(value) <= _LONGEST
        )
        return value if is_scalar else None
    return (attributes.get("extra_properties") or {}).get(name)


# ---- what products declare


def declared(product: Mapping[str, Any]) -> Declared:
    """Return what the attributes of a product declare; nothing where that has not the form."""
    given = (product.get("extra_properties") or {}).get(QUERYABLES)
    if given is None:
        return {}
    try:
        return check_declared(given)
    except ValueError:
        return {}


def check_declared(given: object) -> Declared:
    """Return what the text of a declaration says. Raises ValueError with what would be right."""
    try:
        found = json.loads(given) if isinstance(given, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        message = f'{shown(given)} was sent, but JSON text such as {{"gsd": "number"}} is expected'
        raise ValueError(message)  # noqa: TRY004 - as every wrong value
    for name, type_name in found.items():
        _check_name(name)
        if not isinstance(type_name, str) or type_name not in _TYPES:
            message = f"{name}: {shown(type_name)} is no type; there are {', '.join(_TYPES)}"
            raise ValueError(message)
    size = sum(len(name.encode()) + _AROUND + _TYPES[each][1] for name, each in found.items())
    if size > MOST_DECLARED_BYTES:
        message = (
            f"these {len(found)} properties would take some {size} bytes of every posting, but "
            f"{MOST_DECLARED_BYTES} are left for them: declare fewer"
        )
        raise ValueError(message)
    return found


def _check_name(name: str) -> None:
    if not name or not name.isprintable() or not is_encodable(name) or name.startswith("swath."):
        message = f"{shown(name)} is no name of an extra property that can be declared"
        raise ValueError(message)


@dataclass(frozen=True)
class Extras:
    """The extra properties that some products declare together, by their names.

    ``differing`` says of a name that is declared with several types where and how.
    """

    found: Mapping[str, Extra] = field(default_factory=dict)
    differing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, products: Iterable[tuple[str, Declared]]) -> Extras:
        """Return what products, by their ids, declare. Integers are numbers beside numbers."""
        types: dict[str, dict[str, str]] = {}
        for product_id, names in products:
            for name, type_name in names.items():
                types.setdefault(name, {}).setdefault(type_name, product_id)
        found: dict[str, Extra] = {}
        differing: dict[str, str] = {}
        for name, where in types.items():
            if where.keys() <= {"number", "integer"}:
                found[name] = extra(name, "number" if "number" in where else "integer")
            elif len(where) == 1:
                found[name] = extra(name, next(iter(where)))
            else:
                differing[name] = " and ".join(f"{each} in {id_}" for each, id_ in where.items())
        return cls(found, differing)

    @property
    def by_name(self) -> Mapping[str, Extra]:
        """The attributes by their names in filters."""
        return {each.name: each for each in self.found.values()}

    def get(self, name: str) -> Extra | None:
        """Return the attribute of a declared name. Raises BadRequest where its types differ."""
        if name in self.differing:
            message = f"{name} is {self.differing[name]}: ask for products of one kind at a time"
            raise BadRequest(message, parameter="filter")
        return self.found.get(name)


def undeclared(name: object, value: object) -> Extra | None:
    """Return an extra property that nobody declares, of the type of what it is compared with.

    None for the name of anything else.
    """
    if not isinstance(name, str) or not name.startswith(EXTRA) or name == EXTRA:
        return None
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, bool):
        return extra(name.removeprefix(EXTRA), "boolean")
    if first is None:
        scalar = AnyOf((Boolean(), Number(), Text(_LONGEST)))
        return Extra(name=name, type=scalar, description="An extra property.")
    is_number = isinstance(first, (int, float))
    return extra(name.removeprefix(EXTRA), "number" if is_number else "string")


# ---- images with what their products declare


@dataclass(frozen=True)
class ImageResource(Resource):
    """Images with the extra properties that their products declare, as filters name them."""

    extras: Extras = field(default_factory=Extras)

    @classmethod
    def with_extras(cls, extras: Extras) -> ImageResource:
        """Return the images' definition with extra properties beside the attributes."""
        return cls(IMAGE.kind, IMAGE.attributes, extras)

    def __iter__(self) -> Iterator[Attribute]:
        """Yield the attributes, and then the extra properties."""
        yield from self.attributes.values()
        yield from self.extras.found.values()

    def attribute(self, name: str) -> Attribute:
        """Return the definition of an attribute, or of a declared extra property.

        Raises KeyError, and BadRequest for one that is declared with several types.
        """
        found = None
        if name.startswith(EXTRA):
            found = self.extras.get(name.removeprefix(EXTRA))
        return found or super().attribute(name)
