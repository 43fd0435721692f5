"""An attribute of an object, and the objects that have attributes.

An attribute has three forms: the value that the user holds, what he may assign (`coerce` makes it
the value or raises), and the JSON of the wire (`load` and `dump`). In-place changes need no
tracking: an object compares its values with what the catalog last sent (`differs`).
"""

from __future__ import annotations

import copy
import inspect
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from swath.arguments import nearest
from swath.errors import AttributeValidationError

Read = TypeVar("Read")
Write = TypeVar("Write")

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

    def wrong(self, value: Any, wanted: str, hint: str = "") -> AttributeValidationError:
        """The error for a value of the wrong kind."""
        shown = repr(value)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
        return AttributeValidationError(f"{self.name!r} must be {wanted}, not {shown}{hint}")


class _ConstructorSignature:
    """The signature of a class whose constructor takes its attributes by name, for completion."""

    def __get__(self, owner: object, kind: type[AttributeOwner]) -> inspect.Signature:
        known = inspect.signature(kind.__init__).parameters.values()
        named = [p for p in known if p.kind is not p.VAR_KEYWORD and p.name != "self"]
        taken = {p.name for p in named}
        attributes = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
            for name, attribute in kind._attributes.items()
            if not attribute.read_only and name not in taken
        ]
        return inspect.Signature([*named, *attributes])


class AttributeOwner:
    """Holds what the catalog sent (`_wire`) and what the user holds (`_values`), name by name."""

    _attributes: ClassVar[dict[str, Attribute[Any, Any]]] = {}
    __signature__ = _ConstructorSignature()
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

    def __copy__(self) -> Self:
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        # values that can change in place are not shared between the two
        held = {name: copy.deepcopy(self.__dict__[name]) for name in ("_values", "_assigned")}
        made.__dict__.update(held, _wire=dict(self._wire))
        return made

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


def unknown_attribute(kind: type, name: str) -> str:
    """The message for an attribute that a class does not have, with the nearest that it has."""
    hint = nearest(name, getattr(kind, "_attributes", {}))
    return f"{kind.__name__} has no attribute {name!r}{hint}"
