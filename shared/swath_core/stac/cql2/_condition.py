"""Conditions with three truth values, and the filter expressions that they become."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry

from swath_core.filters import EVERYTHING, NOTHING, And, Expression, Holds, Or

Values = Mapping[str, Any]
Truth = bool | None
"""True, false, or unknown."""


class Condition(ABC):
    """What a filter asks of an image."""

    @property
    @abstractmethod
    def names(self) -> frozenset[str]:
        """The attributes that it looks at."""

    @abstractmethod
    def truth(self, values: Values) -> Truth:
        """Return whether it holds for an image with these attribute values; None: unknown."""

    @abstractmethod
    def expression(self, wanted: bool) -> Expression:  # noqa: FBT001 - one reads as the other
        """Return the expression that matches where the truth is the one wanted."""


@dataclass(frozen=True)
class Leaf(Condition):
    """A single test. ``true`` and ``false`` are expressions for it that the index can use.

    Where it is true, the footprint meets ``area``; with ``is_area`` it is true wherever it does.
    """

    looks_at: frozenset[str]
    test: Callable[[Values], Truth]
    true: Expression | None = None
    false: Expression | None = None
    area: BaseGeometry | None = None
    is_area: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The attributes that the test looks at."""
        return self.looks_at

    def truth(self, values: Values) -> Truth:
        """Return what the test says."""
        return self.test(values)

    def expression(self, wanted: bool) -> Expression:  # noqa: FBT001 - as above
        """Return the index's expression where there is one; a constant is decided now."""
        if not self.looks_at:
            return EVERYTHING if self.test({}) is wanted else NOTHING
        known = self.true if wanted else self.false
        if known is not None:
            return known
        return Holds(self.looks_at, lambda values: self.test(values) is wanted)


@dataclass(frozen=True)
class Junction(Condition):
    """AND (``every``) or OR of parts."""

    parts: tuple[Condition, ...]
    every: bool

    @property
    def names(self) -> frozenset[str]:
        """The attributes of the parts."""
        return frozenset().union(*(part.names for part in self.parts))

    def truth(self, values: Values) -> Truth:
        """Return the decisive value if a part has it, else unknown if a part is."""
        answers = {part.truth(values) for part in self.parts}
        decisive = not self.every
        if decisive in answers:
            return decisive
        return None if None in answers else self.every

    def expression(self, wanted: bool) -> Expression:  # noqa: FBT001 - as above
        """Return the parts' expressions; where the other truth is wanted, the other junction."""
        parts = tuple(part.expression(wanted) for part in self.parts)
        return And(parts) if self.every is wanted else Or(parts)


@dataclass(frozen=True)
class Negation(Condition):
    """NOT: unknown stays unknown."""

    part: Condition

    @property
    def names(self) -> frozenset[str]:
        """The attributes of the part."""
        return self.part.names

    def truth(self, values: Values) -> Truth:
        """Return the other truth."""
        answer = self.part.truth(values)
        return None if answer is None else not answer

    def expression(self, wanted: bool) -> Expression:  # noqa: FBT001 - as above
        """Return the part's expression for the other truth."""
        return self.part.expression(not wanted)


@dataclass(frozen=True)
class Unknown(Condition):
    """Whether the truth of a part is unknown: IS NULL of a condition."""

    part: Condition

    @property
    def names(self) -> frozenset[str]:
        """The attributes of the part."""
        return self.part.names

    def truth(self, values: Values) -> Truth:
        """Return whether the part's truth is unknown, which is known."""
        return self.part.truth(values) is None

    def expression(self, wanted: bool) -> Expression:  # noqa: FBT001 - as above
        """Return the test."""
        return Leaf(self.names, self.truth).expression(wanted)
