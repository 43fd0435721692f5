"""Summaries of a product over a range of ``acquired``, out of rollups and live counts."""

from __future__ import annotations

from collections.abc import Iterator

from swath_core.store.rollups import RollupStore, Row, Tally

from ._fold import FoldPlan, fold_plan
from ._intervals import FIRST, Interval, TimeRange
from ._live import LiveCounter

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

        ``interval`` is one of ``FOLDED``; without one the key is ``""``.
        """
        state = self._rollups.state(product_id)
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
