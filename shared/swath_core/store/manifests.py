"""What the mirror holds of a product's month, and which months are due to be written again.

======================  ==================  ======================================================
``pk``                  ``sk``              ``document``
======================  ==================  ======================================================
product id              ``3#YYYY-MM``       the month's manifest (:class:`Manifest`)
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
from dataclasses import dataclass, replace
from typing import Any

from pynamodb.transactions import TransactWrite

from swath_core.settings import Settings

from .requests import ConditionError, ContentionError, transact
from .tables import RollupItem, bind

LISTED = "!mirror"
_PAGE = 100
SCHEMA = 3
"""The version of the files' columns: files of another one are not read, and written again."""


@dataclass(frozen=True, slots=True)
class MirrorFile:
    """An object of the mirror: its key, and what it holds when it is whole.

    Readers compare CRC-32, which takes an eighth of the time; ``sha256`` is for others. ``crc`` is
    that of the whole, ``tail_crc`` of what is behind the last of ``starts``, where the sections of
    the file begin: those of the chunks before it stand there. ``bounds`` (west, south, east, north)
    hold all footprints; None: not every image has one.
    """

    key: str
    rows: int
    bytes: int
    sha256: str
    crc: int = 0
    bounds: tuple[float, float, float, float] | None = None
    starts: tuple[int, ...] = ()
    tail_crc: int = 0

    def to_json(self) -> list[Any]:
        """Return the stored form."""
        told = (self.key, self.rows, self.bytes, self.sha256, self.crc)
        return [*told, self.bounds, self.starts, self.tail_crc]

    @classmethod
    def of(cls, stored: list[Any]) -> MirrorFile:
        """Return the file of a stored form; older ones tell of the whole alone."""
        members: list[Any] = [tuple(each) if isinstance(each, list) else each for each in stored]
        return cls(*members)


@dataclass(frozen=True, slots=True)
class Group:
    """Days (``01`` to ``31``) that were written together, and the files that hold them all.

    ``extras`` are the extra properties that the files have columns of, with the names of their
    types: what the product declared then.
    """

    days: frozenset[str]
    files: tuple[MirrorFile, ...]
    extras: tuple[tuple[str, str], ...] = ()

    @property
    def rows(self) -> int:
        """Images in the files."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one product's month.

    ``stale`` are days that have changed since their group was written; ``written`` is when a file
    was written last (epoch seconds); ``lost`` says that a file was missing or not as written.
    ``version`` 0 means not stored.
    """

    groups: tuple[Group, ...] = ()
    stale: frozenset[str] = frozenset()
    written: float = 0.0
    lost: bool = False
    schema: int = SCHEMA
    version: int = 0

    @property
    def clean(self) -> frozenset[str]:
        """The days that can be read from files, as long as they have no marker."""
        if self.schema != SCHEMA:
            return frozenset()
        return frozenset().union(*(group.days for group in self.groups)) - self.stale

    @property
    def files(self) -> tuple[MirrorFile, ...]:
        """All files of all groups."""
        return tuple(file for group in self.groups for file in group.files)

    def without(self, days: Iterable[str]) -> Manifest:
        """Return the manifest with days that have changed."""
        return replace(self, stale=self.stale | (frozenset(days) & self.clean))

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "schema": self.schema,
            "written": self.written,
            "lost": self.lost,
            "stale": sorted(self.stale),
            "groups": [
                {
                    "days": sorted(group.days),
                    "files": [file.to_json() for file in group.files],
                    **({"extras": [list(each) for each in group.extras]} if group.extras else {}),
                }
                for group in self.groups
            ],
        }

    @classmethod
    def of(cls, item: RollupItem | None) -> Manifest:
        """Return the manifest of an item; an empty one where there is none."""
        if item is None:
            return cls()
        document = item.document
        groups = tuple(
            Group(
                frozenset(group["days"]),
                tuple(map(MirrorFile.of, group["files"])),
                tuple((name, type_name) for name, type_name in group.get("extras", ())),
            )
            for group in document["groups"]
        )
        return cls(
            groups,
            frozenset(document["stale"]),
            float(document["written"]),
            bool(document["lost"]),
            int(document["schema"]),
            int(item.version or 0),
        )


@dataclass(frozen=True, slots=True)
class Due:
    """A listed month: when it changed first and last since it was written (epoch seconds).

    ``sweep`` is when objects that no manifest names any more may be removed; 0: not yet known.
    """

    first: float
    last: float
    sweep: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Return the stored form."""
        return {"first": self.first, "last": self.last, "sweep": self.sweep}


@dataclass(frozen=True, slots=True)
class MonthState:
    """What the table holds of a month: the version of its row of counts (0: none), and the rest."""

    row_version: int
    manifest: Manifest
    due: Due | None


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
        keys = [(product_id, f"2#{month}"), *keys_of(product_id, month)]
        items = {(item.pk, item.sk): item for item in RollupItem.read_many(keys)}
        row, manifest, listed = (items.get(key) for key in keys)
        version = int(row.version or 0) if row else 0
        return MonthState(version, Manifest.of(manifest), due_of(listed))

    def commit(
        self, product_id: str, month: str, state: MonthState, changed: Manifest
    ) -> Manifest | None:
        """Store a manifest if it and the month's counts are as in ``state``.

        Return it with its version; None where something has changed.
        """
        item = _item(product_id, month, replace(changed, version=state.manifest.version))

        def changes(write: TransactWrite) -> None:
            write.condition_check(
                RollupItem, product_id, f"2#{month}", condition=has_version(state.row_version)
            )
            write.save(item, condition=has_version(state.manifest.version))

        try:
            transact(changes)
        except (ConditionError, ContentionError):
            return None
        return replace(changed, version=int(item.version or 0))

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
    """Return the item of a manifest, one version after the one it has.

    The first one is no version that a manifest of the month has had before it was removed.
    """
    version = manifest.version + 1 if manifest.version else time.time_ns() // 1000
    return RollupItem(product_id, f"3#{month}", document=manifest.to_json(), version=version)


def has_version(version: int) -> Any:
    """Return the condition that a row has a version, or, for 0, that there is none."""
    if version == 0:
        return RollupItem.pk.does_not_exist()
    return RollupItem.version == version
