"""Keeping the rollups: recount what is dirty, and audit a little of what is clean."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.postings import DynamoPostings
from swath_core.store.requests import attempts
from swath_core.store.rollups import SETTLED_SECONDS, Marker, RollupState, RollupStore, Row, Tally

from ._intervals import Interval, TimeRange, consecutive, day_range, days_of
from ._live import LiveCounter

_PAGE = 100
_ATTEMPTS = 3
_CHECKPOINT = "checkpoint"
_AUDIT = "audit"


@dataclass
class RollupReport:
    """What one run did: figures for the metrics, and whether everything settled was recounted."""

    recounted: int = 0
    lag_seconds: float = 0.0
    audited: int = 0
    drifted: list[str] = field(default_factory=list)
    finished: bool = True
    failures: list[Exception] = field(default_factory=list)


class Rollup:
    """The scheduled use case.

    ``settled_seconds`` is the age at which a marker may be removed; ``shards`` returns the shards
    of a product. They are read after its markers: an image of a settled one is in them.
    """

    def __init__(
        self,
        store: RollupStore,
        counter: LiveCounter,
        *,
        settled_seconds: float = SETTLED_SECONDS,
        clock: Callable[[], float] = time.time,
        shards: Callable[[str], int] = lambda _: 1,
    ) -> None:
        self._store = store
        self._counter = counter
        self._settled = settled_seconds
        self._clock = clock
        self._shards = shards

    def run(self, seconds: float) -> RollupReport:
        """Recount dirty buckets for at most about ``seconds``; the next run goes on from there.

        Where nothing is dirty this costs one read of one row.
        """
        report = RollupReport()
        until = self._clock() + seconds
        tried: str | None = None
        for product_id, listed in self._dirty():
            in_time = self._clock() <= until
            if in_time:
                tried = product_id
                in_time = self._tried(product_id, listed, until, report)
            if not in_time:
                report.finished = False
                self._note_lag([listed], report)
                break
        if not report.finished:
            # The next run begins behind it, so that one busy product does not starve the others.
            self._store.save_state(_CHECKPOINT, {"after": tried})
        return report

    def _dirty(self) -> Iterator[tuple[str, Marker]]:
        """Yield the products on the dirty list once, beginning behind the one done last."""
        if not self._store.dirty_products(None, 1):
            return
        after = self._store.saved_state(_CHECKPOINT).get("after")
        yield from self._listed(after, None)
        if after is not None:
            yield from self._listed(None, after)

    def _listed(self, after: str | None, last: str | None) -> Iterator[tuple[str, Marker]]:
        while page := self._store.dirty_products(after, _PAGE):
            for product_id, marker in page:
                if last is not None and product_id > last:
                    return
                yield product_id, marker
            after = page[-1][0]

    def _tried(self, product_id: str, listed: Marker, until: float, report: RollupReport) -> bool:
        """Recount a product; one that cannot be must not keep the others from it."""
        try:
            return self._product(product_id, listed, until, report)
        except Exception as error:  # noqa: BLE001 - the caller raises it when the others are done
            error.add_note(f"while recounting {product_id}")
            report.failures.append(error)
            self._note_lag([listed], report)
            return True

    def _product(self, product_id: str, listed: Marker, until: float, report: RollupReport) -> bool:
        """Recount what is settled of a product; return whether the time sufficed."""
        state = self._store.state(product_id)
        now = self._clock()
        left = dict(state.dirty)
        for month, days in _oldest_first(state):
            settled = {day: left[day] for day in days if left[day].settled(now, self._settled)}
            if settled and self._clock() > until:
                self._note_lag(left.values(), report)
                return False
            cleared = self._month(product_id, month, settled) if settled else []
            report.recounted += len(cleared)
            for day in cleared:
                del left[day]
        self._note_lag(left.values(), report)
        if not left and listed.settled(now, self._settled):
            self._store.unlist(product_id, listed)
        return True

    def _note_lag(self, markers: Iterable[Marker], report: RollupReport) -> None:
        ages = (self._clock() - marker.time for marker in markers)
        report.lag_seconds = max(report.lag_seconds, *ages, 0.0)

    def _month(self, product_id: str, month: str, markers: dict[str, Marker]) -> list[str]:
        """Recount days of a month, store them, and return those whose markers are removed."""
        for _ in attempts(_ATTEMPTS):
            # The versions are read before the count: a row that another run has stored meanwhile,
            # from a later count perhaps, makes this one's conditional write fail.
            row, year, state = self._store.month_rows_and_state(product_id, month)
            counted = self._count(product_id, markers)
            days = _with_parts(row, {day[8:]: counted.get(day, Tally()) for day in markers})
            changed = _with_parts(year, {month[5:]: days.total})
            if self._store.save_month(product_id, month, days, changed, state, markers):
                return [
                    day
                    for day, marker in markers.items()
                    if self._store.clear(product_id, day, marker)
                ]
        return []

    def _count(self, product_id: str, days: dict[str, Marker]) -> dict[str, Tally]:
        found = self._counter.tally(
            product_id, consecutive(days), Interval.DAY, self._shards(product_id)
        )
        return {start[:10]: tally for start, tally in found.items()}

    def _tally(
        self, product_id: str, ranges: list[TimeRange], interval: Interval | None
    ) -> dict[str, Tally]:
        return self._counter.tally(product_id, ranges, interval, self._shards(product_id))

    # ---- audit

    def audit(self, report: RollupReport, buckets: int = 2) -> None:
        """Recount a few clean days, of the product after the one audited last.

        A day that differs from its row is put on the report and marked, so that it is recounted.
        """
        after = self._store.saved_state(_AUDIT).get("after")
        following = self._store.known_products(after, 1)
        if following:
            self._audit_product(following[0], report, buckets)
        if following or after is not None:
            self._store.save_state(_AUDIT, {"after": following[0] if following else None})

    def _audit_product(self, product_id: str, report: RollupReport, buckets: int) -> None:
        state = self._store.state(product_id)
        if not state.months:
            return
        month = random.choice(list(state.months))
        row = self._store.month_rows(product_id, month, month).get(month, Row())
        if row.total != state.months[month] and self._store.state(product_id) == state:
            clean = [day for day in days_of(month) if day not in state.dirty]
            self._report_drift(product_id, clean, report, month)
        clean = [day for day in days_of(month) if day not in state.dirty]
        for day in random.sample(clean, min(buckets, len(clean))):
            counted = self._counter.tally(
                product_id, [day_range(day)], None, self._shards(product_id)
            ).get("", Tally())
            report.audited += 1
            expected = row.parts.get(day[8:], Tally())
            # What a write has marked meanwhile is no drift.
            if counted != expected and day not in self._store.state(product_id).dirty:
                self._report_drift(product_id, [day], report, day)

    def _report_drift(
        self, product_id: str, days: list[str], report: RollupReport, bucket: str
    ) -> None:
        report.drifted.append(f"{product_id} {bucket}")
        self._store.mark(product_id, days)


def _oldest_first(state: RollupState) -> list[tuple[str, list[str]]]:
    """Return the dirty months with their dirty days, that of the oldest marker first."""

    def oldest(month: tuple[str, list[str]]) -> float:
        return min(state.dirty[day].time for day in month[1])

    return sorted(state.dirty_months.items(), key=oldest)


def _with_parts(row: Row, parts: dict[str, Tally]) -> Row:
    """Return a row with some parts replaced; empty ones are left out."""
    merged = {name: tally for name, tally in (row.parts | parts).items() if tally}
    return Row(merged, row.version)


def scheduled_rollup(settings: Settings, seconds: float) -> RollupReport:
    """Run the rollup and a little of the audit on the deployed tables."""
    counter = LiveCounter(DynamoPostings(settings.need("postings_table")))
    catalog = CatalogStore(settings)

    def shards(product_id: str) -> int:
        product = catalog.product(product_id)
        return product.shards if product else 1

    rollup = Rollup(RollupStore(settings), counter, shards=shards)
    report = rollup.run(seconds)
    rollup.audit(report)
    return report
