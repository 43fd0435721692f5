"""Counting images in the time partitions: what rollups are made of and what stands in for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from swath_core.errors import BadRequest
from swath_core.index import split_key, time_partition
from swath_core.store.postings import PostingReader, PostingRow, RangeRead, rows_in
from swath_core.store.rollups import Tally

from ._intervals import Interval, TimeRange


@dataclass
class LiveCounter:
    """Counts images of a product by the time that they were acquired; strongly consistent.

    ``seconds`` bounds one count, for callers who are waiting for it.
    """

    reader: PostingReader
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic

    def tally(
        self,
        product_id: str,
        ranges: Sequence[TimeRange],
        interval: Interval | None,
        shards: int = 1,
    ) -> dict[str, Tally]:
        """Return the tally of each interval (None: of all, under ``""``) in the ranges together.

        Every range must lie within one month. Raises BadRequest where it takes too long.
        """
        rows = self.rows(product_id, ranges, shards)
        if interval is None:
            return tallied(("", row.bytes) for row in rows)
        return tallied((interval.start(split_key(row.key)[0]), row.bytes) for row in rows)

    def rows(
        self,
        product_id: str,
        ranges: Iterable[TimeRange],
        shards: int = 1,
        *,
        attributes: bool = False,
    ) -> Iterator[PostingRow]:
        """Return the postings in ranges, each within one month, in as few rounds as can be.

        An image that is moving from one shard to another is yielded once.
        """
        until = None if self.seconds is None else self.clock() + self.seconds

        def in_time(left: int) -> None:
            if until is not None and self.clock() > until:
                raise _takes_too_long(product_id, left)

        reads = [read for each in ranges for read in _reads(product_id, each, shards, attributes)]
        return rows_in(self.reader, reads, once=shards > 1, before_round=in_time)


def tallied(pairs: Iterable[tuple[str, int]]) -> dict[str, Tally]:
    """Return the tally of each key, given a key and the stored bytes of every image."""
    found: dict[str, list[int]] = {}
    for key, stored in pairs:
        sums = found.get(key)
        if sums is None:
            found[key] = [1, stored]
        else:
            sums[0] += 1
            sums[1] += stored
    return {key: Tally(count, stored) for key, (count, stored) in found.items()}


def _reads(
    product_id: str,
    wanted: TimeRange,
    shards: int,
    attributes: bool,  # noqa: FBT001
) -> Iterator[RangeRead]:
    for shard in range(shards):
        partition = time_partition(product_id, wanted.start[:7], shard)
        # Bounds are timestamps and keys go on behind them, so that no key is the upper bound.
        yield RangeRead(
            partition, wanted.start, wanted.end, footprints=False, attributes=attributes
        )


def _takes_too_long(product_id: str, months: int) -> BadRequest:
    message = (
        f"{product_id} has more images than can be counted one by one in the time of a request "
        f"(at least {months} months were left): narrow the range of acquired in filter"
    )
    return BadRequest(message, parameter="filter")
