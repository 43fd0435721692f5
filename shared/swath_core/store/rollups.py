"""The Rollups table: counts per day folded into months and years, and the dirty markers.

======================  ==============  ==========================================================
``pk``                  ``sk``          ``document``
======================  ==============  ==========================================================
product id              ``0#DAY``       marker of a dirty day
product id              ``1#YEAR``      ``{"count", "bytes", "months": {"01": [count, bytes]}}``
product id              ``2#YYYY-MM``   ``{"count", "bytes", "days": {"01": [count, bytes]}}``
product id              ``3#YYYY-MM``   what the mirror holds of the month (``manifests``)
``!dirty``              product id      marker: the product has dirty days
``!known``              product id      the product has rollups (for the audit)
``!rollup``             a name          where the scheduled function left off
``!expiry#SLOT``        see ``expiry``  when images expire
======================  ==============  ==========================================================

Markers sort before rows. Rows are always written before a marker is removed, and one Query reads
in the order of the sort key, so whoever does not see a marker sees the row that replaced it.

A writer marks a day, and only then writes. The rollup recounts a marked day and removes the
marker only if nobody marked again (the token is unchanged) and if the marker is older than any
write that may still rely on it. So at every moment a day without a marker has no write under way
that its row does not count.

One mark covers the writes that one process begins within ``COVERS_SECONDS``; a write takes at most
``LONGEST_WRITE_SECONDS`` from its last look at the clock to the moment DynamoDB can no longer apply
it; clocks of two functions differ by at most ``SKEW_SECONDS``.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pynamodb.transactions import TransactWrite

from swath_core.errors import Unavailable
from swath_core.settings import Settings

from .fast import dynamo_client
from .manifests import add_change, due_of, has_version, keys_of, version_after
from .mirrored_months import Manifest, MonthState
from .requests import ConditionError, ContentionError, transact
from .tables import RollupItem, bind

DIRTY = "!dirty"
KNOWN = "!known"
STATE = "!rollup"

COVERS_SECONDS = 45
LONGEST_WRITE_SECONDS = 60
SKEW_SECONDS = 300
SETTLED_SECONDS = COVERS_SECONDS + LONGEST_WRITE_SECONDS + SKEW_SECONDS
"""The age at which a marker can be removed: no write relies on it any more."""

_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Marker:
    """That a bucket may have changed: a token of its own, and the writer's time (epoch seconds)."""

    token: str
    time: float

    @classmethod
    def fresh(cls, now: float | None = None) -> Marker:
        """Return a new marker of the present moment."""
        return cls(uuid.uuid4().hex, time.time() if now is None else now)

    @classmethod
    def from_json(cls, document: dict[str, float | str]) -> Marker:
        """Return the stored marker."""
        return cls(str(document["token"]), float(document["time"]))

    def to_json(self) -> dict[str, float | str]:
        """Return the stored form."""
        return {"token": self.token, "time": self.time}

    def settled(self, now: float, seconds: float = SETTLED_SECONDS) -> bool:
        """Whether every write that relies on the marker has ended by ``now``."""
        return now - self.time > seconds


class Memory:
    """The marks that this process made, so that it does not make them again while they cover."""

    def __init__(self, seconds: float = COVERS_SECONDS) -> None:
        self._seconds = seconds
        self._made: dict[tuple[str, str, str], float] = {}

    def uncovered(self, table: str, product_id: str, names: list[str], now: float) -> list[str]:
        """Return the names that no mark of this process covers any more."""
        return [
            name
            for name in names
            if not 0 <= now - self._made.get((table, product_id, name), -1e12) < self._seconds
        ]

    def made(self, table: str, product_id: str, names: list[str], now: float) -> None:
        """Remember marks made at ``now``."""
        if len(self._made) > _MOST_REMEMBERED:
            self._made.clear()
        for name in names:
            self._made[table, product_id, name] = now

    def forget(self) -> None:
        """Forget everything, as a new process would."""
        self._made.clear()


MEMORY = Memory()
"""The memory of this process."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Images and their stored bytes."""

    count: int = 0
    bytes: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.count + other.count, self.bytes + other.bytes)

    def __bool__(self) -> bool:
        return self.count != 0

    @classmethod
    def total(cls, tallies: Iterable[Tally]) -> Tally:
        """Return the sum."""
        count = stored = 0
        for tally in tallies:
            count += tally.count
            stored += tally.bytes
        return cls(count, stored)


