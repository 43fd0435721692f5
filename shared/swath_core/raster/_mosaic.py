"""Mosaics: images one over the other or as statistics, strip by strip in bounded memory.

Images are read topmost first, so that pixels that others hide are never read, and a few files
ahead in parallel, so that reading overlaps with compositing. A deadline ends what takes too long.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from swath_core.errors import BadRequest, NotFound

from ._canvas import Canvas, CanvasPlan, Overlay, Strip
from ._cutline import Cutline
from ._derive import Derivation
from ._files import FilePool, FileUnreadable
from ._grid import TILING_ADVICE, Grid, Window
from ._sources import BandInfo, FileSource, ImageSource
from ._statistics import STATISTICS, StatisticCanvas
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
STACK_BYTES = 256 * 2**20
"""Values of all images that a median holds at once: beyond it a strip is made in pieces."""
WORKERS = 8
MAX_PIXELS = 2**62
"""No limit: what is not stacked takes no more memory than its strip."""
# kept from request to request: a thread's connections to the store stay open with it
_readers = ThreadPoolExecutor(WORKERS, thread_name_prefix="reader")


@dataclass(frozen=True, slots=True)
class MosaicPlan:
    """What to composite: images (later on top), bands, grid, rules.

    ``derivation`` makes ``bands`` of what is read; ``selection`` is one of PIXEL_SELECTIONS: what
    is no statistic is the topmost image that has a pixel. Images that cannot be read are left out
    and noted in ``lost``; where that is None they are an error.
    """

    images: Sequence[ImageSource]
    bands: Sequence[BandInfo]
    target: Grid
    derivation: Derivation
    selection: str = "last"
    alpha_last: bool = False
    cutline: Cutline | None = None
    deadline: Deadline = NEVER
    lost: set[str] | None = None


class Mosaic:
    """The pixels of a mosaic, computed strip by strip."""

    def __init__(self, pool: FilePool, plan: MosaicPlan) -> None:
        self._pool, self._plan = pool, plan
        self._layers = [_Layer(pool, image, plan.target) for image in reversed(plan.images)]

    @cached_property
    def windows(self) -> list[Window]:
        """The windows of the strips, which hold the blocks in their order (row by row)."""
        extra = 8 if self._plan.selection in STATISTICS else 0  # sums in double precision
        per_pixel = sum(band.dtype.itemsize + 3 + extra for band in self._plan.bands)
        return strip_windows(self._plan.target, STRIP_BYTES // (per_pixel * BLOCK * BLOCK))

    def strips(self) -> Iterator[Strip]:
        """Yield the strips in the order of their windows.

        Raises NotFound for an image that cannot be read, BadRequest where it takes too long.
        """
        for number, window in enumerate(self.windows):
            yield self._strip(window, number / len(self.windows))

    def _strip(self, window: Window, done: float) -> Strip:
        layers = [layer for layer in self._layers if self._reaches(layer, window)]
        pieces = [
            self._piece(piece, layers, done)
            for piece in pieces_of(window, self._piece_pixels(len(layers)))
        ]
        return pieces[0] if len(pieces) == 1 else _joined(window, pieces)

    def _reaches(self, layer: _Layer, window: Window) -> bool:
        """Return whether an image can be read and has pixels in a window. Raises NotFound."""
        lost = self._plan.lost
        if lost is not None and layer.image.id in lost:
            return False
        try:
            return not layer.window(window).empty
        except NotFound:
            if lost is None:
                raise
            lost.add(layer.image.id)
            return False

    def _piece_pixels(self, layers: int) -> int:
        """Return how many pixels may be composited at once over so many images."""
        if self._plan.selection != "median":
            return MAX_PIXELS
        per_pixel = sum(band.dtype.itemsize for band in self._plan.bands) * max(1, layers)
        return max(1, STACK_BYTES // per_pixel)

    def _piece(self, window: Window, layers: Sequence[_Layer], done: float) -> Strip:
        plan = self._plan
        cut = plan.cutline.inside(window) if plan.cutline else None
        here = [layer for layer in layers if not layer.window(window).empty]
        of_canvas = CanvasPlan(plan.derivation.inputs, plan.bands, plan.alpha_last)
        canvas: Canvas
        if plan.selection in STATISTICS:
            canvas = StatisticCanvas(
                window, of_canvas, cut, selection=plan.selection, images=len(here)
            )
        else:
            canvas = Overlay(window, of_canvas, cut)
        check_time = partial(plan.deadline.check, done)
        _composite(canvas, here, plan.derivation, check_time, plan.lost)
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


def pieces_of(window: Window, pixels: int) -> list[Window]:
    """Return windows of at most so many pixels that make up a window, in whole blocks if they can.

    One that holds less than a block is as wide as a block, or less than a row of it.
    """
    width = min(window.width, BLOCK * max(1, pixels // (BLOCK * BLOCK)), pixels)
    height = max(1, pixels // width)
    height = BLOCK * (height // BLOCK) if height >= BLOCK else height
    return [
        Window(
            window.row + row,
            window.column + column,
            min(height, window.height - row),
            min(width, window.width - column),
        )
        for row in range(0, window.height, height)
        for column in range(0, window.width, width)
    ]


def _joined(window: Window, pieces: Sequence[Strip]) -> Strip:
    """Return the strip that its pieces make up."""

    def whole(arrays: Sequence[Array]) -> Array:
        made = np.empty((window.height, window.width), arrays[0].dtype)
        for piece, array in zip(pieces, arrays, strict=True):
            made[piece.window.within(window)] = array
        return made

    bands = range(len(pieces[0].values))
    transparent = [piece.transparent for piece in pieces if piece.transparent is not None]
    return Strip(
        window,
        [whole([piece.values[band] for piece in pieces]) for band in bands],
        [whole([piece.inside[band] for piece in pieces]) for band in bands],
        [whole([piece.valid[band] for piece in pieces]) for band in bands],
        whole(transparent) if transparent else None,
    )


@dataclass(slots=True)
class _Layer:
    """One image of the stack: where it can reach, and its files' plans once they are opened."""

    pool: FilePool
    image: ImageSource
    target: Grid
    plans: dict[str, FilePlan] = field(default_factory=dict)
    _reach: Window | None = None

    def window(self, strip: Window) -> Window:
        """Return the part of a strip that the image can reach, by the catalog or by its files.

        Raises NotFound where these are asked and one is gone.
        """
        if self._reach is None:
            if self.image.grid is not None:
                self._reach = footprint_window(self.target, self.image.grid)
            else:
                self._reach = _around([self._plan_of(file).reach for file in self.image.files])
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
        plan = self._plan_of(file)
        part = plan.reach.intersection(window)
        with self._named():
            return part, [] if part.empty else warp_file(self.pool, plan, self.target, part)

    def _plan_of(self, file: FileSource) -> FilePlan:
        with self._named():
            return self.plan(file)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Say of a file that cannot be read of which image it is."""
        try:
            yield
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


def _composite(
    canvas: Canvas,
    layers: Sequence[_Layer],
    derivation: Derivation,
    check_time: Callable[[], None],
    lost: set[str] | None,
) -> None:
    """Put layers, topmost first, on a canvas until it is full; note those that are ``lost``."""
    reading: dict[int, _PendingRead] = {}
    try:
        for number, layer in enumerate(layers):
            needed = canvas.open_window(layer.window(canvas.window))
            if needed.empty:
                continue
            check_time()
            current = reading.pop(number, None) or _PendingRead(layer, needed, ahead=False)
            _read_ahead(canvas, layers[number:], (number, reading))
            try:
                found = current.result()
            except NotFound:
                if lost is None:
                    raise
                lost.add(layer.image.id)
                continue
            canvas.put(derivation.apply(found))
    finally:
        for waiting in reading.values():
            waiting.cancel()


def _read_ahead(
    canvas: Canvas,
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
        if canvas.hides():
            expected[cells] = True
