"""Two uploads of one new image at once: the files of whichever is overwritten do not stay."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.ingest_world import DECODER, MemoryImages, World, ramp, raster

from swath_core.ingest import ingest, sweep
from swath_core.pixels import DecoderProcess, FileResult, FileTask
from swath_core.store.outbox import Note


class Killed(BaseException):
    """The process is gone."""


class Meanwhile(DecoderProcess):
    """Does something while the first file is decoded, and so after all preparations."""

    def __init__(self, moment: Callable[[], None]) -> None:
        super().__init__()
        self.moment = moment

    def process(self, task: FileTask) -> FileResult:
        self.moment()
        return DECODER.process(task)


class Images(MemoryImages):
    """Dies after the second image was written."""

    dies = False

    def replace(self, *arguments: object, **named: object) -> object:  # type: ignore[override]
        saved = super().replace(*arguments, **named)  # type: ignore[arg-type]
        if self.dies and self.writes == 2:
            self.dies = False
            raise Killed
        return saved


class RefusingImages(MemoryImages):
    """The bucket refuses to delete."""

    refuses = True

    def clear(self, note: Note | None) -> None:
        if self.refuses:
            raise RuntimeError("InternalError")
        super().clear(note)


@pytest.mark.parametrize("dies", [False, True])
def test_the_file_of_the_image_that_is_overwritten_goes(*, dies: bool) -> None:
    images = Images()
    images.dies = dies
    world = World(images=images)
    first, second = world.declare(), world.declare()
    (created,) = world.send(first, raster())
    others = world.send(second, raster(ramp() + 1))

    def moment() -> None:
        world.deliver(*others)  # prepared after the first one, published before it

    prepared = replace(world.context, decoder=Meanwhile(moment))
    with contextlib.suppress(Killed):
        ingest(prepared, created)
    assert world.cog() != b""
    assert len(world.orphans()) >= 1  # readers may be at it
    if dies:
        world.clock.pass_(seconds=40)
        world.deliver(created)
    assert world.now(first).status == world.now(second).status == "success"
    world.clock.pass_(hours=2)
    assert sweep(world.context).problems == ()
    assert world.orphans() == []
    assert images.notes == []
    assert len(world.objects.content) == 1


def test_a_note_whose_objects_cannot_be_deleted_is_postponed_and_told() -> None:
    images = RefusingImages()
    world = World(images=images)
    world.ingest(raster())
    world.ingest(raster(ramp() + 1))
    images.notes = [replace(note, due=world.clock()) for note in images.notes]
    assert images.notes != []
    (problem,) = sweep(world.context).problems
    assert "objects of acme:scenes:a: RuntimeError: InternalError" in problem
    assert images.unreachable(world.clock(), 10) == []
    images.refuses = False
    world.clock.pass_(hours=2)
    assert sweep(world.context).problems == ()
    assert images.notes == []
    assert world.orphans() == []
