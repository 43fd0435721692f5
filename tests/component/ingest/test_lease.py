"""The lease of an attempt: a heartbeat that survives failures, and what others do meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ingest_world import DECODER, MemoryUploads, World, raster

from swath_core.ingest import Busy, IngestContext, Interrupted, ObjectCreated, ingest
from swath_core.pixels import DecoderProcess, FileResult, FileTask, Refused
from swath_core.uploads import Lease, Upload

SOON = 0.005
"""Seconds between the beats of these tests."""


class WaitingDecoder(DecoderProcess):
    """Does something in the middle of an attempt, then decodes."""

    def __init__(self, meanwhile: Callable[[], None], *, refuses: bool = False) -> None:
        super().__init__()
        self.meanwhile = meanwhile
        self.refuses = refuses

    def process(self, task: FileTask) -> FileResult:
        self.meanwhile()
        if self.refuses and b"bad" in Path(task.path).read_bytes():
            raise Refused(f"{task.name}: is bad")
        return DECODER.process(task)


class FlakyUploads(MemoryUploads):
    """Renewals fail the first times; ``renewed`` is set by the third that did not."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures
        self.renewals = 0
        self.renewed = threading.Event()

    def renew(self, upload: Upload, lease: Lease) -> bool:
        if self.failures:
            self.failures -= 1
            raise TimeoutError("no answer")
        self.renewals += 1
        if self.renewals == 3:
            self.renewed.set()
        return super().renew(upload, lease)


def awaited(event: threading.Event) -> None:
    assert event.wait(10), "the heartbeat has stopped"


def test_a_heartbeat_that_fails_beats_on(caplog: pytest.LogCaptureFixture) -> None:
    uploads = FlakyUploads(failures=4)
    world = World(uploads=uploads)
    hidden: list[float] = []

    def hide(seconds: float) -> None:
        hidden.append(seconds)
        raise ConnectionError("the queue is unwell")

    context = replace(
        world.context,
        heartbeat_seconds=SOON,
        extend_visibility_timeout=hide,
        decoder=WaitingDecoder(lambda: awaited(uploads.renewed)),
    )
    upload = world.declare()
    with caplog.at_level(logging.ERROR):
        ingest(context, *world.send(upload, raster()))
    assert world.now(upload).status == "success"
    assert world.now(upload).attempts == 1
    assert len(hidden) >= 7
    assert set(hidden) == {30}
    said = {record.getMessage() for record in caplog.records}
    assert said == {
        f"the lease of upload {upload.id} was not renewed",
        f"the message of upload {upload.id} was not hidden",
    }


def test_an_attempt_that_lost_its_lease_ends_before_it_publishes() -> None:
    world = World()
    upload = world.declare()
    (created,) = world.send(upload, raster())
    beats = threading.Event()

    def taken_over() -> None:
        other = replace(world.now(upload), lease=Lease("another", world.clock()))
        world.uploads.items[upload.id] = other
        beats.wait(1)

    class Uploads(MemoryUploads):
        def renew(self, upload: Upload, lease: Lease) -> bool:
            kept = super().renew(upload, lease)
            if not kept:
                beats.set()
            return kept

    uploads = Uploads()
    uploads.items = world.uploads.items
    world.uploads = uploads
    context = replace(world.context, heartbeat_seconds=SOON, decoder=WaitingDecoder(taken_over))
    with pytest.raises(Interrupted, match="taken over"):
        ingest(context, created)
    assert world.images.items == {}
    assert world.bus.events == []


def of_message(context: IngestContext, message_id: str) -> IngestContext:
    return replace(context, component_id=message_id)


def test_a_duplicate_event_of_a_running_ingest_is_done_with() -> None:
    """It would only wait, count as deliveries, and end as a dead letter of a good file."""
    world = World()
    upload = world.declare()
    (created,) = world.send(upload, raster())
    refused: list[str] = []

    def duplicates() -> None:
        for number in range(8):
            ingest(of_message(world.context, f"duplicate-{number}"), created)
        with pytest.raises(Busy) as busy:
            ingest(of_message(world.context, "first"), created)
        refused.append(str(busy.value))

    context = replace(of_message(world.context, "first"), decoder=WaitingDecoder(duplicates))
    ingest(context, created)
    assert world.now(upload).status == "success"
    assert world.now(upload).attempts == 1
    assert len(refused) == 1
    assert refused[0].startswith(f"upload {upload.id} is being processed until ")


def test_after_a_death_the_first_message_comes_again_and_is_enough() -> None:
    world = World()
    upload = world.declare()
    (created,) = world.send(upload, raster())

    class Killed(BaseException):
        pass

    def die() -> None:
        ingest(of_message(world.context, "duplicate"), created)
        raise Killed

    first = of_message(world.context, "first")
    with pytest.raises(Killed):
        ingest(replace(first, decoder=WaitingDecoder(die)), created)
    with pytest.raises(Busy):
        ingest(first, created)
    world.clock.pass_(seconds=31)
    ingest(first, created)
    assert world.now(upload).status == "success"
    assert world.now(upload).attempts == 2


def test_a_file_that_is_sent_again_while_the_one_before_is_refused_counts() -> None:
    world = World()
    upload = world.declare()
    (bad,) = world.send(upload, b"bad")
    sent: list[ObjectCreated] = []

    def send_again() -> None:
        if not sent:
            sent.extend(world.send(upload, raster()))
            ingest(of_message(world.context, "second"), sent[0])

    context = replace(
        of_message(world.context, "first"), decoder=WaitingDecoder(send_again, refuses=True)
    )
    ingest(context, bad)
    assert world.now(upload).status == "success", world.why(upload)
    assert world.bus.kinds() == ["swath.image.available"]
    assert world.orphans() == []


def test_sending_a_file_again_gives_it_five_attempts() -> None:
    world = World()
    upload = world.declare()

    class Broken(DecoderProcess):
        def process(self, task: FileTask) -> FileResult:
            raise MemoryError(task.name)

    broken = replace(world.context, decoder=Broken())
    for _ in range(3):
        (created,) = world.send(upload, raster())
        for _ in range(3):
            with pytest.raises(MemoryError):
                ingest(broken, created)
    assert world.now(upload).attempts == 3
    ingest(world.context, created)
    assert world.now(upload).status == "success"
