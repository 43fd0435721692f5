"""Removing the rows of counts of products that have no images any more.

A row that counts nothing tells nothing: readers pass over it, and the next recount makes another
one. Recounts and manifests are stored where the versions of rows are those that were read, and a
function lives for minutes. So rows go when nothing has changed in them for long: by then nobody
holds what was read before they came to count nothing. A row that is made anew has a version that
none before it had.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from pynamodb.transactions import TransactWrite

from .manifests import has_version
from .requests import ConditionError, ContentionError, transact
from .rollups import KNOWN
from .tables import RollupItem

_AT_ONCE = 99
"""Rows of a transaction of a hundred items, the product's entry among those known apart."""


def forget_empty(product_id: str, now: float, seconds: float) -> bool:
    """Remove the rows of a product that has had no images for so long; return whether all went.

    Where markers, images, manifests or drafts of it are there, or something has changed lately,
    nothing is removed. What was seen is noted at the product's entry among those known.
    """
    rows = list(RollupItem.query(product_id, consistent_read=True))
    entries = list(RollupItem.query(KNOWN, RollupItem.sk == product_id, consistent_read=True))
    if not entries or not all(map(_counts_nothing, rows)):
        return False
    (entry,) = entries
    seen = {"rows": _fingerprint(rows), "since": now}
    if entry.document.get("rows") != seen["rows"]:
        _note(entry, seen)
        return False
    return now - float(entry.document["since"]) >= seconds and _remove(entry, rows)


def _counts_nothing(row: RollupItem) -> bool:
    return row.sk[:2] in {"1#", "2#"} and row.document["count"] == 0


def _fingerprint(rows: Sequence[RollupItem]) -> str:
    versions = [(row.sk, int(row.version or 0)) for row in rows]
    return hashlib.sha256(repr(versions).encode()).hexdigest()[:32]


def _note(entry: RollupItem, seen: dict[str, Any]) -> None:
    before = entry.document
    entry.document = seen
    try:
        entry.save(condition=RollupItem.document == before)
    except ConditionError:
        return  # a year has been counted meanwhile


def _remove(entry: RollupItem, rows: Sequence[RollupItem]) -> bool:
    """Remove rows, and the entry with the last of them, if all are as they were."""
    behind = rows[::-1]  # months, and then years
    parts = [behind[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE)] or [[]]
    for part in parts:
        changes = partial(_delete, rows=part, entry=entry if part is parts[-1] else None)
        try:
            transact(changes)
        except (ConditionError, ContentionError):
            return False
    return True


def _delete(write: TransactWrite, rows: Sequence[RollupItem], entry: RollupItem | None) -> None:
    for row in rows:
        write.delete(row, condition=has_version(int(row.version or 0)))
    if entry is not None:
        write.delete(entry, condition=RollupItem.document == entry.document)
