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


def tallied_by_cell(rows: MirrorRows, resolution: int) -> Iterator[tuple[str, Tally]]:
    """Yield the H3 cells of centroids with tallies; images without a footprint are in none."""
    centroids = rows.centroids
    there = ~np.isnan(centroids[:, 0])
    pairs = centroids[there].tolist()
    cells = [h3.latlng_to_cell(latitude, longitude, resolution) for longitude, latitude in pairs]
    found, tallies = _tallied(np.array(cells, dtype=np.int64), rows.stored[there])
    for cell, tally in zip(found.tolist(), tallies, strict=True):
        yield h3.int_to_str(cell), tally


def _tallied(
    keys: NDArray[np.int64], stored: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[Tally]]:
    """Return the distinct keys, and of each how many images and how many bytes there are."""
    found, places, counts = np.unique(keys, return_inverse=True, return_counts=True)
    sizes = np.zeros(len(found), dtype=np.int64)
    np.add.at(sizes, places, stored)
    pairs = zip(counts.tolist(), sizes.tolist(), strict=True)
    return found, [Tally(count, size) for count, size in pairs]
