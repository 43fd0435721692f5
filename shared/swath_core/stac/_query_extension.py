"""The query extension: ``{"property": {"operator": value}}``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from swath_core.definitions import HOW_TO_DECLARE, Attribute, ListOf
from swath_core.documents import shown
from swath_core.errors import BadRequest
from swath_core.filters import MOST_CONDITIONS, Comparison, Expression, Holds, conjunction

from ._properties import QUERYABLES, Property, undeclared_property

_COMPARISONS = {"eq": "eq", "neq": "ne", "lt": "lt", "lte": "lte", "gt": "gt", "gte": "gte"}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
_ORDERED = frozenset({"lt", "lte", "gt", "gte"})
_OPERATORS = (*_COMPARISONS, *_TEXTS, "in")
_MOST = 100
_NUMERIC = frozenset({"number", "integer"})


def query_expression(value: Any, queryables: Mapping[str, Property] = QUERYABLES) -> Expression:
    """Return the condition that ``query`` asks. Raises BadRequest naming what can be asked."""
    if not isinstance(value, dict):
        message = f'query: {shown(value)} was sent, but {{"PROPERTY": {{"eq": VALUE}}}} is expected'
        raise BadRequest(message, parameter="query")
    parts = list(_conditions(value, queryables))
    if len(parts) > _MOST:
        message = f"query: {len(parts)} conditions were sent, but at most {_MOST} are asked"
        raise BadRequest(message, parameter="query")
    return conjunction(parts)


def _conditions(value: dict[str, Any], queryables: Mapping[str, Property]) -> Iterator[Expression]:
    for name, asked in value.items():
        if not isinstance(asked, dict) or not asked:
            raise _bad(name, f"{shown(asked)} is no object of operators and values")
        found = _queryable(name, queryables, next(iter(asked.values())))
        for operator, operand in asked.items():
            try:
                yield _condition(found, operator, operand)
            except ValueError as error:
                raise _bad(name, str(error)) from error


def _queryable(name: str, queryables: Mapping[str, Property], operand: Any) -> Property:
    """Return the property of a name, which may begin with ``properties.``. Raises BadRequest."""
    bare = name.removeprefix("properties.")
    found = queryables.get(bare) or undeclared_property(bare, operand)
    if found is None:
        known = ", ".join(queryables)
        message = f"query: {shown(name)} is not queryable; what is are {known}; {HOW_TO_DECLARE}"
        raise BadRequest(message, parameter="query")
    return found


def _condition(asked: Property, operator: str, operand: Any) -> Expression:
    attribute = asked.attribute
    if operator in _ORDERED and not attribute.type.comparable:
        message = f"{operator} needs values that have an order, and this is a list"
        raise ValueError(message)
    if operator in _COMPARISONS:
        return Comparison(attribute, _COMPARISONS[operator], (_operand(attribute, operand),))
    if operator == "in":
        if not isinstance(operand, list) or not 0 < len(operand) <= MOST_CONDITIONS:
            message = f"in takes a list of 1 to {MOST_CONDITIONS} values, not {shown(operand)}"
            raise ValueError(message)
        return Comparison(attribute, "eq", tuple(_operand(attribute, each) for each in operand))
    if operator in _TEXTS:
        return _text_condition(attribute, operator, operand)
    message = f"{shown(operator)} is no operator; there are {', '.join(_OPERATORS)}"
    raise ValueError(message)


def _operand(attribute: Attribute, value: Any) -> Any:
    if value is None:
        message = "null compares with nothing"
        raise ValueError(message)
    if isinstance(value, str) and attribute.type.schema().get("type") in _NUMERIC:
        value = _number(value)
    return attribute.type.operand(value)


def _number(text: str) -> Any:
    """Return the number of a text: pystac-client sends ``eo:cloud_cover<20`` so."""
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text


def _text_condition(attribute: Attribute, operator: str, operand: Any) -> Expression:
    kind = attribute.type
    is_list = isinstance(kind, ListOf)
    item = kind.item if isinstance(kind, ListOf) else kind
    if item.schema().get("type") != "string" or not isinstance(operand, str):
        message = f"{operator} takes texts only, not {shown(operand)}"
        raise ValueError(message)
    name, test = attribute.name, _TEXTS[operator]

    def holds(values: Any) -> bool:
        stored = attribute.of(values)
        if stored is None:
            return False
        if is_list:
            return operand in stored if operator == "contains" else False
        return test(stored, operand)

    return Holds(frozenset({name}), holds)


def _bad(name: str, reason: str) -> BadRequest:
    return BadRequest(f"query: {shown(name)}: {reason}", parameter="query")
