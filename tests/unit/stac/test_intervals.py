"""The ``datetime`` of a search."""

from __future__ import annotations

import pytest

from swath_core.errors import BadRequest
from swath_core.stac._intervals import parse_interval

NOON = "2021-05-31T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("2021-05-31T12:00:00Z", (NOON, NOON)),
        ("2021-05-31t12:00:00.0z", (NOON, NOON)),
        ("2021-05-31T14:00:00+02:00", (NOON, NOON)),
        ("2021-05-31T08:30:00-03:30", (NOON, NOON)),
        ("../2021-05-31T12:00:00Z", (None, NOON)),
        ("/2021-05-31T12:00:00Z", (None, NOON)),
        ("2021-05-31T12:00:00Z/..", (NOON, None)),
        ("2021-05-31T12:00:00Z/", (NOON, None)),
        ("2021-05-31T12:00:00Z/2021-05-31T12:00:00Z", (NOON, NOON)),
        (
            "2021-05-31T12:00:00.1234561Z/2021-05-31T12:00:00.1234569Z",
            ("2021-05-31T12:00:00.123457Z", "2021-05-31T12:00:00.123456Z"),
        ),
        ("2016-12-31T23:59:60Z", ("2017-01-01T00:00:00.000000Z",) * 2),
    ],
)
def test_moments_and_intervals(text: str, interval: tuple[str | None, str | None]) -> None:
    assert parse_interval(text) == interval


@pytest.mark.parametrize(
    "text",
    [
        "../..",
        "/",
        "..",
        "",
        "2021",
        "2021-05-31",
        "2021-05-31T12:00:00",
        "2021-05-31 12:00:00Z",
        "2021-05-31T12:00Z",
        "2021-05-31T12:00:00.Z",
        "2021-05-31T12:00:00,5Z",
        "2021-02-30T12:00:00Z",
        "2021-05-31T24:00:00Z",
        "2021-05-31T12:00:00+25:00",
        "2021-05-31T12:00:00+0200",
        "0000-05-31T12:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "2021-05-31T12:00:00Z/2020-05-31T12:00:00Z",
        "2020-05-31T12:00:00Z/2021-05-31T12:00:00Z/..",
    ],
)
def test_anything_else_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(BadRequest, match="RFC 3339"):
        parse_interval(text)
