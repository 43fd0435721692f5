import pytest
from tests.memory_postings import MemoryPostings

from swath_core.errors import BadRequest
from swath_core.store.rollups import Tally
from swath_core.summaries import Interval, LiveCounter, TimeRange
from swath_core.summaries._intervals import day_range, month_range

DAY = "2020-01-05"


def postings(number: int, shards: int = 1, padding: int = 0) -> MemoryPostings:
    made = MemoryPostings()
    for n in range(number):
        payload = {"a": '"' + "x" * padding + '"', "b": 2, "v": 1}
        moment = f"{DAY}T{n % 24:02}:00:00.{n:06}Z"
        made.put(f"acme:p|t|2020-01|{n % shards}", f"{moment}#acme:p:{n}", payload)
    return made


def test_all_shards_are_counted() -> None:
    counter = LiveCounter(postings(30, shards=4))
    assert counter.tally("acme:p", [month_range("2020-01")], None, 4) == {"": Tally(30, 60)}
    hours = counter.tally("acme:p", [day_range(DAY)], Interval.HOUR, 4)
    assert len(hours) == 24
    assert Tally.total(hours.values()) == Tally(30, 60)


def test_pages_are_read_to_their_end() -> None:
    counter = LiveCounter(postings(900, padding=3000))
    assert counter.tally("acme:p", [day_range(DAY)], None) == {"": Tally(900, 1800)}


def test_the_ends_of_a_range() -> None:
    counter = LiveCounter(postings(1))
    first = f"{DAY}T00:00:00.000000Z"
    assert counter.tally("acme:p", [TimeRange(first, first)], None) == {}
    just = TimeRange(first, f"{DAY}T00:00:00.000001Z")
    assert counter.tally("acme:p", [just], None) == {"": Tally(1, 2)}
    before = TimeRange("2020-01-04T00:00:00.000000Z", first)
    assert counter.tally("acme:p", [before], None) == {}


def test_counting_that_takes_too_long_says_what_to_narrow() -> None:
    ticks = iter(range(0, 1000, 10))
    counter = LiveCounter(postings(900, padding=3000), seconds=15, clock=lambda: next(ticks))
    with pytest.raises(BadRequest, match=r"acme:p has more images .* narrow the range of acquired"):
        counter.tally("acme:p", [day_range(DAY)], None)
