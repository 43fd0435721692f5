"""The directory: where the images of each product can be, and who may see them, for searches.

A search that names no product looks here for those that can matter to it, and reads only these.
Processes keep the directory and ask with every search which parts of it have changed.

======================  ==================  =====================================================
``pk``                  ``sk``              in the Catalog table
======================  ==================  =====================================================
``!directory#SLOT``     ``!``               ``bBUCKET``: how many changes a bucket has seen;
                                            ``complete``: its rows hold all products
``!directory#SLOT``     BUCKET ``#PRODUCT`` ``document`` the lists of who may do what and the
                                            declared extra properties, ``rungs``, ``extent``,
                                            ``spans`` and ``years`` as on the item,
                                            ``version`` how many changes the row has seen
======================  ==================  =====================================================

What changes a row counts that on the row and in its bucket, in the transaction of the product
itself: no clock is involved. A reader notes the counts of the buckets first and reads rows then. It
keeps the rows of a bucket for as long as the count stays, and only if the rows' own counts add up
to it: otherwise it has seen half of a transaction and reads the bucket again the next time. So a
search finds every product that was created, shared or given its first image somewhere before the
search began. Rows are never believed about access: whoever searches reads the products themselves.

Rows of deleted products stay, empty, for the sum.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from swath_core.documents import ACCESS_LISTS, QUERYABLES, Document, StoredProduct

from .fast import DynamoClient, dynamo_client, numbers_of
from .tables import CatalogItem

SLOTS = 8
BUCKETS = 32
"""Buckets of a slot: with 10,000 products some 40 rows are read again after a change."""

COUNTS = "!"
"""Sort key of a slot's counts; sorts before all rows."""

_COMPLETE = "complete"

Bucket = tuple[int, int]
Listed = dict[str, StoredProduct]
"""What rows say of products, by id: the attributes are the access lists, and the extra properties
that a product declares for searches."""


def place_of(product_id: str) -> Bucket:
    """Return the slot and bucket of a product."""
    number = zlib.crc32(product_id.encode())
    return number % SLOTS, number // SLOTS % BUCKETS


def _slot(number: int) -> str:
    return f"!directory#{number}"


# ---- writing: parts of the transactions that change products


def places(
    rungs: Iterable[int], extent: Iterable[int], spans: Iterable[int], years: Iterable[int]
) -> list[Action]:
    """Return the updates of a product's item, or of its row, by where it will have images."""
    sets = (
        (CatalogItem.rungs, rungs),
        (CatalogItem.extent, extent),
        (CatalogItem.spans, spans),
        (CatalogItem.years, years),
    )
    return [attribute.add(set(numbers)) for attribute, numbers in sets if numbers]


def list_product(write: TransactWrite, product: Document, more: Sequence[Action] = ()) -> None:
    """Add to the transaction that creates or changes a product what its row says."""
    told: dict[str, Any] = {name: product.get(name) or [] for name in ACCESS_LISTS}
    queryables = (product.get("extra_properties") or {}).get(QUERYABLES)
    if queryables is not None:
        told["extra_properties"] = {QUERYABLES: queryables}
    _change(write, product.id, [CatalogItem.document.set(told), *more])


def list_images(write: TransactWrite, product_id: str, where: Sequence[Action]) -> None:
    """Add to a transaction that images are about to be where the product had none."""
    if where:
        _change(write, product_id, where)


def unlist_product(write: TransactWrite, product_id: str) -> None:
    """Add to the transaction that deletes a product that its row is empty."""
    nobody: dict[str, list[str]] = {name: [] for name in ACCESS_LISTS}
    held = (CatalogItem.rungs, CatalogItem.extent, CatalogItem.spans, CatalogItem.years)
    gone = [each.remove() for each in held]
    _change(write, product_id, [CatalogItem.document.set(nobody), *gone])


def _change(write: TransactWrite, product_id: str, actions: Sequence[Action]) -> None:
    slot, bucket = place_of(product_id)
    row = CatalogItem(_slot(slot), f"{bucket:02d}#{product_id}")
    write.update(row, [*actions, CatalogItem.version.add(1)])
    write.update(CatalogItem(_slot(slot), COUNTS), [Path(f"b{bucket:02d}").add(1)])


