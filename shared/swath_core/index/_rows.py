"""What a posting's row holds: the footprint, the filterable attributes, bytes and version."""

from __future__ import annotations

import json
from typing import Any

import shapely

from swath_core.definitions import IMAGE
from swath_core.documents import Document
from swath_core.geo import footprint

LONG_VALUE = 256
"""Characters of JSON that a value in a posting may have; what is longer stays on the document."""

OMITTED = "?"
"""Member of ``a`` that lists the attributes left out for their length."""

_IN_KEYS = frozenset({"name", "product_id", "acquired"})
_POSTED = tuple(
    attribute.name
    for attribute in IMAGE
    if (attribute.filterable or attribute.sortable) and attribute.name not in _IN_KEYS
)

Row = dict[str, Any]
"""``g`` the footprint as WKB (absent without one), ``a`` compact JSON of the attributes, ``b`` the
bytes of the image's files, ``v`` the document's version."""


def encode_row(image: Document) -> Row:
    """Return the attributes of an image's posting, its keys apart."""
    values: dict[str, Any] = {}
    omitted = []
    for name in _POSTED:
        value = image.get(name)
        if value is None or value == []:
            continue
        if isinstance(value, (str, list)) and len(_compact(value)) > LONG_VALUE:
            omitted.append(name)
        else:
            values[name] = value
    if omitted:
        values[OMITTED] = omitted
    row: Row = {"a": _compact(values), "b": stored_bytes(image), "v": image.version}
    geometry = image.get("geometry")
    if geometry is not None:
        row["g"] = shapely.to_wkb(footprint(geometry), byte_order=1)
    return row


def stored_bytes(image: Document) -> int:
    """Return the sum of the sizes of an image's files."""
    return sum(int(file.get("size_bytes") or 0) for file in image.get("files") or ())


def attributes_of_row(product: str, acquired: str, image_id: str, row_json: str) -> dict[str, Any]:
    """Return the attributes that a posting holds, those of its keys included."""
    values: dict[str, Any] = json.loads(row_json)
    values["id"] = image_id
    values["product_id"] = product
    values["name"] = image_id[len(product) + 1 :]
    values["acquired"] = acquired
    return values


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
