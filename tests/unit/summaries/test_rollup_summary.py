import hypothesis.strategies as st
from hypothesis import given

from swath_core.store.rollups import Marker, RollupState, Row, Tally
from swath_core.summaries import TimeRange
from swath_core.summaries._intervals import consecutive, day_range, days_of, month_range
from swath_core.summaries._rollup_summary import plan_summary

MARK = Marker("t", 0.0)


def state(dirty: list[str], **months: int) -> RollupState:
    """A product with images in months given as m2020_01=3."""
    years: dict[str, Row] = {}
    for name, count in months.items():
        year, month = name[1:].split("_")
        years.setdefault(year, Row({}, 1)).parts[month] = Tally(count, count * 10)
    return RollupState(dict.fromkeys(dirty, MARK), years)


def until(start: str, end: str) -> TimeRange:
    return TimeRange(f"{start}T00:00:00.000000Z", f"{end}T00:00:00.000000Z")


def test_clean_months_come_from_the_years() -> None:
    plan = plan_summary(state([], m2020_01=3, m2020_12=2, m2021_05=1), TimeRange(), daily=False)
    assert plan.months == ("2020-01", "2020-12", "2021-05")
    assert (plan.days, plan.live, plan.rows_span) == ({}, (), None)


def test_a_dirty_day_takes_the_rest_of_its_month_from_the_days() -> None:
    plan = plan_summary(state(["2020-01-05"], m2020_01=3, m2020_02=1), TimeRange(), daily=False)
    assert plan.months == ("2020-02",)
    assert plan.days == {"2020-01": frozenset(days_of("2020-01")) - {"2020-01-05"}}
    assert plan.live == (day_range("2020-01-05"),)
    assert plan.rows_span == ("2020-01", "2020-01")


def test_a_product_that_was_never_rolled_up_is_counted() -> None:
    plan = plan_summary(state(["2020-01-05", "2020-01-06", "2020-02-01"]), TimeRange(), daily=False)
    assert (plan.months, plan.days) == ((), {})
    assert plan.live == (until("2020-01-05", "2020-01-07"), day_range("2020-02-01"))


def test_cut_days_are_counted_and_whole_ones_are_not() -> None:
    asked = TimeRange("2020-01-30T06:00:00.000000Z", "2020-03-01T00:00:00.000001Z")
    plan = plan_summary(state([], m2020_01=9, m2020_02=9, m2020_03=9), asked, daily=False)
    assert plan.months == ("2020-02",)
    assert plan.days == {"2020-01": frozenset({"2020-01-31"})}
    assert plan.live == (
        TimeRange("2020-01-30T06:00:00.000000Z", "2020-01-31T00:00:00.000000Z"),
        TimeRange("2020-03-01T00:00:00.000000Z", "2020-03-01T00:00:00.000001Z"),
    )


def test_months_without_images_cost_nothing() -> None:
    asked = TimeRange("2020-01-30T06:00:00.000000Z", "2020-03-01T00:00:00.000001Z")
    plan = plan_summary(state([], m2019_01=9, m2021_02=9), asked, daily=True)
    assert (plan.months, plan.days, plan.live) == ((), {}, ())


def test_the_ends_of_time() -> None:
    assert month_range("9999-12").end > "9999-12-31T23:59:59.999999Z"
    assert day_range("9999-12-31").holds("9999-12-31T23:59:59.999999Z")
    assert month_range("0001-01").start == "0001-01-01T00:00:00.000000Z"
    plan = plan_summary(state(["9999-12-31"], m9999_12=1), TimeRange(), daily=False)
    assert plan.live == (day_range("9999-12-31"),)


def test_consecutive_days_make_one_range() -> None:
    days = ["2020-02-29", "2020-02-01", "2020-02-28", "2020-02-03"]
    assert consecutive(days) == [
        day_range("2020-02-01"),
        day_range("2020-02-03"),
        until("2020-02-28", "2020-03-01"),
    ]


days = st.sampled_from(
    [day for month in ("2019-12", "2020-01", "2020-02") for day in days_of(month)]
)
hours = st.sampled_from(["00:00:00.000000Z", "00:00:00.000001Z", "12:00:00.000000Z"])
bounds = st.tuples(days, hours).map("T".join)


@given(st.sets(days, max_size=6), bounds, bounds, st.booleans())
def test_every_day_asked_for_is_answered_once(
    dirty: set[str], one: str, other: str, daily: bool
) -> None:
    asked = TimeRange(min(one, other), max(one, other))
    known = state(sorted(dirty), m2019_12=1, m2020_01=1, m2020_02=1)
    plan = plan_summary(known, asked, daily=daily)
    for month in ("2019-12", "2020-01", "2020-02"):
        for day in days_of(month):
            inside = day_range(day).intersect(asked)
            from_rows = (month in plan.months) + (day in plan.days.get(month, ()))
            counted = [live.intersect(day_range(day)) for live in plan.live]
            counted = [part for part in counted if not part.is_empty]
            if inside.is_empty:
                assert (from_rows, counted) == (0, [])
            elif from_rows:
                assert (from_rows, counted) == (1, [])
                assert day not in dirty
                assert inside == day_range(day)
            else:
                assert counted == [inside]
