"""The postings of whole days, read as they are now."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import replace

from swath_core.index import successor, time_partition
from swath_core.store.postings import PostingReader, PostingRow, RangeRead


def days_in(month: str) -> list[str]:
    """Return the days (``01`` to ``31``) of a month (``YYYY-MM``)."""
    last = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return [f"{day:02}" for day in range(1, last + 1)]


def rows_of_day(
    reader: PostingReader, product_id: str, day: str, shards: int
) -> Iterator[PostingRow]:
    """Yield the postings by time of a day (``YYYY-MM-DD``), whole; strongly consistent.

    An image that is moving from one shard to another is yielded once.
    """
    seen: set[str] = set()
    waiting: Sequence[RangeRead] = [
        # every key of the day goes on with "T", which sorts before "U"
        RangeRead(time_partition(product_id, day[:7], shard), f"{day}T", f"{day}U")
        for shard in range(shards)
    ]
    while waiting:
        following: list[RangeRead] = []
        for read, page in zip(waiting, reader.read(waiting), strict=True):
            for row in page.rows:
                if shards == 1 or row.key not in seen:
                    seen.add(row.key)
                    yield row
            if not page.exhausted:
                low = successor(page.rows[-1].key) if page.rows else read.low
                following.append(replace(read, low=low))
        waiting = following
