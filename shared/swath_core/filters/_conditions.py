"""Conditions beyond one attribute and its operands: times that overlap, and any test at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from swath_core import times

from ._expression import ALL_KEYS, EVERYTHING, NOTHING, Expression, KeyRange, Values

_AFTER = "$"  # as in _expression: directly behind the "#" that follows a timestamp in a sort key


@dataclass(frozen=True)
class Overlaps(Expression):
    """The image was being taken at some moment of an interval, both ends included.

    ``start`` and ``end`` are canonical timestamps; None is an open end. An image without
    ``acquired_end`` was taken in the moment ``acquired``.
    """

    start: str | None
    end: str | None

    @property
    def names(self) -> frozenset[str]:
        """When taking it began and ended."""
        return frozenset({"acquired", "acquired_end"})

    def matches(self, values: Values) -> bool:
        """Return whether the image's time and the interval have a moment in common."""
        first = values.get("acquired")
        if first is None:
            return False
        last = values.get("acquired_end") or first
        return (self.end is None or first <= self.end) and (
            self.start is None or last >= self.start
        )

    def listed(self, name: str) -> tuple[Any, ...]:  # noqa: ARG002 - as the others
        """Return nothing: no single value is asked for."""
        return ()

    def given(self, known: Values) -> Expression:  # noqa: ARG002 - as the others
        """Return the condition: times are not what is known beforehand."""
        return self

    def keys(self, longest: float | None) -> tuple[KeyRange, bool]:
        """Return the keys from ``longest`` before the start on; without durations they are all."""
        keys = ALL_KEYS if self.end is None else KeyRange(high=self.end + _AFTER)
        if self.start is None:
            return keys, True
        low = _before(self.start, longest)
        if low is None:
            return keys, False
        return keys.intersection(KeyRange(low=low)), longest == 0


def _before(moment: str, seconds: float | None) -> str | None:
    """Return the timestamp so many seconds earlier; None where there is none or none is known."""
    if seconds is None:
        return None
    try:
        return times.format_timestamp(times.parse_timestamp(moment) - timedelta(seconds=seconds))
    except OverflowError:
        return None


@dataclass(frozen=True)
class Holds(Expression):
    """A test of the attributes that it names: what no other kind of condition says.

    It is asked of every candidate that the rest of the query leaves.
    """

    looks_at: frozenset[str]
    test: Callable[[Values], bool]

    @property
    def names(self) -> frozenset[str]:
        """The attributes that the test looks at."""
        return self.looks_at

    def matches(self, values: Values) -> bool:
        """Return what the test says."""
        return self.test(values)

    def listed(self, name: str) -> tuple[Any, ...]:  # noqa: ARG002 - as the others
        """Return nothing: what the test compares with is its own."""
        return ()

    def given(self, known: Values) -> Expression:
        """Return EVERYTHING or NOTHING where all that the test looks at is known."""
        if not self.looks_at <= known.keys():
            return self
        return EVERYTHING if self.test(known) else NOTHING
