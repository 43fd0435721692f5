"""Counting images in the time partitions: what rollups are made of and what stands in for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from swath_core.index import split_key, successor, time_partition
from swath_core.store.postings import PostingReader, PostingRow, RangeRead
from swath_core.store.rollups import Tally

from ._intervals import Interval, TimeRange

_PARALLEL = 16


@dataclass
class LiveCounter:
    """Counts images of a product by the time that they were acquired; strongly consistent."""

    reader: PostingReader
    requests: int = 0
    postings: int = 0
    read_units: float = 0.0

    def tally(
        self,
        product_id: str,
        ranges: Sequence[TimeRange],
        interval: Interval | None,
        shards: int = 1,
    ) -> dict[str, Tally]:
        """Return the tally of each interval (None: of all, under ``""``) in the ranges together.

        Every range must lie within one month.
        """
        found: dict[str, list[int]] = {}
        for row in self.rows(product_id, ranges, shards):
            key = interval.start(split_key(row.key)[0]) if interval else ""
            sums = found.setdefault(key, [0, 0])
            sums[0] += 1
            sums[1] += row.bytes
        return {key: Tally(count, stored) for key, (count, stored) in found.items()}

    def rows(
        self, product_id: str, ranges: Iterable[TimeRange], shards: int = 1
    ) -> Iterator[PostingRow]:
        """Yield the postings in ranges, each within one month, in as few rounds as can be."""
        waiting = [read for each in ranges for read in _reads(product_id, each, shards)]
        while waiting:
            now, waiting = waiting[:_PARALLEL], waiting[_PARALLEL:]
            pages = self.reader.read(now)
            self.requests += len(now)
            for read, page in zip(now, pages, strict=True):
                self.postings += len(page.rows)
                self.read_units += page.read_units
                yield from page.rows
                if not page.exhausted:
                    low = successor(page.rows[-1].key) if page.rows else read.low
                    waiting.append(replace(read, low=low))


def _reads(product_id: str, wanted: TimeRange, shards: int) -> Iterator[RangeRead]:
    for shard in range(shards):
        partition = time_partition(product_id, wanted.start[:7], shard)
        # Bounds are timestamps and keys go on behind them, so that no key is the upper bound.
        yield RangeRead(partition, wanted.start, wanted.end, footprints=False, attributes=False)
