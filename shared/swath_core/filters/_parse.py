"""A search's filter, sort and limit out of its JSON, checked against the attribute definitions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from swath_core.definitions import (
    EXTRA,
    HOW_TO_DECLARE,
    IMAGE,
    Attribute,
    Choice,
    Extra,
    Resource,
    Text,
    undeclared,
)
from swath_core.documents import shown
from swath_core.errors import BadRequest

from ._expression import EVERYTHING, TESTS, And, Comparison, Expression, IsNull, Or, conjunction

DEEPEST_FILTER = 16
MOST_CONDITIONS = 2_000
"""Comparisons and listed values of one filter."""
MOST_COMPARISONS = 200
"""Comparisons of one filter: each is made with every candidate, while a list is looked up in."""
MOST_LIMIT = 2**53
"""What every JSON parser keeps whole."""

ID = Attribute(
    name="id",
    type=Text(1024),
    description="The object's id.",
    read_only=True,
    filterable=True,
    sortable=True,
)

_ORDERED = frozenset({"gt", "gte", "lt", "lte"})
_NULLS = {"isnull": False, "isnotnull": True}
_UNSUPPORTED = frozenset({"like", "ilike"})
_OPERATORS = (*TESTS, *_NULLS)


@dataclass(frozen=True, slots=True)
class Sort:
    """The attribute to sort by; ``descending`` reverses everything but the place of nulls.

    ``then`` are the orders of objects that are alike in it; the last tie is broken by the id, in
    the direction of the last order. ``extra`` is what is sorted by where that is no attribute of
    the resource.
    """

    name: str
    descending: bool = False
    then: tuple[Sort, ...] = ()
    extra: Extra | None = None

    @property
    def all(self) -> tuple[Sort, ...]:
        """This order and those that follow it."""
        return (self, *self.then)

    @property
    def names(self) -> frozenset[str]:
        """The attributes that are sorted by."""
        return frozenset(each.name for each in self.all)

    @property
    def directions(self) -> tuple[bool, ...]:
        """Whether each member of a sort key descends: the values' in order, and the id's."""
        found = tuple(each.descending for each in self.all)
        return (*found, found[-1])


def parse_filter(text: object, resource: Resource) -> Expression:
    """Return the expression of a search's ``filter``: JSON text, or the array that it holds.

    None is no condition. Raises BadRequest naming the attribute and the accepted forms.
    """
    if text is None:
        return EVERYTHING
    elements = _decoded(text)
    parser = _Parser(resource)
    return conjunction(parser.expression(element, 0) for element in elements)


def parse_sort(text: object, resource: Resource, default: str) -> Sort:
    """Return the order of a search's ``sort``: ``"name"`` or ``"-name"``. Raises BadRequest."""
    if text is None or text == "":
        text = default
    if not isinstance(text, str):
        message = f"sort: {shown(text)} is not the name of an attribute, with - for descending"
        raise BadRequest(message, parameter="sort")
    name = text.removeprefix("-")
    try:
        attribute = attribute_of(resource, name)
    except KeyError:
        attribute = None
    if attribute is None or not attribute.sortable:
        names = ["id", *(each.name for each in resource if each.sortable)]
        message = f"sort: a {resource.kind} is sorted by {', '.join(names)}, not by {shown(name)}"
        if name.startswith(EXTRA):
            message += f"; {HOW_TO_DECLARE}"
        raise BadRequest(message, parameter="sort")
    return Sort(
        name, text.startswith("-"), extra=attribute if isinstance(attribute, Extra) else None
    )


