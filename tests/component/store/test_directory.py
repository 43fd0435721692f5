"""The directory that a process keeps: what it reads again, and when it must not trust its rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from swath_core.store.directory import BUCKETS, COUNTS, SLOTS, Directory, place_of

Item = dict[str, Any]


class Table:
    """The directory's part of the Catalog table, and what is asked of it."""

    def __init__(self) -> None:
        self.counts: list[Item] = [{"complete": {"N": "1"}} for _ in range(SLOTS)]
        self.rows: dict[str, Item] = {}
        self.asked: list[str] = []

    def row(self, product_id: str, changes: int, *readers: str) -> None:
        _, bucket = place_of(product_id)
        document = json.dumps({"owners": [], "writers": [], "readers": readers})
        self.rows[product_id] = {
            "sk": {"S": f"{bucket:02d}#{product_id}"},
            "document": {"S": document},
            "version": {"N": str(changes)},
        }

    def count(self, product_id: str, changes: int) -> None:
        slot, bucket = place_of(product_id)
        self.counts[slot][f"b{bucket:02d}"] = {"N": str(changes)}

    def call_all(self, operation: str, bodies: Sequence[Item]) -> list[Item]:
        assert operation == "GetItem"
        self.asked.append(operation)
        return [{"Item": dict(self.counts[_slot(each["Key"]["pk"]["S"])])} for each in bodies]

    def query_all(self, bodies: Sequence[Item]) -> list[list[Item]]:
        self.asked.append(f"Query {len(bodies)}")
        return [self._items(each["ExpressionAttributeValues"]) for each in bodies]

    def _items(self, values: dict[str, dict[str, str]]) -> list[Item]:
        slot, low, high = _slot(values[":p"]["S"]), values[":l"]["S"], values[":h"]["S"]
        counts = {**self.counts[slot], "sk": {"S": COUNTS}}
        rows = [row for each, row in self.rows.items() if place_of(each)[0] == slot]
        items = sorted([counts, *rows], key=lambda item: item["sk"]["S"])
        return [item for item in items if low <= item["sk"]["S"] <= high]


def _slot(partition: str) -> int:
    return int(partition.partition("#")[2])


def readers(directory: Directory) -> dict[str, list[str]]:
    listed = directory.products()
    assert listed is not None
    return {each.id: each.get("readers") for rows in listed for each in rows.values()}


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def directory(table: Table) -> Directory:
    return Directory("catalog", table)  # type: ignore[arg-type]


def test_what_has_not_changed_is_not_read_again(table: Table, directory: Directory) -> None:
    table.row("acme:p", 3, "a")
    table.count("acme:p", 3)
    assert readers(directory) == {"acme:p": ["a"]}
    assert readers(directory) == {"acme:p": ["a"]}
    assert table.asked == [f"Query {SLOTS}", "GetItem"]


def test_only_the_bucket_that_changed_is_read_again(table: Table, directory: Directory) -> None:
    for number in range(3 * SLOTS * BUCKETS):
        table.row(f"acme:p{number}", 0, "a")
    readers(directory)
    table.row("acme:p7", 1, "b")
    table.count("acme:p7", 1)
    assert readers(directory)["acme:p7"] == ["b"]
    assert table.asked[1:] == ["GetItem", "Query 1"]


def test_half_a_transaction_is_not_kept(table: Table, directory: Directory) -> None:
    table.row("acme:p", 1, "a")
    table.count("acme:p", 2)  # the second change is counted, but its row not yet to be seen
    assert readers(directory) == {"acme:p": ["a"]}
    table.row("acme:p", 2, "b")
    assert readers(directory) == {"acme:p": ["b"]}
    readers(directory)
    assert table.asked == [f"Query {SLOTS}", "GetItem", "Query 1", "GetItem"]


def test_a_row_seen_before_its_count_is_read_again(table: Table, directory: Directory) -> None:
    table.row("acme:p", 2, "b")
    table.count("acme:p", 1)
    readers(directory)
    table.count("acme:p", 2)
    table.row("acme:p", 2, "c")
    assert readers(directory) == {"acme:p": ["c"]}


def test_a_directory_that_lacks_products_is_none(table: Table, directory: Directory) -> None:
    table.row("acme:p", 1, "a")
    table.count("acme:p", 1)
    readers(directory)
    del table.counts[3]["complete"]
    assert directory.products() is None
    table.row("acme:p", 1, "b")  # made anew, with as many changes as before
    table.counts[3]["complete"] = {"N": "1"}
    assert readers(directory) == {"acme:p": ["b"]}


def test_products_are_spread_over_all_buckets() -> None:
    places = {place_of(f"acme:p{number}") for number in range(20 * SLOTS * BUCKETS)}
    assert len(places) == SLOTS * BUCKETS
