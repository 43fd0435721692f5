"""How long a function's module takes to import, against what no AWS function can do without.

The measure of the ratio is `import boto3; boto3.client("dynamodb")`, run in turns with the handlers
so that a busy machine slows both. Each figure is the median of fresh interpreters that read byte
code, as deployed functions do.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks._report import finish, report

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 21
API_BAR = 1.6
REFERENCE = 'import boto3; boto3.client("dynamodb")'
CASES = ("api", "api first answer", "ingest", "raster", "rollup")
# A handler that imports on demand pays with its first request: answering one that reads nothing.
FIRST_ANSWER = f"""
import json, handler
event = json.load(open({str(ROOT / "events" / "http-api.json")!r}))
assert handler.lambda_handler(event, None)["statusCode"] == 401
"""
# what the template gives every function, as far as an import may look
ENVIRONMENT = {
    "PATH": os.defpath,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "POWERTOOLS_SERVICE_NAME": "swath",
    "POWERTOOLS_METRICS_NAMESPACE": "Swath",
    "SWATH_ISSUER": "https://issuer.example",
    "SWATH_AUDIENCE": "swath",
    "SWATH_TRUSTED_KEYS": '{"keys": []}',
}


def seconds(statement: str, folders: tuple[Path, ...] = ()) -> float:
    """Return how long a statement takes in a new interpreter whose path starts with the folders.

    The interpreter's own start is not part of it: it measures itself.
    """
    timed = (
        "import time; _start = time.perf_counter()\n"
        f"{statement}\n"
        "print(time.perf_counter() - _start)"
    )
    done = subprocess.run(
        [sys.executable, "-c", timed],
        env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def measure(name: str) -> float:
    """Return the seconds that one case takes: a handler's import, an answer, or the reference."""
    if name == "reference":
        return seconds(REFERENCE)
    function, _, part = name.partition(" ")
    statement = FIRST_ANSWER if part else "import handler"
    return seconds(statement, (ROOT / "functions" / function, ROOT / "shared"))


def main() -> None:
    """Measure all in turns and report medians and ratios."""
    samples: dict[str, list[float]] = {name: [] for name in ("reference", *CASES)}
    for name in samples:
        measure(name)  # writes byte code and fills the file cache
    for _ in range(ROUNDS):
        for name, taken in samples.items():
            taken.append(measure(name))
    medians = {name: statistics.median(taken) for name, taken in samples.items()}
    for name, median in medians.items():
        report("coldstart", name, "import", median * 1000, "ms")
    for name in CASES:
        # the ratio of each round first: what slowed the machine then slowed both
        rounds = zip(samples[name], samples["reference"], strict=True)
        ratio = statistics.median(handler / reference for handler, reference in rounds)
        report("coldstart", name, "ratio", ratio, "x", API_BAR if name == "api" else None)
    finish()


if __name__ == "__main__":
    main()
