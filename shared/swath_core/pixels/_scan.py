"""Reading every block of a raster once: what cannot be decoded is found, valid pixels counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

from swath_core.nodata import Number, holds_data

from ._masks import Mask, alpha_index, read_shown
from ._model import Refused
from ._open import DECODING_ERRORS, reason

_CHUNK_BYTES = 16 * 1024 * 1024
_OUTLINE_SIDE = 512


@dataclass(frozen=True, slots=True)
class Scan:
    """What reading a whole raster showed.

    ``valid_fraction`` counts pixels with data in at least one band. ``coarse`` marks, on a grid
    of at most 512 cells a side, the cells that hold a valid pixel; ``cell`` is their size.
    """

    valid_fraction: float
    coarse: Mask
    cell: int


def scan(dataset: Any, name: str, nodata: Sequence[Number | None]) -> Scan:
    """Decode every block of every band. Raises Refused naming the first block that fails."""
    cell = max(1, -(-max(dataset.width, dataset.height) // _OUTLINE_SIDE))
    coarse = np.zeros((-(-dataset.height // cell), -(-dataset.width // cell)), dtype=bool)
    valid = 0
    for window in windows(dataset, cell):
        data = _read(dataset, name, window)
        mask = _valid(dataset, name, window, data, nodata)
        valid += int(np.count_nonzero(mask))
        _mark(coarse, mask, window, cell)
    return Scan(valid / (dataset.width * dataset.height), coarse, cell)


def windows(dataset: Any, multiple: int = 1) -> Iterator[Window]:
    """Yield windows of whole blocks that cover the raster, about 16 MB each, row by row.

    Their edges are multiples of ``multiple`` wherever that still leaves them small, so that a
    coarse grid is rarely cut; correctness does not depend on it.
    """
    block_height, block_width = dataset.block_shapes[0]
    pixel_bytes = sum(np.dtype(_real(dtype)).itemsize for dtype in dataset.dtypes)
    width = min(dataset.width, max(block_width, _whole(2048, block_width, multiple)))
    fitting = max(1, _CHUNK_BYTES // (width * pixel_bytes))
    height = min(dataset.height, max(block_height, fitting // block_height * block_height))
    if block_width >= dataset.width:
        width = dataset.width
        fitting = max(1, _CHUNK_BYTES // (width * pixel_bytes))
        height = min(dataset.height, max(block_height, fitting // block_height * block_height))
    for top in range(0, dataset.height, height):
        for left in range(0, dataset.width, width):
            yield Window(
                left, top, min(width, dataset.width - left), min(height, dataset.height - top)
            )


def _whole(size: int, block: int, multiple: int) -> int:
    step = block * multiple if block * multiple <= size else block
    return max(step, size // step * step)


def _real(dtype: str) -> str:
    return "complex64" if dtype == "complex_int16" else dtype


def _read(dataset: Any, name: str, window: Window) -> npt.NDArray[Any]:
    try:
        return np.asarray(dataset.read(window=window))
    except DECODING_ERRORS as error:
        raise Refused(_locate(dataset, name, window, error)) from error


def _locate(dataset: Any, name: str, window: Window, error: Exception) -> str:
    """Return the message for the first single block of a window that cannot be read."""
    height, width = dataset.block_shapes[0]
    for band in dataset.indexes:
        for top in range(window.row_off, window.row_off + window.height, height):
            for left in range(window.col_off, window.col_off + window.width, width):
                block = Window(
                    left, top, min(width, dataset.width - left), min(height, dataset.height - top)
                )
                try:
                    dataset.read(band, window=block)
                except DECODING_ERRORS as found:
                    return (
                        f"{name}: band {band}, block (column {left // width}, row {top // height}) "
                        f"of {width} x {height} pixels cannot be decoded: {reason(found)}"
                    )
    return (
        f"{name}: pixels from column {window.col_off}, row {window.row_off} "
        f"cannot be decoded: {reason(error)}"
    )


def _valid(
    dataset: Any,
    name: str,
    window: Window,
    data: npt.NDArray[Any],
    nodata: Sequence[Number | None],
) -> Mask:
    """Return where at least one band beside an alpha channel holds data that is not masked."""
    result = np.zeros(data.shape[1:], dtype=bool)
    alpha = alpha_index(dataset)
    for index, (values, missing) in enumerate(zip(data, nodata, strict=True)):
        if index != alpha:
            result |= holds_data(values, missing)
        if result.all():
            break
    try:
        shown = read_shown(dataset, window)
    except DECODING_ERRORS as error:
        raise Refused(f"{name}: its mask cannot be decoded: {reason(error)}") from error
    return result if shown is None else result & shown


def _mark(coarse: Mask, mask: Mask, window: Window, cell: int) -> None:
    """Mark the coarse cells of a window that hold a valid pixel."""
    rows, columns = np.nonzero(mask) if cell == 1 else _reduced(mask, window, cell)
    if cell == 1:
        coarse[rows + window.row_off, columns + window.col_off] = True
    else:
        coarse[rows, columns] = True


def _reduced(
    mask: Mask, window: Window, cell: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    lines = (np.arange(mask.shape[0]) + window.row_off) // cell
    columns = (np.arange(mask.shape[1]) + window.col_off) // cell
    first_line = np.flatnonzero(np.diff(lines, prepend=-1))
    first_column = np.flatnonzero(np.diff(columns, prepend=-1))
    by_row = np.logical_or.reduceat(mask, first_line, axis=0)
    reduced = np.logical_or.reduceat(by_row, first_column, axis=1)
    rows, cols = np.nonzero(reduced)
    return rows + lines[0], cols + columns[0]