@dataclass(frozen=True, slots=True)
class Row:
    """A year with its months, or a month with its days; ``version`` 0 means not stored."""

    parts: dict[str, Tally] = field(default_factory=dict)
    version: int = 0

    @property
    def total(self) -> Tally:
        """The sum of the parts."""
        return Tally.total(self.parts.values())


@dataclass(frozen=True, slots=True)
class RollupState:
    """What one Query tells of a product: its dirty days, and its years by month."""

    dirty: dict[str, Marker]
    years: dict[str, Row]

    @property
    def dirty_months(self) -> dict[str, list[str]]:
        """The dirty days (``YYYY-MM-DD``) of each month (``YYYY-MM``) that has some."""
        months: dict[str, list[str]] = {}
        for day in self.dirty:
            months.setdefault(day[:7], []).append(day)
        return months

    @property
    def months(self) -> dict[str, Tally]:
        """Every month that may hold images, in order, with what its row says.

        A month without images and without a dirty day is not there. The figure of a month with
        dirty days is an estimate; that of any other is exact.
        """
        known = {
            f"{year}-{month}": tally
            for year, row in self.years.items()
            for month, tally in row.parts.items()
            if tally
        }
        for month in self.dirty_months:
            known.setdefault(month, Tally())
        return dict(sorted(known.items()))


class RollupStore:
    """Reads and writes the rollups of products."""

    def __init__(self, settings: Settings, *, memory: Memory = MEMORY) -> None:
        bind(RollupItem, settings)
        self._memory = memory

    # ---- writers of images

    def mark(self, product_id: str, days: Iterable[str]) -> None:
        """Mark days dirty before a write that begins now; one request, or none if marked lately.

        ``days`` are ``YYYY-MM-DD``. The write must end within ``LONGEST_WRITE_SECONDS`` of this
        call's return.
        """
        now = time.time()
        table = RollupItem.Meta.table_name
        wanted = sorted(set(days))
        missing = self._memory.uncovered(table, product_id, wanted, now)
        if not missing:
            return
        listed = self._memory.uncovered(table, product_id, [DIRTY], now)
        markers = [_marker_item(name, product_id, now) for name in listed]
        markers += [_marker_item(product_id, f"0#{day}", now) for day in missing]
        RollupItem.write_many(markers)
        self._memory.made(table, product_id, missing + listed, now)

    def mark_with(
        self, product_id: str, days: Iterable[str], also: Callable[[TransactWrite], None]
    ) -> bool:
        """Mark days as :meth:`mark` does and write what ``also`` adds, in one request.

        Return False, with nothing done, where no day is due to be marked or where others stand
        in the way.
        """
        now = time.time()
        table = RollupItem.Meta.table_name
        missing = self._memory.uncovered(table, product_id, sorted(set(days)), now)
        if not missing:
            return False

        def changes(write: TransactWrite) -> None:
            write.save(_marker_item(DIRTY, product_id, now))
            for day in missing:
                write.save(_marker_item(product_id, f"0#{day}", now))
            also(write)

        try:
            transact(changes, most=1)
        except (ConditionError, Unavailable):
            return False
        self._memory.made(table, product_id, [*missing, DIRTY], now)
        return True

    # ---- readers

    def state(self, product_id: str, *, consistent: bool = True) -> RollupState:
        """Return markers and years of a product: one Query, a few hundred bytes a year."""
        return _state(RollupItem.query(product_id, RollupItem.sk < "2", consistent_read=consistent))

    def states_of(self, product_ids: Sequence[str]) -> dict[str, RollupState]:
        """Return the states of several products, all read at the same time."""
        if len(product_ids) == 1:
            return {product_ids[0]: self.state(product_ids[0])}
        bodies = [_query_of_state(each) for each in product_ids]
        found = dynamo_client().query_all(bodies)
        return {
            product_id: _state(map(RollupItem.from_raw_data, items))
            for product_id, items in zip(product_ids, found, strict=True)
        }

    def months(self, product_id: str) -> dict[str, Tally]:
        """Return every month (``YYYY-MM``) that may hold images, with an estimate of its tally."""
        return self.state(product_id).months

    def month_rows(self, product_id: str, first: str, last: str) -> dict[str, Row]:
        """Return the rows of months ``first`` to ``last`` (``YYYY-MM``), by month: one Query."""
        between = RollupItem.sk.between(f"2#{first}", f"2#{last}")
        items = RollupItem.query(product_id, between, consistent_read=True)
        return {item.sk[2:]: _row(item, "days") for item in items}

    # ---- the scheduled function

    def dirty_products(self, after: str | None, limit: int) -> list[tuple[str, Marker]]:
        """Return products with dirty days in the order of their ids: one Query, however many."""
        return [(item.sk, Marker.from_json(item.document)) for item in _page(DIRTY, after, limit)]

    def known_products(self, after: str | None, limit: int) -> list[str]:
        """Return products that have rollups in the order of their ids."""
        return [item.sk for item in _page(KNOWN, after, limit)]

    def month_rows_and_state(self, product_id: str, month: str) -> tuple[Row, Row, MonthState]:
        """Return the row of a month, that of its year, and what the mirror has: one request."""
        keys = [(product_id, f"2#{month}"), (product_id, f"1#{month[:4]}")]
        keys += keys_of(product_id, month)
        items = {(item.pk, item.sk): item for item in RollupItem.read_many(keys)}
        days, year, manifest, due = (items.get(key) for key in keys)
        row = _row(days, "days") if days else Row()
        state = MonthState(row.version, Manifest.of(manifest), due_of(due))
        return row, _row(year, "months") if year else Row(), state

    def save_month(
        self,
        product_id: str,
        month: str,
        days: Row,
        year: Row,
        state: MonthState,
        recounted: Iterable[str],
    ) -> bool:
        """Store a month's days and its year's months, if both still have the versions given.

        The days recounted (``YYYY-MM-DD``) are taken out of the mirror's manifest, and the month
        is listed to be mirrored again. Return whether nothing stood in the way. All this changes
        together; markers are removed afterwards.
        """
        numbers = [day[8:] for day in recounted]

        def changes(write: TransactWrite) -> None:
            for item, version in (
                (_row_item(product_id, f"2#{month}", days, "days"), days.version),
                (_row_item(product_id, f"1#{month[:4]}", year, "months"), year.version),
            ):
                write.save(item, condition=has_version(version))
            if year.version == 0:
                write.save(RollupItem(KNOWN, product_id, document={}))
            add_change(write, product_id, month, state, numbers, time.time())

        try:
            transact(changes)
        except (ConditionError, ContentionError):
            return False
        return True

    def clear(self, product_id: str, day: str, marker: Marker) -> bool:
        """Remove the marker of a day if it is still this one; return whether it was."""
        return _remove(product_id, f"0#{day}", marker)

    def unlist(self, product_id: str, marker: Marker) -> bool:
        """Take a product off the dirty list if its entry is still this one."""
        return _remove(DIRTY, product_id, marker)

    def saved_state(self, name: str) -> dict[str, Any]:
        """Return what the scheduled function remembers under a name."""
        for item in RollupItem.query(STATE, RollupItem.sk == name, consistent_read=True):
            return dict(item.document)
        return {}

    def save_state(self, name: str, value: Mapping[str, Any]) -> None:
        """Remember something until the next run."""
        RollupItem(STATE, name, document=dict(value)).save()


