"""How long the client takes to import, against the published client that speaks the same contract.

`import swath.catalog` against `import descarteslabs.catalog` (3.2.2, in an environment of its own
that the contract tests make), in turns, so that a busy machine slows both. Each figure is the
median of fresh interpreters that read byte code.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks._report import finish, report
from tests.contract.published import DESCARTESLABS, environment_of

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7
BAR = 0.5


def seconds(python: str, module: str) -> float:
    """Return how long an import takes in a new interpreter, which measures itself."""
    timed = (
        "import time; _start = time.perf_counter()\n"
        f"import {module}\n"
        "print(time.perf_counter() - _start)"
    )
    done = subprocess.run(
        [python, "-W", "ignore", "-c", timed],
        env={"PATH": os.defpath, "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT / "client")},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print both medians and their ratio."""
    published = str(environment_of(DESCARTESLABS))
    pairs = [
        (seconds(sys.executable, "swath.catalog"), seconds(published, "descarteslabs.catalog"))
        for _ in range(ROUNDS + 1)
    ][1:]  # the first writes byte code
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    report("client_import", "swath", "import", ours * 1000, "ms")
    report("client_import", "descarteslabs", "import", theirs * 1000, "ms")
    ratio = statistics.median(mine / other for mine, other in pairs)
    report("client_import", "swath", "ratio", ratio, "x", BAR)
    finish()


if __name__ == "__main__":
    main()
