"""What holds for every document: its version, its size, its dates, its id.

A version is what a client's ``If-Match`` is compared with.
"""

from __future__ import annotations

import json

from swath_core import times
from swath_core.documents import Attributes, Document, shown
from swath_core.errors import Conflict, Invalid

MOST_DOCUMENT_BYTES = 390_000
"""DynamoDB's item limit (400 KB), less the item's other attributes."""


def check_version(object_id: str, stored: Document | None, expected: int | None) -> None:
    """Raise Conflict unless what is stored is at the version that the change was made for.

    Nothing stored is version 0.
    """
    version = stored.version if stored else 0
    if expected is not None and version != expected:
        message = (
            f"{object_id} is at version {version}, but the change was made for version "
            f"{expected}: read it again"
        )
        raise Conflict(message)


def overtaken(object_id: str) -> Conflict:
    """Return the error for a write that another one overtook."""
    return Conflict(f"{object_id} was changed by another request meanwhile: read it and try again")


def exists(object_id: str) -> Conflict:
    """Return the error for an id that is taken."""
    return Conflict(f"A document with id `{object_id}` already exists.")


def check_size(attributes: Attributes) -> None:
    """Raise Invalid where a document is too big for one item of DynamoDB."""
    size = _size(attributes)
    if size > MOST_DOCUMENT_BYTES:
        largest = max(attributes, key=lambda name: _size(attributes[name]))
        message = (
            f"{largest}: the attributes take {size} bytes as JSON, of which this is the largest; "
            f"{MOST_DOCUMENT_BYTES} can be stored"
        )
        raise Invalid(message, pointer=f"/data/attributes/{largest}")


def _size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def stamped(attributes: Attributes, before: Document | None = None) -> Attributes:
    """Return attributes with ``modified``, and ``created`` where the object is new."""
    now = times.now()
    created = before.get("created", now) if before else now
    return attributes | {"created": created, "modified": now}


def check_id(given: str | None, right: str) -> None:
    """Raise Invalid unless an id that was sent is the one that the attributes make."""
    if given is not None and given != right:
        message = f"the id {shown(given)} was sent, but product_id and name make it {shown(right)}"
        raise Invalid(message, pointer="/data/id")
