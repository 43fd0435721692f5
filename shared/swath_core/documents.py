"""The document, what the catalog stores of an object, and the JSON values that it is made of."""

from __future__ import annotations

import difflib
import math
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

Attributes = dict[str, Any]
"""Attribute name to JSON value, normalised; an attribute that is not set is absent."""


INDEX_VERSION = 2
"""The version of the search index (``swath_core.index``) that new products get."""


@dataclass(frozen=True, slots=True)
class Document:
    """One stored object.

    ``version`` counts the saves of the object, starting at 1; 0 means not stored yet.
    ``request`` is the token of the request that created this version, so that a replay
    of that request can be told from a second writer.
    """

    kind: str
    id: str
    attributes: Attributes = field(default_factory=dict)
    version: int = 0
    request: str | None = None

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of an attribute (``id`` included), or ``default`` where it is unset."""
        if name == "id":
            return self.id
        return self.attributes.get(name, default)

    def next_version(self, attributes: Attributes, request: str | None = None) -> Document:
        """Return this document with other attributes, one version later."""
        return replace(self, attributes=attributes, version=self.version + 1, request=request)


ALL_SPANS = -1
"""Among a product's spans: they were noted from its first image on."""


@dataclass(frozen=True, slots=True)
class StoredProduct(Document):
    """A product as it was read, with what the search index of its images covers.

    ``rungs`` are the fine rungs of the H3 ladder in use, ``extent`` the H3 base cells touched,
    ``spans`` how long taking images lasted (``swath_core.index.IndexState``), ``years`` those of
    ``acquired``.
    ``index`` is the version of the index under which new images are posted, ``also`` an earlier one
    under which images may still be: searches read both. ``shards`` is the number of its shards.
    """

    rungs: frozenset[int] = frozenset()
    extent: frozenset[int] = frozenset()
    spans: frozenset[int] = frozenset()
    years: frozenset[int] = frozenset()
    index: int = INDEX_VERSION
    also: int | None = None
    shards: int = 1


ACCESS_LISTS = ("owners", "writers", "readers")
"""The attributes of a product that say who may do what with it."""


SHARDS = "swath.shards"
"""The member of a product's ``extra_properties`` that says over how many shards it is spread."""

QUERYABLES = "swath.queryables"
"""The member of a product's ``extra_properties`` that declares those of its images: JSON text."""

MOST_SHARDS = 16


def shards_of(attributes: Attributes) -> int:
    """Return the shards of a product with these attributes."""
    return int((attributes.get("extra_properties") or {}).get(SHARDS) or 1)


@dataclass(frozen=True, slots=True)
class StoredImage(Document):
    """An image as it was read, with where it is posted.

    ``posted`` are its partitions without the product's id in front, None where that was not
    recorded; ``index`` the version of the code that wrote them; ``indexed`` the document's version
    when the postings in cells were written: later ones differ in nothing that these hold. While the
    image is moved to other partitions it is posted in those of ``target`` as well, ``since`` (epoch
    seconds). ``held`` are the names of the extra properties that its postings tell.
    """

    posted: tuple[str, ...] | None = None
    index: int = 1
    indexed: int = 0
    target: tuple[str, ...] | None = None
    since: float = 0.0
    held: tuple[str, ...] = ()

    @property
    def placed(self) -> tuple[tuple[str, ...] | None, ...]:
        """Everything that is recorded of where it is posted, and of what its postings tell."""
        return self.posted, self.target, self.held


# ---- JSON values


_short = reprlib.Repr()
_short.maxlist = _short.maxtuple = _short.maxdict = 50
_short.maxstring = _short.maxlong = _short.maxother = 200


def shown(value: object, limit: int = 80) -> str:
    """Return a short text of any value, for error messages, however deep or wide the value is."""
    text = _short.repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest known one, or nothing."""
    near = difflib.get_close_matches(name[:100], list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def is_encodable(text: str) -> bool:
    """Return whether a text can be stored: no lone surrogates, no NUL."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def finite(value: object) -> float | None:
    """Return a JSON number as a finite float, or None; a boolean is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
