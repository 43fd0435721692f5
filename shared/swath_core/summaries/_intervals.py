"""Intervals of time: aligned in UTC, weeks beginning on Monday, quarters on calendar quarters."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from swath_core import times
from swath_core.errors import BadRequest

MOST_INTERVALS = 20_000
"""Intervals of one answer: each takes about 200 bytes, and a response has 6 MB."""

FIRST = "0001-01-01T00:00:00.000000Z"
MIDNIGHT = FIRST[10:]
_BEYOND = "9999-12-31T23:59:59.999999Z~"
"""Above every timestamp there is, in text order."""
_LAST_MONTH = "9999-12"


class DateField(StrEnum):
    """The date attributes that a time series can be made over."""

    ACQUIRED = "acquired"
    CREATED = "created"
    MODIFIED = "modified"
    PUBLISHED = "published"

    @classmethod
    def parse(cls, text: str) -> DateField:
        """Return the field of a path segment, also of one spelled ``AggregateDateField.ACQUIRED``.

        Raises BadRequest naming the fields.
        """
        return cls(_member(cls, text, "AggregateDateField", "date field"))


class Interval(StrEnum):
    """The lengths of interval that a time series can have."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Return the interval of a path segment, also of one spelled ``Interval.MONTH``.

        Raises BadRequest naming the intervals.
        """
        return cls(_member(cls, text, "Interval", "interval"))

    def start(self, timestamp: str) -> str:
        """Return the canonical start of the interval that holds a canonical timestamp."""
        if self is Interval.WEEK:
            return _monday(timestamp[:10])
        if self is Interval.QUARTER:
            month = (int(timestamp[5:7]) - 1) // 3 * 3 + 1
            return f"{timestamp[:5]}{month:02}-01T00:00:00.000000Z"
        length = _PREFIX[self]
        return timestamp[:length] + FIRST[length:]

    def next(self, start: str) -> str | None:
        """Return the start of the interval after the one that begins at ``start``.

        Returns None after the last interval of the year 9999.
        """
        moment = times.parse_timestamp(start)
        try:
            return times.format_timestamp(self._after(moment))
        except (OverflowError, ValueError):
            return None

    def _after(self, moment: datetime) -> datetime:
        if self in _MONTHS:
            months = moment.year * 12 + moment.month - 1 + _MONTHS[self]
            return moment.replace(year=months // 12, month=months % 12 + 1)
        return moment + _STEPS[self]

    def series(self, first: str, last: str) -> Iterator[str]:
        """Yield the starts of all intervals from the one that holds ``first`` to ``last``'s."""
        start: str | None = self.start(first)
        end = self.start(last)
        while start is not None and start <= end:
            yield start
            start = self.next(start)

    def count_between(self, first: str, last: str) -> int:
        """Return how many intervals :meth:`series` yields, without making them."""
        begin = times.parse_timestamp(self.start(first))
        end = times.parse_timestamp(self.start(last))
        if self in _MONTHS:
            months = (end.year - begin.year) * 12 + end.month - begin.month
            return max(months // _MONTHS[self] + 1, 0)
        return max((end - begin) // _STEPS[self] + 1, 0)


_PREFIX = {
    Interval.YEAR: 4,
    Interval.MONTH: 7,
    Interval.DAY: 10,
    Interval.HOUR: 13,
    Interval.MINUTE: 16,
}
_MONTHS = {Interval.YEAR: 12, Interval.QUARTER: 3, Interval.MONTH: 1}
_STEPS = {
    Interval.WEEK: timedelta(weeks=1),
    Interval.DAY: timedelta(days=1),
    Interval.HOUR: timedelta(hours=1),
    Interval.MINUTE: timedelta(minutes=1),
}


@lru_cache(maxsize=50_000)
def _monday(day: str) -> str:
    moment = date.fromisoformat(day)
    # 0001-01-01 is a Monday, so there is always one before.
    return (moment - timedelta(days=moment.weekday())).isoformat() + FIRST[10:]


def _member(kind: type[StrEnum], text: str, prefix: str, words: str) -> str:
    name = text.removeprefix(prefix + ".").lower()
    if name not in set(kind):
        message = f"{text!r:.80} is no {words}; there are " + ", ".join(member for member in kind)
        raise BadRequest(message)
    return name


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A half-open range of canonical timestamps, in text order; unbounded by default."""

    start: str = FIRST
    end: str = _BEYOND

    @property
    def is_empty(self) -> bool:
        """Whether the range holds no moment."""
        return self.start >= self.end

    def intersect(self, other: TimeRange) -> TimeRange:
        """Return what both ranges hold."""
        return TimeRange(max(self.start, other.start), min(self.end, other.end))

    def holds(self, timestamp: str) -> bool:
        """Whether a timestamp lies in the range."""
        return self.start <= timestamp < self.end


def days_of(month: str) -> list[str]:
    """Return the days of a month."""
    last = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return [f"{month}-{day:02}" for day in range(1, last + 1)]


def day_range(day: str) -> TimeRange:
    """Return the timestamps of a day."""
    try:
        following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except OverflowError:
        return TimeRange(day + MIDNIGHT)
    return TimeRange(day + MIDNIGHT, following + MIDNIGHT)


def month_range(month: str) -> TimeRange:
    """Return the timestamps of a month."""
    start = f"{month}-01{MIDNIGHT}"
    if month == _LAST_MONTH:
        return TimeRange(start)
    following = Interval.MONTH.next(start)
    return TimeRange(start, str(following))


def consecutive(days: Iterable[str]) -> list[TimeRange]:
    """Return the ranges that days of one month make up."""
    ordered = sorted(days)
    return list(joined(ordered, TimeRange()))


def joined(days: Iterable[str], part: TimeRange) -> Iterator[TimeRange]:
    """Yield the ranges that consecutive days make up, cut to a part of the month."""
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


@dataclass(frozen=True, slots=True)
class RequestedRange:
    """``_start`` and ``_end`` of a request as canonical timestamps, both inclusive; None: open."""

    start: str | None = None
    end: str | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> RequestedRange:
        """Return the range of a request body: each bound a date, or empty or 0 for unbounded.

        Raises BadRequest.
        """
        start, end = _bound(body, "_start"), _bound(body, "_end")
        if start is not None and end is not None and start > end:
            raise BadRequest(f"_start, {start}, lies after _end, {end}", parameter="_start")
        return cls(start, end)

    @property
    def is_given(self) -> bool:
        """Whether the request bounds the range on at least one side."""
        return self.start is not None or self.end is not None

    def range(self) -> TimeRange:
        """Return the half-open range."""
        end = _BEYOND if self.end is None else just_after(self.end)
        return TimeRange(self.start or FIRST, end)


def just_after(timestamp: str) -> str:
    """Return the bound that excludes everything after a canonical timestamp but not itself."""
    moment = times.parse_timestamp(timestamp)
    try:
        return times.format_timestamp(moment + timedelta(microseconds=1))
    except OverflowError:
        return _BEYOND


def _bound(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None or value == "" or (value == 0 and not isinstance(value, bool)):
        return None
    try:
        return times.canonical_timestamp(value)
    except ValueError as error:
        raise BadRequest(f"{name}: {error}", parameter=name) from error


def filled(
    interval: Interval,
    found: Mapping[str, Any],
    requested: RequestedRange,
    empty: Any,
) -> dict[str, Any]:
    """Return the series of an answer: interval start to value, in order.

    Where the range is given, intervals without images are there too, with ``empty``; an interval
    that ``_end`` only touches at its first instant is there if it has images. Bounds that are not
    given are those of the images. Raises BadRequest where that makes too many intervals.
    """
    if requested.is_given:
        span = _span(interval, found, requested)
        if span is None:
            return {}
        _check_number(interval.count_between(*span), interval)
        series = {start: found.get(start, empty) for start in interval.series(*span)}
        return _without_touched(interval, series, found, requested)
    _check_number(len(found), interval)
    return dict(sorted(found.items()))


def _span(
    interval: Interval, found: Mapping[str, Any], requested: RequestedRange
) -> tuple[str, str] | None:
    first = requested.start or min(found, default=None)
    last = requested.end or max(found, default=None)
    if first is None or last is None or interval.start(first) > interval.start(last):
        return None
    return first, last


def _without_touched(
    interval: Interval, series: dict[str, Any], found: Mapping[str, Any], requested: RequestedRange
) -> dict[str, Any]:
    end = requested.end
    if end is not None and end not in found and interval.start(end) == end != requested.start:
        series.pop(end, None)
    return series


def _check_number(number: int, interval: Interval) -> None:
    if number > MOST_INTERVALS:
        message = (
            f"the range has {number} intervals of a {interval}, but an answer holds "
            f"{MOST_INTERVALS}: narrow _start and _end or take a longer interval"
        )
        raise BadRequest(message, parameter="_start")
