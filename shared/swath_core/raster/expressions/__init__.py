"""Expressions over the bands of an image: text, checked tree, values.

The grammar is small and closed; nothing of a text is ever run as code. To read: ``_tree`` (what an
expression may consist of), ``_parse`` (text to tree), ``_kinds`` (which operations fit which
operands), ``_evaluate`` (tree to pixels).
"""

from ._expression import MOST_CHARACTERS, Expression, parse_expression, parse_mask

__all__ = ["MOST_CHARACTERS", "Expression", "parse_expression", "parse_mask"]