def set_complete() -> None:
    """Say that every product has a row that holds all about it."""
    for number in range(SLOTS):
        CatalogItem(_slot(number), COUNTS).update([Path(_COMPLETE).set(1)])


# ---- reading


@dataclass(slots=True)
class _Kept:
    """The rows of a bucket as read when it had seen ``count`` changes."""

    count: int
    rows: Listed
    changes: int

    @property
    def settled(self) -> bool:
        """Whether the rows hold all changes counted, and no others."""
        return self.changes == self.count


@dataclass(slots=True)
class Directory:
    """The directory as this process keeps it. Every look at it is consistent (see above)."""

    table: str
    _dynamo: DynamoClient | None = None
    _kept: dict[Bucket, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def products(self) -> list[Listed] | None:
        """Return what is known of all products, or None where the directory is not complete.

        Read are the counts (one unit a slot), and then what changed since the last look.
        """
        with self._lock:
            if not self._kept:
                return self._load()
            counts = self._counts()
            if counts is None:
                self._kept.clear()
                return None
            stale = [
                place
                for place, kept in self._kept.items()
                if not kept.settled or kept.count != counts[place]
            ]
            self._read(stale, counts)
            return [kept.rows for kept in self._kept.values()]

    def is_complete(self) -> bool:
        """Return whether every product has a row."""
        return self._counts() is not None

    def _load(self) -> list[Listed] | None:
        """Read all of it: slots at the same time, a Query per megabyte."""
        found = self._queries([(slot, COUNTS, "~") for slot in range(SLOTS)])
        counts = _counted([items[0] if items else {} for items in found])
        if counts is None:
            return None
        rows = [item for items in found for item in items[1:]]
        self._keep(list(counts), counts, rows)
        return [kept.rows for kept in self._kept.values()]

    def _counts(self) -> dict[Bucket, int] | None:
        keys = [{"pk": {"S": _slot(slot)}, "sk": {"S": COUNTS}} for slot in range(SLOTS)]
        bodies = [{"TableName": self.table, "Key": key, "ConsistentRead": True} for key in keys]
        answers = self._client.call_all("GetItem", bodies)
        return _counted([each.get("Item", {}) for each in answers])

    def _read(self, places: Sequence[Bucket], counts: Mapping[Bucket, int]) -> None:
        if places:
            ranges = [(slot, f"{bucket:02d}#", f"{bucket:02d}$") for slot, bucket in places]
            rows = [item for items in self._queries(ranges) for item in items]
            self._keep(places, counts, rows)

    def _keep(
        self, places: Sequence[Bucket], counts: Mapping[Bucket, int], rows: Sequence[dict[str, Any]]
    ) -> None:
        kept = {place: _Kept(counts[place], {}, 0) for place in places}
        for item in rows:
            product_id = item["sk"]["S"].partition("#")[2]
            bucket = kept[place_of(product_id)]
            bucket.rows[product_id] = _listed(product_id, item)
            bucket.changes += int(item["version"]["N"])
        self._kept.update(kept)

    def _queries(self, ranges: Sequence[tuple[int, str, str]]) -> list[list[dict[str, Any]]]:
        return self._client.query_all([self._query(*each) for each in ranges])

    def _query(self, slot: int, low: str, high: str) -> dict[str, Any]:
        values = {":p": {"S": _slot(slot)}, ":l": {"S": low}, ":h": {"S": high}}
        return {
            "TableName": self.table,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :p AND sk BETWEEN :l AND :h",
            "ExpressionAttributeValues": values,
        }

    @property
    def _client(self) -> DynamoClient:
        return self._dynamo or dynamo_client()


def _counted(items: Sequence[dict[str, Any]]) -> dict[Bucket, int] | None:
    """Return the changes of every bucket from the slots' items; None where one is not complete."""
    if not all(_COMPLETE in item for item in items):
        return None
    return {
        (slot, bucket): int(item.get(f"b{bucket:02d}", {"N": "0"})["N"])
        for slot, item in enumerate(items)
        for bucket in range(BUCKETS)
    }


def _listed(product_id: str, item: dict[str, Any]) -> StoredProduct:
    return StoredProduct(
        "product",
        product_id,
        json.loads(item["document"]["S"]) if "document" in item else {},
        rungs=numbers_of(item, "rungs"),
        extent=numbers_of(item, "extent"),
        spans=numbers_of(item, "spans"),
        years=numbers_of(item, "years"),
    )
