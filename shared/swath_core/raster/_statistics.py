"""Mosaics whose pixels are statistics over all images: mean, median, extremes, count, deviation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from swath_core.documents import shown
from swath_core.errors import BadRequest

from ._canvas import Array, Canvas, CanvasPlan, Placed, Strip
from ._grid import Window
from ._sources import BandInfo

Cut = tuple[slice, slice]
AVERAGING = frozenset({"mean", "median", "std"})
_OWN_TYPES = {"count": "uint16", "std": "float64"}
"""Types of statistics that are not of their band's type."""


class Statistic(Protocol):
    """The values of one band over a window, gathered image by image."""

    def add(self, cut: Cut, values: Array, valid: Array) -> None:
        """Add an image's values in a part of the window, where they are valid."""

    def result(self) -> Array:
        """Return the statistic (rows, columns); 0 where nothing was added."""


class _Mean:
    def __init__(self, size: tuple[int, int], _dtype: np.dtype[Any], _images: int) -> None:
        self._sum, self._count = np.zeros(size), np.zeros(size, np.uint16)

    def add(self, cut: Cut, values: Array, valid: Array) -> None:
        np.add(self._sum[cut], values, out=self._sum[cut], where=valid, casting="unsafe")
        self._count[cut] += valid

    def result(self) -> Array:
        return self._sum / np.maximum(self._count, 1)


class _Deviation:
    """By Welford's update: stable also where values are large and differ little."""

    def __init__(self, size: tuple[int, int], _dtype: np.dtype[Any], _images: int) -> None:
        self._mean, self._squares = np.zeros(size), np.zeros(size)
        self._count = np.zeros(size, np.uint16)

    def add(self, cut: Cut, values: Array, valid: Array) -> None:
        self._count[cut] += valid
        before = np.subtract(values, self._mean[cut], where=valid, out=np.zeros(valid.shape))
        self._mean[cut] += before / np.maximum(self._count[cut], 1)
        after = np.subtract(values, self._mean[cut], where=valid, out=np.zeros(valid.shape))
        self._squares[cut] += before * after

    def result(self) -> Array:
        deviation: Array = np.sqrt(self._squares / np.maximum(self._count, 1))
        return deviation


class _Extreme:
    """The least or the greatest value."""

    _choose: np.ufunc

    def __init__(self, size: tuple[int, int], dtype: np.dtype[Any], _images: int) -> None:
        self._found = np.zeros(size, dtype)
        self._any = np.zeros(size, bool)

    def add(self, cut: Cut, values: Array, valid: Array) -> None:
        found, known = self._found[cut], self._any[cut]
        own = values.astype(found.dtype, copy=False)
        self._choose(found, own, out=found, where=valid & known)
        np.copyto(found, own, where=valid & ~known)
        known |= valid

    def result(self) -> Array:
        return self._found


class _Least(_Extreme):
    _choose = np.minimum


class _Greatest(_Extreme):
    _choose = np.maximum


class _Count:
    def __init__(self, size: tuple[int, int], _dtype: np.dtype[Any], _images: int) -> None:
        self._count = np.zeros(size, np.uint16)

    def add(self, cut: Cut, _values: Array, valid: Array) -> None:
        self._count[cut] += valid

    def result(self) -> Array:
        return self._count


class _Median:
    """All values, sorted when all are there: a layer for each image.

    What is not valid is the greatest value of the type (NaN in floating point), so that it comes
    behind the valid ones, of which there are as many as were counted.
    """

    ROWS = 64
    """Rows that are sorted at a time: few enough to stay in a processor's cache."""

    def __init__(self, size: tuple[int, int], dtype: np.dtype[Any], images: int) -> None:
        last = np.nan if dtype.kind == "f" else np.iinfo(dtype).max
        self._layers = np.full((images, *size), last, dtype)
        self._count = np.zeros(size, np.uint16)
        self._next = 0

    def add(self, cut: Cut, values: Array, valid: Array) -> None:
        np.copyto(self._layers[self._next][cut], values, where=valid, casting="unsafe")
        self._count[cut] += valid
        self._next += 1

    def result(self) -> Array:
        found = np.zeros(self._count.shape)
        layers = self._layers[: self._next]
        if layers.size:
            for row in range(0, found.shape[0], self.ROWS):
                part = slice(row, row + self.ROWS)
                found[part] = _middle(np.sort(layers[:, part], axis=0), self._count[part])
        return found


def _middle(ordered: Array, count: Array) -> Array:
    """Return the middle of the first ``count`` layers, or the mean of the two in the middle."""
    counted = np.maximum(count, 1).astype(np.intp)[None]
    low = np.take_along_axis(ordered, (counted - 1) // 2, axis=0)[0].astype(np.float64)
    high = np.take_along_axis(ordered, counted // 2, axis=0)[0].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        middle: Array = np.where(count > 0, (low + high) / 2, 0.0)
    return middle


STATISTICS: Mapping[str, Callable[[tuple[int, int], np.dtype[Any], int], Statistic]] = {
    "mean": _Mean,
    "median": _Median,
    "min": _Least,
    "max": _Greatest,
    "count": _Count,
    "std": _Deviation,
}


def statistic_band(band: BandInfo, selection: str) -> BandInfo:
    """Return a band of a mosaic of statistics: counts are UInt16, deviations Float64.

    The alpha band stays what it is. Raises BadRequest for what cannot be averaged.
    """
    if band.is_alpha:
        return band
    if selection in AVERAGING and band.document.get("type") == "class":
        raise BadRequest(
            f"the band {shown(band.name)} is a class band, and classes have no {selection}; "
            "pixel_selection may be last, first, least_cloudy, min, max or count",
            parameter="pixel_selection",
        )
    if selection not in _OWN_TYPES:
        return band
    return replace(band, dtype=np.dtype(_OWN_TYPES[selection]), nodata=None)


class StatisticCanvas(Canvas):
    """A statistic over all images that have a valid pixel there.

    Under the alpha rule those that are opaque there take part, and the alpha is their greatest.
    """

    def __init__(
        self,
        window: Window,
        plan: CanvasPlan,
        cut: Array | None,
        *,
        selection: str,
        images: int,
    ) -> None:
        super().__init__(window, plan, cut)
        size = (window.height, window.width)
        last = len(plan.bands) - 1
        self._statistics = [
            STATISTICS["max" if plan.alpha_last and at == last else selection](
                size, plan.bands[at].dtype, images
            )
            for at in range(len(plan.bands))
        ]
        self._counted = [np.zeros(size, bool) for _ in plan.bands]

    def _filled(self, cut: tuple[slice, slice]) -> Array:
        return np.zeros(self._counted[0][cut].shape, bool)

    def hides(self) -> bool:
        """Return False: every image counts."""
        return False

    def _put(self, placed: Placed) -> None:
        for cut, band in placed:
            self._add(cut, band.position, band.values, band.inside & band.valid)

    def _put_opaque(self, placed: Placed, opaque: Array) -> None:
        last = len(self._bands) - 1
        for cut, band in placed:
            take = opaque[cut] & band.inside
            self._add(
                cut, band.position, band.values,
                take if band.position == last else take & band.valid,
            )  # fmt: skip

    def _add(self, cut: Cut, position: int, values: Array, valid: Array) -> None:
        self._statistics[position].add(cut, values, valid)
        self._counted[position][cut] |= valid

    def _strip(self) -> Strip:
        values = [statistic.result() for statistic in self._statistics]
        transparent = ~self._counted[-1] if self._alpha_last else None
        return Strip(self.window, values, self._inside, self._counted, transparent)
