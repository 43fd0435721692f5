"""An expression: its text, its bands, and its values over windows of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from swath_core.documents import shown
from swath_core.errors import BadRequest

from ._evaluate import evaluate
from ._kinds import Kind, kind_of
from ._parse import SyntaxProblem, parse
from ._tree import Node, band_names

Array = np.ndarray[Any, Any]

MOST_CHARACTERS = 1_000
_PIXELS = 262_144
"""Pixels that are computed at a time: what operations hold in between stays small."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed text; ``bands`` are the names it uses, each once, ``parameter`` where it came from.

    ``is_mask``: its values are conditions, True where a pixel is hidden.
    """

    text: str
    parameter: str
    bands: tuple[str, ...]
    tree: Node
    is_mask: bool = False

    def check(self, dtypes: Mapping[str, np.dtype[Any]]) -> None:
        """Raise BadRequest where operations do not fit bands of these types."""
        kinds = {name: _kind(dtypes[name]) for name in self.bands}
        try:
            kind = kind_of(self.tree, kinds)
        except SyntaxProblem as error:
            raise _refused(self.parameter, self.text, error) from error
        if self.is_mask and kind is not Kind.CONDITION:
            raise BadRequest(
                f"{self.parameter} {shown(self.text)} is {kind.value}; a mask is a condition that "
                "is true where a pixel is hidden, as qa_cloud != 0 or (qa & 8) != 0",
                parameter=self.parameter,
            )

    def values(self, bands: Mapping[str, Array]) -> Array:
        """Return the values over (rows, columns) of the bands: booleans of a mask, else float64.

        What cannot be computed is not a number or infinite.
        """
        rows, columns = next(iter(bands.values())).shape
        found = np.empty((rows, columns), bool if self.is_mask else np.float64)
        height = max(1, _PIXELS // max(1, columns))
        with np.errstate(all="ignore"):
            for row in range(0, rows, height):
                part = slice(row, row + height)
                found[part] = evaluate(self.tree, {n: values[part] for n, values in bands.items()})
        return found


def parse_expression(text: object, parameter: str) -> Expression:
    """Return the expression of a text. Raises BadRequest: where it is wrong and what would fit."""
    if not isinstance(text, str) or not text.strip():
        raise BadRequest(
            f"{parameter} is {shown(text)}; it must be a text such as (nir - red) / (nir + red)",
            parameter=parameter,
        )
    if len(text) > MOST_CHARACTERS:
        raise BadRequest(
            f"{parameter} has {len(text)} characters; at most {MOST_CHARACTERS} are read",
            parameter=parameter,
        )
    try:
        tree = parse(text)
    except SyntaxProblem as error:
        raise _refused(parameter, text, error) from error
    names = tuple(dict.fromkeys(band_names(tree)))
    if not names:
        raise _refused(parameter, text, "it names no band")
    return Expression(text, parameter, names, tree)


def parse_mask(text: object, parameter: str) -> Expression:
    """Return the mask of a text, whose values must be conditions. Raises BadRequest."""
    found = parse_expression(text, parameter)
    return Expression(found.text, parameter, found.bands, found.tree, is_mask=True)


def _kind(dtype: np.dtype[Any]) -> Kind:
    return Kind.NUMBER if dtype.kind == "f" else Kind.WHOLE


def _refused(parameter: str, text: str, error: SyntaxProblem | str) -> BadRequest:
    return BadRequest(f"{parameter} {shown(text)} cannot be read: {error}", parameter=parameter)
