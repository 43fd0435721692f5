"""The explorer on 100,000 images: how soon it shows them, and how smoothly it moves.

Chromium draws without a graphics card (SwiftShader), on the processors that the local stack, its
store and everything else here run on, too; so both figures are told beside those of the issue that
asked for them, and only the size of the scripts is a bar. The page is loaded by browsers that have
kept nothing, from functions that are warm. ``SWATH_BENCH_IMAGES`` makes the catalog smaller,
``SWATH_BENCH_STATE`` keeps it in a folder for the next run.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._explorer_stack import IMAGES, stack
from benchmarks._report import finish, report
from tests.explorer_browser import CHROMIUM, SOURCE
from tests.strict_store import missing

from swath_dev.build import ROOT

SCRIPTS_BAR = 900.0
"""Kilobytes of all scripts that the explorer may come to load, with Brotli."""
FIRST_PAINT_WANTED, FRAMES_WANTED = 1.5, 30
LOADS = 5
_BUILT = ROOT / "functions" / "api" / "swath_api" / "built"
Json = dict[str, Any]


def absent() -> str | None:
    """Return what is missing here, or None."""
    if CHROMIUM is None:
        return "there is no Chromium: apt-get install chromium"
    if not (SOURCE / "node_modules").exists():
        return "the explorer's packages are missing: make explorer"
    return missing()


def measured(address: str) -> Iterator[tuple[str, Json]]:
    """Yield what the browser's script tells, by its kind."""
    command = ["node", "tests/bench.mjs", str(CHROMIUM), address, str(LOADS + 1)]
    with subprocess.Popen(command, cwd=SOURCE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe
        for line in process.stdout:
            yield from json.loads(line).items()
    if process.returncode:
        raise RuntimeError(f"the browser's script ended with {process.returncode}")


def scripts() -> float:
    """Return the kilobytes of the explorer's scripts, those of the reference page left out."""
    files = [each for each in (_BUILT / "explorer").glob("*js.br") if "swagger" not in each.name]
    return sum(each.stat().st_size for each in files) / 1000


def report_loads(loads: list[Json]) -> None:
    """Report the loads but the first, which starts the functions."""
    case = f"{IMAGES:,} images"
    painted = [each["painted"] / 1000 for each in loads[1:]]
    wanted = f"{case}, wanted: {FIRST_PAINT_WANTED} s"
    report("explorer", wanted, "first paint of density, p50", statistics.median(painted), "s")
    report("explorer", wanted, "first paint of density, least", min(painted), "s")
    report("explorer", case, "requests of the first load", loads[-1]["requests"], "requests")
    report("explorer", case, "bytes of the first load", loads[-1]["bytes"] / 1000, "kB")


def main() -> None:
    """Report sizes, first paint and frames."""
    report("explorer", "scripts", "size with Brotli", scripts(), "kB", SCRIPTS_BAR)
    why = absent()
    if why:
        print(f"# the page is not measured: {why}")
        finish()
        return
    with tempfile.TemporaryDirectory(prefix="swath-explorer-") as folder:
        state = Path(os.environ.get("SWATH_BENCH_STATE", folder))
        with stack(state) as deployed:
            found = list(measured(deployed.api_url))
    report_loads([each for kind, each in found if kind == "load"])
    for kind, each in found:
        if kind == "frames":
            case = f"panning, {each['case']}, wanted: {FRAMES_WANTED}"
            report("explorer", case, "frames a second", each["frames"], "1/s")
            report("explorer", case, "95 % of frames within", each["slowest"], "ms")
    finish()


if __name__ == "__main__":
    main()