def _query_of_state(product_id: str) -> dict[str, Any]:
    return {
        "TableName": RollupItem.Meta.table_name,
        "ConsistentRead": True,
        "KeyConditionExpression": "pk = :p AND sk < :s",
        "ExpressionAttributeValues": {":p": {"S": product_id}, ":s": {"S": "2"}},
    }


def _state(items: Iterable[RollupItem]) -> RollupState:
    dirty: dict[str, Marker] = {}
    years: dict[str, Row] = {}
    for item in items:
        kind, name = item.sk.split("#", 1)
        if kind == "0":
            dirty[name] = Marker.from_json(item.document)
        else:
            years[name] = _row(item, "months")
    return RollupState(dirty, years)


def _marker_item(pk: str, sk: str, now: float) -> RollupItem:
    return RollupItem(pk, sk, document=Marker.fresh(now).to_json())


def _remove(pk: str, sk: str, marker: Marker) -> bool:
    try:
        RollupItem(pk, sk).delete(condition=RollupItem.document == marker.to_json())
    except ConditionError:
        return False
    return True


def _page(partition: str, after: str | None, limit: int) -> Iterable[RollupItem]:
    condition = RollupItem.sk > after if after else None
    return RollupItem.query(partition, condition, consistent_read=True, limit=limit)


def _row(item: RollupItem, part_name: str) -> Row:
    parts = {name: Tally(*pair) for name, pair in item.document[part_name].items()}
    return Row(parts, int(item.version or 0))


def _row_item(pk: str, sk: str, row: Row, part_name: str) -> RollupItem:
    total = row.total
    document = {
        "count": total.count,
        "bytes": total.bytes,
        part_name: {name: [t.count, t.bytes] for name, t in sorted(row.parts.items())},
    }
    return RollupItem(pk, sk, document=document, version=version_after(row.version))
