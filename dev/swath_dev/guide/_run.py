"""Execute a notebook with nothing but the standard library, under any client's interpreter.

    python _run.py NOTEBOOK EXECUTED [--module NAME] [--without TAG]

Figures of pyplot that a cell leaves open become pictures under it, as in a notebook.
`--module descarteslabs` reads `swath` in imports as that name. After a cell whose metadata hold
`expect`, a Python expression, that expression must be true; in it `_` is the cell's value and `out`
what it printed.
"""

from __future__ import annotations

import argparse
import ast
import base64
import contextlib
import io
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> int:
    """Run the cells in order; stop at the first that fails."""
    parser = argparse.ArgumentParser()
    parser.add_argument("notebook", type=Path)
    parser.add_argument("executed", type=Path)
    parser.add_argument("--module", default="swath")
    parser.add_argument("--without", action="append", default=[])
    options = parser.parse_args()
    notebook = json.loads(options.notebook.read_text("utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    os.environ.setdefault("MPLBACKEND", "Agg")
    count = 0
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code":
            cell.update(execution_count=None, outputs=[])
        if cell["cell_type"] != "code" or set(tags) & set(options.without):
            continue
        count += 1
        cell["execution_count"] = count
        source = re.sub(r"\bfrom swath\b", f"from {options.module}", "".join(cell["source"]))
        found = execute(cell, source, names)
        if found:
            print(
                f"cell {count} of {options.notebook.name}, on {options.module}:\n{source}\n{found}",
                file=sys.stderr,
            )
            return 1
    options.executed.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


def execute(cell: dict[str, Any], source: str, names: dict[str, Any]) -> str | None:
    """Run one cell and fill in its outputs; return what went wrong."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            value = run(source, names)
    except Exception:  # noqa: BLE001 - whatever a cell raises is reported
        return traceback.format_exc()
    cell["outputs"] = outputs(out.getvalue(), value, cell["execution_count"])
    expected = cell["metadata"].get("expect")
    if not expected:
        return None
    try:
        met = eval(expected, names, {"_": value, "out": out.getvalue()})  # noqa: S307 - our notebook
    except Exception:  # noqa: BLE001 - whatever a cell raises is reported
        return f"{traceback.format_exc()}while checking {expected}"
    return None if met else f"showed {value!r}\n{out.getvalue()}\nbut should be: {expected}"


def run(source: str, names: dict[str, Any]) -> Any:
    """The value of the last expression, as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<guide>", "exec"), names)  # noqa: S102 - our notebook
    if not isinstance(last, ast.Expr):
        return None
    code = compile(ast.Expression(last.value), "<guide>", "eval")
    return eval(code, names)  # noqa: S307 - our notebook


def outputs(printed: str, value: Any, count: int) -> list[dict[str, Any]]:
    """What the cell printed and showed, in the notebook format (nbformat 4)."""
    found: list[dict[str, Any]] = []
    if printed:
        found.append(
            {"name": "stdout", "output_type": "stream", "text": printed.splitlines(keepends=True)}
        )
    if value is not None:
        data = {"text/plain": repr(value).splitlines(keepends=True)}
        html = getattr(value, "_repr_html_", None)
        if html is not None:
            data["text/html"] = html().splitlines(keepends=True)
        found.append(
            {
                "data": data,
                "execution_count": count,
                "metadata": {},
                "output_type": "execute_result",
            }
        )
    return found + pictures()


def pictures() -> list[dict[str, Any]]:
    """The open figures as PNG, which are closed by that."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    found: list[dict[str, Any]] = []
    for number in pyplot.get_fignums() if pyplot else ():
        drawn = io.BytesIO()
        pyplot.figure(number).savefig(drawn, format="png", dpi=80, metadata={"Software": None})
        pyplot.close(number)
        data = {"image/png": base64.b64encode(drawn.getvalue()).decode()}
        found.append({"data": data, "metadata": {}, "output_type": "display_data"})
    return found


if __name__ == "__main__":
    sys.exit(main())
