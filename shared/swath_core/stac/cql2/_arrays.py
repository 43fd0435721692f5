"""Array functions: what stands in two arrays, without regard to order and repetition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from swath_core.documents import shown
from swath_core.filters import And, Comparison

from ._condition import Leaf, Truth, Values
from ._scope import Scope, bad, exactly
from ._value import Kind, Value, property_of, scalar

Members = frozenset[tuple[type, Any]]
"""Members with their types: in an array, true is not 1."""

_RELATIONS: dict[str, Callable[[Members, Members], bool]] = {
    "a_equals": lambda one, other: one == other,
    "a_contains": lambda one, other: one >= other,
    "a_containedBy": lambda one, other: one <= other,
    "a_overlaps": lambda one, other: not one.isdisjoint(other),
}


@dataclass(frozen=True)
class _Array:
    """A property that is an array, or the single values of an array that the filter holds."""

    whole: Value | None
    parts: tuple[Value, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        each = self.parts if self.whole is None else (self.whole,)
        return frozenset().union(*(value.names for value in each))

    def of(self, values: Values) -> Members | None:
        if self.whole is not None:
            found = self.whole.of(values)
        else:
            found = [part.of(values) for part in self.parts]
        if found is None or None in found:
            return None
        return frozenset((type(member), member) for member in found)


def array_function(op: str, operands: list[Any], scope: Scope, depth: int) -> Leaf:
    """Return the condition of an array function. Raises BadRequest."""
    one, other = (_operand(op, each, scope, depth) for each in exactly(2, op, operands))
    relation = _RELATIONS[op]

    def test(values: Values) -> Truth:
        first, second = one.of(values), other.of(values)
        return None if first is None or second is None else relation(first, second)

    return _compared(op, one, other, Leaf(one.names | other.names, test))


def _operand(op: str, tree: Any, scope: Scope, depth: int) -> _Array:
    if isinstance(tree, list):
        scope.count_values(len(tree))
        return _Array(None, tuple(scalar(each, scope, depth + 1) for each in tree))
    if isinstance(tree, dict) and "property" in tree:
        value = property_of(tree, scope)
        if value.kind is Kind.LIST:
            return _Array(value)
        raise bad(f"{op} is of arrays, but {shown(tree['property'])} is {value.kind}")
    raise bad(f"{op} is of arrays, but {shown(tree)} is none")


def _compared(op: str, one: _Array, other: _Array, leaf: Leaf) -> Leaf:
    """Return the condition as comparisons where it asks a property for constant members."""
    if op == "a_containedBy":
        op, one, other = "a_contains", other, one
    elif op == "a_overlaps" and one.whole is None:
        one, other = other, one
    members = [part.constant for part in other.parts if part.is_constant]
    if one.whole is None or one.whole.queryable is None or not members:
        return leaf
    if len(members) < len(other.parts) or not all(isinstance(each, str) for each in members):
        return leaf
    attribute = one.whole.queryable.attribute
    if op == "a_contains":
        each = (Comparison(attribute, "eq", (member,)) for member in members)
        return replace(leaf, true=And(tuple(each)))
    if op == "a_overlaps":
        any_of, none_of = (Comparison(attribute, op, tuple(members)) for op in ("eq", "ne"))
        return replace(leaf, true=any_of, false=none_of)
    return leaf
