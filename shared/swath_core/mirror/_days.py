"""The postings of whole days, read as they are now."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from swath_core.index import successor, time_partition
from swath_core.store.postings import PostingReader, PostingRow, RangeRead

_AHEAD = 2_000
"""Postings of a shard that wait for those of other shards, beyond which it is not read further."""
_AT_ONCE = 16


def days_in(month: str) -> list[str]:
    """Return the days (``01`` to ``31``) of a month (``YYYY-MM``)."""
    last = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return [f"{day:02}" for day in range(1, last + 1)]


def rows_of_day(
    reader: PostingReader, product_id: str, day: str, shards: int, after: str = ""
) -> Iterator[PostingRow]:
    """Yield the postings by time of a day (``YYYY-MM-DD``) in their order; strongly consistent.

    ``after`` is the key behind which they begin. An image that is moving from one shard to another
    is yielded once.
    """
    # every key of the day goes on with "T", which sorts before "U"
    low = max(f"{day}T", successor(after)) if after else f"{day}T"
    reads = (
        RangeRead(time_partition(product_id, day[:7], shard), low, f"{day}U")
        for shard in range(shards)
    )
    yield from _in_order(reader, [_Shard(read) for read in reads])


@dataclass(slots=True)
class _Shard:
    """What is still to be read of a shard, and what was read and waits for other shards."""

    read: RangeRead
    rows: list[PostingRow] = field(default_factory=list)
    done: bool = False


def _in_order(reader: PostingReader, shards: Sequence[_Shard]) -> Iterator[PostingRow]:
    """Yield the postings of shards, merged; several shards are read at the same time."""
    last = ""
    while any(shard.rows or not shard.done for shard in shards):
        _read_on(reader, [shard for shard in shards if not shard.done])
        edge = min((shard.read.low for shard in shards if not shard.done), default=None)
        final: list[PostingRow] = []
        for shard in shards:
            here = [row for row in shard.rows if edge is None or row.key < edge]
            final += here
            del shard.rows[: len(here)]
        for row in sorted(final, key=attrgetter("key")):
            if row.key != last:
                yield row
            last = row.key


def _read_on(reader: PostingReader, shards: list[_Shard]) -> None:
    """Read a page of each shard that the others wait for, and of those little ahead of them."""
    shards.sort(key=lambda shard: shard.read.low)
    now = [shard for shard in shards if shard is shards[0] or len(shard.rows) < _AHEAD]
    now = now[:_AT_ONCE]
    for shard, page in zip(now, reader.read([shard.read for shard in now]), strict=True):
        shard.rows += page.rows
        shard.done = page.exhausted
        if page.rows:
            shard.read = replace(shard.read, low=successor(page.rows[-1].key))
