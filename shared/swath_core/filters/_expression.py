"""The filter language as a tree, evaluated with the contract's semantics.

* Null never compares: an attribute that is unset, or an empty list, matches no comparison, ``ne``
  included; only ``isnull`` finds it.
* On a list attribute ``eq`` means "contains", ``ne`` "does not contain", ``prefix`` "a member
  begins with".
* A list as value means any of them (``eq``) or none of them (``ne``).

:func:`split_range` and :func:`ids_of` tell what an index can answer of a tree: which range of sort
keys (``ACQUIRED#IMAGE_ID``) it allows, and which ids it can only be about.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from swath_core.definitions import Attribute, ListOf

Values = Mapping[str, Any]


class Expression(ABC):
    """A condition on an object's attributes."""

    @property
    @abstractmethod
    def names(self) -> frozenset[str]:
        """The attributes that the condition looks at."""

    @abstractmethod
    def matches(self, values: Values) -> bool:
        """Return whether an object with these attributes (``id`` among them) satisfies it."""

    @abstractmethod
    def listed(self, name: str) -> tuple[Any, ...]:
        """Return the values that it compares an attribute with, in the order written."""

    @abstractmethod
    def given(self, known: Values) -> Expression:
        """Return what is left to ask of objects that all have these attribute values."""

    def keys(self, longest: float | None) -> tuple[KeyRange, bool]:  # noqa: ARG002 - some look
        """Return a range of sort keys that holds every match, and whether all keys in it match.

        No image took longer than ``longest`` seconds; None: nobody knows.
        """
        return ALL_KEYS, False


@dataclass(frozen=True)
class And(Expression):
    """All of the parts; without parts, everything."""

    parts: tuple[Expression, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The attributes of the parts."""
        return frozenset().union(*(part.names for part in self.parts))

    def matches(self, values: Values) -> bool:
        """Return whether every part does."""
        return all(part.matches(values) for part in self.parts)

    def listed(self, name: str) -> tuple[Any, ...]:
        """Return the values that the parts list."""
        return tuple(value for part in self.parts for value in part.listed(name))

    def given(self, known: Values) -> Expression:
        """Return the parts that are left, or NOTHING."""
        parts = [part.given(known) for part in self.parts]
        if NOTHING in parts:
            return NOTHING
        return conjunction(part for part in parts if part != EVERYTHING)


@dataclass(frozen=True)
class Or(Expression):
    """One of the parts; without parts, nothing."""

    parts: tuple[Expression, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The attributes of the parts."""
        return frozenset().union(*(part.names for part in self.parts))

    def matches(self, values: Values) -> bool:
        """Return whether some part does."""
        return any(part.matches(values) for part in self.parts)

    def listed(self, name: str) -> tuple[Any, ...]:
        """Return the values that the parts list."""
        return tuple(value for part in self.parts for value in part.listed(name))

    def given(self, known: Values) -> Expression:
        """Return the parts that are left, or EVERYTHING."""
        parts = [part.given(known) for part in self.parts]
        if EVERYTHING in parts:
            return EVERYTHING
        left = tuple(part for part in parts if part != NOTHING)
        return left[0] if len(left) == 1 else Or(left)


EVERYTHING = And()
NOTHING = Or()


def conjunction(parts: Iterable[Expression]) -> Expression:
    """Return the And of the parts; a single part is itself."""
    together = tuple(parts)
    return together[0] if len(together) == 1 else And(together)


def _any_equal(key: Any, operands: Any) -> bool:
    return key in operands


def _none_equal(key: Any, operands: Any) -> bool:
    return key not in operands


def _prefix(key: Any, operands: Any) -> bool:
    return str(key).startswith(operands)


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    def test(key: Any, operands: Any) -> bool:
        return bool(compare(key, operands[0]))

    return test


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _any_equal,
    "ne": _none_equal,
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "prefix": _prefix,
}


@dataclass(frozen=True)
class Comparison(Expression):
    """One attribute against the operands of a filter, in the form that its type compares."""

    attribute: Attribute
    op: str
    operands: tuple[Any, ...]

    @property
    def names(self) -> frozenset[str]:
        """The one attribute."""
        return frozenset({self.attribute.name})

    def matches(self, values: Values) -> bool:
        """Return whether the attribute is set and compares so."""
        stored = self.attribute.of(values)
        if stored is None:
            return False
        kind = self.attribute.type
        if not isinstance(kind, ListOf):
            return TESTS[self.op](kind.key(stored), self._compared)
        keys = [kind.item.key(member) for member in stored]
        if self.op == "ne":
            return bool(keys) and all(key not in self._compared for key in keys)
        return any(TESTS[self.op](key, self._compared) for key in keys)

    @cached_property
    def _compared(self) -> Any:
        """The operands as they are compared: a long list of them is no longer than a short one."""
        return frozenset(self.operands) if self.op in {"eq", "ne"} else self.operands

    def listed(self, name: str) -> tuple[Any, ...]:
        """Return the operands."""
        return self.operands if self.attribute.name == name else ()

    def given(self, known: Values) -> Expression:
        """Return EVERYTHING or NOTHING where the attribute is known."""
        if self.attribute.name not in known:
            return self
        return EVERYTHING if self.matches(known) else NOTHING


