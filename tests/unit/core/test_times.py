from datetime import UTC, datetime

import pytest

from swath_core import times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021", "2021-01-01T00:00:00.000000Z"),
        ("2021-05", "2021-05-01T00:00:00.000000Z"),
        ("20210531", "2021-05-31T00:00:00.000000Z"),
        ("2021-05-31", "2021-05-31T00:00:00.000000Z"),
        ("2021-05-31 10:20", "2021-05-31T10:20:00.000000Z"),
        ("2021-05-31T10:20:30Z", "2021-05-31T10:20:30.000000Z"),
        ("2021-05-31t10:20:30z", "2021-05-31T10:20:30.000000Z"),
        ("2021-05-31T10:20:30.123456789Z", "2021-05-31T10:20:30.123456Z"),
        ("2021-05-31T10:20:30.5+02:00", "2021-05-31T08:20:30.500000Z"),
        ("2021-05-31T10:20:30-0130", "2021-05-31T11:50:30.000000Z"),
    ],
)
def test_accepted_forms(text: str, expected: str) -> None:
    assert times.canonical_timestamp(text) == expected


@pytest.mark.parametrize(
    "wrong", ["", "tomorrow", "2021-13", "2021-02-30", "21", None, 2021, "2021-05-31T25:00"]
)
def test_other_forms_are_refused_with_the_accepted_ones(wrong: object) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        times.canonical_timestamp(wrong)


def test_offsets_out_of_range_and_years_before_one_are_refused() -> None:
    for wrong in ("2021-05-31T10:20:30+99:00", "0001-01-01T00:00:00+10:00", "0000-01-01"):
        with pytest.raises(ValueError, match="ISO 8601"):
            times.canonical_timestamp(wrong)


def test_naive_datetimes_are_utc_and_text_order_is_time_order() -> None:
    early = times.format_timestamp(datetime(999, 1, 1))
    late = times.format_timestamp(datetime(2021, 1, 1, tzinfo=UTC))
    assert early == "0999-01-01T00:00:00.000000Z"
    assert early < late
