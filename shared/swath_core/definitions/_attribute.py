"""Attributes, the types of their values, and the resources that they make up.

One attribute, one definition: validation, filters, postings, JSON:API documents, the OpenAPI
description and the client's classes are all derived from it.

A type is one small class: how a JSON value is checked, normalised, compared and described.
``normalise`` returns the value as it is stored and answered; ``operand`` turns a filter's value
into what stored values are compared with, and ``key`` does the same for a stored value. All of them
raise ValueError with what would have been right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from swath_core import times
from swath_core.documents import finite, is_encodable, shown
from swath_core.errors import BadRequest, Invalid, SwathError, raise_all

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
        if not is_encodable(value):
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


_NOT_FINITE = {
    "nan": "NaN",
    "inf": "Infinity",
    "infinity": "Infinity",
    "-inf": "-Infinity",
    "-infinity": "-Infinity",
}


@dataclass(frozen=True)
class Nodata(AttributeType):
    """A number, or the name of one that JSON cannot hold.

    The published clients send what their user assigned: requests refuses to write a NaN, text goes
    through. The names are those of GDAL's JSON. An integer beyond the whole numbers of double
    precision stays one.
    """

    accepts = "a number, 'NaN', 'Infinity' or '-Infinity'"

    def normalise(self, value: Json) -> Json:
        """Return the float, the integer that no float equals, or the name."""
        if isinstance(value, str) and value.strip().lower() in _NOT_FINITE:
            return _NOT_FINITE[value.strip().lower()]
        number = finite(value)
        if number is None:
            raise wrong(value, self.accepts)
        return number if number == value else value

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {"anyOf": [{"type": "number"}, {"enum": sorted(set(_NOT_FINITE.values()))}]}


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


# ---- attributes and resources


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """What is true of one attribute, wherever it appears.

    ``mutable`` attributes may change after the first save; ``read_only`` ones are set by the
    service; a ``required`` one may be neither absent nor null. ``default`` is set at creation.
    """

    name: str
    type: AttributeType
    description: str
    required: bool = False
    mutable: bool = True
    read_only: bool = False
    filterable: bool = False
    sortable: bool = False
    searchable: bool = False
    default: Any = None

    @property
    def pointer(self) -> str:
        """The JSON pointer of the attribute in a request body."""
        return f"/data/attributes/{self.name}"

    def of(self, values: Mapping[str, Any]) -> Any:
        """Return the stored value among those of an object; None where it is unset."""
        return values.get(self.name)

    def normalise(self, value: object) -> Any:
        """Return the stored form of a value. Raises Invalid with a pointer."""
        try:
            return self.type.normalise(value)
        except ValueError as error:
            message = f"{self.name}: {error}"
            raise Invalid(message, pointer=self.pointer) from error

    def operand(self, value: object) -> Any:
        """Return a filter's value in comparable form. Raises BadRequest."""
        try:
            return self.type.operand(value)
        except ValueError as error:
            message = f"filter on {self.name}: {error}"
            raise BadRequest(message, parameter="filter") from error


@dataclass(frozen=True)
class Resource:
    """A kind of object: its JSON:API type and its attributes."""

    kind: str
    attributes: Mapping[str, Attribute]

    @classmethod
    def of(cls, kind: str, *attributes: Attribute) -> Resource:
        """Return the resource with these attributes."""
        return cls(kind, {attribute.name: attribute for attribute in attributes})

    def __iter__(self) -> Iterator[Attribute]:
        """Yield the attributes in the order of their definition."""
        return iter(self.attributes.values())

    def attribute(self, name: str) -> Attribute:
        """Return the definition of an attribute. Raises KeyError."""
        return self.attributes[name]

    def with_type(self, name: str, type_: AttributeType) -> Resource:
        """Return the same resource with another type of one attribute."""
        attribute = replace(self.attributes[name], type=type_)
        return replace(self, attributes={**self.attributes, name: attribute})

    def validate_create(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the normalised attributes of a new object, defaults included.

        Null counts as not given. Raises Invalid, or Errors with one Invalid per attribute.
        """
        present = {name: value for name, value in given.items() if value is not None}
        values, errors = self._normalise(present)
        for attribute in self:
            if attribute.name not in present and attribute.default is not None:
                values[attribute.name] = attribute.default
            elif attribute.required and attribute.name not in present:
                errors.append(_missing(attribute))
        raise_all(errors)
        return values

    def validate_update(
        self, changes: Mapping[str, Any], current: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the attributes that ``current`` becomes; null clears an attribute.

        An immutable attribute may be sent with the value it has. Raises Invalid or Errors.
        """
        present = {name: value for name, value in changes.items() if value is not None}
        values, errors = self._normalise(present)
        for name in changes:
            attribute = self.attributes.get(name)
            if attribute is not None:
                errors.extend(_change_errors(attribute, values, changes, current))
        raise_all(errors)
        cleared = {name for name, value in changes.items() if value is None}
        kept = {name: value for name, value in current.items() if name not in cleared}
        return kept | values

    def _normalise(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[SwathError]]:
        values: dict[str, Any] = {}
        errors: list[SwathError] = []
        for name, value in given.items():
            try:
                values[name] = self._settable(name).normalise(value)
            except SwathError as error:
                errors.extend(error)
        return values, errors

    def _settable(self, name: str) -> Attribute:
        attribute = self.attributes.get(name)
        if attribute is None:
            message = f"{name}: a {self.kind} has no such attribute; it has " + ", ".join(
                sorted(a.name for a in self if not a.read_only)
            )
            raise Invalid(message, pointer=f"/data/attributes/{name}")
        if attribute.read_only:
            message = f"{name}: is set by the service and cannot be sent"
            raise Invalid(message, pointer=attribute.pointer)
        return attribute


def _missing(attribute: Attribute) -> Invalid:
    message = f"{attribute.name}: is required: {attribute.type.accepts}"
    return Invalid(message, pointer=attribute.pointer)


def _change_errors(
    attribute: Attribute,
    values: Mapping[str, Any],
    changes: Mapping[str, Any],
    current: Mapping[str, Any],
) -> Iterator[SwathError]:
    name = attribute.name
    if changes[name] is None and attribute.required:
        message = f"{name}: null was sent, but {attribute.type.accepts} is expected"
        yield Invalid(message, pointer=attribute.pointer)
    elif attribute.read_only and changes[name] is None:
        message = f"{name}: is set by the service and cannot be cleared"
        yield Invalid(message, pointer=attribute.pointer)
    elif not attribute.mutable and name in values and values[name] != current.get(name):
        message = (
            f"{name}: {shown(values[name])} was sent, but it is {shown(current.get(name))} "
            "and cannot be changed"
        )
        yield Invalid(message, pointer=attribute.pointer)
