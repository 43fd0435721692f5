"""Timestamps: one canonical text form, so that text order is time order.

The canonical form is ``YYYY-MM-DDTHH:MM:SS.ffffffZ``: what the contract's clients parse
(literal ``Z``), always with microseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

ACCEPTED = (
    "an ISO 8601 date or timestamp such as 2021, 2021-05, 2021-05-31, 2021-05-31T10:20:30Z or "
    "2021-05-31T10:20:30.5+02:00 (UTC where no offset is given)"
)

_FORM = re.compile(
    r"\s*(?P<year>\d{4})"
    r"(?:-?(?P<month>\d{2})"
    r"(?:-?(?P<day>\d{2})"
    r"(?:[Tt ](?P<hour>\d{2})"
    r"(?::?(?P<minute>\d{2})"
    r"(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9})\d*)?)?)?"
    r"\s*(?P<offset>Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?)?)?)?\s*",
)


def parse_timestamp(value: object) -> datetime:
    """Return the aware UTC datetime of an ISO 8601 text, whole or partial.

    Missing parts are the first of their kind (``2021`` is midnight of 1 January 2021); a text
    without an offset is UTC; fractions beyond microseconds are cut.
    Raises ValueError with the accepted forms.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        message = f"{value!r:.80} is not {ACCEPTED}"
        raise ValueError(message)
    parts = match.groupdict()
    try:
        return _assemble(parts)
    except (ValueError, OverflowError) as error:
        message = f"{value!r:.80} is not {ACCEPTED}: {error}"
        raise ValueError(message) from error


def _assemble(parts: dict[str, str | None]) -> datetime:
    fraction = (parts["fraction"] or "").ljust(6, "0")[:6]
    moment = datetime(
        int(parts["year"] or 0),
        int(parts["month"] or 1),
        int(parts["day"] or 1),
        int(parts["hour"] or 0),
        int(parts["minute"] or 0),
        int(parts["second"] or 0),
        int(fraction),
        tzinfo=UTC,
    )
    return moment - _offset(parts["offset"])


def _offset(text: str | None) -> timedelta:
    if text is None or text in {"Z", "z", "UTC"}:
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - hours of a day, minutes of an hour
        message = f"no such offset: {text}"
        raise ValueError(message)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if text[0] == "-" else offset


def format_timestamp(moment: datetime) -> str:
    """Return the canonical text of a datetime; a naive one is UTC."""
    utc = parse_timestamp(moment).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def canonical_timestamp(value: object) -> str:
    """Return the canonical text of any accepted timestamp. Raises ValueError."""
    return format_timestamp(parse_timestamp(value))


def timestamp_of(seconds: float) -> str:
    """Return the canonical text of seconds since 1970."""
    return format_timestamp(datetime.fromtimestamp(seconds, UTC))


def now() -> str:
    """Return the canonical text of the present moment."""
    return format_timestamp(datetime.now(UTC))
