"""Timestamps: what a person writes, a UTC datetime here, ISO 8601 with a Z on the wire."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_PARTIAL = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_SPOKEN = ("%d %b %Y", "%b %d %Y", "%b %d, %Y", "%d %B %Y", "%B %d %Y", "%B %d, %Y")


def parse_time(value: datetime | date | str) -> datetime:
    """An aware datetime in UTC; without a time zone it is taken as UTC already.

    Accepts ISO 8601 in full or cut short (`"2021"`, `"2021-03"`, `"2021-03-04T05:06"`), slashes for
    dashes, nanoseconds (cut to microseconds), RFC 2822 and dates like `"4 Mar 2021"`. Raises
    ValueError for anything else.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        moment = _from_text(value.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """`moment` as the contract writes it: UTC, microseconds, a literal Z."""
    return parse_time(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _from_text(text: str) -> datetime:
    partial = _PARTIAL.fullmatch(text)
    if partial:
        year, month, day = (int(part or 1) for part in partial.groups())
        return datetime(year, month, day, tzinfo=UTC)
    for read in (_iso, parsedate_to_datetime, _spoken):
        try:
            return read(text)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{text!r} is no timestamp; write it like 2021-03-04T05:06:07Z")


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(_FRACTION.sub(r"\1", text.replace("/", "-")))


def _spoken(text: str) -> datetime:
    for pattern in _SPOKEN:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(text)