@dataclass(frozen=True)
class IsNull(Expression):
    """An attribute that is unset or an empty list; with ``negated`` one that is neither."""

    attribute: Attribute
    negated: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The one attribute."""
        return frozenset({self.attribute.name})

    def matches(self, values: Values) -> bool:
        """Return whether the attribute is null, or is not."""
        stored = self.attribute.of(values)
        return (stored is None or stored == []) is not self.negated

    def listed(self, name: str) -> tuple[Any, ...]:  # noqa: ARG002 - as the others
        """Return nothing: there is no value."""
        return ()

    def given(self, known: Values) -> Expression:
        """Return EVERYTHING or NOTHING where the attribute is known."""
        if self.attribute.name not in known:
            return self
        return EVERYTHING if self.matches(known) else NOTHING


# ---- what an index can answer

_LOWEST, _HIGHEST = "0", ":"
_AFTER = "$"  # sorts directly behind the "#" that follows a timestamp in a sort key


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Bounds of the sort key, both inclusive."""

    low: str = _LOWEST
    high: str = _HIGHEST

    @property
    def empty(self) -> bool:
        """Whether no key can lie between the bounds."""
        return self.low >= self.high

    def intersection(self, other: KeyRange) -> KeyRange:
        """Return the keys in both."""
        return KeyRange(max(self.low, other.low), min(self.high, other.high))

    def hull(self, other: KeyRange) -> KeyRange:
        """Return the smallest range around both."""
        if self.empty or other.empty:
            return other if self.empty else self
        return KeyRange(min(self.low, other.low), max(self.high, other.high))


ALL_KEYS = KeyRange()
NO_KEYS = KeyRange(_HIGHEST, _LOWEST)


def split_range(
    expression: Expression, longest: float | None = None
) -> tuple[KeyRange, Expression]:
    """Return the range of sort keys that an expression allows, and what it asks beyond that.

    ``longest`` is how many seconds pass at most between an image's ``acquired`` and
    ``acquired_end``; None: nobody knows.
    """
    parts = expression.parts if isinstance(expression, And) else (expression,)
    keys, left = ALL_KEYS, []
    for part in parts:
        allowed, exact = _range(part, longest)
        keys = keys.intersection(allowed)
        if not exact:
            left.append(part)
    return keys, conjunction(left)


def _range(expression: Expression, longest: float | None) -> tuple[KeyRange, bool]:
    """Return a range that holds every match, and whether every key in it is one."""
    if isinstance(expression, And):
        keys, left = split_range(expression, longest)
        return keys, left == EVERYTHING
    if isinstance(expression, Or):
        keys = NO_KEYS
        for part in expression.parts:
            keys = keys.hull(_range(part, longest)[0])
        return keys, not expression.parts
    if isinstance(expression, IsNull) and expression.attribute.name == "acquired":
        return (ALL_KEYS, True) if expression.negated else (NO_KEYS, True)
    if isinstance(expression, Comparison) and expression.attribute.name == "acquired":
        return _comparison(expression)
    return expression.keys(longest)


def _comparison(comparison: Comparison) -> tuple[KeyRange, bool]:
    first, last = min(comparison.operands), max(comparison.operands)
    ranges = {
        "gte": KeyRange(low=first),
        "gt": KeyRange(low=first + _AFTER),
        "lte": KeyRange(high=first + _AFTER),
        "lt": KeyRange(high=first),
        "eq": KeyRange(first, last + _AFTER),
    }
    keys = ranges.get(comparison.op)
    if keys is None:
        return ALL_KEYS, False
    return keys, comparison.op != "eq" or first == last


def allowed_values(expression: Expression, name: str) -> list[str] | None:
    """Return the values outside of which an attribute cannot match, in order; None: any can."""
    if isinstance(expression, Comparison):
        is_bound = expression.attribute.name == name and expression.op == "eq"
        return list(dict.fromkeys(expression.operands)) if is_bound else None
    if isinstance(expression, And):
        return next(
            (each for part in expression.parts if (each := allowed_values(part, name)) is not None),
            None,
        )
    if isinstance(expression, Or):
        parts = [allowed_values(part, name) for part in expression.parts]
        if any(part is None for part in parts):
            return None
        return list(dict.fromkeys(value for part in parts for value in part or ()))
    return None


def ids_of(expression: Expression, product: str) -> frozenset[str] | None:
    """Return the image ids that an expression can only be about, or None if it could be any.

    ``product`` is the product that the images are of, so that a name is an id as well.
    """
    if isinstance(expression, And):
        found = [ids for part in expression.parts if (ids := ids_of(part, product)) is not None]
        return frozenset.intersection(*found) if found else None
    if isinstance(expression, Or):
        each = [ids_of(part, product) for part in expression.parts]
        known = [ids for ids in each if ids is not None]
        return frozenset().union(*known) if len(known) == len(each) else None
    if not isinstance(expression, Comparison) or expression.op != "eq":
        return None
    if expression.attribute.name == "id":
        return frozenset(id_ for id_ in expression.operands if product_of(id_) == product)
    if expression.attribute.name == "name":
        return frozenset(f"{product}:{name}" for name in expression.operands)
    return None


def product_of(image_id: str) -> str:
    """Return the product id in an image id; names hold no colon."""
    return image_id.rpartition(":")[0]
