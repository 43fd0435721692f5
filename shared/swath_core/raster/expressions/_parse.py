"""From text to a tree, by precedence climbing. Operators bind as in Python and NumPy.

From the loosest: ``or``; ``and``; ``not``; ``< <= > >= == !=``; ``|``; ``^``; ``&``; ``<< >>``;
``+ -``; ``* /``; unary ``- + ~``; ``**``. Bands are named as they are; names with other characters
than letters, digits, ``_`` and ``.``, and the words of the grammar, stand in double quotes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from swath_core.documents import shown

from ._tree import BandName, Literal, Node, Operation

DEEPEST = 32
"""Operations within operations, brackets included."""
MOST_OPERATIONS = 200
LARGEST_WHOLE = 2**63 - 1

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_LEVELS = (("or",), ("and",), COMPARISONS, ("|",), ("^",), ("&",), ("<<", ">>"), ("+", "-"),
           ("*", "/"))  # fmt: skip
_BINDING = {operator: level for level, each in enumerate(_LEVELS) for operator in each}
_NOT = _BINDING["and"] + 1
_UNARY = len(_LEVELS)

FUNCTIONS: dict[str, tuple[int, int | None]] = {
    "abs": (1, 1),
    "sqrt": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "log10": (1, 1),
    "floor": (1, 1),
    "ceil": (1, 1),
    "min": (2, None),
    "max": (2, None),
    "where": (3, 3),
}
"""Functions and how many arguments they take, at least and at most."""
WORDS = frozenset({"and", "or", "not", *FUNCTIONS})

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|0[bB][01]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r'|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)|"(?P<quoted>[^"]+)"'
    r"|(?P<symbol>\*\*|<<|>>|[<>=!]=|[-+*/&|^~<>(),])|(?P<end>$))",
    re.ASCII,
)


class SyntaxProblem(ValueError):
    """A text that is no expression: what is wrong, and at which character (from 1)."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"{shown(self.text, 30)} at character {self.at}"


def parse(text: str) -> Node:
    """Return the tree of a text. Raises SyntaxProblem."""
    return _Parser(text).whole()


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while True:
        found = _TOKEN.match(text, place)
        if found is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            raise SyntaxProblem(
                f"{shown(text[place : place + 10])} at character {place + 1} is none of its signs"
            )
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind) + 1)
        if kind == "end":
            return
        place = found.end()


class _Parser:
    """One pass over the tokens of a text."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = next(self._tokens)
        self._operations = 0

    def whole(self) -> Node:
        tree = self._expression(0, 0)
        if self._next.kind != "end":
            raise SyntaxProblem(f"after the expression comes {self._next}")
        return tree

    def _take(self) -> _Token:
        taken = self._next
        if taken.kind != "end":
            self._next = next(self._tokens)
        return taken

    def _operator(self) -> str:
        """Return the operator that comes next; a quoted name is none."""
        return self._next.text if self._next.kind in {"symbol", "name"} else ""

    def _expression(self, level: int, depth: int) -> Node:
        """Return what is bound at a level or more tightly."""
        if depth > DEEPEST:
            raise SyntaxProblem(f"it is more than {DEEPEST} levels deep at {self._next}")
        left = self._prefixed(level, depth)
        while (binding := _BINDING.get(self._operator(), -1)) >= level:
            token = self._take()
            right = self._expression(binding + 1, depth + 1)
            left = self._operation(token, token.text, left, right)
            if token.text in COMPARISONS and self._operator() in COMPARISONS:
                raise SyntaxProblem(f"comparisons in a row at {self._next}: join them with 'and'")
        return left

    def _prefixed(self, level: int, depth: int) -> Node:
        operator = self._operator()
        if operator == "not" and level <= _NOT:
            token = self._take()
            return self._operation(token, "not", self._expression(_NOT, depth + 1))
        if operator in {"-", "+", "~"}:
            token = self._take()
            return self._operation(token, f"unary {operator}", self._expression(_UNARY, depth + 1))
        base = self._atom(depth)
        if self._operator() != "**":
            return base
        token = self._take()
        return self._operation(token, "**", base, self._expression(_UNARY, depth + 1))

    def _atom(self, depth: int) -> Node:
        token = self._take()
        if token.kind == "number":
            return Literal(_number(token), token.at)
        if token.kind == "quoted" or (token.kind == "name" and token.text not in WORDS):
            if token.kind == "name" and self._operator() == "(":
                known = ", ".join(FUNCTIONS)
                raise SyntaxProblem(f"there is no function {token}; there are: {known}")
            return BandName(token.text, token.at)
        if token.kind == "name" and token.text in FUNCTIONS:
            return self._call(token, depth)
        if token.text == "(" and token.kind == "symbol":
            inner = self._expression(0, depth + 1)
            self._expect(")")
            return inner
        raise SyntaxProblem(f"a band, a number or a bracket is expected, not {token}")

    def _call(self, name: _Token, depth: int) -> Node:
        self._expect("(")
        arguments = [self._expression(0, depth + 1)]
        while self._operator() == ",":
            self._take()
            arguments.append(self._expression(0, depth + 1))
        self._expect(")")
        least, most = FUNCTIONS[name.text]
        if len(arguments) < least or (most is not None and len(arguments) > most):
            number = f"{least}" if most == least else f"{least} or more"
            raise SyntaxProblem(f"{name} takes {number} arguments, not {len(arguments)}")
        return self._operation(name, name.text, *arguments)

    def _expect(self, symbol: str) -> None:
        if self._operator() != symbol:
            raise SyntaxProblem(f"{symbol!r} is expected, not {self._next}")
        self._take()

    def _operation(self, token: _Token, operator: str, *operands: Node) -> Operation:
        self._operations += 1
        if self._operations > MOST_OPERATIONS:
            raise SyntaxProblem(f"it has more than {MOST_OPERATIONS} operations")
        return Operation(operator, operands, token.at)


def _number(token: _Token) -> int | float:
    text = token.text.lower()
    if text.startswith(("0x", "0b")):
        value: int | float = int(text, 16 if text[1] == "x" else 2)
    else:
        value = int(text) if text.isdecimal() else float(text)
    if isinstance(value, int) and value > LARGEST_WHOLE:
        value = float(value) if value < 10**300 else math.inf
    if not math.isfinite(value):
        raise SyntaxProblem(f"the number {token} is too large")
    return value
