import random
from collections.abc import Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from tests.component.catalog.images.conftest import SETTINGS, create_tables
from tests.memory_postings import MemoryPostings
from tests.requests_made import dispatched
from tests.strict_store import STORES
from tests.strict_store import store as dynamodb

from swath_core.store.rollups import SETTLED_SECONDS, Marker, Memory, RollupStore, Row, Tally
from swath_core.summaries import LiveCounter, Rollup, RollupReport, RollupSummary, TimeRange


class Clock:
    now = 1_600_000_000.0

    def __call__(self) -> float:
        return self.now


class World:
    """Rollups in moto's table, postings in memory, time by hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = RollupStore(SETTINGS, memory=Memory(0))
        self.postings = MemoryPostings()
        self.rollup = Rollup(self.store, LiveCounter(self.postings), clock=self.clock)

    def image(self, product: str, acquired: str, size: int = 1) -> None:
        payload = {"a": "{}", "b": size, "v": 1}
        key = f"{acquired}T00:00:00.000000Z#{product}:{random.random()}"
        self.postings.put(f"{product}|t|{acquired[:7]}|0", key, payload)

    def save(self, product: str, *days: str) -> None:
        self.store.mark(product, days)
        for day in days:
            self.image(product, day)

    def settle(self) -> None:
        self.clock.now += SETTLED_SECONDS + 1

    def total(self, product: str) -> Tally:
        counted = RollupSummary(self.store, LiveCounter(self.postings))
        return counted.tally(product, TimeRange(), None).get("", Tally())


@pytest.fixture(params=STORES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with dynamodb(request.param):
        create_tables()
        made = World()
        fake = mock.Mock(time=made.clock)
        with mock.patch("swath_core.store.rollups.time", fake):
            yield made


def requests(of: Any) -> list[str]:
    with dispatched() as names:
        of()
    return names


def test_an_idle_run_is_one_read(world: World) -> None:
    assert requests(lambda: world.rollup.run(45)) == ["Query"]
    world.save("acme:p", "2020-01-01")
    world.settle()
    world.rollup.run(45)
    world.settle()
    world.rollup.run(45)
    assert requests(lambda: world.rollup.run(45)) == ["Query"]


def test_markers_wait_for_the_writes_that_rely_on_them(world: World) -> None:
    world.save("acme:p", "2020-01-01")
    report = world.rollup.run(45)
    assert (report.recounted, report.finished) == (0, True)
    world.clock.now += 30
    assert world.rollup.run(45).lag_seconds == pytest.approx(30)
    world.settle()
    report = world.rollup.run(45)
    assert (report.recounted, report.lag_seconds) == (1, 0.0)
    assert world.store.state("acme:p").dirty == {}
    assert world.store.dirty_products(None, 10) == []
    rows = world.store.month_rows("acme:p", "2020-01", "2020-01")
    version = rows["2020-01"].version
    assert rows == {"2020-01": Row({"01": Tally(1, 1)}, version)}
    assert version > 1_600_000_000_000_000, "none that a row had which was removed before"


def test_what_was_rolled_up_is_read_from_rows(world: World) -> None:
    world.save("acme:p", "2020-01-01", "2020-01-02", "2020-02-01", "2021-01-01")
    world.settle()
    world.rollup.run(45)
    with mock.patch.object(MemoryPostings, "read", side_effect=AssertionError):
        assert world.total("acme:p") == Tally(4, 4)
    world.save("acme:p", "2020-01-02")
    assert world.total("acme:p") == Tally(5, 5)


def test_a_month_that_became_empty_counts_nothing(world: World) -> None:
    world.save("acme:p", "2020-01-01")
    world.settle()
    world.rollup.run(45)
    world.postings = MemoryPostings()
    world.rollup = Rollup(world.store, LiveCounter(world.postings), clock=world.clock)
    world.store.mark("acme:p", ["2020-01-01"])
    world.settle()
    world.rollup.run(45)
    assert world.store.months("acme:p") == {}
    assert world.total("acme:p") == Tally()


def test_a_long_backlog_is_done_in_turns(world: World) -> None:
    products = [f"acme:{letter}" for letter in "abcde"]
    for product in products:
        world.save(product, "2020-01-01", "2020-02-01")
    world.settle()

    class Slow(LiveCounter):
        def tally(self, *arguments: Any) -> dict[str, Tally]:
            world.clock.now += 10
            return super().tally(*arguments)

    rollup = Rollup(world.store, Slow(world.postings), clock=world.clock)
    runs: list[int] = []
    while world.store.dirty_products(None, 10) and len(runs) < 30:
        report = rollup.run(25)
        runs.append(report.recounted)
        assert report.recounted <= 4
        assert report.finished or report.lag_seconds > 0
        world.settle()
    assert sum(runs) == 10
    assert 3 <= len(runs) <= 8
    assert all(world.total(product) == Tally(2, 2) for product in products)


def test_a_busy_first_product_does_not_starve_the_others(world: World) -> None:
    for product in ("acme:a", "acme:b", "acme:c"):
        world.save(product, *(f"2020-{month:02}-01" for month in range(1, 7)))
    world.settle()
    seen = []

    class Slow(LiveCounter):
        def tally(self, product_id: str, *arguments: Any) -> dict[str, Tally]:
            seen.append(product_id)
            world.clock.now += 10
            return super().tally(product_id, *arguments)

    rollup = Rollup(world.store, Slow(world.postings), clock=world.clock)
    for _ in range(8):
        for month in range(1, 7):
            world.store.mark("acme:a", [f"2020-{month:02}-02"])
        world.settle()
        rollup.run(35)
    assert {"acme:b", "acme:c"} <= set(seen)
    assert world.store.state("acme:c").dirty == {}


def test_a_product_that_cannot_be_counted_does_not_keep_the_others_from_it(world: World) -> None:
    world.save("acme:a", "2020-01-01")
    world.save("acme:b", "2020-01-01")
    world.settle()

    class Broken(LiveCounter):
        def tally(self, product_id: str, *arguments: Any) -> dict[str, Tally]:
            if product_id == "acme:a":
                raise ValueError("broken")
            return super().tally(product_id, *arguments)

    report = Rollup(world.store, Broken(world.postings), clock=world.clock).run(45)
    assert report.recounted == 1
    assert [error.__notes__ for error in report.failures] == [["while recounting acme:a"]]
    assert report.lag_seconds > 0


def test_two_runs_at_once_do_not_lose_each_others_months(world: World) -> None:
    world.save("acme:p", "2020-01-01", "2020-02-01")
    world.settle()
    raced: list[bool] = []

    class Raced(LiveCounter):
        def tally(self, *arguments: Any) -> dict[str, Tally]:
            if not raced:
                raced.append(True)
                Rollup(world.store, LiveCounter(world.postings), clock=world.clock).run(45)
            return super().tally(*arguments)

    Rollup(world.store, Raced(world.postings), clock=world.clock).run(45)
    assert world.store.months("acme:p") == {"2020-01": Tally(1, 1), "2020-02": Tally(1, 1)}


def test_the_audit_finds_and_heals_drift(world: World) -> None:
    world.save("acme:p", "2020-01-01")
    world.settle()
    world.rollup.run(45)
    world.image("acme:p", "2020-01-20")  # written past the only write path
    report = RollupReport()
    world.rollup.audit(report, buckets=31)
    assert (report.audited, report.drifted) == (31, ["acme:p 2020-01-20"])
    world.settle()
    world.rollup.run(45)
    assert world.total("acme:p") == Tally(2, 2)
    again = RollupReport()
    for _ in range(3):
        world.rollup.audit(again, buckets=31)
    assert again.drifted == []


def test_the_audit_sees_a_year_that_does_not_fit_its_months(world: World) -> None:
    world.save("acme:p", "2020-01-01")
    world.settle()
    world.rollup.run(45)
    days, year, state = world.store.month_rows_and_state("acme:p", "2020-01")
    wrong = Row({"01": Tally(7, 7)}, year.version)
    world.store.save_month("acme:p", "2020-01", days, wrong, state, [])
    report = RollupReport()
    world.rollup.audit(report, buckets=0)
    assert report.drifted == ["acme:p 2020-01"]
    world.settle()
    world.rollup.run(45)
    assert world.total("acme:p") == Tally(1, 1)


def test_the_audit_goes_round_the_products(world: World) -> None:
    for product in ("acme:a", "acme:b"):
        world.save(product, "2020-01-01")
    world.settle()
    world.rollup.run(45)
    audited = []
    with mock.patch.object(
        Rollup, "_audit_product", lambda _, product, *__: audited.append(product)
    ):
        for _ in range(5):
            world.rollup.audit(RollupReport())
    assert audited == ["acme:a", "acme:b", "acme:a", "acme:b"]


def test_marks_are_remembered_while_they_cover(world: World) -> None:
    store = RollupStore(SETTINGS, memory=Memory(45))
    assert requests(lambda: store.mark("acme:p", ["2020-01-01"])) == ["BatchWriteItem"]
    assert requests(lambda: store.mark("acme:p", ["2020-01-01"])) == []
    assert requests(lambda: store.mark("acme:p", ["2020-01-01", "2020-01-02"])) == [
        "BatchWriteItem"
    ]
    world.clock.now += 46
    before = store.state("acme:p").dirty["2020-01-01"]
    assert requests(lambda: store.mark("acme:p", ["2020-01-01"])) == ["BatchWriteItem"]
    assert store.state("acme:p").dirty["2020-01-01"].token != before.token
    world.clock.now -= 1000  # a clock that was set back covers nothing
    assert requests(lambda: store.mark("acme:p", ["2020-01-01"])) == ["BatchWriteItem"]


def test_a_marker_is_removed_only_as_it_was_seen(world: World) -> None:
    world.store.mark("acme:p", ["2020-01-01"])
    seen = world.store.state("acme:p").dirty["2020-01-01"]
    world.store.mark("acme:p", ["2020-01-01"])
    assert not world.store.clear("acme:p", "2020-01-01", seen)
    now = world.store.state("acme:p").dirty["2020-01-01"]
    assert world.store.clear("acme:p", "2020-01-01", now)
    assert not world.store.clear("acme:p", "2020-01-01", now)


def test_many_days_are_marked_and_read_at_once(world: World) -> None:
    days = [f"{year}-{month:02}-01" for year in range(2000, 2010) for month in range(1, 13)]
    world.store.mark("acme:p", days)
    assert sorted(world.store.state("acme:p").dirty) == days
    assert list(world.store.months("acme:p")) == [day[:7] for day in days]


def test_markers_and_memory() -> None:
    marker = Marker.fresh(100.0)
    assert Marker.from_json(marker.to_json()) == marker
    assert not marker.settled(100.0 + SETTLED_SECONDS)
    assert marker.settled(100.1 + SETTLED_SECONDS)
    memory = Memory(10)
    memory.made("t", "p", ["a"], 100.0)
    assert memory.uncovered("t", "p", ["a", "b"], 105.0) == ["b"]
    with mock.patch("swath_core.store.rollups._MOST_REMEMBERED", 0):
        memory.made("t", "p", ["b"], 105.0)
    assert memory.uncovered("t", "p", ["a", "b"], 106.0) == ["a"]


def test_the_table_has_nothing_but_rollups_and_what_is_to_be_mirrored(world: World) -> None:
    world.save("acme:p", "2020-01-01")
    world.settle()
    world.rollup.run(45)
    items = boto3.client("dynamodb").scan(TableName="rollups")["Items"]
    assert {(item["pk"]["S"], item["sk"]["S"]) for item in items} == {
        ("acme:p", "1#2020"),
        ("acme:p", "2#2020-01"),
        ("!known", "acme:p"),
        ("!mirror", "acme:p|2020-01"),
    }
