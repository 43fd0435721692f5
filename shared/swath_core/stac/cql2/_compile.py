"""From the tree of CQL2 JSON to a filter: logic, comparisons, and what drives the plan."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.documents import shown
from swath_core.filters import EVERYTHING, And, Comparison, Expression, IsNull, Or
from swath_core.stac._properties import QUERYABLES, Property

from ._arrays import array_function
from ._condition import Condition, Junction, Leaf, Negation, Truth, Unknown, Values
from ._like import like, prefix_of
from ._scope import (
    ARRAY_OPERATORS,
    COMPARISONS,
    DEEPEST,
    SPATIAL_OPERATORS,
    TEMPORAL_OPERATORS,
    Queryable,
    Scope,
    bad,
    exactly,
    operation,
)
from ._spatial import spatial
from ._temporal import day_span, temporal
from ._text import parse_text
from ._value import Kind, Value, instant, property_of, scalar

LANGUAGES = ("cql2-text", "cql2-json")


@dataclass(frozen=True)
class ItemFilter:
    """What a filter asks of images: an expression, and an area that footprints have to meet."""

    expression: Expression = EVERYTHING
    area: BaseGeometry | None = None


def parse_cql2(
    given: object,
    language: str = "cql2-json",
    queryables: Mapping[str, Property] = QUERYABLES,
    area: BaseGeometry | None = None,
    *,
    places: bool = True,
) -> ItemFilter:
    """Return what a CQL2 filter asks of images.

    ``given`` is the text, or the JSON as text or decoded. ``area`` is what the request asks for
    beside the filter (on the plane): where there is one it stays the area, and every spatial
    condition of the filter is a test. Without ``places`` there are no footprints. Raises
    BadRequest with what is wrong and what would be right.
    """
    tree = _tree(given, language)
    condition = _condition(tree, Scope(queryables, places, tree), 0)
    parts = condition.parts if isinstance(condition, Junction) and condition.every else (condition,)
    driver = None if area is not None else _driver(parts)
    left = [part for part in parts if part is not driver or not driver.is_area]
    expressions = tuple(part.expression(wanted=True) for part in left)
    expression = expressions[0] if len(expressions) == 1 else And(expressions)
    return ItemFilter(expression, area if driver is None else driver.area)


def _driver(parts: tuple[Condition, ...]) -> Leaf | None:
    """Return the spatial condition with the smallest extent among those that all have to hold."""
    found = [part for part in parts if isinstance(part, Leaf) and part.area is not None]
    return min(found, key=lambda part: shapely.area(shapely.envelope(part.area)), default=None)


def _tree(given: object, language: str) -> Any:
    if language not in LANGUAGES:
        raise bad(f"filter-lang {shown(language)} is none of {', '.join(LANGUAGES)}")
    if language == "cql2-text":
        if not isinstance(given, str):
            raise bad(f"{shown(given)} is no text, which filter-lang cql2-text asks for")
        return parse_text(given)
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError) as error:
        raise bad(f"{shown(given)} is not JSON ({error})") from error


# ---- logic


def _condition(tree: Any, scope: Scope, depth: int) -> Condition:
    if depth > DEEPEST:
        raise bad(f"operations are nested more than {DEEPEST} deep")
    called = operation(tree)
    if called is None:
        return _bare(tree, scope)
    op, operands = called
    if op in {"and", "or"}:
        return _junction(op, operands, scope, depth)
    if op == "not":
        (part,) = exactly(1, op, operands)
        return Negation(_condition(part, scope, depth + 1))
    scope.count_comparison()
    return _predicate(op, operands, scope, depth)


def _junction(op: str, operands: list[Any], scope: Scope, depth: int) -> Condition:
    if not operands:
        raise bad(f"{op} has no operands")
    parts: list[Condition] = []
    for each in operands:
        part = _condition(each, scope, depth + 1)
        same = isinstance(part, Junction) and part.every is (op == "and")
        parts += part.parts if same and isinstance(part, Junction) else [part]
    return Junction(tuple(parts), op == "and")


def _bare(tree: Any, scope: Scope) -> Condition:
    """Return the condition of true, false, null, or a property that is true or false."""
    if tree is None or isinstance(tree, bool):
        return Leaf(frozenset(), lambda _: tree)
    if isinstance(tree, dict) and "property" in tree:
        value = property_of(tree, scope)
        if value.kind is Kind.BOOLEAN:
            return Leaf(value.names, value.of)
        raise bad(f"{shown(tree['property'])} is {value.kind} and no condition: compare it")
    raise bad(f"{shown(tree)} is no condition such as {_EXAMPLE}")


_EXAMPLE = '{"op": "<=", "args": [{"property": "eo:cloud_cover"}, 10]}'


# ---- predicates


def _predicate(op: str, operands: list[Any], scope: Scope, depth: int) -> Condition:
    kinds: tuple[tuple[Collection[str], _Compiler], ...] = (
        (COMPARISONS, _compared),
        (SPATIAL_OPERATORS, spatial),
        (TEMPORAL_OPERATORS, temporal),
        (ARRAY_OPERATORS, array_function),
        (("between",), _between),
        (("in",), _in),
        (("like",), _like),
        (("isNull",), _is_null),
    )
    for operators, compiler in kinds:
        if op in operators:
            return compiler(op, operands, scope, depth)
    raise bad(f"{op} is no condition: compare its value with another")


_Compiler = Callable[[str, list[Any], Scope, int], Condition]


def _compared(op: str, operands: list[Any], scope: Scope, depth: int) -> Condition:
    one, other = (scalar(each, scope, depth + 1) for each in exactly(2, op, operands))
    return _comparison(op, *_aligned(op, one, other))


def _aligned(op: str, one: Value, other: Value) -> tuple[Value, Value]:
    """Return two values that can be compared; a string beside a time is one. Raises BadRequest."""
    if one.kind in _TIMES and other.kind is Kind.TEXT and other.is_constant:
        other = instant(other.constant)
    if other.kind in _TIMES and one.kind is Kind.TEXT and one.is_constant:
        one = instant(one.constant)
    kinds = {one.kind, other.kind} - {Kind.NULL}
    for kind in kinds & {Kind.LIST, Kind.GEOMETRY}:
        raise bad(f"{op} does not compare {kind}: there are functions for that")
    if len(kinds) > 1 and not kinds <= _TIMES:
        raise bad(f"{op} compares {one.kind} with {other.kind}")
    return one, other


_TIMES = {Kind.MOMENT, Kind.DATE}


def _comparison(op: str, one: Value, other: Value) -> Leaf:
    if one.is_constant and not other.is_constant:
        op, one, other = _MIRRORED[op], other, one
    compare, by_day = _COMPARE[op], {one.kind, other.kind} == _TIMES

    def test(values: Values) -> Truth:
        first, second = one.of(values), other.of(values)
        if first is None or second is None:
            return None
        return bool(compare(first[:10], second[:10]) if by_day else compare(first, second))

    leaf = Leaf(one.names | other.names, test)
    if one.queryable is None or not other.is_constant or other.constant is None:
        return leaf
    return _indexed(op, one.queryable, other, leaf)


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_STORED = {"=": "eq", "<>": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


# ---- as the catalog's own comparisons


def _indexed(op: str, queryable: Queryable, constant: Value, leaf: Leaf) -> Leaf:
    """Return a comparison of a property with a constant as the tree's own comparisons."""
    stored = _by_day if constant.kind is Kind.DATE else _by_value
    true, false = (stored(each, queryable, constant.constant) for each in (op, _OPPOSITE[op]))
    return _replaced(leaf, queryable, true, false)


