"""A strip of a mosaic while it is being filled, and what it is when it is done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._grid import Window
from ._sources import BandInfo
from ._warp import BandPixels

Array = np.ndarray[Any, Any]
Parts = Sequence[tuple[Window, list[BandPixels]]]
"""What an image has for a strip: for each of its files a window and the bands there."""
Placed = Sequence[tuple[tuple[slice, slice], BandPixels]]


@dataclass(slots=True)
class Strip:
    """A window of a mosaic, whole blocks of it: an array per band, and what is known of each pixel.

    ``inside`` is where some image reaches (and the cutline allows), ``valid`` where the value is
    data: not nodata and, under the alpha rule, not transparent.
    """

    window: Window
    values: list[Array]
    inside: list[Array]
    valid: list[Array]
    transparent: Array | None = None


@dataclass(frozen=True, slots=True)
class CanvasPlan:
    """What the canvases of a mosaic share: the bands of its images, and of the mosaic itself.

    ``alpha_last``: whole pixels are taken, where the last band is not 0.
    """

    inputs: Sequence[BandInfo]
    bands: Sequence[BandInfo]
    alpha_last: bool


class Canvas(ABC):
    """A window of a mosaic while images are put on it."""

    CELL = 32

    def __init__(self, window: Window, plan: CanvasPlan, cut: Array | None) -> None:
        self.window = window
        self._bands, self._alpha_last, self._cut = plan.bands, plan.alpha_last, cut
        size = (window.height, window.width)
        self._inside = [np.zeros(size, bool) for _ in plan.bands]
        self._per_pixel = sum(band.dtype.itemsize + 2 for band in plan.inputs)
        self._closed = None if cut is None else ~cut

    def open_window(self, window: Window) -> Window:
        """Return the smallest window around the pixels of a window that need more images."""
        if window.empty:
            return window
        cut = window.within(self.window)
        missing = ~self._full(cut)
        rows, columns = np.flatnonzero(missing.any(axis=1)), np.flatnonzero(missing.any(axis=0))
        if rows.size == 0:
            return Window(window.row, window.column, 0, 0)
        return Window(
            window.row + int(rows[0]),
            window.column + int(columns[0]),
            int(rows[-1] - rows[0]) + 1,
            int(columns[-1] - columns[0]) + 1,
        )

    def _full(self, cut: tuple[slice, slice]) -> Array:
        """Return which pixels need no more images: filled, or outside the cutline."""
        full = self._filled(cut)
        return full if self._closed is None else full | self._closed[cut]

    @abstractmethod
    def _filled(self, cut: tuple[slice, slice]) -> Array:
        """Return which pixels no further image would change."""

    def coverage(self) -> Array:
        """Return which coarse cells of the canvas need no more pixels."""
        full = self._full((slice(None), slice(None)))
        rows = np.arange(0, full.shape[0], self.CELL)
        columns = np.arange(0, full.shape[1], self.CELL)
        by_rows = np.logical_and.reduceat(full, rows, axis=0)
        return np.logical_and.reduceat(by_rows, columns, axis=1)

    def cells(self, window: Window) -> tuple[slice, slice]:
        """Return the coarse cells that a window touches."""
        rows, columns = window.within(self.window)
        return _cells(rows, self.CELL), _cells(columns, self.CELL)

    def bytes_of(self, window: Window) -> int:
        """Return about how much memory an image over a window takes while it waits."""
        return 2 * window.height * window.width * self._per_pixel

    def hides(self) -> bool:
        """Return whether images that are put on it hide others from it."""
        return True

    def put(self, parts: Parts) -> None:
        """Put an image on the canvas, the topmost first."""
        placed = [(part.within(self.window), band) for part, bands in parts for band in bands]
        if self._alpha_last:
            self._put_opaque(placed, self._opaque(placed))
        else:
            self._put(placed)
        for cut, band in placed:
            self._inside[band.position][cut] |= band.inside

    def _opaque(self, placed: Placed) -> Array:
        """Return where an image's alpha, its last band, is not 0."""
        opaque = np.zeros((self.window.height, self.window.width), bool)
        for cut, band in placed:
            if band.position == len(self._bands) - 1:
                opaque[cut] = band.inside & (band.values != 0)
        return opaque

    @abstractmethod
    def _put(self, placed: Placed) -> None:
        """Put an image, band by band."""

    @abstractmethod
    def _put_opaque(self, placed: Placed, opaque: Array) -> None:
        """Put an image, whole pixels of it: where it is opaque."""

    def strip(self) -> Strip:
        """Return what has been composited, with the cutline applied."""
        if self._cut is not None:
            for inside in self._inside:
                np.logical_and(inside, self._cut, out=inside)
        return self._strip()

    @abstractmethod
    def _strip(self) -> Strip:
        """Return what has been composited."""


class Overlay(Canvas):
    """The topmost image that has a pixel there: what is filled stays as it is."""

    def __init__(self, window: Window, plan: CanvasPlan, cut: Array | None) -> None:
        super().__init__(window, plan, cut)
        size = (window.height, window.width)
        self._values = [np.zeros(size, band.dtype) for band in plan.bands]
        self._valid = [np.zeros(size, bool) for _ in plan.bands]
        # what needs no more pixels: filled, or outside the cutline
        self._taken = [np.zeros(size, bool)] if plan.alpha_last else self._valid

    def _filled(self, cut: tuple[slice, slice]) -> Array:
        full: Array = self._taken[0][cut]
        for taken in self._taken[1:]:
            full = full & taken[cut]
        return full

    def _put(self, placed: Placed) -> None:
        for cut, band in placed:
            valid = self._valid[band.position]
            take = band.inside & band.valid & ~valid[cut]
            np.copyto(self._values[band.position][cut], band.values, where=take, casting="unsafe")
            valid[cut] |= take

    def _put_opaque(self, placed: Placed, opaque: Array) -> None:
        opaque &= ~self._taken[0]
        for cut, band in placed:
            take = opaque[cut] & band.inside
            np.copyto(self._values[band.position][cut], band.values, where=take, casting="unsafe")
            self._valid[band.position][cut] |= take & band.valid
        self._taken[0] |= opaque

    def _strip(self) -> Strip:
        transparent = ~self._taken[0] if self._alpha_last else None
        return Strip(self.window, self._values, self._inside, self._valid, transparent)


def _cells(pixels: slice, size: int) -> slice:
    return slice(pixels.start // size, -(-pixels.stop // size))
