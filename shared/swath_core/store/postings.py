"""The Postings table as the search reads it: ranges of sorted partitions, many in one round.

:class:`PostingReader` is what the search engine knows. :class:`DynamoPostings` reads the table;
:class:`MemoryPostings` holds postings in sorted lists and answers call for call the same, read units
included, for tests and for measuring catalogs that are too large for an emulator.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from swath_core.store.fast import FastDynamo, fast_dynamo

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


def item_bytes(partition: str, key: str, payload: dict[str, Any]) -> int:
    """Return a posting's size by DynamoDB's rules: names and values, numbers packed by digits."""
    size = len("pk") + len(partition.encode()) + len("sk") + len(key.encode())
    for name, value in payload.items():
        if value is not None:
            size += len(name) + _value_bytes(value)
    return size


def _value_bytes(value: object) -> int:
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, int):
        return (len(str(abs(value)).rstrip("0") or "0") + 1) // 2 + 1
    return len(str(value).encode())


def read_units(size: int) -> float:
    """Return the strongly consistent read units of a Query over so many bytes; at least one."""
    return float(max(1, -(-size // UNIT)))


class DynamoPostings:
    """The Postings table. Reads are strongly consistent."""

    def __init__(self, table: str, dynamo: FastDynamo | None = None) -> None:
        """Read the table of that name; ``dynamo`` is the process's own connection by default."""
        self._table = table
        self._dynamo = dynamo or fast_dynamo()

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
                None if footprint is None else base64.b64decode(footprint["B"]),
                None if attributes is None else attributes["S"],
                int(item["b"]["N"]),
                int(item["v"]["N"]),
            )
        )
    consumed = answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
    seen = read_units(sum(_row_bytes(partition, row) for row in rows))
    return PostingPage(rows, "LastEvaluatedKey" not in answer, max(float(consumed), seen))


def _row_bytes(partition: str, row: PostingRow) -> int:
    payload = {"g": row.footprint, "a": row.attributes, "b": row.bytes, "v": row.version}
    return item_bytes(partition, row.key, payload)


class _Stored(NamedTuple):
    key: str
    size: int
    row: PostingRow


class MemoryPostings:
    """Postings in memory, behind the same interface and with the same costs as the table's."""

    def __init__(self) -> None:
        self._partitions: dict[str, dict[str, _Stored]] = {}
        self._sorted: dict[str, list[_Stored]] = {}

    def put(self, partition: str, key: str, payload: dict[str, Any]) -> None:
        """Store a posting, in place of one with the same keys."""
        row = PostingRow(key, payload.get("g"), payload["a"], payload["b"], payload["v"])
        stored = _Stored(key, item_bytes(partition, key, payload), row)
        self._partitions.setdefault(partition, {})[key] = stored
        self._sorted.pop(partition, None)

    def delete(self, partition: str, key: str) -> None:
        """Remove a posting, if it is there."""
        self._partitions.get(partition, {}).pop(key, None)
        self._sorted.pop(partition, None)

    def rows(self) -> Iterable[tuple[str, PostingRow]]:
        """Yield every (partition, row)."""
        for partition, stored in self._partitions.items():
            for each in stored.values():
                yield partition, each.row

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        """Return a page for each request, in their order."""
        return [self._page(request) for request in requests]

    def _page(self, request: RangeRead) -> PostingPage:
        stored = self._in_order(request.partition)
        first = _position(stored, request.low)
        last = _position(stored, request.high + "\0")
        wanted = range(first, last)
        rows: list[PostingRow] = []
        size = 0
        for number in reversed(wanted) if request.descending else wanted:
            if len(rows) == request.limit or size >= PAGE_BYTES:
                break
            rows.append(_projected(stored[number].row, request))
            size += stored[number].size
        at_limit = len(rows) == request.limit or size >= PAGE_BYTES
        return PostingPage(rows, not at_limit, read_units(size))

    def _in_order(self, partition: str) -> list[_Stored]:
        if partition not in self._sorted:
            stored = self._partitions.get(partition, {})
            self._sorted[partition] = [stored[key] for key in sorted(stored)]
        return self._sorted[partition]


def _position(stored: list[_Stored], key: str) -> int:
    low, high = 0, len(stored)
    while low < high:
        middle = (low + high) // 2
        if stored[middle].key < key:
            low = middle + 1
        else:
            high = middle
    return low


def _projected(row: PostingRow, request: RangeRead) -> PostingRow:
    if request.footprints and request.attributes:
        return row
    return row._replace(
        footprint=row.footprint if request.footprints else None,
        attributes=row.attributes if request.attributes else None,
    )