def _replaced(leaf: Leaf, queryable: Queryable, true: Expression, false: Expression) -> Leaf:
    """Return the condition with expressions for images that show the property at all."""
    if queryable.required is None:
        return replace(leaf, true=true, false=false)
    shows = IsNull(queryable.required, negated=True)
    return replace(leaf, true=And((shows, true)), false=And((shows, false)))


def _by_value(op: str, queryable: Queryable, constant: Any) -> Expression:
    return Comparison(queryable.attribute, _STORED[op], (constant,))


def _by_day(op: str, queryable: Queryable, day: str) -> Expression:
    """Return the comparison of a timestamp's day."""
    first, last = day_span(day)

    def compared(op: str, moment: str) -> Expression:
        return Comparison(queryable.attribute, _STORED[op], (moment,))

    if op == "=":
        return And((compared(">=", first), compared("<=", last)))
    if op == "<>":
        return Or((compared("<", first), compared(">", last)))
    return compared(op, first if op in {"<", ">="} else last)


# ---- between, in, like, is null


def _between(op: str, operands: list[Any], scope: Scope, depth: int) -> Condition:
    if len(operands) == 2 and isinstance(operands[1], list):  # noqa: PLR2004 - as drafts had it
        operands = [operands[0], *operands[1]]
    value, low, high = exactly(3, op, operands)
    of = scalar(value, scope, depth + 1)
    ends = scalar(low, scope, depth + 1), scalar(high, scope, depth + 1)
    parts = (
        _comparison(compared, *_aligned(op, of, end))
        for compared, end in zip((">=", "<="), ends, strict=True)
    )
    return Junction(tuple(parts), every=True)


