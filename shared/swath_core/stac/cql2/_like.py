"""LIKE: ``%`` is any text, ``_`` any one character, and a backslash takes the next as it is.

Pieces between the ``%`` are looked for from left to right, each as early as can be: no pattern
takes longer than its length times that of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable


def like(pattern: str) -> Callable[[str], bool]:
    """Return the test of a pattern."""
    first, *others = [re.compile(piece, re.DOTALL) for piece in _pieces(pattern)]
    if not others:
        return lambda text: first.fullmatch(text) is not None
    last = re.compile(others.pop().pattern + r"\Z", re.DOTALL)
    width = _width(pattern)

    def test(text: str) -> bool:
        found = first.match(text)
        for piece in others:
            found = piece.search(text, found.end()) if found else None
        return (
            found is not None and last.match(text, max(found.end(), len(text) - width)) is not None
        )

    return test


def prefix_of(pattern: str) -> str | None:
    """Return what a text has to begin with where that is all that a pattern says; else None."""
    head = pattern[:-1]
    plain = pattern.endswith("%") and not set(head) & set("%_\\")
    return head if plain else None


def _pieces(pattern: str) -> list[str]:
    pieces = [""]
    for escaped, wildcard, plain in re.findall(r"\\(.)|([%_])|(.)", pattern, re.DOTALL):
        if wildcard == "%":
            pieces.append("")
        else:
            pieces[-1] += "." if wildcard else re.escape(escaped or plain)
    return pieces


def _width(pattern: str) -> int:
    """Return how many characters the last piece takes."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return next((n for n, part in enumerate(reversed(parts)) if part == "%"), len(parts))
