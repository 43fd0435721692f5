"""Summaries of whole products over a range of ``acquired``: exact, at the price of a few rows.

Rollup rows know clean buckets only. A day is taken from its month's row if it is clean and lies
whole in the wanted range; a month from its year's row if all its days are so. The rest, dirty days
and the cut days at the edges of the range, is counted in the time partitions. Nothing is ever
subtracted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from swath_core.store.rollups import RollupState, RollupStore, Row, Tally

from ._intervals import (
    FIRST,
    MIDNIGHT,
    DateField,
    Interval,
    TimeRange,
    day_range,
    days_of,
    joined,
    month_range,
)
from ._live import LiveCounter, tallied

_SHORTER_THAN_A_MONTH = frozenset({Interval.WEEK, Interval.DAY})
DAILY = _SHORTER_THAN_A_MONTH | {Interval.YEAR, Interval.QUARTER, Interval.MONTH}
"""Intervals that whole days add up to; shorter ones are counted."""


@dataclass(frozen=True, slots=True)
class SummaryPlan:
    """The sources of one product's summary.

    ``months`` (``YYYY-MM``) are taken whole from the years' rows; ``days`` (``YYYY-MM-DD``) by
    month from the months' rows; ``live`` ranges, each within one month, are counted.
    """

    months: tuple[str, ...]
    days: dict[str, frozenset[str]]
    live: tuple[TimeRange, ...]

    @property
    def rows_span(self) -> tuple[str, str] | None:
        """The first and the last month whose rows are needed, if any are."""
        return (min(self.days), max(self.days)) if self.days else None


def plan_summary(state: RollupState, wanted: TimeRange, *, daily: bool) -> SummaryPlan:
    """Return the plan of a product's summary over a range of ``acquired``.

    ``daily`` asks for the days of every month, for intervals shorter than one.
    """
    months: list[str] = []
    days: dict[str, frozenset[str]] = {}
    live: list[TimeRange] = []
    dirty_months = state.dirty_months
    for month in state.months:
        part = month_range(month).intersect(wanted)
        if part.is_empty:
            continue
        dirty = dirty_months.get(month, [])
        if not (daily or dirty) and part == month_range(month):
            months.append(month)
            continue
        clean, counted = _split_days(month, part, frozenset(dirty))
        if clean and state.months[month]:
            days[month] = frozenset(clean)
        live.extend(joined(counted, part))
    return SummaryPlan(tuple(months), days, tuple(live))


def _split_days(month: str, part: TimeRange, dirty: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return the days that rows answer and those that have to be counted."""
    clean: list[str] = []
    counted: list[str] = []
    for day in days_of(month):
        inside = day_range(day).intersect(part)
        if inside.is_empty:
            continue
        whole = inside == day_range(day)
        (clean if whole and day not in dirty else counted).append(day)
    return clean, counted


class RollupSummary:
    """Sums up whole products over ranges of time: exact, and at the price of a few rows."""

    def __init__(self, rollups: RollupStore, counter: LiveCounter) -> None:
        self._rollups = rollups
        self._counter = counter

    def tally(
        self, product_id: str, wanted: TimeRange, interval: Interval | None, shards: int = 1
    ) -> dict[str, Tally]:
        """Return the tally of each interval that has images, by its start; None: of all of them.

        Without an interval the key is ``""``; those shorter than a day are counted.
        Raises BadRequest where counting takes too long.
        """
        state = self._rollups.state(product_id)
        if interval is not None and interval not in DAILY:
            ranges = _known(state, wanted)
            return self._counter.tally(product_id, ranges, interval, shards)
        daily = interval in _SHORTER_THAN_A_MONTH
        plan = plan_summary(state, wanted, daily=daily)
        sums: dict[str, Tally] = {}
        for month in plan.months:
            _add(sums, interval, f"{month}-01{MIDNIGHT}", state.months[month])
        for day, tally in self._days(product_id, plan):
            _add(sums, interval, day + MIDNIGHT, tally)
        if plan.live:
            counted = self._counter.tally(product_id, plan.live, interval, shards)
            for start, tally in counted.items():
                sums[start] = sums.get(start, Tally()) + tally
        return {start: tally for start, tally in sums.items() if tally}

    def tally_by(
        self,
        product_id: str,
        wanted: TimeRange,
        date_field: DateField,
        interval: Interval,
        within: TimeRange,
        shards: int = 1,
    ) -> dict[str, Tally]:
        """Return the tally by intervals of another date field, within a range of that field.

        ``wanted`` is the range of ``acquired``. Raises BadRequest where counting takes too long.
        """
        ranges = _known(self._rollups.state(product_id), wanted)
        rows = self._counter.rows(product_id, ranges, shards, attributes=True)
        moments = ((timestamp_in(row.attributes or "", date_field), row.bytes) for row in rows)
        return tallied(
            (interval.start(moment), stored)
            for moment, stored in moments
            if moment is not None and within.holds(moment)
        )

    def _days(self, product_id: str, plan: SummaryPlan) -> Iterator[tuple[str, Tally]]:
        if plan.rows_span is None:
            return
        rows = self._rollups.month_rows(product_id, *plan.rows_span)
        for month, days in plan.days.items():
            for number, tally in rows.get(month, Row()).parts.items():
                day = f"{month}-{number}"
                if day in days:
                    yield day, tally


def _add(sums: dict[str, Tally], interval: Interval | None, moment: str, tally: Tally) -> None:
    start = interval.start(moment) if interval else ""
    sums[start] = sums.get(start, Tally()) + tally


def _known(state: RollupState, wanted: TimeRange) -> list[TimeRange]:
    """Return the parts of the months that may hold images."""
    parts = (month_range(month).intersect(wanted) for month in state.months)
    return [part for part in parts if not part.is_empty]


def timestamp_in(row_json: str, name: str) -> str | None:
    """Return a timestamp of a posting's attributes without decoding them all.

    They are compact JSON of one level, where an unescaped ``"name":"`` can only be the member.
    This is what makes half a million postings countable within the API's time.
    """
    member = f'"{name}":"'
    place = row_json.find(member)
    if place < 0:
        return None
    start = place + len(member)
    return row_json[start : start + len(FIRST)]
