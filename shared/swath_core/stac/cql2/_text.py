"""CQL2 text into the tree of CQL2 JSON, by the ``cql2`` package.

Its parser recurses, and a stack that is full ends the process; and it tries brackets that hold no
valid expression twice at each level. So the text's shape is measured first: how deep brackets are,
how many words and operators there are, and how much may be read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from swath_core.documents import shown

from ._scope import bad

DEEPEST_BRACKETS = 24
MOST_WORDS = 1_000
"""Names, keywords and operators outside of geometries: some of them recurse one by one."""
MOST_READING = 160_000
"""Parts to be read, each as often as brackets without a function double it; about a second."""

MOST_PREFIXES = 16
"""NOT and minus in a row: each takes a frame of the stack."""

_PART = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*"|[^\W\d][\w.:]*)"""
    r"""|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|(?P<sign>[^\s,])"""
)
_KEYWORDS = frozenset({"and", "or", "not", "in", "like", "between", "is", "div"})
_GEOMETRIES = frozenset(
    {
        *("point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"),
        "geometrycollection",
    }
)
_IN_EXPRESSIONS, _IN_GEOMETRIES = 4, 1


def parse_text(text: str) -> Any:
    """Return the tree of CQL2 text. Raises BadRequest with the place where it goes wrong."""
    _Shape().check(text)
    import cql2  # noqa: PLC0415 - a native library of its own layer: only CQL2 text needs it

    try:
        return cql2.parse_text(text).to_json()
    except cql2.ParseError as error:
        raise bad(f"{shown(text)} is not CQL2 text: {_reason(str(error))}") from error
    except ValueError as error:  # a tree that has no JSON
        raise bad(f"{shown(text)} is not CQL2 text: {error}") from error


def _reason(message: str) -> str:
    """Return the parser's message in one line: the place, and what was expected there."""
    place = re.match(r"\s*--> (\d+):(\d+)", message)
    expected = re.search(r"= (.*)", message)
    if place is None or expected is None:
        return message.strip()
    return f"line {place[1]}, column {place[2]}: {expected[1].strip()}"


@dataclass(slots=True)
class _Shape:
    """What is open while the text is read from left to right.

    ``brackets`` holds for each open one whether it only groups, and whether it is a geometry's.
    """

    brackets: list[tuple[bool, bool]] = field(default_factory=list)
    words: int = 0
    prefixes: int = 0
    reading: int = 0

    def check(self, text: str) -> None:
        """Raise BadRequest where the text would cost more than a filter may."""
        before = ""
        for kind, part in _parts(text):
            if part == "(":
                self._open(before)
            elif part == ")":
                self._close()
            else:
                self._count(kind)
            before = part.lower() if kind == "name" else part
            self._count_prefix(before)
        if self.brackets:
            raise bad(f"{shown(text)}: {len(self.brackets)} brackets are not closed")

    def _open(self, before: str) -> None:
        called = before[:1].isalpha() and before not in _KEYWORDS
        inside = self._in_geometry or before in _GEOMETRIES
        self.brackets.append((not called, inside))
        if len(self.brackets) > DEEPEST_BRACKETS:
            raise bad(f"brackets are nested more than {DEEPEST_BRACKETS} deep")
        self._count("sign")

    def _close(self) -> None:
        if not self.brackets:
            raise bad("a bracket is closed that was not opened")
        self.brackets.pop()

    def _count_prefix(self, part: str) -> None:
        self.prefixes = self.prefixes + 1 if part in {"not", "-"} else 0
        if self.prefixes > MOST_PREFIXES:
            raise bad(f"there are more than {MOST_PREFIXES} NOT or minus in a row")

    @property
    def _in_geometry(self) -> bool:
        return bool(self.brackets) and self.brackets[-1][1]

    def _count(self, kind: str) -> None:
        inside = self._in_geometry
        depth = sum(groups for groups, geometry in self.brackets if not geometry)
        self.reading += (_IN_GEOMETRIES if inside else _IN_EXPRESSIONS) << depth
        self.words += not inside and kind in {"name", "sign"}
        if self.words > MOST_WORDS:
            raise bad(f"there are more than {MOST_WORDS} names and operators")
        if self.reading > MOST_READING:
            raise bad("the text is too long for brackets so deep: leave out those that only group")


def _parts(text: str) -> Iterator[tuple[str, str]]:
    for match in _PART.finditer(text):
        yield str(match.lastgroup), match.group()
