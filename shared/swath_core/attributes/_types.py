"""Attribute types: how a JSON value is checked, normalised, compared and described.

Each type is one small class. ``normalise`` returns the value as it is stored and answered;
``operand`` turns a filter's value into what stored values are compared with, and ``key`` does the
same for a stored value. All of them raise ValueError with what would have been right.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from swath_core import times

Json = Any
Schema = dict[str, Any]


def shown(value: object, limit: int = 80) -> str:
    """Return a short text of any value, for error messages."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def wrong(value: object, right: str) -> ValueError:
    """Return the error that names what was sent and what would be right."""
    return ValueError(f"{shown(value)} was sent, but {right} is expected")


class AttributeType:
    """A type of attribute. ``comparable`` types can be filtered by order and sorted."""

    comparable = False
    is_list = False

    @property
    def accepts(self) -> str:
        """What a right value looks like, in words."""
        raise NotImplementedError

    def normalise(self, value: Json) -> Json:
        """Return the stored form of a value. Raises ValueError."""
        raise NotImplementedError

    def operand(self, value: Json) -> Any:  # noqa: ANN401 - depends on the type
        """Return a filter's value in the form that :meth:`key` gives. Raises ValueError."""
        return self.key(self.normalise(value))

    def key(self, stored: Json) -> Any:  # noqa: ANN401 - depends on the type
        """Return what a stored value is compared and sorted by."""
        return stored

    def schema(self) -> Schema:
        """Return the JSON schema (OpenAPI 3.1) of the stored form."""
        raise NotImplementedError


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


def finite(value: object) -> float | None:
    """Return a JSON number as a finite float, or None; a boolean is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


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


@dataclass(frozen=True)
class ListOf(AttributeType):
    """A list of at most ``longest`` members of one type; a filter's ``eq`` means "contains"."""

    item: AttributeType
    longest: int
    shortest: int = 0
    is_list = True

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

    def operand(self, value: Json) -> Any:  # noqa: ANN401 - the member's type decides
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


_UNIT_WORDS = {
    "m": "meters",
    "meter": "meters",
    "meters": "meters",
    "metre": "meters",
    "metres": "meters",
    "°": "degrees",
    "deg": "degrees",
    "degree": "degrees",
    "degrees": "degrees",
}
METERS_PER_DEGREE = 111_319.49079327358
"""Length of one degree along the equator of WGS 84: 2 pi 6378137 / 360 metres."""


@dataclass(frozen=True)
class Resolution(AttributeType):
    """A pixel size: ``{"value": 60.0, "unit": "meters" | "degrees"}``, compared in metres."""

    comparable = True
    accepts = (
        'a resolution such as {"value": 60, "unit": "meters"}, "60m", "0.1 degrees" or a number '
        "of meters, greater than 0"
    )

    def normalise(self, value: Json) -> Json:
        """Return the object form."""
        parsed = self._parse(value)
        if parsed is None or parsed[0] <= 0:
            raise wrong(value, self.accepts)
        return {"value": parsed[0], "unit": parsed[1]}

    def _parse(self, value: Json) -> tuple[float, str] | None:
        if isinstance(value, str):
            match = re.fullmatch(r"\s*([0-9.eE+-]+)\s*([A-Za-z°]*)\.?\s*", value)
            try:
                value = {"value": float(match[1]), "unit": match[2] or "m"} if match else None
            except ValueError:
                return None
        if not isinstance(value, dict):
            value = {"value": value, "unit": "meters"}
        if set(value) - {"value", "unit"}:
            return None
        number, unit = finite(value.get("value")), value.get("unit", "meters")
        word = _UNIT_WORDS.get(unit.lower()) if isinstance(unit, str) else None
        return None if number is None or word is None else (number, word)

    def key(self, stored: Json) -> float:
        """Return the size in metres; degrees are taken at the equator."""
        factor = METERS_PER_DEGREE if stored["unit"] == "degrees" else 1.0
        return float(stored["value"]) * factor

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return Record(
            {
                "value": Field(Number(), required=True),
                "unit": Field(Choice(("meters", "degrees")), required=True),
            }
        ).schema()


@dataclass(frozen=True)
class Field:
    """One member of a :class:`Record`."""

    type: AttributeType
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


@dataclass(frozen=True)
class Footprint(AttributeType):
    """A GeoJSON Polygon or MultiPolygon in WGS 84, normalised at the antimeridian and poles."""

    accepts = "a GeoJSON Polygon or MultiPolygon in longitude and latitude"

    def normalise(self, value: Json) -> Json:
        """Return the normalised GeoJSON geometry."""
        from swath_core import geo  # noqa: PLC0415 - shapely is loaded only where it is needed

        return geo.normalise_footprint(value)

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": ["Polygon", "MultiPolygon"]},
                "coordinates": {"type": "array"},
            },
            "required": ["type", "coordinates"],
        }
