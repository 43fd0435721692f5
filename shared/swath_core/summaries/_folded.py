"""Summaries of whole products over a range of ``acquired``, out of rollups and time partitions."""

from __future__ import annotations

from collections.abc import Iterator

from swath_core.store.rollups import RollupState, RollupStore, Row, Tally

from ._fold import FoldPlan, fold_plan, month_range
from ._intervals import FIRST, DateField, Interval, TimeRange
from ._live import LiveCounter, tallied

_MIDNIGHT = FIRST[10:]
FOLDED = frozenset({Interval.YEAR, Interval.QUARTER, Interval.MONTH, Interval.WEEK, Interval.DAY})
"""Intervals that whole days add up to; shorter ones are counted."""


class FoldedSummary:
    """Sums up whole products over ranges of time: exact, and at the price of a few rows."""

    def __init__(self, rollups: RollupStore, counter: LiveCounter) -> None:
        self._rollups = rollups
        self._counter = counter

    def tally(
        self, product_id: str, asked: TimeRange, interval: Interval | None, shards: int = 1
    ) -> dict[str, Tally]:
        """Return the tally of each interval that has images, by its start; None: of all of them.

        Without an interval the key is ``""``; those shorter than a day are counted.
        Raises BadRequest where counting takes too long.
        """
        state = self._rollups.state(product_id)
        if interval is not None and interval not in FOLDED:
            ranges = _known(state, asked)
            return self._counter.tally(product_id, ranges, interval, shards)
        daily = interval in {Interval.WEEK, Interval.DAY}
        plan = fold_plan(state, asked, daily=daily)
        sums: dict[str, Tally] = {}
        for month in plan.months:
            _add(sums, interval, f"{month}-01{_MIDNIGHT}", state.months[month])
        for day, tally in self._days(product_id, plan):
            _add(sums, interval, day + _MIDNIGHT, tally)
        if plan.live:
            counted = self._counter.tally(product_id, plan.live, interval, shards)
            for start, tally in counted.items():
                sums[start] = sums.get(start, Tally()) + tally
        return {start: tally for start, tally in sums.items() if tally}

    def tally_by(
        self,
        product_id: str,
        asked: TimeRange,
        date_field: DateField,
        interval: Interval,
        within: TimeRange,
        shards: int = 1,
    ) -> dict[str, Tally]:
        """Return the tally by intervals of another date field, within a range of that field.

        ``asked`` is the range of ``acquired``. Raises BadRequest where counting takes too long.
        """
        ranges = _known(self._rollups.state(product_id), asked)
        rows = self._counter.rows(product_id, ranges, shards, attributes=True)
        moments = ((timestamp_in(row.attributes or "", date_field), row.bytes) for row in rows)
        return tallied(
            (interval.start(moment), stored)
            for moment, stored in moments
            if moment is not None and within.holds(moment)
        )

    def _days(self, product_id: str, plan: FoldPlan) -> Iterator[tuple[str, Tally]]:
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


def _known(state: RollupState, asked: TimeRange) -> list[TimeRange]:
    """Return the parts of the months that may hold images."""
    parts = (month_range(month).intersect(asked) for month in state.months)
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
