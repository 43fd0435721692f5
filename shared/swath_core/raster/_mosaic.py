"""Mosaics: images in list order, later ones on top, strip by strip in bounded memory.

Images are read topmost first, so that pixels that others hide are never read, and a few files
ahead in parallel, so that reading overlaps with compositing. A deadline ends what takes too long.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from swath_core.errors import BadRequest, NotFound

from ._cutline import Cutline
from ._files import FilePool, FileUnreadable
from ._grid import TILING_ADVICE, Grid, Window
from ._sources import BandInfo, FileSource, ImageSource
from ._warp import (
    BandPixels,
    FilePlan,
    footprint_window,
    plan_file,
    warp_file,
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment, on a clock of seconds, by which a raster must have been computed.

    ``advice`` tells the caller what else could be done than asking for less.
    """

    at: float
    advice: str = ""
    clock: Callable[[], float] = time.monotonic

    def check(self, done: float) -> None:
        """Raise BadRequest if time is up with only this part (0 to 1) of the raster done."""
        if self.clock() >= self.at:
            raise BadRequest(
                f"the raster takes too long for one request: {done:.0%} of it was done when time "
                f"was up. {TILING_ADVICE}{self.advice}"
            )


NEVER = Deadline(math.inf)


Array = np.ndarray[Any, Any]

BLOCK = 512
"""Rows and columns of a chunk: the block size of the GeoTIFFs that clients write."""
STRIP_BYTES = 96 * 2**20
"""Values and masks of one strip: as many rows of blocks, or as much of one, as fit it."""
AHEAD_BYTES = 256 * 2**20
"""Pixels that may be read ahead of the compositing."""
WORKERS = 8
# kept from request to request: a thread's connections to the store stay open with it
_readers = ThreadPoolExecutor(WORKERS, thread_name_prefix="reader")


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
class MosaicPlan:
    """What to composite: images in list order (later on top), bands, grid, rules."""

    images: Sequence[ImageSource]
    bands: Sequence[BandInfo]
    target: Grid
    alpha_last: bool = False
    cutline: Cutline | None = None
    deadline: Deadline = NEVER


