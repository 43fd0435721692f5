"""Runs in a published client's environment: calls functions of this folder on demand.

One JSON object per line: {"module", "function", "arguments"} on standard input is answered on
standard output by {"result"} or {"raised", "message", "traceback"}. What the client or a script
prints goes to standard error.
"""

import importlib
import json
import os
import sys
import traceback


def answer(line):
    request = json.loads(line)
    try:
        module = importlib.import_module(request["module"])
        result = getattr(module, request["function"])(**request["arguments"])
        return json.dumps({"result": result})
    except Exception as error:  # noqa: BLE001 - the caller decides what it means
        return json.dumps(
            {
                "raised": type(error).__name__,
                "message": str(error),
                "traceback": traceback.format_exc(),
            }
        )


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(answer(line) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
