"""What of a summary comes from stored rows, and what has to be counted live.

Rows know clean buckets only. A day is taken from its month's row if it is clean and lies whole in
the asked range; a month from its year's row if all its days are so. The rest, dirty days and the
cut days at the edges of the range, is counted in the time partitions. Nothing is ever subtracted.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from swath_core.store.rollups import RollupState

from ._intervals import FIRST, Interval, TimeRange

_MIDNIGHT = FIRST[10:]
_LAST_MONTH = "9999-12"


@dataclass(frozen=True, slots=True)
class FoldPlan:
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


def by_day(interval: Interval | None) -> bool:
    """Whether an interval's boundaries fall between the days of a month."""
    return interval in {Interval.WEEK, Interval.DAY}


def fold_plan(state: RollupState, asked: TimeRange, *, daily: bool) -> FoldPlan:
    """Return the plan of a product's summary over a range of ``acquired``.

    ``daily`` asks for the days of every month, for intervals shorter than one.
    """
    months: list[str] = []
    days: dict[str, frozenset[str]] = {}
    live: list[TimeRange] = []
    dirty_months = state.dirty_months
    for month in state.months:
        part = month_range(month).intersect(asked)
        if part.is_empty:
            continue
        dirty = dirty_months.get(month, [])
        if not (daily or dirty) and part == month_range(month):
            months.append(month)
            continue
        clean, counted = _split_days(month, part, frozenset(dirty))
        if clean and state.months[month]:
            days[month] = frozenset(clean)
        live.extend(_runs(counted, part))
    return FoldPlan(tuple(months), days, tuple(live))


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


def _runs(days: Iterable[str], part: TimeRange) -> Iterator[TimeRange]:
    """Yield the ranges of consecutive days, cut to the asked part of the month."""
    run: TimeRange | None = None
    for day in days:
        this = day_range(day).intersect(part)
        if run is not None and run.end == this.start:
            run = TimeRange(run.start, this.end)
        else:
            if run is not None:
                yield run
            run = this
    if run is not None:
        yield run


def days_of(month: str) -> list[str]:
    """Return the days of a month."""
    last = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return [f"{month}-{day:02}" for day in range(1, last + 1)]


def day_range(day: str) -> TimeRange:
    """Return the timestamps of a day."""
    try:
        following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except OverflowError:
        return TimeRange(day + _MIDNIGHT)
    return TimeRange(day + _MIDNIGHT, following + _MIDNIGHT)


def month_range(month: str) -> TimeRange:
    """Return the timestamps of a month."""
    start = f"{month}-01{_MIDNIGHT}"
    if month == _LAST_MONTH:
        return TimeRange(start)
    following = Interval.MONTH.next(start)
    return TimeRange(start, str(following))


def consecutive(days: Iterable[str]) -> list[TimeRange]:
    """Return the ranges that days of one month make up."""
    ordered = sorted(days)
    return list(_runs(ordered, TimeRange()))
