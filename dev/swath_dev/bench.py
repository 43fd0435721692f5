"""`make bench`: run benchmarks, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from swath_dev._errors import CommandError
from swath_dev.build import ROOT


def names() -> list[str]:
    """Return the names of the benchmarks: the public modules of benchmarks/."""
    files = (ROOT / "benchmarks").glob("[a-z]*.py")
    return sorted(file.stem for file in files)


def bench(name: str | None = None) -> int:
    """Run the named benchmark, or all; return 1 if one missed a bar or broke, else 0."""
    if name is not None and name not in names():
        message = f"no benchmark {name!r}; there are: {', '.join(names())}"
        raise CommandError(message)
    chosen = names() if name is None else [name]
    failed = [one for one in chosen if _run(one)]
    return int(bool(failed))


def _run(name: str) -> bool:
    path = os.pathsep.join(str(ROOT / folder) for folder in ("shared", "client", "dev", "."))
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / f"{name}.py")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    return done.returncode != 0
