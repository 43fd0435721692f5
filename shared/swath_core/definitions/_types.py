"""Attribute types: how a JSON value is checked, normalised, compared and described.

Each type is one small class. ``normalise`` returns the value as it is stored and answered;
``operand`` turns a filter's value into what stored values are compared with, and ``key`` does the
same for a stored value. All of them raise ValueError with what would have been right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from swath_core import times
from swath_core.documents import finite, shown

Json = Any
Schema = dict[str, Any]


def wrong(value: object, right: str) -> ValueError:
    """Return the error that names what was sent and what would be right."""
    return ValueError(f"{shown(value)} was sent, but {right} is expected")


class AttributeType:
    """A type of attribute. ``comparable`` types can be filtered by order and sorted."""

    comparable = False

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        raise NotImplementedError

    def normalise(self, value: Json) -> Json:
        """Return the stored form of a value. Raises ValueError."""
        raise NotImplementedError

    def operand(self, value: Json) -> Any:
        """Return a filter's value in the form that :meth:`key` gives. Raises ValueError."""
        return self.key(self.normalise(value))

    def key(self, stored: Json) -> Any:
        """Return what a stored value is compared and sorted by."""
        return stored

    def schema(self) -> Schema:
        """Return the JSON schema (OpenAPI 3.1) of the stored form."""
        raise NotImplementedError

    def sent_schema(self) -> Schema:
        """Return the JSON schema of what may be sent: the stored form, or more."""
        return self.schema()


@dataclass(frozen=True)
class Text(AttributeType):
    """A string of at most ``longest`` characters, matching ``pattern`` in full where given."""

    longest: int = 2000
    pattern: str | None = None
    shortest: int = 0
    alphabet: str = ""
    comparable = True

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        least = f"{self.shortest} to " if self.shortest else "at most "
        return f"a string of {least}{self.longest} characters{self.alphabet}"

    def normalise(self, value: Json) -> Json:
        """Return the string itself."""
        if not isinstance(value, str) or not self.shortest <= len(value) <= self.longest:
            raise wrong(value, self.accepts)
        if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
            raise wrong(value, self.accepts)
        if not _encodable(value):
            raise wrong(value, "text without lone surrogates or NUL characters")
        return value

    def operand(self, value: Json) -> str:
        """Return any string: a filter may ask for what no object can hold."""
        if not isinstance(value, str):
            raise wrong(value, "a string")
        return value

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        schema: Schema = {"type": "string", "maxLength": self.longest}
        if self.shortest:
            schema["minLength"] = self.shortest
        if self.pattern:
            schema["pattern"] = f"^{self.pattern}$"
        return schema


def _encodable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


@dataclass(frozen=True)
class Number(AttributeType):
    """A finite number, answered as a float."""

    least: float | None = None
    most: float | None = None
    comparable = True

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        return "a finite number" + _between(self.least, self.most)

    def normalise(self, value: Json) -> Json:
        """Return the float."""
        number = finite(value)
        if number is None or not _inside(number, self.least, self.most):
            raise wrong(value, self.accepts)
        return number

    def operand(self, value: Json) -> float:
        """Return any finite number."""
        number = finite(value)
        if number is None:
            raise wrong(value, "a finite number")
        return number

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return _bounded({"type": "number"}, self.least, self.most)


@dataclass(frozen=True)
class Integer(AttributeType):
    """A whole number; ``3.0`` counts as one."""

    least: int | None = None
    most: int | None = 2**53
    comparable = True

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        return "a whole number" + _between(self.least, self.most)

    def normalise(self, value: Json) -> Json:
        """Return the int."""
        number = finite(value)
        if number is None or number != int(number) or not _inside(number, self.least, self.most):
            raise wrong(value, self.accepts)
        return int(number)

    def operand(self, value: Json) -> float:
        """Return any finite number."""
        return Number().operand(value)

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return _bounded({"type": "integer"}, self.least, self.most)


def _inside(number: float, least: float | None, most: float | None) -> bool:
    return (least is None or number >= least) and (most is None or number <= most)


def _between(least: float | None, most: float | None) -> str:
    words = [f"at least {least}"] if least is not None else []
    words += [f"at most {most}"] if most is not None else []
    return " of " + " and ".join(words) if words else ""


def _bounded(schema: Schema, least: float | None, most: float | None) -> Schema:
    if least is not None:
        schema["minimum"] = least
    if most is not None:
        schema["maximum"] = most
    return schema


@dataclass(frozen=True)
class Boolean(AttributeType):
    """True or false."""

    comparable = True
    accepts = "true or false"

    def normalise(self, value: Json) -> Json:
        """Return the bool."""
        if not isinstance(value, bool):
            raise wrong(value, self.accepts)
        return value

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Timestamp(AttributeType):
    """A moment in UTC, stored in the canonical text form whose order is time order."""

    comparable = True
    accepts = times.ACCEPTED

    def normalise(self, value: Json) -> Json:
        """Return the canonical text."""
        try:
            return times.canonical_timestamp(value)
        except ValueError as error:
            raise wrong(value, self.accepts) from error

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {"type": "string", "format": "date-time"}

    def sent_schema(self) -> Schema:
        """Return the JSON schema of what may be sent: whole and partial timestamps."""
        return {
            "type": "string",
            "description": self.accepts,
            "examples": ["2021-05-31T10:20:30Z", "2021-05-31", "2021"],
        }


@dataclass(frozen=True)
class Choice(AttributeType):
    """One of a closed set of strings."""

    values: tuple[str, ...]
    comparable = True

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        return "one of " + ", ".join(self.values)

    def normalise(self, value: Json) -> Json:
        """Return the string."""
        if not isinstance(value, str) or value not in self.values:
            raise wrong(value, self.accepts)
        return value

    def operand(self, value: Json) -> str:
        """Return any string; one that is no member simply matches nothing in ``prefix``."""
        if not isinstance(value, str):
            raise wrong(value, self.accepts)
        return value

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {"type": "string", "enum": list(self.values)}
