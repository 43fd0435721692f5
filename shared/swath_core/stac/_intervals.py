"""The ``datetime`` of a search: a moment or an interval, in RFC 3339's strict form."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from swath_core import times
from swath_core.documents import shown
from swath_core.errors import BadRequest

_MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})"
)
_OPEN = ("", "..")
_DIGITS = 6
_FORMS = (
    "accepted are a moment of RFC 3339 such as 2021-05-31T10:20:30Z, an interval MOMENT/MOMENT, "
    "and an interval with one end open, ../MOMENT or MOMENT/.."
)

Interval = tuple[str | None, str | None]
"""Canonical timestamps, both ends included; None is an open end."""


def parse_interval(text: str) -> Interval:
    """Return the interval that a ``datetime`` names; a moment is both of its ends.

    Raises BadRequest.
    """
    ends = text.split("/")
    if len(ends) > 2:  # noqa: PLR2004 - an interval has two ends
        raise _bad(text, "an interval has two ends")
    if len(ends) == 1:
        return _moment(text, up=True), _moment(text, up=False)
    if all(end in _OPEN for end in ends):
        raise _bad(text, "both ends are open")
    first, last = ends
    start = None if first in _OPEN else _moment(first, up=True)
    end = None if last in _OPEN else _moment(last, up=False)
    if start is not None and end is not None and _moment(first, up=False) > end:
        raise _bad(text, "it ends before it starts")
    return start, end


def _moment(text: str, *, up: bool) -> str:
    """Return a moment's canonical timestamp; what lies between microseconds goes up or down."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise _bad(text)
    *parts, fraction, offset = match.groups()
    year, month, day, hour, minute, second = map(int, parts)
    digits = fraction or ""
    beyond = up and any(digit != "0" for digit in digits[_DIGITS:])
    leap = second == 60  # noqa: PLR2004 - RFC 3339 has leap seconds, and the next one stands in
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC)
        moment += timedelta(
            seconds=leap, microseconds=int(digits[:_DIGITS].ljust(_DIGITS, "0")) + beyond
        )
        return times.format_timestamp(moment - _offset(offset))
    except (ValueError, OverflowError) as error:
        raise _bad(text, str(error)) from error


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[4:])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - hours of a day, minutes of an hour
        message = f"there is no offset {text}"
        raise ValueError(message)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if text[0] == "-" else offset


def _bad(text: str, reason: str = "") -> BadRequest:
    said = f" ({reason})" if reason else ""
    return BadRequest(f"datetime: {shown(text)} was sent{said}; {_FORMS}", parameter="datetime")
