"""Clocks of two functions five minutes apart: markers of rollups, tickets of maps, cursors."""

from __future__ import annotations

from unittest import mock

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings
from tests.unit.search.test_engine import ask, day
from tests.unit.search.world import PRODUCTS, World, box, image

from swath_core.access import Caller
from swath_core.access.tickets import SECONDS, issue_ticket, redeem_ticket
from swath_core.errors import Unauthorized
from swath_core.search import _pages
from swath_core.store.rollups import (
    COVERS_SECONDS,
    LONGEST_WRITE_SECONDS,
    SETTLED_SECONDS,
    SKEW_SECONDS,
    Marker,
    Memory,
)

clocks = st.floats(-SKEW_SECONDS / 2, SKEW_SECONDS / 2)
"""How far a function's clock is ahead: two of them are at most five minutes apart."""
NOW = 1_800_000_000.0
HERE = ("table", "acme:p", ["2020-01-01"])


@given(
    writer=clocks,
    rollup=clocks,
    later=st.floats(0, 2 * COVERS_SECONDS),
    takes=st.floats(0, LONGEST_WRITE_SECONDS),
)
@example(writer=-150.0, rollup=150.0, later=COVERS_SECONDS - 1e-3, takes=LONGEST_WRITE_SECONDS)
def test_no_marker_is_removed_before_the_writes_that_rely_on_it(
    writer: float, rollup: float, later: float, takes: float
) -> None:
    """A write begins ``later`` than the mark of its process, and takes as long as it may."""
    memory = Memory()
    marker = Marker.fresh(NOW + writer)
    memory.made(*HERE, now=NOW + writer)
    if not memory.uncovered(*HERE, now=NOW + later + writer):  # it relies on that mark
        assert not marker.settled(NOW + later + takes + rollup)


@given(writer=clocks, rollup=clocks)
def test_every_marker_is_removed_in_the_end(writer: float, rollup: float) -> None:
    marker = Marker.fresh(NOW + writer)
    assert marker.settled(NOW + SETTLED_SECONDS + SKEW_SECONDS + 1 + rollup)


@given(before=st.floats(0, SKEW_SECONDS), passed=st.floats(0, COVERS_SECONDS))
def test_a_clock_that_is_set_back_makes_new_marks(before: float, passed: float) -> None:
    memory = Memory()
    memory.made(*HERE, now=NOW)
    now = NOW - before + passed
    uncovered = memory.uncovered(*HERE, now=now)
    assert bool(uncovered) == (not 0 <= now - NOW < COVERS_SECONDS)


@given(issuer=clocks, verifier=clocks, age=st.floats(0, SECONDS + 2 * SKEW_SECONDS))
def test_tickets_are_good_for_a_day_give_or_take_the_clocks(
    issuer: float, verifier: float, age: float
) -> None:
    caller = Caller("ann", "acme", frozenset({"pilots"}), "a@x.example")
    key = b"k" * 32
    ticket = issue_ticket(caller, "image:acme:p:i", key, now=NOW + issuer)
    by_clocks = age + verifier - issuer
    if by_clocks < SECONDS - 1:  # times in tickets are whole seconds
        found = redeem_ticket(ticket, "image:acme:p:i", key, now=NOW + age + verifier)
        assert found == caller
        assert age < SECONDS + SKEW_SECONDS
    elif by_clocks > SECONDS:
        with pytest.raises(Unauthorized, match="expired"):
            redeem_ticket(ticket, "image:acme:p:i", key, now=NOW + age + verifier)


@settings(max_examples=20)
@given(ahead=st.lists(clocks, min_size=6, max_size=6))
def test_a_search_is_continued_by_functions_of_any_clock(ahead: list[float]) -> None:
    """A cursor holds no time: each page comes from a function with another clock."""
    world = World()
    for number in range(30):
        place = box(10 + number / 100, 50, 10.5 + number / 100, 50.5)
        world.put(image(f"i{number:02d}", PRODUCTS[0], acquired=day(number), geometry=place))
    with mock.patch.object(_pages, "PAGE_IMAGES", 7):
        expected: list[str] = []
        found: list[str] = []
        for seen, offsets in ((expected, [0.0] * 6), (found, ahead)):
            token = None
            for offset in offsets:
                with mock.patch("time.time", lambda offset=offset: NOW + offset):
                    page = world.search().page(ask(), world.products, token)
                seen += [each.id for each in page.documents]
                token = page.token
                if token is None:
                    break
    assert found == expected
    assert len(set(found)) == len(found) > 7
