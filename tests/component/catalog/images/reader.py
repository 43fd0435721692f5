"""The Postings table of moto, read as the search engine reads the real one."""

from collections.abc import Sequence

from swath_core.store.postings import PostingPage, PostingRow, RangeRead
from swath_core.store.tables import PostingItem


class TableReader:
    """A PostingReader on pynamodb, which moto intercepts."""

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        return [self._page(request) for request in requests]

    def _page(self, request: RangeRead) -> PostingPage:
        items = list(
            PostingItem.query(
                request.partition,
                PostingItem.sk.between(request.low, request.high),
                scan_index_forward=not request.descending,
                consistent_read=True,
                limit=request.limit,
            )
        )
        rows = [PostingRow(i.sk, i.g, i.a, int(i.b), int(i.v)) for i in items]
        return PostingPage(rows, request.limit is None or len(rows) < request.limit, 1.0)
