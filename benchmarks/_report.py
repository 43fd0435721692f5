"""One line of JSON per figure: what every benchmark prints, and how a missed bar fails the run."""

import json
import sys

_missed: list[str] = []


def report(
    bench: str,
    case: str,
    metric: str,
    value: float,
    unit: str,
    bar: float | None = None,
    ok: bool | None = None,
) -> None:
    """Print one figure as a JSON object on a line of its own.

    `bar` is the figure that must not be exceeded; where more is better, pass `ok` yourself.
    Without `ok` it is `value <= bar`; without a bar the figure only informs (`ok` is null).
    """
    if ok is None and bar is not None:
        ok = value <= bar
    line = {
        "bench": bench,
        "case": case,
        "metric": metric,
        "value": round(value, 6),
        "unit": unit,
        "bar": bar,
        "ok": ok,
    }
    print(json.dumps(line), flush=True)
    if ok is False:
        _missed.append(f"{bench}/{case}/{metric}")


def finish() -> None:
    """End a benchmark: exit with status 1, naming them, if reported figures missed their bars."""
    if _missed:
        print("missed: " + ", ".join(_missed), file=sys.stderr)
        sys.exit(1)
