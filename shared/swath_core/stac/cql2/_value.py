"""Scalar expressions: properties, literals, arithmetic, casei and accenti.

What has no value (a property that an image lacks, a division by zero) is None, and whatever is
made of it is, too.
"""

from __future__ import annotations

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from swath_core import times
from swath_core.definitions import Footprint, ListOf, Timestamp
from swath_core.documents import finite, shown

from ._scope import ARITHMETIC, DEEPEST, Queryable, Scope, bad, exactly, operation

Values = Mapping[str, Any]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class Kind(StrEnum):
    """What kind of value an expression has."""

    NUMBER = "a number"
    TEXT = "a string"
    BOOLEAN = "true or false"
    MOMENT = "a timestamp"
    DATE = "a date"
    NULL = "null"
    LIST = "an array"
    GEOMETRY = "a geometry"


@dataclass(frozen=True)
class Value:
    """An expression with one value for each image; ``queryable`` where it is a bare property."""

    kind: Kind
    of: Callable[[Values], Any]
    names: frozenset[str] = frozenset()
    queryable: Queryable | None = None

    @property
    def is_constant(self) -> bool:
        """Whether it is the same for every image."""
        return not self.names

    @property
    def constant(self) -> Any:
        """The value of a constant."""
        return self.of({})


def literal(kind: Kind, value: Any) -> Value:
    """Return an expression that is the same for every image."""
    return Value(kind, lambda _: value)


def scalar(tree: Any, scope: Scope, depth: int) -> Value:
    """Return the expression of a node that has a single value. Raises BadRequest."""
    if depth > DEEPEST:
        raise bad(f"operations are nested more than {DEEPEST} deep")
    if not isinstance(tree, dict):
        return _plain(tree)
    if "property" in tree:
        return property_of(tree, scope)
    if "timestamp" in tree:
        return literal(Kind.MOMENT, moment(tree["timestamp"]))
    if "date" in tree:
        return literal(Kind.DATE, day(tree["date"]))
    called = operation(tree)
    if called is not None and called[0] in ARITHMETIC:
        return _arithmetic(*called, scope, depth)
    if called is not None and called[0] in _FOLDS:
        return _folded(*called, scope, depth)
    raise bad(f"{shown(tree)} is no single value: {_SCALARS}")


_SCALARS = (
    "a property, a string, a number, true, false, a timestamp, a date, casei, accenti or "
    "arithmetic of these is expected"
)


def _plain(tree: Any) -> Value:
    if tree is None:
        return literal(Kind.NULL, None)
    if isinstance(tree, bool):
        return literal(Kind.BOOLEAN, tree)
    if isinstance(tree, str):
        return literal(Kind.TEXT, tree)
    if isinstance(tree, (int, float)):
        number = finite(tree)
        if number is None:
            raise bad(f"{shown(tree)} is no finite number")
        return literal(Kind.NUMBER, number)
    raise bad(f"{shown(tree)} is no single value: {_SCALARS}")


# ---- properties


def property_of(tree: dict[str, Any], scope: Scope) -> Value:
    """Return the expression of a bare property. Raises BadRequest naming those there are."""
    queryable = scope.queryable(tree["property"])
    return Value(kind_of(queryable), queryable.of, queryable.names, queryable)


def kind_of(queryable: Queryable) -> Kind:
    """Return the kind of a property's value."""
    type_ = queryable.attribute.type
    if isinstance(type_, Timestamp):
        return Kind.MOMENT
    if isinstance(type_, ListOf):
        return Kind.LIST
    if isinstance(type_, Footprint):
        return Kind.GEOMETRY
    return _BY_SCHEMA[type_.schema().get("type", "string")]


_BY_SCHEMA = {
    "string": Kind.TEXT,
    "number": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
}


# ---- times


def moment(text: object) -> str:
    """Return the canonical form of an RFC 3339 timestamp. Raises BadRequest."""
    if isinstance(text, str) and _MOMENT.fullmatch(text):
        try:
            return times.canonical_timestamp(text)
        except ValueError:
            pass
    raise bad(f"{shown(text)} is no timestamp such as 2021-05-31T10:20:30Z")


def day(text: object) -> str:
    """Return a date as it is. Raises BadRequest."""
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return times.canonical_timestamp(text)[:10]
        except ValueError:
            pass
    raise bad(f"{shown(text)} is no date such as 2021-05-31")


def instant(text: object) -> Value:
    """Return the timestamp or date that a string stands for beside a time. Raises BadRequest."""
    if isinstance(text, str) and _DATE.fullmatch(text):
        return literal(Kind.DATE, day(text))
    return literal(Kind.MOMENT, moment(text))


# ---- arithmetic


def _arithmetic(op: str, operands: list[Any], scope: Scope, depth: int) -> Value:
    if len(operands) == 1 and op == "-":
        operands = [0, *operands]
    if len(operands) < 2:  # noqa: PLR2004 - the two sides
        raise bad(f"{op} takes two operands, not {len(operands)}")
    parts = [_number(each, op, scope, depth) for each in operands]
    result = parts[0]
    for part in parts[1:]:
        result = _combined(_ARITHMETIC[op], result, part)
    return result


def _number(tree: Any, op: str, scope: Scope, depth: int) -> Value:
    value = scalar(tree, scope, depth + 1)
    if value.kind not in {Kind.NUMBER, Kind.NULL}:
        raise bad(f"{op} is of numbers, but {shown(tree)} is {value.kind}")
    return value


def _combined(combine: Callable[[float, float], float], left: Value, right: Value) -> Value:
    def of(values: Values) -> float | None:
        one, other = left.of(values), right.of(values)
        if one is None or other is None:
            return None
        try:
            return finite(combine(one, other))
        except (ArithmeticError, ValueError):
            return None

    return Value(Kind.NUMBER, of, left.names | right.names)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,  # the sign of the dividend, as in SQL
    "div": lambda one, other: float(math.trunc(one / other)),
    "^": math.pow,
}


# ---- casei and accenti


def without_accents(text: str) -> str:
    """Return a text without the marks that its letters can be written without."""
    decomposed = unicodedata.normalize("NFD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare)


_FOLDS: dict[str, Callable[[str], str]] = {"casei": str.casefold, "accenti": without_accents}


def _folded(op: str, operands: list[Any], scope: Scope, depth: int) -> Value:
    (tree,) = exactly(1, op, operands)
    value = scalar(tree, scope, depth + 1)
    if value.kind not in {Kind.TEXT, Kind.NULL}:
        raise bad(f"{op} is of a string, but {shown(tree)} is {value.kind}")
    fold = _FOLDS[op]

    def of(values: Values) -> str | None:
        text = value.of(values)
        return None if text is None else fold(text)

    return Value(Kind.TEXT, of, value.names)
