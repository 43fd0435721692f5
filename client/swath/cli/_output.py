"""Tables for people, JSON for scripts."""

from __future__ import annotations

import json
import re
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import Any

from swath.http import Client

_WIDE = 200  # columns where nobody looks
_ACTIVE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What makes a terminal do something: control characters, and marks that reorder a line."""


def client_of(options: Namespace) -> Client:
    """The client that the common options ask for."""
    return Client(url=options.url, profile=options.profile)


def emit(options: Namespace, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table, or with --json a list of objects with these keys."""
    listed = [list(row) for row in rows]
    if options.json:
        emit_json([dict(zip(columns, row, strict=True)) for row in listed])
        return
    cells = [[_cell(value) for value in row] for row in listed]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    edge = shutil.get_terminal_size((_WIDE, 0)).columns if sys.stdout.isatty() else None
    for row in [[name.upper().replace("_", " ") for name in columns], *cells]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip()[:edge])


def emit_object(options: Namespace, attributes: dict[str, Any]) -> None:
    """One object: its attributes below each other, or as JSON."""
    if options.json:
        emit_json(attributes)
        return
    width = max(map(len, attributes), default=0)
    for name, value in attributes.items():
        print(f"{printable(name).ljust(width)}  {_cell(value)}")


def emit_json(value: Any) -> None:
    """JSON; times and other values as strings."""
    print(_plain_json(value, indent=2))


def pairs(given: Iterable[str]) -> dict[str, Any]:
    """NAME=VALUE options; values that read as JSON are taken as such."""
    found: dict[str, Any] = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or not name:
            raise ValueError(f"{item!r} is not NAME=VALUE")
        try:
            found[name] = json.loads(text)
        except json.JSONDecodeError:
            found[name] = text
    return found


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d %H:%M:%S"))
    if isinstance(value, list | dict):
        return _plain_json(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return printable(str(value))


def printable(text: str, *, lines: bool = False) -> str:
    """Text of others as it can be shown: what a terminal would act on is written as an escape.

    ``lines`` keeps line feeds and tabs.
    """
    return _ACTIVE.sub(
        lambda found: found[0] if lines and found[0] in "\n\t" else _escape(found[0]), text
    )


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}"


def _plain_json(value: Any, indent: int | None = None) -> str:
    """JSON for people and scripts: escaped where a terminal would act on it, else as it is."""
    text = json.dumps(value, indent=indent, default=str, ensure_ascii=False)
    return printable(text, lines=True)
