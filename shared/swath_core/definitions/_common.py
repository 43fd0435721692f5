"""Attributes that several resources share."""

from __future__ import annotations

from ._attribute import Attribute, Boolean, Number, Text, Timestamp
from ._containers import AnyOf, JsonObject, ListOf, MapOf

NAME_PATTERN = r"[A-Za-z0-9_.\-]+"
ID_PATTERN = r"[A-Za-z0-9_.:\-]+"
LONGEST_PRODUCT_ID = 255
"""A product id is part of every partition key of the index (DynamoDB: 2,048 bytes)."""
LONGEST_NAME = 600
"""An image id (product id, colon, name) is part of a sort key (DynamoDB: 1,024 bytes)."""

CREATED = Attribute(
    name="created",
    type=Timestamp(),
    description="When the object was first saved.",
    read_only=True,
    filterable=True,
    sortable=True,
)
MODIFIED = Attribute(
    name="modified",
    type=Timestamp(),
    description="When the object was last saved.",
    read_only=True,
    filterable=True,
    sortable=True,
)
TAGS = Attribute(
    name="tags",
    type=ListOf(Text(1000, shortest=1), 32),
    description="Free words to find the object by.",
    filterable=True,
)
EXTRA_PROPERTIES = Attribute(
    name="extra_properties",
    type=MapOf(AnyOf((Boolean(), Number(), Text(1000))), 50),
    description="Further properties: names to strings, numbers or booleans.",
)


STAC = Attribute(
    name="stac",
    type=JsonObject(300_000),
    description="What its STAC form has beyond the other attributes; kept by the STAC face.",
)


def product_id(required: bool = True) -> Attribute:  # noqa: FBT001, FBT002 - one reads as the other
    """Return the reference to the product that an object belongs to."""
    return Attribute(
        name="product_id",
        type=Text(
            LONGEST_PRODUCT_ID, ID_PATTERN, 1, " out of letters, digits, '_', '.', ':' and '-'"
        ),
        description="The id of the product that the object belongs to.",
        required=required,
        mutable=False,
        filterable=True,
        sortable=True,
    )


def object_name(description: str, longest: int = LONGEST_NAME) -> Attribute:
    """Return the name that, after the product's id, makes an object's id."""
    return Attribute(
        name="name",
        type=Text(longest, NAME_PATTERN, 1, " out of letters, digits, '_', '.' and '-'"),
        description=description,
        required=True,
        mutable=False,
        filterable=True,
        sortable=True,
        searchable=False,
    )


def number(name: str, description: str, *, index: bool = True) -> Attribute:
    """Return an optional number, filterable and sortable unless ``index`` is false."""
    return Attribute(
        name=name, type=Number(), description=description, filterable=index, sortable=index
    )


def text(name: str, description: str, longest: int = 2000, *, index: bool = False) -> Attribute:
    """Return an optional string."""
    return Attribute(
        name=name, type=Text(longest), description=description, filterable=index, sortable=index
    )


def moment(name: str, description: str, *, required: bool = False) -> Attribute:
    """Return a filterable and sortable timestamp."""
    return Attribute(
        name=name,
        type=Timestamp(),
        description=description,
        required=required,
        filterable=True,
        sortable=True,
    )