class Mosaic:
    """The pixels of a mosaic, computed strip by strip."""

    def __init__(self, pool: FilePool, plan: MosaicPlan) -> None:
        self._pool, self._plan = pool, plan
        self._layers = [_Layer(pool, image, plan.target) for image in reversed(plan.images)]

    @cached_property
    def windows(self) -> list[Window]:
        """The windows of the strips, which hold the blocks in their order (row by row)."""
        per_pixel = sum(band.dtype.itemsize + 3 for band in self._plan.bands)
        return strip_windows(self._plan.target, STRIP_BYTES // (per_pixel * BLOCK * BLOCK))

    def strips(self) -> Iterator[Strip]:
        """Yield the strips in the order of their windows.

        Raises NotFound for an image that cannot be read, BadRequest where it takes too long.
        """
        for number, window in enumerate(self.windows):
            yield self._strip(window, number / len(self.windows))

    def _strip(self, window: Window, done: float) -> Strip:
        plan = self._plan
        cut = plan.cutline.inside(window) if plan.cutline else None
        canvas = _Canvas(window, plan.bands, alpha_last=plan.alpha_last, cut=cut)
        layers = [layer for layer in self._layers if not layer.window(window).empty]
        _composite(canvas, layers, partial(plan.deadline.check, done))
        return canvas.strip()


def strip_windows(target: Grid, blocks: int) -> list[Window]:
    """Return windows of at most so many blocks (one at least): full rows, or parts of one row."""
    across = -(-target.width // BLOCK)
    height = BLOCK * max(1, blocks // across)
    width = target.width if blocks >= across else BLOCK * max(1, blocks)
    return [
        Window(row, column, min(height, target.height - row), min(width, target.width - column))
        for row in range(0, target.height, height)
        for column in range(0, target.width, width)
    ]


@dataclass(slots=True)
class _Layer:
    """One image of the stack: where it can reach, and its files' plans once they are opened."""

    pool: FilePool
    image: ImageSource
    target: Grid
    plans: dict[str, FilePlan] = field(default_factory=dict)
    _reach: Window | None = None

    def window(self, strip: Window) -> Window:
        """Return the part of a strip that the image can reach, by the catalog or by its files."""
        if self._reach is None:
            if self.image.grid is not None:
                self._reach = footprint_window(self.target, self.image.grid)
            else:
                self._reach = _around([self.plan(file).reach for file in self.image.files])
        return self._reach.intersection(strip)

    def plan(self, file: FileSource) -> FilePlan:
        """Return how a file is read, from its header where that was not seen yet."""
        plan = self.plans.get(file.path)
        if plan is None:
            plan = self.plans[file.path] = plan_file(self.pool, file, self.target)
        return plan

    def read(self, file: FileSource, window: Window) -> tuple[Window, list[BandPixels]]:
        """Return what a file has in a window, and the window's part that it can reach.

        Raises NotFound, as for an image that is not there, where its file is gone; Unavailable.
        """
        try:
            plan = self.plan(file)
            part = plan.reach.intersection(window)
            return part, [] if part.empty else warp_file(self.pool, plan, self.target, part)
        except FileUnreadable as error:
            raise NotFound(
                f"'{self.image.id}' does not exist in the catalog as far as its pixels go: "
                f"{error.detail}"
            ) from error


def _around(windows: Sequence[Window]) -> Window:
    row, column = min(w.row for w in windows), min(w.column for w in windows)
    bottom = max(w.row + w.height for w in windows)
    right = max(w.column + w.width for w in windows)
    return Window(row, column, bottom - row, right - column)


class _PendingRead:
    """One image's files being read: by workers, or but for the first, which the caller reads."""

    def __init__(self, layer: _Layer, window: Window, *, ahead: bool) -> None:
        self._layer, self._window = layer, window
        files = layer.image.files
        self._own = None if ahead else files[0]
        self._futures = [
            _readers.submit(layer.read, file, window) for file in (files if ahead else files[1:])
        ]

    def result(self) -> list[tuple[Window, list[BandPixels]]]:
        own = [] if self._own is None else [self._layer.read(self._own, self._window)]
        return own + [future.result() for future in self._futures]

    def cancel(self) -> None:
        for future in self._futures:
            future.cancel()


def _composite(canvas: _Canvas, layers: Sequence[_Layer], check_time: Callable[[], None]) -> None:
    """Put layers, topmost first, on a canvas until it is full."""
    reading: dict[int, _PendingRead] = {}
    try:
        for number, layer in enumerate(layers):
            needed = canvas.open_window(layer.window(canvas.window))
            if needed.empty:
                continue
            check_time()
            current = reading.pop(number, None) or _PendingRead(layer, needed, ahead=False)
            _read_ahead(canvas, layers[number:], (number, reading))
            canvas.put(current.result())
    finally:
        for waiting in reading.values():
            waiting.cancel()


def _read_ahead(
    canvas: _Canvas,
    layers: Sequence[_Layer],
    state: tuple[int, dict[int, _PendingRead]],
) -> None:
    """Start reading those of the next layers that will show, if the ones above have no holes."""
    first, reading = state
    expected = canvas.coverage()
    held = 0
    for number, layer in enumerate(layers, start=first):
        window = layer.window(canvas.window)
        cells = canvas.cells(window)
        if not expected[cells].all():
            held += canvas.bytes_of(window)
            if number > first and number not in reading:
                if held > AHEAD_BYTES or len(reading) >= WORKERS:
                    return
                needed = canvas.open_window(window)
                if not needed.empty:
                    reading[number] = _PendingRead(layer, needed, ahead=True)
        expected[cells] = True


class _Canvas:
    """A strip while it is being filled, topmost image first."""

    CELL = 32

    def __init__(
        self,
        window: Window,
        bands: Sequence[BandInfo],
        *,
        alpha_last: bool,
        cut: Array | None,
    ) -> None:
        size = (window.height, window.width)
        self.window = window
        self._bands, self._alpha_last, self._cut = bands, alpha_last, cut
        self._values = [np.zeros(size, band.dtype) for band in bands]
        self._inside = [np.zeros(size, bool) for _ in bands]
        self._valid = [np.zeros(size, bool) for _ in bands]
        # what needs no more pixels: filled, or outside the cutline
        taken = [np.zeros(size, bool)] if alpha_last else self._valid
        self._taken = taken
        self._closed = None if cut is None else ~cut

    def open_window(self, window: Window) -> Window:
        """Return the smallest window around the pixels of a window that are still to be filled."""
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
        full = self._taken[0][cut]
        for taken in self._taken[1:]:
            full = full & taken[cut]
        return full if self._closed is None else full | self._closed[cut]

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
        per_pixel = sum(band.dtype.itemsize + 2 for band in self._bands)
        return 2 * window.height * window.width * per_pixel

    def put(self, parts: Sequence[tuple[Window, list[BandPixels]]]) -> None:
        """Put an image below what is there already."""
        placed = [(part.within(self.window), band) for part, bands in parts for band in bands]
        if self._alpha_last:
            self._put_by_alpha(placed)
            return
        for cut, band in placed:
            valid = self._valid[band.position]
            take = band.inside & band.valid & ~valid[cut]
            np.copyto(self._values[band.position][cut], band.values, where=take, casting="unsafe")
            valid[cut] |= take
            self._inside[band.position][cut] |= band.inside

    def _put_by_alpha(self, placed: Sequence[tuple[tuple[slice, slice], BandPixels]]) -> None:
        last = len(self._bands) - 1
        opaque = np.zeros_like(self._taken[0])
        for cut, band in placed:
            if band.position == last:
                opaque[cut] = band.inside & (band.values != 0) & ~self._taken[0][cut]
        for cut, band in placed:
            take = opaque[cut] & band.inside
            np.copyto(self._values[band.position][cut], band.values, where=take, casting="unsafe")
            self._valid[band.position][cut] |= take & band.valid
            self._inside[band.position][cut] |= band.inside
        self._taken[0] |= opaque

    def strip(self) -> Strip:
        """Return what has been composited, with the cutline applied."""
        if self._cut is not None:
            for inside in self._inside:
                np.logical_and(inside, self._cut, out=inside)
        transparent = ~self._taken[0] if self._alpha_last else None
        return Strip(self.window, self._values, self._inside, self._valid, transparent)


def _cells(pixels: slice, size: int) -> slice:
    return slice(pixels.start // size, -(-pixels.stop // size))
