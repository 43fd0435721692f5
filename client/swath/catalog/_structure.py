"""Things with attributes: the common ground of catalog objects and of the small values inside."""

from __future__ import annotations

import difflib
from typing import Any, ClassVar, Self, TypeVar

from swath.catalog._attributes import MISSING, Attribute
from swath.errors import AttributeValidationError


class AttributeOwner:
    """Holds what the catalog sent (`_wire`) and what the user holds (`_values`), name by name."""

    _attributes: ClassVar[dict[str, Attribute[Any, Any]]] = {}
    _wire: dict[str, Any]
    _values: dict[str, Any]
    _assigned: set[str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        found: dict[str, Attribute[Any, Any]] = {}
        for base in reversed(cls.__mro__):
            mine = vars(base)
            found.update((name, v) for name, v in mine.items() if isinstance(v, Attribute))
            for name in set(found) & set(mine):  # a plain class member hides an inherited attribute
                if not isinstance(mine[name], Attribute):
                    del found[name]
        cls._attributes = found

    def _start(self, wire: dict[str, Any] | None = None) -> None:
        self.__dict__.update(_wire=wire or {}, _values={}, _assigned=set())

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name) and name not in self.__dict__:
            raise AttributeError(unknown_attribute(type(self), name))
        super().__setattr__(name, value)

    def _assign(self, attributes: dict[str, Any]) -> None:
        for name, value in attributes.items():
            setattr(self, name, value)

    def _changed(self) -> list[str]:
        """Names of the attributes whose values are not the catalog's."""
        return [
            name
            for name, value in self._values.items()
            if self._attributes[name].differs(value, self._wire.get(name, MISSING))
        ]

    def _dump(self, names: set[str] | None = None) -> dict[str, Any]:
        """The wire's form of every attribute that is set, or of those in `names`."""
        out: dict[str, Any] = {}
        for name, attribute in self._attributes.items():
            wanted = attribute.is_set(self) if names is None else name in names
            if wanted:
                value = attribute.read(self)
                out[name] = None if value is None else attribute.dump(value)
        return out


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


def unknown_attribute(kind: type, name: str) -> str:
    """The message for an attribute that a class does not have, with the nearest that it has."""
    known = [*getattr(kind, "_attributes", {})]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{kind.__name__} has no attribute {name!r}{hint}"
