"""The `swath` command.

Exit status: 0 done, 1 it failed, 2 wrongly called, 3 not found, 4 no access, 130 interrupted.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

from swath.errors import (
    AuthenticationError,
    ForbiddenError,
    NotFoundError,
    SwathError,
    UnauthorizedError,
)

from ._output import printable
from ._parser import parser

__all__ = ["main"]

_NEGATIVE = re.compile(r"-[\d.]+,")  # the west of a box
_DROP_COMMANDS = frozenset({"put", "status", "-h", "--help"})
_FAILED, _USAGE, _NOT_FOUND, _NO_ACCESS, _INTERRUPTED = 1, 2, 3, 4, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what goes wrong is one line on stderr."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(_with_put(joined(given)))
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (SwathError, OSError, ValueError, TypeError, AttributeError) as error:
        if os.environ.get("SWATH_DEBUG"):
            raise
        print(f"swath: {printable(str(error), lines=True)}", file=sys.stderr)
        return _status(error)
    return 0


def joined(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--area -95,...` as `--area=-95,...`, which argparse takes for options."""
    found: list[str] = []
    for argument in arguments:
        negative = _NEGATIVE.match(argument)
        if negative and found and found[-1].startswith("--") and "=" not in found[-1]:
            found[-1] += f"={argument}"
        else:
            found.append(argument)
    return found


def _with_put(arguments: list[str]) -> list[str]:
    """The arguments with the `put` that `swath drop FILE...` leaves out."""
    if arguments[:1] == ["drop"] and arguments[1:2] and arguments[1] not in _DROP_COMMANDS:
        return ["drop", "put", *arguments[1:]]
    return arguments


def _status(error: Exception) -> int:
    if isinstance(error, NotFoundError):
        return _NOT_FOUND
    if isinstance(error, AuthenticationError | UnauthorizedError | ForbiddenError):
        return _NO_ACCESS
    usage = isinstance(error, ValueError | TypeError | AttributeError)
    return _USAGE if usage and not isinstance(error, SwathError) else _FAILED
