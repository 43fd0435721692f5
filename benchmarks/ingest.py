"""What an ingest costs beside a bare translation to COG of the same raster in the same run.

Ratios, memory and bytes are of one file through validation, COG and digest in the decoding process;
S3 is left out. `python benchmarks/ingest.py`; SWATH_BENCH_SIDE=2000 for a quick look.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from benchmarks._report import finish, report
from rasterio.shutil import copy
from rasterio.transform import from_origin
from rasterio.windows import Window

from swath_core.pixels import ExpectedBand, FileTask
from swath_core.pixels._cog import creation_options
from swath_core.pixels._process import process

SIDE = int(os.environ.get("SWATH_BENCH_SIDE", "10980"))
MEGABYTE = 1e6
ROOT = Path(__file__).resolve().parents[1]


def scene(path: Path, side: int, bands: int) -> Path:
    """Write a tiled, compressed raster of terrain-like UInt16 pixels."""
    generator = np.random.default_rng(7)
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": bands,
        "dtype": "uint16",
        "crs": "EPSG:32632",
        "transform": from_origin(300_000, 5_300_040, 10, 10),
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 2,
        "nodata": 0,
        "BIGTIFF": "IF_SAFER",
    }
    columns = np.sin(np.arange(side) / 97.0) * 900
    with rasterio.open(path, "w", **profile) as dataset:
        for top in range(0, side, 512):
            rows = min(512, side - top)
            slope = (np.cos((np.arange(rows) + top) / 131.0) * 1500)[:, np.newaxis]
            for band in range(1, bands + 1):
                noise = generator.integers(0, 60, (rows, side))
                values = (3000 + band * 10 + slope + columns + noise).astype("uint16")
                dataset.write(values, band, window=Window(0, top, side, rows))
    return path


def bare(source: Path, target: Path) -> None:
    """Translate with GDAL's COG driver and the options of the ingest; nothing else."""
    options = creation_options("deflate", categorical=False)
    options |= {"OVERVIEWS": "IGNORE_EXISTING", "OVERVIEW_RESAMPLING": "AVERAGE"}
    with rasterio.Env(GDAL_CACHEMAX=128, GDAL_NUM_THREADS="ALL_CPUS", GDAL_PAM_ENABLED="NO"):
        copy(source, target, driver="COG", **options)


def whole(source: Path, target: Path, bands: int) -> None:
    """Do what the ingest does: header, every block, footprint, COG, digest."""
    result = process(
        FileTask(
            path=str(source),
            name=source.name,
            folder=str(target.parent),
            bands=tuple(
                ExpectedBand(f"b{index}", "spectral", "UInt16", index) for index in range(bands)
            ),
        )
    )
    if result.output is not None:
        Path(result.output).rename(target)


class Measured:
    """Wall seconds, peak resident bytes, and bytes read and written, of a process of its own."""

    def __init__(self, kind: str, source: Path, bands: int) -> None:
        with tempfile.TemporaryDirectory(dir=source.parent) as folder:
            target = Path(folder) / "target.tif"
            command = [sys.executable, __file__, kind, str(source), str(target), str(bands)]
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True, env=_environment()
            )
            self.written = target.stat().st_size if target.exists() else 0
        figures = done.stdout.split()
        self.seconds = float(figures[0])
        self.peak = int(figures[1])
        self.read_bytes = int(figures[2])
        self.written_bytes = int(figures[3])


def _environment() -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "shared"), str(ROOT)]),
        "PYTHONWARNINGS": "ignore",
    }


def _io() -> tuple[int, int]:
    """Return bytes that this process has read and written through system calls (Linux)."""
    path = Path("/proc/self/io")
    if not path.exists():
        return 0, 0
    values = dict(line.split(": ") for line in path.read_text().splitlines())
    return int(values["rchar"]), int(values["wchar"])


def _peak() -> int:
    """Return the peak resident bytes of this program; ru_maxrss would count its parent's too."""
    path = Path("/proc/self/status")
    if not path.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = next(line for line in path.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def inside(kind: str, source: Path, target: Path, bands: int) -> None:
    """Run one measurement: the body of the process that :class:`Measured` starts."""
    jobs: dict[str, Callable[[], None]] = {
        "bare": lambda: bare(source, target),
        "whole": lambda: whole(source, target, bands),
    }
    before = _io()
    start = time.perf_counter()
    jobs[kind]()
    seconds = time.perf_counter() - start
    after = _io()
    peak = _peak()
    print(seconds, peak, after[0] - before[0], after[1] - before[1])


def compare(case: str, source: Path, bands: int) -> Measured:
    """Report one raster's ingest beside its bare translation; the best of three runs by turns."""
    translations: list[Measured] = []
    ingests: list[Measured] = []
    for _ in range(3):
        translations.append(Measured("bare", source, bands))
        ingests.append(Measured("whole", source, bands))
    seconds = min(run.seconds for run in translations)
    best = min(ingests, key=lambda run: run.seconds)
    size = source.stat().st_size
    report("ingest", case, "input", size / MEGABYTE, "MB")
    report("ingest", case, "bare translation", seconds, "s")
    report("ingest", case, "ingest", best.seconds, "s")
    report("ingest", case, "ingest / bare translation", best.seconds / seconds, "ratio", bar=1.35)
    report("ingest", case, "peak memory", best.peak / MEGABYTE, "MB", bar=1000)
    report("ingest", case, "read per input byte", best.read_bytes / size, "ratio")
    report("ingest", case, "written per input byte", best.written_bytes / size, "ratio")
    report("ingest", case, "COG per input byte", best.written / size, "ratio")
    return best


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="swath-bench-") as name:
        folder = Path(name)
        band = scene(folder / "band.tif", SIDE, 1)
        best = compare(f"{SIDE} x {SIDE} x 1", band, 1)
        larger = scene(folder / "larger.tif", 2 * SIDE, 1)
        four_times = Measured("whole", larger, 1)
        growth = four_times.peak / best.peak
        case = f"{2 * SIDE} x {2 * SIDE} x 1"
        report("ingest", case, "peak memory", four_times.peak / MEGABYTE, "MB", bar=1000)
        report("ingest", case, "peak memory / a quarter of it", growth, "ratio", bar=1.2)
        larger.unlink()
        compare(f"{SIDE // 2} x {SIDE // 2} x 4", scene(folder / "four.tif", SIDE // 2, 4), 4)
        cog = folder / "cog.tif"
        bare(band, cog)
        kept = min(Measured("whole", cog, 1).seconds for _ in range(2))
        translated = Measured("bare", cog, 1).seconds
        report("ingest", "already a COG", "ingest", kept, "s")
        ratio = kept / translated
        report("ingest", "already a COG", "ingest / bare translation", ratio, "ratio", bar=0.5)
        checked = kept / best.seconds
        case = "already a COG, its overviews checked"
        report("ingest", case, "ingest / ingest by translation", checked, "ratio", bar=0.6)
    finish()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        inside(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
