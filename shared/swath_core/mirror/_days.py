"""The postings of whole days, read as they are now."""

from __future__ import annotations

import calendar
from collections.abc import Iterator

from swath_core.index import time_partition
from swath_core.store.postings import PostingReader, PostingRow, RangeRead, rows_in


def days_in(month: str) -> list[str]:
    """Return the days (``01`` to ``31``) of a month (``YYYY-MM``)."""
    last = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return [f"{day:02}" for day in range(1, last + 1)]


def rows_of_day(
    reader: PostingReader, product_id: str, day: str, shards: int
) -> Iterator[PostingRow]:
    """Return the postings by time of a day (``YYYY-MM-DD``), whole; strongly consistent.

    An image that is moving from one shard to another is yielded once.
    """
    reads = (
        # every key of the day goes on with "T", which sorts before "U"
        RangeRead(time_partition(product_id, day[:7], shard), f"{day}T", f"{day}U")
        for shard in range(shards)
    )
    return rows_in(reader, reads, once=shards > 1)
