"""Whether the overviews of a file are those of its pixels: then the file can be kept as it is.

Nothing in a file says how its overviews were made, or from which pixels. So each level is compared
with the next finer one. What holds names must hold, everywhere, names that stand at that very
place. What is measured is compared in blocks spread over the level: no pixel outside of what its
surroundings hold, no drift of the mean, and missing only where something is missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.windows import Window

from swath_core.nodata import Number, holds_data

from ._masks import Mask, alpha_index, has_internal_mask, read_shown
from ._open import DECODING_ERRORS, HARDENED

_SIDE = 512
_FINE_SIDE = 1024
_SAMPLE = 256
_PER_AXIS = 2
"""Windows compared along each side of a level, where the bands are measurements, and their side."""

_OVERSHOOT = 0.3
"""By which part of the local range cubic, cubicspline and lanczos go beyond it; 0.22 at most."""

_DRIFT = 0.05
"""Accepted difference of means in standard deviations, beside that of chance."""

_LOSS = 0.2
"""By which part of the range of their type lossy compression may move single pixels: JPEG of
quality 75 moves them by a tenth at edges."""

_BIAS = 0.05
"""By which part of that it may move a mean."""

_CHANCE = 5.0
_MISSING = 0.05

Array = npt.NDArray[Any]


def overviews_agree(dataset: Any, nodata: Sequence[Number | None], named: Sequence[bool]) -> bool:
    """Return whether all overviews of an open dataset are overviews of its pixels.

    ``named`` says of each band whether its values are names.
    """
    count = len(dataset.overviews(1))
    if not count:
        return True
    with rasterio.Env(**HARDENED), ExitStack() as files:
        levels = [dataset]
        for level in range(count):
            overview = rasterio.open(
                Path(dataset.name), driver=dataset.driver, sharing=False, OVERVIEW_LEVEL=level
            )
            levels.append(files.enter_context(overview))
        if not _sizes_fit(levels, dataset.overviews(1)):
            return False
        try:
            noise = _noise(dataset)
            return all(
                _Pair(fine, coarse, nodata, named, noise).agrees()
                for fine, coarse in pairwise(levels)
            )
        except DECODING_ERRORS:
            return False


def _noise(dataset: Any) -> float:
    """Return by how much the compression of a file may have moved each pixel."""
    tags = dataset.tags(ns="IMAGE_STRUCTURE")
    compression = tags.get("COMPRESSION", "")
    if "LERC" in compression:
        return 2 * float(tags.get("MAX_Z_ERROR", 0))
    is_lossless = tags.get("COMPRESSION_REVERSIBILITY") == "LOSSLESS"
    if is_lossless or not any(lossy in compression for lossy in ("JPEG", "WEBP", "JXL")):
        return 0.0
    bits = int(dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", 8))
    return _LOSS * float(2**bits - 1)


def _sizes_fit(levels: Sequence[Any], factors: Sequence[int]) -> bool:
    """Return whether levels become ever smaller, by the same factor down and across."""
    width, height = levels[0].width, levels[0].height
    fits = [
        abs(level.width - width / factor) <= 1 and abs(level.height - height / factor) <= 1
        for level, factor in zip(levels[1:], factors, strict=True)
    ]
    return all(fits) and all(
        coarse.width < fine.width or coarse.height < fine.height
        for fine, coarse in pairwise(levels)
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """A level and the next finer one."""

    fine: Any
    coarse: Any
    nodata: Sequence[Number | None]
    named: Sequence[bool]
    noise: float

    def agrees(self) -> bool:
        """Return whether the coarser level was made from the finer one, as far as it is seen."""
        names = [index for index, is_name in enumerate(self.named) if is_name]
        measured = [index for index, is_name in enumerate(self.named) if not is_name]
        masked = self._windows() if has_internal_mask(self.fine) else ()
        if not all(self._has_names_of(window, names) for window in self._windows() if names):
            return False
        if not all(self._has_mask_of(window) for window in masked):
            return False
        return all(
            self._measures(window, index) for window in self._samples() for index in measured
        )

    @property
    def _ratio(self) -> tuple[float, float]:
        return self.fine.height / self.coarse.height, self.fine.width / self.coarse.width

    def _windows(self) -> Iterator[Window]:
        """Yield windows that cover the coarser level."""
        side = max(1, min(_SIDE, int(_FINE_SIDE / max(self._ratio))))
        width, height = self.coarse.width, self.coarse.height
        for top in range(0, height, side):
            for left in range(0, width, side):
                yield Window(left, top, min(side, width - left), min(side, height - top))

    def _samples(self) -> Iterator[Window]:
        """Yield windows spread over the coarser level."""
        side = max(1, min(_SAMPLE, int(_FINE_SIDE / max(self._ratio))))
        width, height = self.coarse.width, self.coarse.height
        for top in _spread(height, side):
            for left in _spread(width, side):
                yield Window(left, top, min(side, width - left), min(side, height - top))

    def _starts(self, window: Window) -> tuple[Array, Array]:
        """Return the first finer row and column of each row and column of a window."""
        down, across = self._ratio
        rows = np.floor(np.arange(window.row_off, window.row_off + window.height) * down + 1e-6)
        columns = np.floor(np.arange(window.col_off, window.col_off + window.width) * across + 1e-6)
        return rows.astype(int), columns.astype(int)

    def _finer(self, window: Window) -> Window:
        """Return what a window of the coarser level covers of the finer one."""
        down, across = self._ratio
        top, left = int(window.row_off * down + 1e-6), int(window.col_off * across + 1e-6)
        bottom = min(self.fine.height, math.ceil((window.row_off + window.height) * down - 1e-6))
        right = min(self.fine.width, math.ceil((window.col_off + window.width) * across - 1e-6))
        return Window(left, top, right - left, bottom - top)

    def _has_names_of(self, window: Window, bands: Sequence[int]) -> bool:
        numbers = [index + 1 for index in bands]
        finer = self._finer(window)
        coarse = self.coarse.read(numbers, window=window)
        fine = self.fine.read(numbers, window=finer)
        return all(
            self._stand_there(one, other, window, finer)
            for one, other in zip(coarse, fine, strict=True)
        )

    def _has_mask_of(self, window: Window) -> bool:
        finer = self._finer(window)
        return self._stand_there(
            self.coarse.read_masks(1, window=window),
            self.fine.read_masks(1, window=finer),
            window,
            finer,
        )

    def _stand_there(self, coarse: Array, fine: Array, window: Window, finer: Window) -> bool:
        """Return whether each value stands at its place in the finer level, to a pixel."""
        rows, columns = self._starts(window)
        rows, columns = rows - finer.row_off, columns - finer.col_off
        down, across = (math.ceil(ratio) for ratio in self._ratio)
        found = np.zeros(coarse.shape, dtype=bool)
        for below in range(-1, down + 1):
            lines = fine[np.clip(rows + below, 0, fine.shape[0] - 1)]
            for right in range(-1, across + 1):
                found |= coarse == lines[:, np.clip(columns + right, 0, fine.shape[1] - 1)]
            if found.all():
                return True
        if coarse.dtype.kind == "f":
            found |= np.isnan(coarse)
        return bool(found.all())

    def _measures(self, window: Window, index: int) -> bool:
        finer = self._finer(window)
        nodata = self.nodata[index]
        coarse = self.coarse.read(index + 1, window=window)
        fine = self.fine.read(index + 1, window=finer)
        has, had = holds_data(coarse, nodata), holds_data(fine, nodata)
        if index != alpha_index(self.fine):
            has &= _shown(self.coarse, window)
            had &= _shown(self.fine, finer)
        rows, columns = self._starts(window)
        cells = _Cells(fine.astype(float), had, rows - finer.row_off, columns - finer.col_off)
        values = coarse.astype(float)
        unit = (
            1.0 if coarse.dtype.kind in "iu" else 1e-5 * float(np.abs(values[has]).max(initial=0))
        )
        return cells.miss_alike(has) and cells.span(values, has, unit, self.noise)


def _shown(dataset: Any, window: Window) -> Mask | bool:
    shown = read_shown(dataset, window)
    return True if shown is None else shown


class _Cells:
    """What the finer level holds in the cells that become the pixels of the coarser one."""

    def __init__(self, values: Array, valid: Mask, rows: Array, columns: Array) -> None:
        self.valid = valid
        self.values = values[valid]
        low, high = np.where(valid, values, np.inf), np.where(valid, values, -np.inf)
        self.low = _around(_reduced(np.minimum, low, rows, columns), np.minimum)
        self.high = _around(_reduced(np.maximum, high, rows, columns), np.maximum)
        whole = _reduced(np.logical_and, valid, rows, columns)
        self.whole: Mask = _around(whole, np.logical_and)

    def miss_alike(self, has: Mask) -> bool:
        """Return whether data are missing where, and about as often as, they are here."""
        if (self.whole & ~has).any():
            return False
        chance = _CHANCE * 0.5 / math.sqrt(has.size)
        return bool(1 - has.mean() <= 1 - self.valid.mean() + _MISSING + chance)

    def span(self, values: Array, has: Mask, unit: float, noise: float) -> bool:
        """Return whether values lie in what their surroundings hold, and have their mean."""
        if not has.any():
            return True
        if not np.isfinite(self.low[has]).all():
            return bool(np.isinf(self.values).any())
        slack = _OVERSHOOT * (self.high[has] - self.low[has]) + unit + noise
        inside = (values[has] >= self.low[has] - slack) & (values[has] <= self.high[has] + slack)
        deviation = float(self.values.std())
        chance = _CHANCE * deviation / math.sqrt(np.count_nonzero(has))
        drift = abs(float(values[has].mean() - self.values.mean()))
        return bool(inside.all()) and drift <= _DRIFT * deviation + chance + unit


def _reduced(operation: Any, values: Array, rows: Array, columns: Array) -> Array:
    """Return what an operation makes of each cell: ``rows`` and ``columns`` are where cells begin.

    NumPy's own ``reduceat`` is ten times slower for cells of a few values.
    """
    by_row = _along(operation, values, rows)
    return np.asarray(_along(operation, by_row.T, columns).T)


def _along(operation: Any, values: Array, starts: Array) -> Array:
    ends = np.append(starts[1:], len(values))
    result = values[starts]
    for step in range(1, int((ends - starts).max())):
        result = operation(result, values[np.minimum(starts + step, ends - 1)])
    return np.asarray(result)


def _around(values: Array, operation: Any) -> Array:
    """Return for each cell what an operation makes of it and its eight neighbours."""
    padded = np.pad(values, 1, mode="edge")
    across = operation(operation(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    return np.asarray(operation(operation(across[:-2], across[1:-1]), across[2:]))


def _spread(length: int, side: int) -> list[int]:
    """Return where windows begin that are spread over a length, at whole sides: blocks begin there.

    The last one is cut where the length is no multiple of the side.
    """
    last = math.ceil(length / side) - 1
    return sorted({round(last * step / (_PER_AXIS - 1)) * side for step in range(_PER_AXIS)})
