"""One attribute, one definition; a resource is a set of them.

Validation, filters, postings, JSON:API documents, the OpenAPI description and the client's
classes are all derived from these definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from swath_core.documents import shown
from swath_core.errors import BadRequest, Invalid, SwathError, raise_all

from ._types import AttributeType


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
