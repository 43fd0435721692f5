"""Summaries by the living clients: every date field, every interval, every form of the range."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contract.published import Client
from tests.contract.tables import square

pytestmark = [pytest.mark.stack, pytest.mark.published]

FIELDS = ("acquired", "created", "modified", "published")
INTERVALS = ("year", "quarter", "month", "week", "day", "hour", "minute")
TIMES = (
    "2019-12-31T23:59:59.999999Z",
    "2020-01-01T00:00:00Z",
    "2020-01-01T00:00:30Z",
    "2020-01-01T00:59:00Z",
    "2020-01-05T10:00:00Z",
    "2020-01-06T00:00:00Z",
    "2020-02-29T12:00:00Z",
    "2020-04-01T00:00:00Z",
    "2021-01-01T06:00:00Z",
)


class Series:
    """A product with images, and what a count by hand says of them."""

    def __init__(self, product: str, images: list[dict[str, Any]]) -> None:
        self.product = product
        self.images = images
        self.base = f"p.product_id == {product!r}"

    def counted(self, field: str, interval: str, first: str = "", last: str = "~") -> Any:
        """Return {start: (count, bytes)} of the images whose time lies in the range."""
        buckets: dict[str, tuple[int, int]] = {}
        for image in self.images:
            moment = image[field]
            if moment is None or not first <= moment <= last:
                continue
            start = bucket(moment, interval)
            count, size = buckets.get(start, (0, 0))
            buckets[start] = (count + 1, size + image["bytes"])
        return buckets


def bucket(moment: str, interval: str) -> str:
    time = datetime.fromisoformat(moment)
    day = time.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "year": day.replace(month=1, day=1),
        "quarter": day.replace(month=(time.month - 1) // 3 * 3 + 1, day=1),
        "month": day.replace(day=1),
        "week": day - timedelta(days=day.weekday()),
        "day": day,
        "hour": time.replace(minute=0, second=0, microsecond=0),
        "minute": time.replace(second=0, microsecond=0),
    }
    return starts[interval].isoformat()


@pytest.fixture(scope="module")
def series(client: Client) -> Series:
    product = client.call(
        "objects", "create", kind="Product", id=f"x{secrets.token_hex(4)}", name="sums"
    )["id"]
    images = []
    for number, acquired in enumerate(TIMES):
        published = {"published": f"2020-0{1 + number % 3}-15T08:00:00Z"} if number % 4 else {}
        found = client.call(
            "objects",
            "create",
            kind="Image",
            product_id=product,
            name=f"i{number}",
            acquired=acquired,
            geometry=square(10 * number, 10),
            storage_state="remote",
            files=[{"href": f"s3://x/{number}", "size_bytes": 10**number, "hash": "0" * 32}],
            **published,
        )["attributes"]
        images.append({"bytes": 10**number, **{name: found.get(name) for name in FIELDS}})
    return Series(product, images)


def told(answer: Any) -> Any:
    """Return {start: (count, bytes)} of what a client told, without empty intervals."""
    assert isinstance(answer, list), answer
    starts = [each["start"] for each in answer]
    assert starts == sorted(starts)
    return {each["start"]: (each["count"], each["bytes"]) for each in answer if each["count"]}


def test_totals(client: Client, series: Series) -> None:
    whole = client.call("summaries", "total", filter=series.base)
    assert whole == {
        "count": 9,
        "bytes": sum(10**number for number in range(9)),
        "products": [series.product],
        "start": None,
    }
    part = client.call(
        "summaries",
        "total",
        filter=[series.base, "p.acquired >= '2020-01-05'", "p.acquired < '2020-04-01'"],
    )
    assert (part["count"], part["bytes"]) == (3, 1110000)
    place = client.call(
        "summaries", "total", filter=series.base, intersects=square(10.5, 10.2, 0.1)
    )
    assert (place["count"], place["bytes"]) == (1, 10)
    nothing = client.call("summaries", "total", filter=[series.base, "p.acquired > '2030'"])
    assert (nothing["count"], nothing["bytes"]) == (0, 0)


@pytest.mark.parametrize("field", FIELDS)
def test_every_interval(client: Client, series: Series, field: str) -> None:
    asked: dict[str, dict[str, Any]] = {
        interval: {"aggregate_date_field": field, "interval": interval} for interval in INTERVALS
    }
    asked |= {f"{name} by enum": {**each, "enums": True} for name, each in asked.items()}
    answers = client.call("summaries", "intervals", asked=asked, filter=series.base)
    for name, answer in answers.items():
        assert told(answer) == series.counted(field, name.partition(" ")[0]), (field, name)


# late, early: a year has more minutes than an answer holds when the empty ones are in it
LATE, EARLY = "2020-12-31", "2020-01-06"
Ranges = dict[str, tuple[dict[str, Any], tuple[str, str]]]
RANGES: Ranges = {
    "start": ({"start_datetime": LATE}, (LATE, "~")),
    "end": ({"end_datetime": EARLY}, ("", EARLY)),
    "both": (
        {"start_datetime": "2020-01-01T00:00:00Z", "end_datetime": EARLY},
        ("2020-01-01", EARLY),
    ),
    "neither": ({}, ("", "~")),
    "zeros": ({"start_datetime": 0, "end_datetime": 0}, ("", "~")),
    "zero and end": ({"start_datetime": 0, "end_datetime": EARLY}, ("", EARLY)),
    "start and zero": ({"start_datetime": LATE, "end_datetime": 0}, (LATE, "~")),
    "datetimes": (
        {
            "start_datetime": "!2020-01-01T00:00:00",
            "end_datetime": "!2020-01-06T02:00:00+02:00",
        },
        ("2020-01-01", EARLY),
    ),
}


def bound(day: str) -> str:
    return f"{day}T00:00:00+00:00" if day.startswith("2") else day


def around_now() -> Ranges:
    """Ranges around the moment at which this session saves its images."""
    now = datetime.now(UTC)
    early, late = (f"{now + timedelta(days=days):%Y-%m-%d}" for days in (-1, 1))
    return {
        "start": ({"start_datetime": early}, (early, "~")),
        "end": ({"end_datetime": late}, ("", late)),
        "before": ({"end_datetime": early}, ("", early)),
        "both": ({"start_datetime": early, "end_datetime": late}, (early, late)),
        "neither": ({}, ("", "~")),
        "zeros": ({"start_datetime": 0, "end_datetime": 0}, ("", "~")),
        "zero and end": ({"start_datetime": 0, "end_datetime": late}, ("", late)),
        "start and zero": ({"start_datetime": early, "end_datetime": 0}, (early, "~")),
    }


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_form_of_the_range(client: Client, series: Series, interval: str) -> None:
    recent = around_now()
    ranges = {"acquired": RANGES, "published": RANGES, "created": recent, "modified": recent}
    asked = {
        f"{field} {name}": {"aggregate_date_field": field, "interval": interval, **given}
        for field, forms in ranges.items()
        for name, (given, _) in forms.items()
    }
    answers = client.call("summaries", "intervals", asked=asked, filter=series.base)
    for key, answer in answers.items():
        field, _, name = key.partition(" ")
        first, last = map(bound, ranges[field][name][1])
        assert told(answer) == series.counted(field, interval, first, last), key


def test_defaults_and_empty_intervals(client: Client, series: Series) -> None:
    answers = client.call(
        "summaries",
        "intervals",
        asked={
            "default": {},
            "months": {
                "interval": "month",
                "start_datetime": "2019-11-01",
                "end_datetime": "2020-03-31",
            },
        },
        filter=series.base,
    )
    assert told(answers["default"]) == series.counted("acquired", "year")
    months = [(each["start"][:7], each["count"]) for each in answers["months"]]
    assert months == [
        ("2019-11", 0),
        ("2019-12", 1),
        ("2020-01", 5),
        ("2020-02", 1),
        ("2020-03", 0),
    ]


def test_what_cannot_be_asked(client: Client, series: Series) -> None:
    answers = client.call(
        "summaries",
        "intervals",
        asked={
            "fortnight": {"interval": "fortnight"},
            "cloud_fraction": {"aggregate_date_field": "cloud_fraction"},
            "yesterday": {"start_datetime": "yesterday"},
            "too many": {"interval": "minute", "start_datetime": "2020-01-01"},
        },
        filter=series.base,
    )
    assert {name: str(each).partition(":")[0] for name, each in answers.items()} == dict.fromkeys(
        answers, "BadRequestError"
    )


def test_today_is_in_created(client: Client, series: Series) -> None:
    answers = client.call(
        "summaries",
        "intervals",
        asked={"day": {"aggregate_date_field": "created", "interval": "day"}},
        filter=series.base,
    )
    days = {each["start"][:10] for each in answers["day"]}
    now = datetime.now(UTC)
    assert days <= {now.date().isoformat(), (now - timedelta(days=1)).date().isoformat()}
