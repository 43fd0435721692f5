"""What the mirror holds of a product's month, and which months are due to be written again.

======================  ==================  ======================================================
``pk``                  ``sk``              ``document``
======================  ==================  ======================================================
product id              ``3#YYYY-MM``       the month's manifest (:class:`Manifest`)
product id              ``4#YYYY-MM``       a group of days that is half written (:class:`Draft`)
``!mirror``             PRODUCT|YYYY-MM     the month has changed, and when (:class:`Due`)
======================  ==================  ======================================================

They are rows of the Rollups table, because the same markers say what is true. A day of a manifest
holds where it has no marker. So whoever removes a day's marker first takes the day out of the
manifest, in the transaction that stores the day's recount; and whoever writes a manifest makes sure
in its transaction that no day of the month was recounted since before the markers were read. A
reader reads markers, then manifests.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pynamodb.transactions import TransactWrite

from swath_core.settings import Settings

from .mirrored_months import Draft, Due, Group, Manifest, MonthState
from .requests import ConditionError, ContentionError, transact
from .tables import RollupItem, bind

LISTED = "!mirror"
_PAGE = 100


def keys_of(product_id: str, month: str) -> list[tuple[str, str]]:
    """Return the keys of a month's manifest and of its entry in the list."""
    return [(product_id, f"3#{month}"), (LISTED, f"{product_id}|{month}")]


def due_of(item: RollupItem | None) -> Due | None:
    """Return an entry of the list."""
    return None if item is None else Due(**item.document)


def add_change(
    write: TransactWrite,
    product_id: str,
    month: str,
    state: MonthState,
    days: Iterable[str],
    now: float,
) -> None:
    """Add to a transaction that days (``01`` to ``31``) of a month are counted anew.

    ``state`` is what was read of the month before the count. The transaction fails where its
    manifest has changed since.
    """
    manifest = state.manifest
    changed = manifest.without(days)
    if changed == manifest:
        write.condition_check(
            RollupItem, product_id, f"3#{month}", condition=has_version(manifest.version)
        )
    else:
        write.save(_item(product_id, month, changed), condition=has_version(manifest.version))
    first = state.due.first if state.due and state.due.last else now
    due = Due(first, now, state.due.sweep if state.due else 0.0)
    write.save(_entry(product_id, month, due))


