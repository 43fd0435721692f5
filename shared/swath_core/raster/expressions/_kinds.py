"""Which operations fit which operands: numbers, whole numbers (bits) and conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from ._parse import COMPARISONS, SyntaxProblem
from ._tree import BandName, Literal, Node, Operation

MOST_SHIFT = 63


class Kind(Enum):
    """What an expression's values are."""

    NUMBER = "a number with a fraction"
    WHOLE = "a whole number"
    CONDITION = "a condition"


def kind_of(tree: Node, bands: Mapping[str, Kind]) -> Kind:
    """Return the kind of a tree's values. Raises SyntaxProblem where operands do not fit."""
    if isinstance(tree, Literal):
        return Kind.WHOLE if isinstance(tree.value, int) else Kind.NUMBER
    if isinstance(tree, BandName):
        return bands[tree.name]
    kinds = [kind_of(operand, bands) for operand in tree.operands]
    return _RULES.get(tree.operator, _numbers)(tree, kinds)


def _numbers(tree: Operation, kinds: Sequence[Kind]) -> Kind:
    if Kind.CONDITION in kinds:
        raise _unfit(tree, "numbers", kinds)
    return Kind.NUMBER


def _compared(tree: Operation, kinds: Sequence[Kind]) -> Kind:
    _numbers(tree, kinds)
    return Kind.CONDITION


def _conditions(tree: Operation, kinds: Sequence[Kind]) -> Kind:
    if set(kinds) != {Kind.CONDITION}:
        raise _unfit(tree, "conditions (as red > 0)", kinds)
    return Kind.CONDITION


def _bits(tree: Operation, kinds: Sequence[Kind]) -> Kind:
    if set(kinds) not in ({Kind.WHOLE}, {Kind.CONDITION}):
        raise _unfit(tree, "whole numbers, or conditions", kinds)
    return kinds[0]


def _shifted(tree: Operation, kinds: Sequence[Kind]) -> Kind:
    amount = tree.operands[1]
    whole = isinstance(amount, Literal) and isinstance(amount.value, int)
    if kinds[0] is not Kind.WHOLE:
        raise _unfit(tree, "whole numbers", kinds)
    if not (whole and 0 <= amount.value <= MOST_SHIFT):  # type: ignore[union-attr]
        raise SyntaxProblem(
            f"{tree.operator} at character {tree.at} shifts by a number from 0 to {MOST_SHIFT}"
        )
    return Kind.WHOLE


def _chosen(tree: Operation, kinds: Sequence[Kind]) -> Kind:
    if kinds[0] is not Kind.CONDITION or Kind.CONDITION in kinds[1:]:
        raise _unfit(tree, "a condition and two numbers", kinds)
    return Kind.NUMBER


def _unfit(tree: Operation, needed: str, kinds: Sequence[Kind]) -> SyntaxProblem:
    found = " and ".join(kind.value for kind in kinds)
    name = tree.operator.removeprefix("unary ")
    return SyntaxProblem(f"{name} at character {tree.at} takes {needed}, not {found}")


_RULES: Mapping[str, Callable[[Operation, Sequence[Kind]], Kind]] = {
    **dict.fromkeys(COMPARISONS, _compared),
    **dict.fromkeys(("and", "or", "not"), _conditions),
    **dict.fromkeys(("&", "|", "^", "unary ~"), _bits),
    **dict.fromkeys(("<<", ">>"), _shifted),
    "where": _chosen,
}
