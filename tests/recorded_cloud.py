"""The local cloud's emulator, which notes every decision on a function's rights.

Run as a program in the emulator's place: ``python tests/recorded_cloud.py FILE``. Each line that it
appends to FILE is a JSON array: the role that asked, the action, the resource, the name (Sid) of
the statement that allowed it, and the decision. Actions are those of IAM, not the names of API
operations: the items of a transaction are asked for one by one, as AWS does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_ASSUMED = ":assumed-role/"


class Decision(NamedTuple):
    """One question to IAM, and its answer (``Allow``, ``Deny`` or ``ImplicitDeny``)."""

    role: str
    action: str
    resource: str
    sid: str
    answer: str


def decisions(file: Path) -> Iterator[Decision]:
    """Yield what was decided on the rights of functions, each different case once."""
    if file.exists():
        for line in dict.fromkeys(file.read_text().splitlines()):
            yield Decision(*json.loads(line))


def _record(file: Path) -> None:
    """Have the emulator note what it decides about roles that functions run with."""
    from ministack.core import iam_evaluator

    decide = iam_evaluator.evaluate
    seen: set[Decision] = set()
    notes = file.open("a", buffering=1)

    def evaluate(context: Any, *policies: Any) -> Any:
        result = decide(context, *policies)
        if _ASSUMED in context.principal_arn:
            role = context.principal_arn.split(_ASSUMED)[1].split("/")[0]
            case = Decision(
                role, context.action, context.resource_arn, result.matched_sid, result.decision
            )
            if case not in seen:
                seen.add(case)
                notes.write(json.dumps(case) + "\n")
        return result

    iam_evaluator.evaluate = evaluate


if __name__ == "__main__":
    from ministack.app import main

    _record(Path(sys.argv.pop(1)))
    main()
