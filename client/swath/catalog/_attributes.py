"""Attributes of catalog objects: typed descriptors that validate on assignment.

An attribute has three forms: the value that the user holds, what he may assign (`coerce` makes it
the value or raises), and the JSON of the wire (`load` and `dump`). In-place changes need no
tracking: an object compares its values with what the catalog last sent (`differs`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Self,
    SupportsFloat,
    SupportsIndex,
    TypeVar,
    overload,
)

from swath.catalog._times import format_time, parse_time
from swath.errors import AttributeValidationError

if TYPE_CHECKING:
    from swath.catalog._structure import AttributeOwner

Read = TypeVar("Read")
Write = TypeVar("Write")
Item = TypeVar("Item")
Choice = TypeVar("Choice", bound=StrEnum)

MISSING: Any = object()
_SHOWN = 60


class Attribute(Generic[Read, Write]):
    """Base of all attributes: any JSON value, None while it is not set.

    `read_only` values come from the service alone; values that are not `mutable` may be set once;
    `nullable` allows None as an item of a list of these.
    """

    name = ""

    def __init__(
        self,
        *,
        read_only: bool = False,
        mutable: bool = True,
        nullable: bool = False,
        doc: str | None = None,
    ) -> None:
        self.read_only = read_only
        self.nullable = nullable
        self.mutable = mutable
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: AttributeOwner, kind: type) -> Read: ...
    def __get__(self, owner: AttributeOwner | None, kind: type) -> Self | Read:
        return self if owner is None else self.read(owner)

    def __set__(self, owner: AttributeOwner, value: Write) -> None:
        self.write(owner, value)

    def read(self, owner: AttributeOwner) -> Read:
        """The value of `owner`, converted from the wire's form when first asked for."""
        if self.name not in owner._values:
            owner._values[self.name] = self.load(owner._wire.get(self.name))
        value: Read = owner._values[self.name]
        return value

    def write(self, owner: AttributeOwner, value: Any) -> None:
        """Validate and set. Raises AttributeValidationError and leaves the object as it was."""
        if self.read_only:
            raise AttributeValidationError(f"{self.name!r} is set by the catalog, not by you")
        new = None if value is None else self.coerce(value)
        if not self.mutable and self.is_set(owner) and self.read(owner) != new:
            raise AttributeValidationError(
                f"{self.name!r} cannot change once it is set: it is {self.read(owner)!r}"
            )
        owner._values[self.name] = self.load(None) if new is None else new
        owner._assigned.add(self.name)

    def is_set(self, owner: AttributeOwner) -> bool:
        """Whether `owner` has a value, its own or the catalog's."""
        return self.name in owner._assigned or owner._wire.get(self.name) is not None

    def coerce(self, value: Any) -> Any:
        """The value for something that a user assigned; never called with None."""
        return value

    def load(self, wire: Any) -> Any:
        """The value for the wire's form. Never fails: the catalog is believed."""
        return wire

    def dump(self, value: Any) -> Any:
        """The wire's form of a value."""
        return value

    def differs(self, value: Any, wire: Any) -> bool:
        """Whether a value is another than the catalog's."""
        return bool(value != self.load(None if wire is MISSING else wire))

    def wrong(self, value: Any, wanted: str) -> AttributeValidationError:
        """The error for a value of the wrong kind."""
        shown = repr(value)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
        return AttributeValidationError(f"{self.name!r} must be {wanted}, not {shown}")


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
            raise self.wrong(value, f"one of {wanted}") from None

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
