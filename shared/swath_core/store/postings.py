"""The Postings table as the search reads it: ranges of sorted partitions, many in one round.

:class:`PostingReader` is what the search engine knows, :class:`DynamoPostings` reads the table.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from swath_core.index import successor

from .fast import DynamoClient, dynamo_client

WRITE_UNIT = 1024
"""Bytes of an item that one write unit pays for."""
UNIT = 4096
"""Bytes that one strongly consistent read unit reads."""

PAGE_BYTES = 1 << 20
"""Bytes after which DynamoDB ends a Query's page."""


class PostingRow(NamedTuple):
    """One posting: its sort key and what was read of its payload."""

    key: str
    footprint: bytes | None
    attributes: str | None
    bytes: int
    version: int

    @classmethod
    def of(cls, key: str, payload: Mapping[str, Any]) -> PostingRow:
        """Return the row of a posting's payload (``swath_core.index.Posting``)."""
        return cls(key, payload.get("g"), payload["a"], payload["b"], payload["v"])


@dataclass(frozen=True, slots=True)
class RangeRead:
    """A request for the postings of one partition with keys from ``low`` to ``high``, inclusive.

    ``limit`` bounds their number (None: a page of 1 MB). ``footprints`` and ``attributes`` say
    whether those are needed: leaving them out saves transfer and decoding, not read units.
    """

    partition: str
    low: str
    high: str
    limit: int | None = None
    descending: bool = False
    footprints: bool = True
    attributes: bool = True


@dataclass(frozen=True, slots=True)
class PostingPage:
    """What a read found, in its order. ``exhausted``: the range holds nothing beyond it."""

    rows: list[PostingRow]
    exhausted: bool
    read_units: float


class PostingReader(Protocol):
    """Reads ranges of partitions; all requests of a call at the same time (a round)."""

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        """Return a page for each request, in their order; strongly consistent."""


_AT_ONCE = 16


def rows_in(
    reader: PostingReader,
    reads: Iterable[RangeRead],
    *,
    once: bool,
    before_round: Callable[[int], None] = lambda _: None,
) -> Iterator[PostingRow]:
    """Yield the postings of ranges, whole, in as few rounds as can be.

    With ``once`` a posting of several partitions is yielded once: an image that is moving from one
    shard to another. ``before_round`` is told how many reads are left, and may raise.
    """
    seen: set[str] = set()
    waiting = list(reads)
    while waiting:
        before_round(len(waiting))
        now, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        for read, page in zip(now, reader.read(now), strict=True):
            yield from _unseen(page.rows, seen) if once else page.rows
            if not page.exhausted:
                low = successor(page.rows[-1].key) if page.rows else read.low
                waiting.append(replace(read, low=low))


def _unseen(rows: Iterable[PostingRow], seen: set[str]) -> Iterator[PostingRow]:
    for row in rows:
        if row.key not in seen:
            seen.add(row.key)
            yield row


def item_bytes(partition: str, row: PostingRow) -> int:
    """Return a posting's size by DynamoDB's rules: names and values, numbers packed by digits."""
    return page_bytes(partition, [row])


def page_bytes(partition: str, rows: Sequence[PostingRow]) -> int:
    """Return the size of postings of a partition together, as :func:`item_bytes` of each."""
    if not rows:
        return 0
    _, footprints, attributes, sizes, versions = zip(*rows, strict=True)
    told = [each for each in attributes if each is not None]
    drawn = [each for each in footprints if each is not None]
    texts = "".join([row.key for row in rows] + told)
    size = len(rows) * (len("pkskbv") + len(partition.encode())) + len(texts.encode())
    size += len(drawn) + sum(map(len, drawn)) + len(told)
    return size + sum(map(_digits, sizes)) + sum(map(_digits, versions))


def _digits(number: int) -> int:
    return (len(str(number).rstrip("0") or "0") + 1) // 2 + 1


def read_units(size: int) -> float:
    """Return the strongly consistent read units of a Query over so many bytes; at least one."""
    return float(max(1, -(-size // UNIT)))


def write_units(size: int) -> float:
    """Return the write units of an item of so many bytes; in a transaction it is twice that."""
    return float(max(1, -(-size // WRITE_UNIT)))


class DynamoPostings:
    """The Postings table. Reads are strongly consistent."""

    def __init__(self, table: str, dynamo: DynamoClient | None = None) -> None:
        """Read the table of that name; ``dynamo`` is the process's own client by default."""
        self._table = table
        self._dynamo = dynamo or dynamo_client()

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        """Return a page for each request, in their order."""
        if not requests:
            return []
        bodies = [self._body(request) for request in requests]
        answers = self._dynamo.call_all("Query", bodies)
        return [
            _page_of(answer, request.partition)
            for answer, request in zip(answers, requests, strict=True)
        ]

    def _body(self, request: RangeRead) -> dict[str, Any]:
        names = ["sk", "b", "v"]
        names += ["g"] if request.footprints else []
        names += ["a"] if request.attributes else []
        body: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "ScanIndexForward": not request.descending,
            "KeyConditionExpression": "pk = :p AND sk BETWEEN :l AND :h",
            "ExpressionAttributeValues": {
                ":p": {"S": request.partition},
                ":l": {"S": request.low},
                ":h": {"S": request.high},
            },
            "ProjectionExpression": ",".join(f"#{name}" for name in names),
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ReturnConsumedCapacity": "TOTAL",
        }
        if request.limit is not None:
            body["Limit"] = request.limit
        return body


def _page_of(answer: dict[str, Any], partition: str) -> PostingPage:
    rows = []
    for item in answer["Items"]:
        footprint, attributes = item.get("g"), item.get("a")
        rows.append(
            PostingRow(
                item["sk"]["S"],
                None if footprint is None else binascii.a2b_base64(footprint["B"]),
                None if attributes is None else attributes["S"],
                int(item["b"]["N"]),
                int(item["v"]["N"]),
            )
        )
    consumed = answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
    seen = read_units(page_bytes(partition, rows))
    return PostingPage(rows, "LastEvaluatedKey" not in answer, max(float(consumed), seen))
