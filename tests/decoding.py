"""Files through the decoding process, as one call, and what it stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from tests.ingest_world import DECODER, Values

from swath_core.definitions import NUMPY_TYPES
from swath_core.pixels import ExpectedBand, FileResult, FileTask

NAMES = {dtype: name for name, dtype in NUMPY_TYPES.items()}


def run(  # what a task is made of
    body: bytes,
    folder: Path,
    dtype: str = "uint16",
    *,
    count: int = 1,
    kind: str = "spectral",
    nodata: float | None = None,
    **task: Any,
) -> FileResult:
    source = folder / "source" / "file"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(body)
    bands = tuple(
        ExpectedBand(f"b{index}", kind, NAMES[dtype], index, nodata) for index in range(count)
    )
    return DECODER.process(FileTask(str(source), "a.tif", str(folder), bands, **task))


def stored(result: FileResult, folder: Path) -> Path:
    return Path(result.output or folder / "source" / "file")


def level(path: Path, number: int) -> Values:
    with rasterio.open(path, OVERVIEW_LEVEL=number) as dataset:
        return np.asarray(dataset.read())
