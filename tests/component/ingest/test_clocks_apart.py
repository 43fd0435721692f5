"""Functions whose clocks are five minutes apart: an attempt, its successor, and the sweep."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.component.ingest.test_takeover import OLD, Quick, Sleeper
from tests.ingest_world import World

from swath_core.ingest import Busy, IngestContext, Interrupted, ingest, sweep
from swath_core.times import format_timestamp
from swath_core.uploads.machine import CLOCK_SKEW, LEASE

APART = CLOCK_SKEW.total_seconds()


def seen_by(world: World, name: str, ahead: float) -> IngestContext:
    """Return the context of a function whose clock is ahead by so many seconds."""

    def now() -> str:
        return format_timestamp(world.clock.moment + timedelta(seconds=ahead))

    return replace(world.context, decoder=Quick(), component_id=name, now=now)


def settle(world: World, ahead: float) -> None:
    for _ in range(4):
        world.clock.pass_(hours=2)
        assert sweep(seen_by(world, "sweep", ahead)).problems == ()


def check(world: World, where: str) -> None:
    """The image is whole, nothing is left over, and nothing waits."""
    (upload,) = world.uploads.items.values()
    assert upload.status == "success", where
    (image,) = world.images.items.values()
    for file in image.get("files"):
        body = world.objects.content[file["href"].removeprefix("s3://data/")]
        assert hashlib.md5(body, usedforsecurity=False).hexdigest() == file["hash"], where
    assert world.orphans() == [], where
    assert world.uploads.due(world.clock()) == [], where


@pytest.mark.parametrize("sweeping", [-APART, 0.0, APART])
@pytest.mark.parametrize("second", [-APART, APART])
def test_an_attempt_that_another_clock_takes_for_dead_does_no_harm(
    second: float, sweeping: float
) -> None:
    """To a clock that is ahead every lease has run out: it takes over from attempts that live."""

    def play(at: int) -> tuple[World, list[str]]:
        world = World()
        upload = world.declare()
        (created,) = world.send(upload, OLD)

        def meanwhile() -> None:
            with contextlib.suppress(Busy, Interrupted):
                ingest(seen_by(world, "second", second), created)
            sweep(seen_by(world, "sweep", sweeping))

        sleeper = Sleeper(at, meanwhile, after=False)
        for _ in range(4):
            try:
                ingest(sleeper.context(seen_by(world, "first", 0.0)), created)
                break
            except (Busy, Interrupted):
                world.clock.pass_(seconds=APART + 40)
        settle(world, sweeping)
        return world, sleeper.calls

    _, calls = play(0)
    taken_over = 0
    for at in range(1, len(calls) + 1):
        world, _ = play(at)
        check(world, f"{calls[at - 1]} ({at})")
        (upload,) = world.uploads.items.values()
        taken_over += upload.taken_over
    assert (taken_over > 3) == (second > 0)


@pytest.mark.parametrize("second", [-APART, -40.0, 0.0, 40.0, APART])
def test_an_attempt_that_died_is_taken_over_in_time_whatever_the_clocks(second: float) -> None:
    """A clock that is behind waits longer, by as much as it is behind, and not for ever."""

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    world = World()
    upload = world.declare()
    (created,) = world.send(upload, OLD)
    with pytest.raises(Killed):
        ingest(Sleeper(9, kill, after=False).context(seen_by(world, "first", 0.0)), created)
    assert world.now(upload).status == "running"
    waited = 0.0
    while world.now(upload).status != "success":
        with contextlib.suppress(Busy, Interrupted):
            ingest(seen_by(world, "first", second), created)  # the same message, elsewhere
            break
        world.clock.pass_(seconds=10)
        waited += 10
    assert waited <= max(0.0, LEASE.total_seconds() - second) + 10
    settle(world, second)
    check(world, f"{second}")


@pytest.mark.parametrize("clock", [-APART, APART])
def test_uploads_wait_for_their_files_a_day_by_any_clock(clock: float) -> None:
    world = World()
    upload = world.declare()
    world.clock.pass_(hours=23, minutes=54)
    sweep(seen_by(world, "sweep", clock))
    assert world.now(upload).status == "transferring"
    world.clock.pass_(minutes=12)
    sweep(seen_by(world, "sweep", clock))
    assert world.now(upload).status == "failure"
    assert "never arrived" in world.why(upload)


@pytest.mark.parametrize("clock", [-APART, APART])
def test_replaced_files_stay_for_their_readers_by_any_clock(clock: float) -> None:
    world = World()
    for body in (OLD, OLD):
        upload = world.declare()
        ingest(seen_by(world, "first", 0.0), world.send(upload, body)[0])
    assert len(world.orphans()) == 1
    world.clock.pass_(minutes=54)
    sweep(seen_by(world, "sweep", clock))
    assert len(world.orphans()) == 1
    settle(world, clock)
    assert world.orphans() == []