def parse_limit(value: object) -> int | None:
    """Return a search's ``limit``; None is none. Raises BadRequest."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_LIMIT:
        message = f"limit must be a whole number of at least 0, not {json.dumps(value):.80}"
        raise BadRequest(message, parameter="limit")
    return value


def attribute_of(resource: Resource, name: object) -> Attribute:
    """Return the definition of an attribute by name, ``id`` included. Raises KeyError."""
    if not isinstance(name, str):
        raise KeyError(shown(name))
    return ID if name == "id" else resource.attribute(name)


def _decoded(text: object) -> list[Any]:
    value = text
    if isinstance(text, str):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _bad(f"{shown(text)} is not JSON ({error})") from error
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise _bad(f"{shown(value)} is not an array of conditions")
    return value


def _bad(message: str) -> BadRequest:
    return BadRequest(f"filter: {message}", parameter="filter")


class _Parser:
    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._conditions = self._comparisons = 0

    def expression(self, element: object, depth: int) -> Expression:
        if not isinstance(element, dict):
            raise _bad(f"{shown(element)} is not a condition such as {_example()}")
        if depth > DEEPEST_FILTER:
            raise _bad(f"conditions are nested more than {DEEPEST_FILTER} deep")
        for word in ("and", "or"):
            if word in element:
                return self._combination(word, element, depth)
        return self._condition(element)

    def _combination(self, word: str, element: dict[str, Any], depth: int) -> Expression:
        members = element[word]
        if not isinstance(members, list) or not members or len(element) > 1:
            raise _bad(f'{shown(element)} is not {{"{word}": [condition, ...]}}')
        parts = tuple(self.expression(member, depth + 1) for member in members)
        return And(parts) if word == "and" else Or(parts)

    def _condition(self, element: dict[str, Any]) -> Expression:
        op = element.get("op")
        attribute = self._attribute(element.get("name"), element.get("val"))
        if isinstance(op, str) and op in _UNSUPPORTED:
            raise _bad(f"{attribute.name}: {op} is not supported; use prefix")
        if not isinstance(op, str) or op not in _OPERATORS:
            raise _bad(
                f"{attribute.name}: {shown(op)} is no operator; there are {', '.join(_OPERATORS)}"
            )
        self._count(1)
        self._comparisons += 1
        if self._comparisons > MOST_COMPARISONS:
            raise _bad(f"there are more than {MOST_COMPARISONS} comparisons; eq takes a list")
        if op in _NULLS:
            return IsNull(attribute, _NULLS[op])
        _check_operator(attribute, op)
        return Comparison(attribute, op, self._operands(attribute, op, element.get("val")))

    def _attribute(self, name: object, value: object) -> Attribute:
        attribute: Attribute | None
        try:
            attribute = attribute_of(self._resource, name)
        except KeyError:
            attribute = undeclared(name, value) if self._resource.kind == IMAGE.kind else None
        if attribute is None or not attribute.filterable:
            known = ["id", *(each.name for each in self._resource if each.filterable)]
            problem = "is no attribute" if attribute is None else "cannot be filtered by"
            raise _bad(
                f"{shown(name)} {problem}; a {self._resource.kind} is filtered by "
                + ", ".join(known)
            )
        return attribute

    def _operands(self, attribute: Attribute, op: str, value: object) -> tuple[Any, ...]:
        if value is None:
            raise _bad(f"{attribute.name}: null compares with nothing; use isnull or isnotnull")
        several = op in {"eq", "ne"} and isinstance(value, list)
        values: list[Any] = list(value) if several else [value]  # type: ignore[call-overload]
        if not values:
            raise _bad(f"{attribute.name}: an empty list matches nothing")
        self._count(len(values) - 1)
        if op in {"eq", "ne"} and isinstance(attribute.type, Choice):
            _check_members(attribute, attribute.type, values)
        return tuple(attribute.operand(each) for each in values)

    def _count(self, more: int) -> None:
        self._conditions += more
        if self._conditions > MOST_CONDITIONS:
            raise _bad(f"there are more than {MOST_CONDITIONS} conditions and listed values")


def _check_operator(attribute: Attribute, op: str) -> None:
    kind = attribute.type
    if op in _ORDERED and not getattr(kind, "comparable", False):
        raise _bad(f"{attribute.name}: {op} needs an ordered attribute, and this is a list")
    item = getattr(kind, "item", kind)
    if op == "prefix" and item.schema().get("type") != "string":
        raise _bad(f"{attribute.name}: prefix needs a string attribute")


def _check_members(attribute: Attribute, choice: Choice, values: list[Any]) -> None:
    for value in values:
        if value not in choice.values:
            raise _bad(f"{attribute.name}: {shown(value)} was sent, but it is {choice.accepts}")


def _example() -> str:
    return '{"name": "acquired", "op": "gte", "val": "2021-05-31"} or {"or": [...]}'
