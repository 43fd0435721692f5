"""The types of attributes: descriptors that validate on assignment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, SupportsFloat, SupportsIndex, TypeVar

from swath.arguments import nearest
from swath.errors import AttributeValidationError

from ._attribute import MISSING, Attribute, AttributeOwner
from ._times import format_time, parse_time

Item = TypeVar("Item")
Choice = TypeVar("Choice", bound=StrEnum)


class Text(Attribute[str | None, str | None]):
    """A string."""

    def coerce(self, value: Any) -> str:
        """Strings only: a number here is a mistake."""
        if not isinstance(value, str):
            raise self.wrong(value, "a string")
        return str(value)


class Boolean(Attribute[bool | None, bool | None]):
    """True or False."""

    def coerce(self, value: Any) -> bool:
        """Booleans, numpy's too."""
        if type(value).__name__ not in {"bool", "bool_"}:
            raise self.wrong(value, "True or False")
        return bool(value)


class Integer(Attribute[int | None, SupportsIndex | None]):
    """A whole number."""

    def coerce(self, value: Any) -> int:
        """Whole numbers of any type, numpy's too."""
        try:
            whole = int(value)
        except (TypeError, ValueError, OverflowError):
            raise self.wrong(value, "a whole number") from None
        if isinstance(value, bool | str) or whole != value:
            raise self.wrong(value, "a whole number")
        return whole


class Number(Attribute[float | None, SupportsFloat | None]):
    """A finite number, or any number where `finite` is False (nodata may be NaN)."""

    def __init__(self, *, finite: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self._finite = finite

    def coerce(self, value: Any) -> float:
        """Numbers of any type; an int stays one where NaN would be allowed (nodata of integers)."""
        number = as_number(value)
        if number is None or (self._finite and not math.isfinite(number)):
            raise self.wrong(value, "a number")
        return number if self._finite or isinstance(value, float) else value

    def dump(self, value: Any) -> Any:
        """JSON has no NaN: it travels as a string, as in GDAL's JSON."""
        if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
        return value

    def load(self, wire: Any) -> Any:
        """Numbers, and the names of those that JSON cannot hold."""
        return float(wire) if isinstance(wire, str) else wire

    def differs(self, value: Any, wire: Any) -> bool:
        """NaN equals NaN here."""
        known = self.load(None if wire is MISSING else wire)
        both_nan = value is not None and known is not None and value != value and known != known  # noqa: PLR0124
        return bool(value != known and not both_nan)


class Timestamp(Attribute[datetime | None, datetime | date | str | None]):
    """A moment, held as an aware datetime in UTC; strings that read as a time may be assigned."""

    def coerce(self, value: Any) -> datetime:
        """Datetimes, dates and strings; see `parse_time`."""
        if not isinstance(value, date | str):
            raise self.wrong(value, "a datetime or a string like 2021-03-04T05:06:07Z")
        try:
            return parse_time(value)
        except ValueError as error:
            raise AttributeValidationError(f"{self.name!r}: {error}") from None

    def load(self, wire: Any) -> datetime | None:
        """ISO 8601."""
        return None if wire is None else parse_time(wire)

    def dump(self, value: Any) -> str | None:
        """ISO 8601 with a Z."""
        return None if value is None else format_time(value)


class Enumerated(Attribute[Choice | None, Choice | str | None]):
    """One of a closed set of strings; one that a newer service added stays a plain string."""

    def __init__(self, choices: type[Choice], **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices

    def coerce(self, value: Any) -> Choice:
        """Members and their strings."""
        try:
            return self.choices(value)
        except ValueError:
            wanted = ", ".join(repr(str(choice)) for choice in self.choices)
            hint = nearest(str(value), [str(choice) for choice in self.choices])
            raise self.wrong(value, f"one of {wanted}", hint) from None

    def load(self, wire: Any) -> Any:
        """The member, or the string itself when there is none."""
        try:
            return None if wire is None else self.choices(wire)
        except ValueError:
            return wire

    def dump(self, value: Any) -> str | None:
        """The plain string."""
        return None if value is None else str(value)


class ListOf(Attribute[list[Item], Iterable[Item] | None]):
    """A list; an empty one while nothing is set, so that it can be appended to at once."""

    def __init__(self, item: Attribute[Any, Any], **options: Any) -> None:
        super().__init__(**options)
        self._item = item

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self._item.__set_name__(owner, name)

    def coerce(self, value: Any) -> list[Item]:
        """Any iterable but a string or a mapping, each item by its own rule."""
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise self.wrong(value, "a list")
        return [self._one(item) for item in value]

    def load(self, wire: Any) -> list[Item]:
        """A new list."""
        return [self._item.load(item) for item in wire or ()]

    def dump(self, value: Any) -> list[Any]:
        """Checked once more: the list may have been changed in place."""
        return [None if item is None else self._item.dump(item) for item in self.coerce(value)]

    def is_set(self, owner: AttributeOwner) -> bool:
        """A list that holds something is set, whoever filled it."""
        return super().is_set(owner) or bool(owner._values.get(self.name))

    def _one(self, item: Any) -> Any:
        return None if item is None and self._item.nullable else self._item.coerce(item)


class TupleOf(Attribute[tuple[float, ...] | None, Iterable[float] | None]):
    """A fixed number of numbers."""

    def __init__(self, length: int, **options: Any) -> None:
        super().__init__(**options)
        self.length = length

    def coerce(self, value: Any) -> tuple[float, ...]:
        """Any iterable of so many numbers."""
        wanted = f"{self.length} numbers"
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise self.wrong(value, wanted)
        numbers = [as_number(item) for item in value]
        if len(numbers) != self.length or None in numbers:
            raise self.wrong(value, wanted)
        return tuple(number for number in numbers if number is not None)

    def load(self, wire: Any) -> tuple[float, ...] | None:
        """A tuple of floats."""
        return None if wire is None else tuple(float(item) for item in wire)

    def dump(self, value: Any) -> list[float] | None:
        """A JSON array."""
        return None if value is None else list(value)


class ExtraProperties(Attribute[dict[str, Any], Mapping[str, Any] | None]):
    """Whatever else a user wants to keep: names to strings, numbers or booleans."""

    def coerce(self, value: Any) -> dict[str, Any]:
        """Checked item by item, so that the message names the key."""
        if not isinstance(value, Mapping):
            raise self.wrong(value, "a mapping")
        for key, item in value.items():
            if not isinstance(key, str):
                raise self.wrong(key, "a mapping with strings as keys; one is")
            if not isinstance(item, str | bool) and as_number(item) is None:
                raise AttributeValidationError(
                    f"{self.name}[{key!r}] must be a string or a number, not {item!r}"
                )
        return dict(value)

    def load(self, wire: Any) -> dict[str, Any]:
        """A new dictionary."""
        return dict(wire or {})

    def dump(self, value: Any) -> dict[str, Any]:
        """Checked once more: the mapping may have been changed in place."""
        return self.coerce(value)

    def is_set(self, owner: AttributeOwner) -> bool:
        """A mapping that holds something is set, whoever filled it."""
        return super().is_set(owner) or bool(owner._values.get(self.name))


def as_number(value: Any) -> float | None:
    """`value` as a float if it is a number of any library, but no boolean and no string."""
    if isinstance(value, bool | str | bytes):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
