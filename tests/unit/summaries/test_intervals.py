from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from swath_core import times
from swath_core.errors import BadRequest
from swath_core.summaries import DateField, Interval, RequestedRange
from swath_core.summaries._intervals import MOST_INTERVALS, filled, just_after

MOMENT = "2021-08-19T13:47:59.123456Z"
moments = st.datetimes(
    min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC)
).map(times.format_timestamp)


def short(start: str) -> str:
    return start.removesuffix(":00.000000Z")


@pytest.mark.parametrize(
    ("interval", "start", "following"),
    [
        ("year", "2021-01-01T00:00", "2022-01-01T00:00"),
        ("quarter", "2021-07-01T00:00", "2021-10-01T00:00"),
        ("month", "2021-08-01T00:00", "2021-09-01T00:00"),
        ("week", "2021-08-16T00:00", "2021-08-23T00:00"),
        ("day", "2021-08-19T00:00", "2021-08-20T00:00"),
        ("hour", "2021-08-19T13:00", "2021-08-19T14:00"),
        ("minute", "2021-08-19T13:47", "2021-08-19T13:48"),
    ],
)
def test_intervals_are_aligned_in_utc(interval: str, start: str, following: str) -> None:
    kind = Interval(interval)
    found = kind.start(MOMENT)
    assert short(found) == start
    assert short(str(kind.next(found))) == following


@given(moments, st.sampled_from(list(Interval)))
def test_every_moment_lies_in_its_interval(moment: str, interval: Interval) -> None:
    start = interval.start(moment)
    following = interval.next(start)
    assert start <= moment
    assert interval.start(start) == start
    assert following is None or moment < following
    assert following is None or interval.start(following) == following


@given(moments, st.integers(0, 400), st.sampled_from(list(Interval)))
def test_a_series_has_as_many_intervals_as_it_says(
    first: str, steps: int, interval: Interval
) -> None:
    last = interval.start(first)
    for _ in range(steps % 40):
        last = interval.next(last) or last
    series = list(interval.series(first, last))
    assert len(series) == interval.count_between(first, last)
    assert series[0] == interval.start(first)
    assert series[-1] == last
    assert series == sorted(set(series))


def test_the_last_interval_of_time_has_no_successor() -> None:
    for interval in Interval:
        assert interval.next(interval.start("9999-12-31T23:59:59.999999Z")) is None
    assert just_after("9999-12-31T23:59:59.999999Z") > "9999-12-31T23:59:59.999999Z"


def test_both_spellings_of_published_clients_are_parsed() -> None:
    assert DateField.parse("AggregateDateField.ACQUIRED") is DateField.ACQUIRED
    assert DateField.parse("published") is DateField.PUBLISHED
    assert Interval.parse("Interval.MONTH") is Interval.MONTH
    assert Interval.parse("week") is Interval.WEEK
    for wrong in ("", "decade", "Interval.", "AggregateDateField.MONTH"):
        with pytest.raises(BadRequest, match="year, quarter, month, week, day, hour, minute"):
            Interval.parse(wrong)
    with pytest.raises(BadRequest, match="acquired, created, modified, published"):
        DateField.parse("taken")


@pytest.mark.parametrize(
    ("body", "start", "end"),
    [
        ({}, None, None),
        ({"_start": "", "_end": ""}, None, None),
        ({"_start": 0, "_end": None}, None, None),
        ({"_start": "2019"}, "2019-01-01T00:00:00.000000Z", None),
        ({"_end": "2019-02-01T01:02:03+01:00"}, None, "2019-02-01T00:02:03.000000Z"),
    ],
)
def test_every_form_of_start_and_end(
    body: dict[str, Any], start: str | None, end: str | None
) -> None:
    assert RequestedRange.parse(body) == RequestedRange(start, end)


@pytest.mark.parametrize(
    "body",
    [{"_start": "soon"}, {"_end": 1}, {"_end": True}, {"_start": False}, {"_start": ["2019"]}],
)
def test_other_forms_are_refused_by_name(body: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as caught:
        RequestedRange.parse(body)
    assert caught.value.parameter == next(iter(body))


def test_a_start_after_the_end_is_refused() -> None:
    with pytest.raises(BadRequest, match="lies after"):
        RequestedRange.parse({"_start": "2020", "_end": "2019"})
    assert not RequestedRange.parse({"_start": "2020", "_end": "2020"}).range().is_empty


def test_both_ends_are_inclusive() -> None:
    asked = RequestedRange.parse({"_start": "2019", "_end": "2020"}).range()
    assert asked.holds("2019-01-01T00:00:00.000000Z")
    assert asked.holds("2020-01-01T00:00:00.000000Z")
    assert not asked.holds("2020-01-01T00:00:00.000001Z")


def day(number: int) -> str:
    return times.format_timestamp(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=number))


def test_empty_intervals_are_there_where_the_range_is_given() -> None:
    found = {day(2): 5}
    series = filled(Interval.DAY, found, RequestedRange(day(1), day(3)[:10] + "T12"), 0)
    assert series == {day(1): 0, day(2): 5, day(3): 0}
    assert filled(Interval.DAY, found, RequestedRange(), 0) == found
    assert filled(Interval.DAY, {}, RequestedRange(day(1), day(2)), 0) == {day(1): 0}
    assert filled(Interval.DAY, {}, RequestedRange(day(1), None), 0) == {}
    assert list(filled(Interval.DAY, found, RequestedRange(day(0), None), 0)) == [
        day(0),
        day(1),
        day(2),
    ]
    assert list(filled(Interval.DAY, found, RequestedRange(None, day(3)), 0)) == [day(2)]


def test_an_interval_that_the_end_only_touches_is_there_if_it_has_images() -> None:
    asked = RequestedRange(day(0), day(2))
    assert list(filled(Interval.DAY, {}, asked, 0)) == [day(0), day(1)]
    assert list(filled(Interval.DAY, {day(2): 1}, asked, 0)) == [day(0), day(1), day(2)]
    assert list(filled(Interval.DAY, {}, RequestedRange(day(0), day(0)), 0)) == [day(0)]


def test_too_many_intervals_are_refused_before_they_are_made() -> None:
    asked = RequestedRange("0001-01-01T00:00:00.000000Z", "9999-12-31T00:00:00.000000Z")
    with pytest.raises(BadRequest, match=f"{MOST_INTERVALS}: narrow"):
        filled(Interval.MINUTE, {}, asked, 0)
    many = {str(number): 1 for number in range(MOST_INTERVALS + 1)}
    with pytest.raises(BadRequest, match="longer interval"):
        filled(Interval.MINUTE, many, RequestedRange(), 0)
