"""Processing levels of bands: what raster could not compute is refused when the band is saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from swath_core.definitions import (
    IMAGE,
    MOST_ALIASES,
    PROCESSING_FUNCTIONS,
    AttributeType,
    ListOf,
    Number,
)
from swath_core.documents import Attributes, shown
from swath_core.errors import Invalid

_POINTER = "/data/attributes/processing_levels"


def check_levels(attributes: Attributes) -> None:
    """Raise Invalid where a band's processing level cannot be computed.

    An alias must lead to steps, and each step name a function that there is and an image attribute
    that can hold as many numbers as the function takes.
    """
    levels = attributes.get("processing_levels") or {}
    for error in chain(_alias_errors(levels), _step_errors(levels)):
        raise error


def _alias_errors(levels: Mapping[str, Any]) -> Iterator[Invalid]:
    for name in levels:
        seen = [name]
        while isinstance(alias := levels[seen[-1]], str):
            reason = _wrong_alias(alias, seen, levels)
            if reason:
                there = ", ".join(sorted(levels))
                yield _invalid(name, f"is an alias of {alias}, which {reason}; there are {there}")
                break
            seen.append(alias)


def _wrong_alias(alias: str, seen: list[str], levels: Mapping[str, Any]) -> str | None:
    if alias in seen:
        return "leads back to itself"
    if alias not in levels:
        return "is no level of the band"
    if len(seen) > MOST_ALIASES:
        return f"is the end of more than {MOST_ALIASES} aliases"
    return None


def _step_errors(levels: Mapping[str, Any]) -> Iterator[Invalid]:
    for name, steps in levels.items():
        if isinstance(steps, str):
            continue
        for number, step in enumerate(steps):
            reason = _uncomputable(step)
            if reason is not None:
                yield _invalid(name, f"cannot be computed: step {number} {reason}")


def _uncomputable(step: Mapping[str, Any]) -> str | None:
    """Return why a step can be computed for no image, or None."""
    function, parameter, index = step["function"], step["parameter"], step.get("index")
    count = PROCESSING_FUNCTIONS.get(function)
    if count is None:
        there = ", ".join(PROCESSING_FUNCTIONS)
        return f"names the function {shown(function)}, but there are only {there}"
    depths = _depths()
    depth = depths.get(parameter) if isinstance(parameter, str) else None
    if depth is None:
        there = ", ".join(name for name, found in depths.items() if found)
        return (
            f"names the parameter {shown(parameter)}, but one of the image attributes that hold "
            f"numbers is expected: {there}"
        )
    if depth == 0 and index is not None:
        return f"asks for an entry of {parameter}, which is a single number"
    left = depth - (index is not None)
    if left <= 0 and count > 1:
        return f"takes one number of {parameter}, but {function} needs {count}"
    return None


def _depths() -> dict[str, int]:
    """Return the image attributes that hold numbers: 0 for one, 1 for a list, 2 for lists."""
    found = ((each.name, _depth(each.type)) for each in IMAGE)
    return {name: depth for name, depth in found if depth is not None}


def _depth(type_: AttributeType) -> int | None:
    if isinstance(type_, ListOf):
        inner = _depth(type_.item)
        return None if inner is None else inner + 1
    return 0 if isinstance(type_, Number) else None


def _invalid(level: str, reason: str) -> Invalid:
    return Invalid(f"processing_levels: {level} {reason}", pointer=_POINTER)
