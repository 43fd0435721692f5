"""Postings in memory, behind the interface of the table and with the table's costs.

For tests without I/O, and for measuring catalogs that are too large for an emulator. A test
compares it with the table call for call.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from swath_core.store.postings import (
    PAGE_BYTES,
    PostingPage,
    PostingRow,
    RangeRead,
    item_bytes,
    read_units,
)

_KEY = attrgetter("key")


class MemoryPostings:
    """Partitions as sorted lists. The rows of one image's postings can be one object."""

    def __init__(self) -> None:
        self._partitions: dict[str, dict[str, PostingRow]] = {}
        self._sorted: dict[str, list[PostingRow]] = {}

    def put(self, partition: str, key: str, payload: Mapping[str, Any]) -> None:
        """Store a posting, in place of one with the same keys."""
        self.put_row(partition, PostingRow.of(key, payload))

    def put_row(self, partition: str, row: PostingRow) -> None:
        """Store a posting, in place of one with the same keys."""
        self._partitions.setdefault(partition, {})[row.key] = row
        self._sorted.pop(partition, None)

    def delete(self, partition: str, key: str) -> None:
        """Remove a posting, if it is there."""
        self._partitions.get(partition, {}).pop(key, None)
        self._sorted.pop(partition, None)

    def rows(self) -> Iterator[tuple[str, PostingRow]]:
        """Yield every (partition, row)."""
        for partition, rows in self._partitions.items():
            for row in rows.values():
                yield partition, row

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        """Return a page for each request, in their order."""
        return [self._page(request) for request in requests]

    def _page(self, request: RangeRead) -> PostingPage:
        stored = self._in_order(request.partition)
        first = bisect.bisect_left(stored, request.low, key=_KEY)
        last = bisect.bisect_right(stored, request.high, key=_KEY)
        wanted = range(first, last)
        rows: list[PostingRow] = []
        size = 0
        for number in reversed(wanted) if request.descending else wanted:
            if len(rows) == request.limit or size >= PAGE_BYTES:
                break
            row = stored[number]
            size += item_bytes(request.partition, row)
            rows.append(_projected(row, request))
        full = len(rows) == request.limit or size >= PAGE_BYTES
        return PostingPage(rows, not full, read_units(size))

    def _in_order(self, partition: str) -> list[PostingRow]:
        if partition not in self._sorted:
            rows = self._partitions.get(partition, {})
            self._sorted[partition] = sorted(rows.values(), key=_KEY)
        return self._sorted[partition]


def _projected(row: PostingRow, request: RangeRead) -> PostingRow:
    if request.footprints and request.attributes:
        return row
    return row._replace(
        footprint=row.footprint if request.footprints else None,
        attributes=row.attributes if request.attributes else None,
    )
