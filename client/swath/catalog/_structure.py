"""Values inside of an attribute that are made of attributes themselves."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from swath.arguments import public
from swath.errors import AttributeValidationError

from ._attribute import Attribute, AttributeOwner


@public
class Structure(AttributeOwner):
    """A value inside of an attribute, made of attributes itself; compares by value."""

    def __init__(self, **attributes: Any) -> None:
        self._start()
        self._assign(attributes)

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Self:
        """The value that the catalog sent; names that this version does not know are kept."""
        made = cls.__new__(cls)
        made._start(dict(wire))
        return made

    def to_wire(self) -> dict[str, Any]:
        """The JSON form; what is not set is left out."""
        dumped = {name: value for name, value in self._dump().items() if value is not None}
        kept = {k: v for k, v in self._wire.items() if k not in self._attributes}
        return {**kept, **dumped}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.to_wire() == other.to_wire()

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        lines = [f"  {name}: {value}" for name, value in self.to_wire().items()]
        return "\n".join([f"{type(self).__name__}:", *lines])


S = TypeVar("S", bound=Structure)


class StructureAttribute(Attribute[S | None, S | dict[str, Any] | None]):
    """An attribute that holds a structure; a mapping of its attributes may be assigned."""

    def __init__(self, kind: type[S], **options: Any) -> None:
        super().__init__(**options)
        self._kind = kind

    def coerce(self, value: Any) -> S:
        """The structure itself, or one made of a mapping."""
        if isinstance(value, self._kind):
            return value
        if not isinstance(value, dict):
            raise self.wrong(value, f"a {self._kind.__name__} or a mapping")
        try:
            return self._kind(**value)
        except AttributeError as error:
            raise AttributeValidationError(f"{self.name!r}: {error}") from None

    def load(self, wire: Any) -> S | None:
        """A new structure."""
        return None if wire is None else self._kind.from_wire(wire)

    def dump(self, value: Any) -> dict[str, Any]:
        """JSON; checked once more, since lists of structures may hold mappings by now."""
        return self.coerce(value).to_wire()
