"""What an expression consists of: numbers, bands, operations, functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """A number as it was written: whole or with a fraction. ``at`` counts characters from 1."""

    value: int | float
    at: int


@dataclass(frozen=True, slots=True)
class BandName:
    """The values of a band."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with its one or two operands, or a function with its arguments."""

    operator: str
    operands: tuple[Node, ...]
    at: int


Node = Literal | BandName | Operation


def band_names(tree: Node) -> Iterator[str]:
    """Yield the names of the bands in a tree, in order, as often as they are named."""
    if isinstance(tree, BandName):
        yield tree.name
    elif isinstance(tree, Operation):
        for operand in tree.operands:
            yield from band_names(operand)
