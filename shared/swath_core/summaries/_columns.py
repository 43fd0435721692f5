"""Sums over what files of the mirror tell: column by column."""

from __future__ import annotations

from collections.abc import Iterator

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from swath_core.mirror import NO_MOMENT, moment_texts
from swath_core.search import MirrorRows
from swath_core.store.rollups import Tally

from ._intervals import DateField, Interval

_STEPS = {Interval.HOUR: 3_600_000_000, Interval.MINUTE: 60_000_000}
_DAY = 86_400_000_000


def tallied_by_moment(
    rows: MirrorRows, date_field: DateField, interval: Interval
) -> Iterator[tuple[str, Tally]]:
    """Yield starts of intervals with tallies, a start perhaps several times; unset: in none."""
    moments = rows.moments(date_field)
    there = moments != NO_MOMENT
    step = _STEPS.get(interval, _DAY)  # longer intervals are made of whole days
    steps, tallies = _tallied(moments[there] // step, rows.stored[there])
    for text, tally in zip(moment_texts(steps * step), tallies, strict=True):
        yield interval.start(str(text)), tally


class CellSums:
    """Images and stored bytes of a product by H3 cell of their centroids, file by file."""

    def __init__(self, resolution: int) -> None:
        self._resolution = resolution
        self._cells = np.empty(0, dtype=np.int64)
        self._sums = np.empty((2, 0), dtype=np.int64)
        self.without_footprint = 0

    def __len__(self) -> int:
        return len(self._cells)

    def add(self, rows: MirrorRows) -> None:
        """Add matches in a file; those without a footprint are in no cell."""
        cells = rows.cells(self._resolution)
        there = cells != 0
        self.without_footprint += int(np.count_nonzero(~there))
        each = np.array([np.ones(np.count_nonzero(there), dtype=np.int64), rows.stored[there]])
        found = np.concatenate([self._cells, cells[there]])
        self._cells, self._sums = _summed(found, np.concatenate([self._sums, each], axis=1))

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """Yield each cell once."""
        for cell, count, stored in zip(self._cells.tolist(), *self._sums.tolist(), strict=True):
            yield h3.int_to_str(cell), Tally(count, stored)


def _tallied(
    keys: NDArray[np.int64], stored: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[Tally]]:
    """Return the distinct keys, and of each how many images and how many bytes there are."""
    found, sums = _summed(keys, np.array([np.ones(len(keys), dtype=np.int64), stored]))
    return found, [Tally(count, size) for count, size in zip(*sums.tolist(), strict=True)]


def _summed(
    keys: NDArray[np.int64], values: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct keys in order, and the sums of each row of values by key."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    return ordered[starts], np.add.reduceat(values[:, order], starts, axis=1)