class ManifestStore:
    """Reads and writes manifests and the list of months that are due."""

    def __init__(self, settings: Settings) -> None:
        bind(RollupItem, settings)

    # ---- readers

    def manifests(self, product_id: str, first: str, last: str) -> dict[str, Manifest]:
        """Return the manifests of months ``first`` to ``last`` (``YYYY-MM``): one Query.

        They hold for days without a marker, where the markers were read before.
        """
        between = RollupItem.sk.between(f"3#{first}", f"3#{last}")
        items = RollupItem.query(product_id, between, consistent_read=True)
        return {item.sk[2:]: Manifest.of(item) for item in items}

    def distrust(self, product_id: str, month: str, group: Group, now: float) -> bool:
        """Take days whose files are not as written out of their manifest, and list the month.

        Return whether the manifest still had them: another process may have been first.
        """
        manifest = self.manifests(product_id, month, month).get(month, Manifest())
        if group not in manifest.groups or group.days <= manifest.stale:
            return False
        self.list_month(product_id, month, Due(1.0, now))
        lost = replace(manifest.without(group.days), lost=True)
        try:
            _item(product_id, month, lost).save(condition=has_version(manifest.version))
        except ConditionError:
            return False
        return True

    # ---- the scheduled function

    def month(self, product_id: str, month: str) -> MonthState:
        """Return what there is of a month: one request, before its markers are read."""
        keys = [(product_id, f"2#{month}"), *keys_of(product_id, month), (product_id, f"4#{month}")]
        items = {(item.pk, item.sk): item for item in RollupItem.read_many(keys)}
        row, manifest, listed, draft = (items.get(key) for key in keys)
        version = int(row.version or 0) if row else 0
        return MonthState(version, Manifest.of(manifest), due_of(listed), Draft.of(draft))

    def commit(
        self, product_id: str, month: str, state: MonthState, changed: Manifest
    ) -> Manifest | None:
        """Store a manifest if it and the month's counts are as in ``state``; a draft goes.

        Return it with its version; None where something has changed.
        """
        item = _item(product_id, month, replace(changed, version=state.manifest.version))

        def changes(write: TransactWrite) -> None:
            _check_row(write, product_id, month, state.row_version)
            write.save(item, condition=has_version(state.manifest.version))
            if state.draft is not None:
                write.delete(RollupItem(product_id, f"4#{month}"))

        try:
            transact(changes)
        except (ConditionError, ContentionError):
            return None
        return replace(changed, version=int(item.version or 0))

    def save_draft(self, product_id: str, month: str, draft: Draft) -> bool:
        """Store a draft if manifest and counts of the month are as it says; return whether."""

        def changes(write: TransactWrite) -> None:
            _check_row(write, product_id, month, draft.row_version)
            condition = has_version(draft.manifest_version)
            write.condition_check(RollupItem, product_id, f"3#{month}", condition=condition)
            write.save(RollupItem(product_id, f"4#{month}", document=draft.to_json()))

        try:
            transact(changes)
        except (ConditionError, ContentionError):
            return False
        return True

    def remove_draft(self, product_id: str, month: str) -> None:
        """Remove a draft that does not hold any more."""
        RollupItem(product_id, f"4#{month}").delete()

    def remove(self, product_id: str, month: str, version: int) -> None:
        """Remove a manifest that names no file, unless it has changed since."""
        item = RollupItem(product_id, f"3#{month}")
        with suppress(ConditionError):
            item.delete(condition=has_version(version))

    def listed(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str, Due]]:
        """Return (product, month, when) of listed months in the order of their keys."""
        condition = RollupItem.sk > "|".join(after) if after else None
        items = RollupItem.query(LISTED, condition, consistent_read=True, limit=limit)
        found = []
        for item in items:
            product_id, _, month = item.sk.rpartition("|")
            found.append((product_id, month, Due(**item.document)))
        return found

    def all_listed(self, after: tuple[str, str] | None = None) -> Iterator[tuple[str, str, Due]]:
        """Yield what is listed behind a product and month: a Query for each hundred."""
        while page := self.listed(after, _PAGE):
            yield from page
            after = page[-1][:2]

    def list_month(self, product_id: str, month: str, due: Due) -> None:
        """Put a month on the list, in place of what is listed of it."""
        _entry(product_id, month, due).save()

    def enlist(self, product_id: str, month: str, due: Due) -> None:
        """Put a month on the list if it is not there."""
        item = _entry(product_id, month, due)
        with suppress(ConditionError):
            item.save(condition=RollupItem.pk.does_not_exist())

    def relist(self, product_id: str, month: str, before: Due, after: Due | None) -> bool:
        """Replace a month's entry, or remove it for None, if it is as before; return whether."""
        item = RollupItem(LISTED, f"{product_id}|{month}")
        condition = RollupItem.document == before.to_json()
        try:
            if after is None:
                item.delete(condition=condition)
            else:
                item.document = after.to_json()
                item.save(condition=condition)
        except ConditionError:
            return False
        return True


def _entry(product_id: str, month: str, due: Due) -> RollupItem:
    return RollupItem(LISTED, f"{product_id}|{month}", document=due.to_json())


def _item(product_id: str, month: str, manifest: Manifest) -> RollupItem:
    """Return the item of a manifest, one version after the one it has."""
    version = version_after(manifest.version)
    return RollupItem(product_id, f"3#{month}", document=manifest.to_json(), version=version)


def _check_row(write: TransactWrite, product_id: str, month: str, version: int) -> None:
    """Let a transaction fail where a month was counted anew since its row had a version."""
    condition = has_version(version)
    write.condition_check(RollupItem, product_id, f"2#{month}", condition=condition)


def version_after(version: int) -> int:
    """Return the version of a row that had another one before; 0: there is no row.

    The first one is none that a row with the same keys had before it was removed.
    """
    return version + 1 if version else time.time_ns() // 1000


def has_version(version: int) -> Any:
    """Return the condition that a row has a version, or, for 0, that there is none."""
    if version == 0:
        return RollupItem.pk.does_not_exist()
    return RollupItem.version == version
