"""The values of a tree, by NumPy: arithmetic in float64, bits in int64, conditions as booleans."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from ._tree import BandName, Literal, Node

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]


def evaluate(tree: Node, bands: Mapping[str, Array]) -> Any:
    """Return the values of a tree over bands of one shape; a tree without bands is a scalar.

    What cannot be computed (a division by 0, a root of -1) is not a number or infinite.
    """
    if isinstance(tree, Literal):
        whole = isinstance(tree.value, int)
        return np.int64(tree.value) if whole else np.float64(tree.value)
    if isinstance(tree, BandName):
        return bands[tree.name]
    return _FUNCTIONS[tree.operator](*(evaluate(operand, bands) for operand in tree.operands))


def _in_float(function: Function) -> Function:
    """Return a function of its operands in double precision."""
    return lambda *operands: function(*(_float(operand) for operand in operands))


def _float(values: Any) -> Any:
    return values.astype(np.float64, copy=False)


def _of_bits(function: Function) -> Function:
    """Return a function of bits, which are those of 64-bit numbers, or of conditions."""
    return lambda *operands: function(*(_bits(operand) for operand in operands))


def _bits(values: Any) -> Any:
    return values if values.dtype == bool else values.astype(np.int64, copy=False)


def _folded(function: Function) -> Function:
    return lambda *operands: reduce(function, operands)


def _where(condition: Any, yes: Any, no: Any) -> Any:
    return np.where(condition, _float(yes), _float(no))


_FUNCTIONS: Mapping[str, Function] = {
    "+": _in_float(operator.add),
    "-": _in_float(operator.sub),
    "*": _in_float(operator.mul),
    "/": _in_float(np.divide),
    "**": _in_float(np.power),
    "unary -": _in_float(operator.neg),
    "unary +": _in_float(operator.pos),
    "&": _of_bits(operator.and_),
    "|": _of_bits(operator.or_),
    "^": _of_bits(operator.xor),
    "unary ~": _of_bits(np.invert),
    "<<": _of_bits(np.left_shift),
    ">>": _of_bits(np.right_shift),
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "abs": _in_float(np.abs),
    "sqrt": _in_float(np.sqrt),
    "exp": _in_float(np.exp),
    "log": _in_float(np.log),
    "log10": _in_float(np.log10),
    "floor": _in_float(np.floor),
    "ceil": _in_float(np.ceil),
    "min": _in_float(_folded(np.minimum)),
    "max": _in_float(_folded(np.maximum)),
    "where": _where,
}
