"""An attempt is taken over while it believes that it has the lease, at every one of its steps.

The first attempt stops before or after a call to some service for longer than its lease; another
does all of the work meanwhile; then the first goes on as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.ingest_world import DECODER, PRODUCT, MemoryObjects, World, ramp, raster

from swath_core.ingest import Busy, IngestContext, Interrupted, ObjectCreated, ingest, sweep
from swath_core.pixels import DecoderProcess, FileResult, FileTask
from swath_core.uploads import Upload

_PARTS = ("uploads", "products", "images", "objects", "bus", "decoder")


class Sleeper:
    """Counts the calls of an attempt to its services, and sleeps at one of them."""

    def __init__(self, at: int, meanwhile: Callable[[], None], *, after: bool) -> None:
        self.at = at
        self.meanwhile = meanwhile
        self.after = after
        self.calls: list[str] = []

    def context(self, context: IngestContext) -> IngestContext:
        parts = {name: self._around(getattr(context, name), name) for name in _PARTS}
        return replace(context, **parts)

    def _around(self, target: Any, name: str) -> Any:
        sleeper = self

        class Slow:
            def __getattr__(self, method: str) -> Any:
                attribute = getattr(target, method)
                if not callable(attribute) or method in {"href", "lease_check"}:
                    return attribute
                return lambda *given, **named: sleeper._call(
                    f"{name}.{method}", lambda: attribute(*given, **named)
                )

        return Slow()

    def _call(self, name: str, method: Callable[[], Any]) -> Any:
        self.calls.append(name)
        if len(self.calls) != self.at:
            return method()
        if self.after:
            result = method()
            self.meanwhile()
            return result
        self.meanwhile()
        return method()


class Quick(DecoderProcess):
    """The real decoder, remembering what it has decoded."""

    known: dict[bytes, FileResult] = {}  # noqa: RUF012 - remembers the real decoder's result
    cogs: dict[bytes, bytes] = {}  # noqa: RUF012

    def process(self, task: FileTask) -> FileResult:

        body = Path(task.path).read_bytes()
        if body not in self.known:
            self.known[body] = DECODER.process(task)
            self.cogs[body] = Path(str(self.known[body].output)).read_bytes()
        target = Path(task.folder) / "cog.tif"
        target.write_bytes(self.cogs[body])
        return replace(self.known[body], output=str(target))


OLD, NEW = raster(ramp()), raster(ramp() + 7)


def same_file(world: World, upload: Upload) -> None:
    again(world, ObjectCreated(upload.parts[0].key, 0, "", ""))


def newer_file(world: World, upload: Upload) -> None:
    again(world, *world.send(upload, NEW))


def counts(upload: Upload) -> bytes:
    """Return the file that the record says was processed: none is taken note of at the end."""
    etags = {hashlib.md5(body, usedforsecurity=False).hexdigest(): body for body in (OLD, NEW)}
    return etags[upload.parts[0].etag]


def no_file(world: World, upload: Upload) -> None:
    world.objects.delete([upload.parts[0].key])
    again(world, ObjectCreated(upload.parts[0].key, 0, "", ""))


def again(world: World, *created: ObjectCreated) -> None:
    """Deliver a second message after the lease of the first one's attempt has run out."""
    world.clock.pass_(seconds=40)
    with contextlib.suppress(Interrupted):
        for each in created:
            ingest(context(world, "second"), each)


def context(world: World, message: str) -> IngestContext:
    return replace(world.context, decoder=Quick(), component_id=message)


def play(meanwhile: Callable[[World, Upload], None], at: int, *, after: bool) -> tuple[World, int]:
    """Return the world at rest, and how many calls the first attempt made."""
    world = World()
    upload = world.declare()
    (created,) = world.send(upload, OLD)
    sleeper = Sleeper(at, lambda: meanwhile(world, upload), after=after)
    calls = 0
    for _ in range(4):
        try:
            ingest(sleeper.context(context(world, "first")), created)
        except (Busy, Interrupted):
            world.clock.pass_(seconds=40)
        calls = calls or len(sleeper.calls)
    for _ in range(3):
        world.clock.pass_(hours=2)
        assert sweep(world.context).problems == ()
    return world, calls


@pytest.mark.parametrize("meanwhile", [same_file, newer_file, no_file], ids=lambda f: f.__name__)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whoever_is_taken_over_does_no_harm(
    meanwhile: Callable[[World, Upload], None], *, after: bool
) -> None:
    _, steps = play(meanwhile, 0, after=after)
    assert steps > 8
    newer = 0
    for at in range(1, steps + 1):
        world, _ = play(meanwhile, at, after=after)
        (upload,) = world.uploads.items.values()
        where = f"step {at} of {steps}"
        images = list(world.images.items.values())
        assert (upload.status == "success") == bool(images), where
        assert world.orphans() == [], where
        assert world.uploads.due(world.clock()) == [], where
        for file in images[0].get("files") if images else ():
            body = world.objects.content[file["href"].removeprefix("s3://data/")]
            assert hashlib.md5(body, usedforsecurity=False).hexdigest() == file["hash"], where
        if images:
            assert world.cog() == Quick.cogs[counts(upload)], where
        newer += counts(upload) == NEW
        assert set(world.images.items) <= {f"{PRODUCT}:a"}
    assert (newer > 8) == (meanwhile is newer_file)


def test_what_is_written_after_the_end_is_deleted_by_the_sweep() -> None:
    """The first attempt writes its COG when the second is done with everything, and dies."""
    world = World()
    upload = world.declare()
    (created,) = world.send(upload, OLD)

    class Killed(BaseException):
        pass

    class Objects(MemoryObjects):
        def upload(self, source: Path, key: str) -> None:
            again(world, created)
            super().upload(source, key)
            raise Killed

    slow = Objects(world.clock)
    slow.content, slow.modified = world.objects.content, world.objects.modified
    with pytest.raises(Killed):
        ingest(replace(context(world, "first"), objects=slow), created)
    assert world.now(upload).status == "success"
    sweep(world.context)
    assert len(world.orphans()) == 1
    world.clock.pass_(minutes=21)
    sweep(world.context)
    assert world.orphans() == []
    assert world.uploads.due(world.clock()) == []
