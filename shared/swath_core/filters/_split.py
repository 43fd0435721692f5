"""What of a filter is a key range, and which ids it can only be about."""

from __future__ import annotations

from dataclasses import dataclass

from ._expression import EVERYTHING, And, Comparison, Expression, IsNull, Or, conjunction

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


def split_range(expression: Expression) -> tuple[KeyRange, Expression]:
    """Return the range of sort keys that an expression allows, and what it asks beyond that."""
    parts = expression.parts if isinstance(expression, And) else (expression,)
    keys, left = ALL_KEYS, []
    for part in parts:
        allowed, exact = _range(part)
        keys = keys.intersection(allowed)
        if not exact:
            left.append(part)
    return keys, conjunction(left)


def _range(expression: Expression) -> tuple[KeyRange, bool]:
    """Return a range that holds every match, and whether every key in it is one."""
    if isinstance(expression, And):
        keys, left = split_range(expression)
        return keys, left == EVERYTHING
    if isinstance(expression, Or):
        keys = NO_KEYS
        for part in expression.parts:
            keys = keys.hull(_range(part)[0])
        return keys, not expression.parts
    if isinstance(expression, IsNull) and expression.attribute.name == "acquired":
        return (ALL_KEYS, True) if expression.negated else (NO_KEYS, True)
    if isinstance(expression, Comparison) and expression.attribute.name == "acquired":
        return _comparison(expression)
    return ALL_KEYS, False


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
