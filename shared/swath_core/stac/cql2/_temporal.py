"""Temporal functions: Allen's relations between intervals, instants being intervals of one moment.

A date is the whole of its day in UTC. Both ends of an interval belong to it; ``..`` is an open end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from swath_core.definitions import IMAGE, Attribute
from swath_core.documents import shown
from swath_core.filters import And, Comparison, Expression, IsNull, Or, Overlaps

from ._condition import Leaf, Truth, Values
from ._scope import Scope, bad, exactly
from ._value import Kind, Value, instant, literal, property_of, scalar

BEGINNING, END = "", "~"
"""Below and above every timestamp in text order: open ends."""

_MIDNIGHT, _LAST_MOMENT = "T00:00:00.000000Z", "T23:59:59.999999Z"

Span = tuple[str, str]


def day_span(day: str) -> Span:
    """Return the first and the last moment of a date."""
    return day + _MIDNIGHT, day + _LAST_MOMENT


@dataclass(frozen=True)
class _Interval:
    """Where an operand begins and ends; None for an image that has no value of either."""

    begin: Value
    end: Value

    @property
    def names(self) -> frozenset[str]:
        return self.begin.names | self.end.names

    @property
    def is_instant(self) -> bool:
        return self.begin.queryable is not None and self.begin is self.end

    def of(self, values: Values) -> Span | None:
        begin, end = self.begin.of(values), self.end.of(values)
        return None if begin is None or end is None else (begin, end)


def temporal(op: str, operands: list[Any], scope: Scope, depth: int) -> Leaf:  # noqa: ARG001
    """Return the condition of a temporal function. Raises BadRequest."""
    one, other = (_operand(op, each, scope) for each in exactly(2, op, operands))
    relation = _RELATIONS[op]

    def test(values: Values) -> Truth:
        first, second = one.of(values), other.of(values)
        return None if first is None or second is None else relation(first, second)

    return _with_keys(op, one, other, Leaf(one.names | other.names, test))


_RELATIONS: dict[str, Callable[[Span, Span], bool]] = {
    "t_after": lambda a, b: a[0] > b[1],
    "t_before": lambda a, b: a[1] < b[0],
    "t_contains": lambda a, b: a[0] < b[0] and a[1] > b[1],
    "t_disjoint": lambda a, b: a[1] < b[0] or a[0] > b[1],
    "t_during": lambda a, b: a[0] > b[0] and a[1] < b[1],
    "t_equals": lambda a, b: a == b,
    "t_finishedBy": lambda a, b: a[0] < b[0] and a[1] == b[1],
    "t_finishes": lambda a, b: a[0] > b[0] and a[1] == b[1],
    "t_intersects": lambda a, b: a[0] <= b[1] and a[1] >= b[0],
    "t_meets": lambda a, b: a[1] == b[0],
    "t_metBy": lambda a, b: a[0] == b[1],
    "t_overlappedBy": lambda a, b: b[0] < a[0] < b[1] < a[1],
    "t_overlaps": lambda a, b: a[0] < b[0] < a[1] < b[1],
    "t_startedBy": lambda a, b: a[0] == b[0] and a[1] > b[1],
    "t_starts": lambda a, b: a[0] == b[0] and a[1] < b[1],
}


# ---- operands


def _operand(op: str, tree: Any, scope: Scope) -> _Interval:
    if isinstance(tree, dict) and "interval" in tree:
        return _interval(tree["interval"], scope)
    value = instant(tree) if isinstance(tree, str) else scalar(tree, scope, 0)
    if value.kind is Kind.DATE:
        begin, end = day_span(value.constant)
        return _Interval(literal(Kind.MOMENT, begin), literal(Kind.MOMENT, end))
    if value.kind not in {Kind.MOMENT, Kind.NULL}:
        raise bad(f"{op} is of timestamps, dates and intervals, but {shown(tree)} is {value.kind}")
    return _Interval(value, value)


def _interval(ends: Any, scope: Scope) -> _Interval:
    if not isinstance(ends, list) or len(ends) != 2:  # noqa: PLR2004 - begin and end
        raise bad(f"{shown(ends)} is no interval of two timestamps, dates, properties or '..'")
    begin, end = _end(ends[0], BEGINNING, 0, scope), _end(ends[1], END, 1, scope)
    if begin.is_constant and end.is_constant and begin.constant > end.constant:
        raise bad(f"the interval {shown(ends)} ends before it begins")
    return _Interval(begin, end)


def _end(tree: Any, unbounded: str, side: int, scope: Scope) -> Value:
    if tree == "..":
        return literal(Kind.MOMENT, unbounded)
    if isinstance(tree, dict) and "property" in tree:
        value = property_of(tree, scope)
    else:
        value = instant(tree) if isinstance(tree, str) else scalar(tree, scope, 0)
    if value.kind is Kind.DATE:
        return literal(Kind.MOMENT, day_span(value.constant)[side])
    if value.kind is not Kind.MOMENT:
        raise bad(f"{shown(tree)} is {value.kind}, but an interval is of timestamps and dates")
    return value


# ---- what the index can answer


def _with_keys(op: str, one: _Interval, other: _Interval, leaf: Leaf) -> Leaf:
    """Return the condition with expressions that allow a range of keys, where there are such."""
    if one.begin.is_constant and one.end.is_constant and op in _SWAPPED:
        op, one, other = _SWAPPED[op], other, one
    if not (other.begin.is_constant and other.end.is_constant):
        return leaf
    span = other.begin.constant, other.end.constant
    queryable = one.begin.queryable
    if one.is_instant and queryable is not None and queryable.required is None:
        return _of_instant(op, queryable.attribute, span, leaf)
    if op == "t_intersects" and _is_whole(one):
        return replace(leaf, true=_overlapping(span))
    return leaf


_SWAPPED = {
    "t_after": "t_before",
    "t_before": "t_after",
    "t_intersects": "t_intersects",
    "t_disjoint": "t_disjoint",
    "t_equals": "t_equals",
}


def _of_instant(op: str, attribute: Attribute, span: Span, leaf: Leaf) -> Leaf:
    begin, end = span
    before, after = Comparison(attribute, "lt", (begin,)), Comparison(attribute, "gt", (end,))
    since, until = Comparison(attribute, "gte", (begin,)), Comparison(attribute, "lte", (end,))
    inside, outside = And((since, until)), Or((before, after))
    if op == "t_after":
        return replace(leaf, true=after, false=until)
    if op == "t_before":
        return replace(leaf, true=before, false=since)
    if op == "t_intersects":
        return replace(leaf, true=inside, false=outside)
    if op == "t_disjoint":
        return replace(leaf, true=outside, false=inside)
    if op in {"t_during", "t_equals"}:
        # Every match lies inside; the test tells which of those do match.
        return replace(leaf, true=And((inside, leaf.expression(wanted=True))))
    return leaf


def _is_whole(interval: _Interval) -> bool:
    """Return whether an operand is an image's whole time, from its beginning to its end."""
    begin, end = interval.begin.queryable, interval.end.queryable
    return (
        begin is not None
        and end is not None
        and (begin.attribute.name, end.attribute.name) == ("acquired", "acquired_end")
    )


def _overlapping(span: Span) -> Expression:
    begin, end = span
    overlaps = Overlaps(begin or None, None if end == END else end)
    return And((IsNull(IMAGE.attribute("acquired_end"), negated=True), overlaps))
