"""Filters written as Python: `(p.acquired > "2017") & (p.cloud_fraction < 0.2)`.

`properties` makes a property of any name; a comparison of a property makes an expression, and
expressions are joined with `&` and `|`. `1 < p.x <= 5` works; `and` and `or` cannot (Python does
not let them be redefined) and say so.
"""

from __future__ import annotations

import weakref
from abc import abstractmethod
from collections.abc import Callable, Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any

from . import _generated
from ._attribute import AttributeOwner
from ._structure import Structure
from ._times import format_time

_OBJECTS = (
    _generated.ObjectAttributes, _generated.NamedAttributes, _generated.ProductAttributes,
    _generated.BandAttributes, _generated.SpectralBandAttributes,
    _generated.MicrowaveBandAttributes, _generated.MaskBandAttributes,
    _generated.ClassBandAttributes, _generated.GenericBandAttributes, _generated.ImageAttributes,
    _generated.UploadAttributes,
)  # fmt: skip
_NAMES = {"id"}.union(*(kind._attributes for kind in _OBJECTS))
_REFERENCES = {"product": "product_id", "image": "image_id"}


class Expression:
    """Something that is true or false of an object of the catalog."""

    @abstractmethod
    def to_wire(self) -> dict[str, Any]:
        """The contract's JSON for it."""

    @abstractmethod
    def names(self) -> set[str]:
        """The attributes that it looks at."""

    def __and__(self, other: Expression) -> And:
        return And([*_parts(self, And), *_parts(_checked(other), And)])

    def __or__(self, other: Expression) -> Or:
        return Or([*_parts(self, Or), *_parts(_checked(other), Or)])

    def __bool__(self) -> bool:
        raise TypeError("join expressions with & and |, in parentheses; not with `and`, `or`, `in`")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.to_wire()}>"


class Comparison(Expression):
    """A property, an operator and a value (none for `isnull` and `isnotnull`)."""

    def __init__(self, prop: Property, op: str, value: object = None) -> None:
        self.name = prop.name
        self.op = op
        self.value = None if op.startswith("is") else _plain(value)
        self._property: Callable[[], Property | None] = weakref.ref(prop)

    def to_wire(self) -> dict[str, Any]:
        """`{"name", "op", "val"}`."""
        wire: dict[str, Any] = {"name": self.name, "op": self.op}
        return wire if self.op.startswith("is") else {**wire, "val": self.value}

    def names(self) -> set[str]:
        """The property's name."""
        return {self.name}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_property": _gone}

    def __bool__(self) -> bool:
        # Python evaluates `1 < p.x <= 5` as `1 < p.x and p.x <= 5` with p.x evaluated once: the
        # property is still on the stack. In `p.x > 1 and p.y < 2` it is gone by now.
        prop = self._property()
        if prop is None or self.op not in _RANGE:
            return super().__bool__()
        prop._pending = self
        return True


class _Junction(Expression):
    """Several expressions joined by one operator."""

    word = ""

    def __init__(self, parts: list[Expression]) -> None:
        self.parts = parts

    def to_wire(self) -> dict[str, Any]:
        """`{"and": [...]}` or `{"or": [...]}`."""
        return {self.word: [part.to_wire() for part in self.parts]}

    def names(self) -> set[str]:
        """The names that any part looks at."""
        return {name for part in self.parts for name in part.names()}


class And(_Junction):
    """True when every part is."""

    word = "and"


class Or(_Junction):
    """True when any part is."""

    word = "or"


_RANGE = frozenset({"gt", "gte", "lt", "lte"})


class Property:
    """An attribute in a filter; comparisons make expressions."""

    def __init__(self, name: str) -> None:
        self.name = _REFERENCES.get(name, name)
        self._pending: Comparison | None = None

    def __eq__(self, value: object) -> Comparison:  # type: ignore[override]
        return Comparison(self, "eq", value)

    def __ne__(self, value: object) -> Comparison:  # type: ignore[override]
        return Comparison(self, "ne", value)

    __hash__ = None  # type: ignore[assignment]  # == makes an expression

    def __lt__(self, value: object) -> Expression:
        return self._range("lt", value)

    def __le__(self, value: object) -> Expression:
        return self._range("lte", value)

    def __gt__(self, value: object) -> Expression:
        return self._range("gt", value)

    def __ge__(self, value: object) -> Expression:
        return self._range("gte", value)

    def in_(self, values: Iterable[object]) -> Expression:
        """Equal to any of `values`, of which there must be one."""
        options: list[Expression] = [Comparison(self, "eq", value) for value in values]
        if not options:
            raise ValueError(f"{self.name}.in_() needs at least one value")
        return options[0] if len(options) == 1 else Or(options)

    any_of = in_

    @property
    def isnull(self) -> Comparison:
        """Not set, or an empty list."""
        return Comparison(self, "isnull")

    @property
    def isnotnull(self) -> Comparison:
        """Set, and no empty list."""
        return Comparison(self, "isnotnull")

    def prefix(self, text: str) -> Comparison:
        """Starts with `text`."""
        return Comparison(self, "prefix", text)

    startswith = prefix

    def __repr__(self) -> str:
        return f"<property {self.name}>"

    def _range(self, op: str, value: object) -> Expression:
        new = Comparison(self, op, value)
        first, self._pending = self._pending, None
        return new if first is None else And([first, new])


class Properties:
    """Makes properties: `properties.acquired`."""

    def __getattr__(self, name: str) -> Property:
        if name.startswith("_"):
            raise AttributeError(name)
        return Property(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_NAMES})

    def __repr__(self) -> str:
        return "<properties of catalog objects>"


properties = Properties()


def _gone() -> None:
    """What refers to the property of a comparison that was pickled or copied."""


def _checked(other: object) -> Expression:
    if not isinstance(other, Expression):
        raise TypeError(f"{other!r} is no filter expression; compare a property to something")
    return other


def _parts(expression: Expression, kind: type[_Junction]) -> list[Expression]:
    return expression.parts if isinstance(expression, kind) else [expression]


def _plain(value: Any) -> Any:
    """`value` as JSON: times in UTC, enumerations by value, objects by id."""
    if isinstance(value, Property | Expression):
        raise TypeError("a property compares with a value, not with another property")
    if isinstance(value, datetime | date):
        return format_time(value) if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Structure):
        return value.to_wire()
    if isinstance(value, AttributeOwner):
        return getattr(value, "id", None)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value  # numpy's scalars
