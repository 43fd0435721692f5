"""Attribute types made of others: lists, objects, alternatives."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from swath_core.documents import is_encodable, shown

from ._attribute import AttributeType, Json, Schema, Text, wrong


@dataclass(frozen=True)
class ListOf(AttributeType):
    """A list of at most ``longest`` members of one type; a filter's ``eq`` means "contains"."""

    item: AttributeType
    longest: int
    shortest: int = 0

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        size = (
            f"exactly {self.longest}"
            if self.shortest == self.longest
            else f"at most {self.longest}"
        )
        return f"a list of {size} members, each {self.item.accepts}"

    def normalise(self, value: Json) -> Json:
        """Return the list with each member normalised."""
        if not isinstance(value, (list, tuple)):
            raise wrong(value, self.accepts)
        if not self.shortest <= len(value) <= self.longest:
            raise wrong(f"a list of {len(value)} members", self.accepts)
        return [self.item.normalise(member) for member in value]

    def operand(self, value: Json) -> Any:
        """Return one member's operand, since a filter compares with members."""
        return self.item.operand(value)

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {
            "type": "array",
            "items": self.item.schema(),
            "minItems": self.shortest,
            "maxItems": self.longest,
        }


@dataclass(frozen=True)
class Field:
    """One member of a :class:`Record`."""

    type: AttributeType
    description: str
    required: bool = False


@dataclass(frozen=True)
class Record(AttributeType):
    """An object with known members and no others."""

    fields: dict[str, Field] = field(hash=False)

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        words = [name + ("" if f.required else "?") for name, f in self.fields.items()]
        return "an object {" + ", ".join(words) + "}"

    def normalise(self, value: Json) -> Json:
        """Return the object without its null members."""
        if not isinstance(value, dict):
            raise wrong(value, self.accepts)
        unknown = sorted(str(name) for name in value if name not in self.fields)
        if unknown:
            message = f"unknown member {', '.join(unknown)}; {self.accepts} is expected"
            raise ValueError(message)
        given = {name: member for name, member in value.items() if member is not None}
        missing = [name for name, f in self.fields.items() if f.required and name not in given]
        if missing:
            message = f"member {', '.join(missing)} is missing; {self.accepts} is expected"
            raise ValueError(message)
        return {name: self._member(name, member) for name, member in given.items()}

    def _member(self, name: str, value: Json) -> Json:
        try:
            return self.fields[name].type.normalise(value)
        except ValueError as error:
            message = f"member {name}: {error}"
            raise ValueError(message) from error

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {
            "type": "object",
            "properties": {name: f.type.schema() for name, f in self.fields.items()},
            "required": [name for name, f in self.fields.items() if f.required],
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class MapOf(AttributeType):
    """An object from names to values of one type."""

    item: AttributeType
    longest: int
    longest_name: int = 1000

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        return (
            f"an object of at most {self.longest} members with names of 1 to "
            f"{self.longest_name} characters, each value {self.item.accepts}"
        )

    def normalise(self, value: Json) -> Json:
        """Return the object with each value normalised."""
        if not isinstance(value, dict):
            raise wrong(value, self.accepts)
        if len(value) > self.longest:
            raise wrong(f"an object of {len(value)} members", self.accepts)
        name_type = Text(self.longest_name, shortest=1)
        return {name_type.normalise(name): self._value(name, v) for name, v in value.items()}

    def _value(self, name: str, value: Json) -> Json:
        try:
            return self.item.normalise(value)
        except ValueError as error:
            message = f"member {shown(name)}: {error}"
            raise ValueError(message) from error

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {
            "type": "object",
            "additionalProperties": self.item.schema(),
            "maxProperties": self.longest,
        }


@dataclass(frozen=True)
class JsonObject(AttributeType):
    """Any JSON object of at most ``longest`` bytes, kept as it is."""

    longest: int

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        return f"a JSON object of at most {self.longest} bytes"

    def normalise(self, value: Json) -> Json:
        """Return the object itself."""
        if not isinstance(value, dict):
            raise wrong(value, self.accepts)
        try:
            text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        except (ValueError, TypeError, RecursionError) as error:
            raise wrong(value, self.accepts) from error
        if not is_encodable(text):
            raise wrong(value, "text without lone surrogates or NUL characters")
        if (size := len(text.encode())) > self.longest:
            raise wrong(f"an object of {size} bytes", self.accepts)
        return value

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {"type": "object"}


@dataclass(frozen=True)
class AnyOf(AttributeType):
    """A value of the first of several types that takes it."""

    types: tuple[AttributeType, ...]

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        return " or ".join(each.accepts for each in self.types)

    def normalise(self, value: Json) -> Json:
        """Return the value as the first fitting type normalises it."""
        reasons = []
        for each in self.types:
            try:
                return each.normalise(value)
            except ValueError as error:
                reasons.append(str(error))
        inner = [reason for reason in reasons if not reason.startswith(shown(value))]
        raise ValueError(inner[0]) if inner else wrong(value, self.accepts)

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {"anyOf": [each.schema() for each in self.types]}


@dataclass(frozen=True)
class OrNull(AttributeType):
    """A value that may be null inside a list."""

    item: AttributeType

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        return self.item.accepts + " or null"

    def normalise(self, value: Json) -> Json:
        """Return None or the normalised value."""
        return None if value is None else self.item.normalise(value)

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {"anyOf": [self.item.schema(), {"type": "null"}]}