def _in(op: str, operands: list[Any], scope: Scope, depth: int) -> Condition:
    tree, listed = exactly(2, op, operands)
    if not isinstance(listed, list) or not listed:
        raise bad(f"in takes a list of at least one value, not {shown(listed)}")
    scope.count_values(len(listed))
    value = scalar(tree, scope, depth + 1)
    pairs = [_aligned(op, value, scalar(each, scope, depth + 1)) for each in listed]
    parts = tuple(_comparison("=", *pair) for pair in pairs)
    return _listed(value, [other for _, other in pairs]) or Junction(parts, every=False)


def _listed(value: Value, others: list[Value]) -> Condition | None:
    """Return the condition as one comparison with a list, where a property is looked up in one."""
    queryable = value.queryable
    plain = all(each.is_constant and each.kind is value.kind for each in others)
    if queryable is None or not plain:
        return None
    members = tuple(dict.fromkeys(each.constant for each in others))
    wanted = frozenset(members)

    def test(values: Values) -> Truth:
        found = value.of(values)
        return None if found is None else found in wanted

    any_of, none_of = (Comparison(queryable.attribute, op, members) for op in ("eq", "ne"))
    return _replaced(Leaf(value.names, test), queryable, any_of, none_of)


def _like(op: str, operands: list[Any], scope: Scope, depth: int) -> Condition:
    value, pattern = (scalar(each, scope, depth + 1) for each in exactly(2, op, operands))
    if pattern.kind is not Kind.TEXT or not pattern.is_constant:
        raise bad(f"like takes a pattern that is a string, not {shown(operands[1])}")
    if value.kind not in {Kind.TEXT, Kind.NULL}:
        raise bad(f"like is of a string, but {shown(operands[0])} is {value.kind}")
    matches, prefix = like(pattern.constant), prefix_of(pattern.constant)

    def test(values: Values) -> Truth:
        text = value.of(values)
        return None if text is None else matches(text)

    if prefix is None or value.queryable is None:
        return Leaf(value.names, test)
    begins = Comparison(value.queryable.attribute, "prefix", (prefix,))
    return Leaf(value.names, test, true=begins)


def _is_null(op: str, operands: list[Any], scope: Scope, depth: int) -> Condition:
    (tree,) = exactly(1, op, operands)
    if isinstance(tree, dict) and _is_predicate(tree):
        return Unknown(_condition(tree, scope, depth + 1))
    if isinstance(tree, dict) and "property" in tree:
        return _is_unset(property_of(tree, scope))
    value = scalar(tree, scope, depth + 1)
    return Leaf(value.names, lambda values: value.of(values) is None)


def _is_predicate(tree: dict[str, Any]) -> bool:
    called = operation(tree)
    return called is not None and called[0] in _PREDICATES


_PREDICATES = frozenset(
    {
        *("and", "or", "not", "between", "in", "like", "isNull", *COMPARISONS),
        *(*SPATIAL_OPERATORS, *TEMPORAL_OPERATORS, *ARRAY_OPERATORS),
    }
)


def _is_unset(value: Value) -> Leaf:
    leaf = Leaf(value.names, lambda values: value.of(values) is None)
    queryable = value.queryable
    if queryable is None or queryable.required is not None:
        return leaf
    attribute = queryable.attribute
    return replace(leaf, true=IsNull(attribute), false=IsNull(attribute, negated=True))
