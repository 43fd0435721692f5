"""Full text search: words, without regard to case and accents."""

from __future__ import annotations

import re
import unicodedata

from swath_core.definitions import Resource
from swath_core.documents import Attributes

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the words of a text in their folded form."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _WORD.findall(bare.casefold())


def text_matches(wanted: str, attributes: Attributes, resource: Resource) -> bool:
    """Return whether each wanted word begins a word of the resource's searchable attributes."""
    held: set[str] = set()
    for attribute in resource:
        value = attributes.get(attribute.name)
        if attribute.searchable and isinstance(value, str):
            held.update(words(value))
    return all(any(word.startswith(each) for word in held) for each in words(wanted))
