"""The ingest is killed, or fails, at every single step; delivered again, it always ends alike.

Each call to a table, the bucket, the catalog, the decoder or the bus is a step. A process that is
killed does nothing more, not even tidy up; that a call was killed can mean that it was done or not,
so both are tried.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.ingest_world import DECODER, PRODUCT, World, band, ramp, raster

from swath_core.ingest import Busy, IngestContext, Interrupted, ObjectCreated, ingest, sweep
from swath_core.pixels import DecoderProcess, FileResult, FileTask, Refused

_ATTEMPT = re.compile(r"(?<=/u\d{4})-[0-9a-f]{8}/|(?<=/drop-[0-9a-f]{32})-[0-9a-f]{8}/")
"""What tells the COGs of one attempt from those of another, in keys."""

_PARTS = ("uploads", "products", "images", "objects", "bus", "decoder")


class Killed(BaseException):
    """The process is gone."""


class Broken(RuntimeError):
    """A service answered with an error."""


class Wire:
    """Counts calls to the services, and trips at one of them."""

    def __init__(self, at: int, *, after: bool, error: bool) -> None:
        self.at = at
        self.after = after
        self.error = error
        self.calls: list[str] = []
        self.dead = False

    def around(self, target: Any, name: str) -> Any:
        wire = self

        class Wired:
            def __getattr__(self, method: str) -> Any:
                attribute = getattr(target, method)
                if not callable(attribute) or method == "href":
                    return attribute

                def call(*arguments: Any, **named: Any) -> Any:
                    return wire.call(f"{name}.{method}", attribute, arguments, named)

                return call

        return Wired()

    def call(self, name: str, method: Callable[..., Any], arguments: Any, named: Any) -> Any:
        if self.dead:
            raise Killed
        self.calls.append(name)
        if len(self.calls) != self.at:
            return method(*arguments, **named)
        if self.error:
            if self.after:
                method(*arguments, **named)
            raise Broken(name)
        self.dead = True
        if self.after:
            method(*arguments, **named)
        raise Killed


_DECODED: dict[tuple[object, ...], FileResult | Refused] = {}
_KEPT: dict[str, Path] = {}


class QuickDecoder(DecoderProcess):
    """The real decoder, remembering what it has decoded."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def process(self, task: FileTask) -> FileResult:
        key = (Path(task.path).read_bytes(), task.name, task.bands, task.given)
        if key not in _DECODED:
            try:
                result = DECODER.process(task)
                self._keep(result)
                _DECODED[key] = result
            except Refused as refusal:
                _DECODED[key] = refusal
        known = _DECODED[key]
        if isinstance(known, Refused):
            raise known
        if known.output is None:
            return known
        target = Path(task.folder) / "cog.tif"
        shutil.copy(_KEPT[known.md5], target)
        return replace(known, output=str(target))

    def _keep(self, result: FileResult) -> None:
        if result.output is not None:
            _KEPT[result.md5] = self.folder / result.md5
            shutil.copy(result.output, _KEPT[result.md5])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cogs")


def one_file(world: World) -> list[ObjectCreated]:
    return world.send(world.declare(), raster())


def two_files_over_an_old_image(world: World) -> list[ObjectCreated]:
    world.define(band("one", file=0), band("two", file=1))
    old = world.declare(files=("x.tif", "y.tif"))
    for arrival in world.send(old, raster(ramp() + 5), raster(ramp() + 6)):
        ingest(replace(world.context, decoder=world.quick), arrival)  # type: ignore[attr-defined]
    new = world.declare(files=("x.tif", "y.tif"))
    return world.send(new, raster(ramp()), raster(ramp() + 1))


@cache
def _cog() -> bytes:
    elsewhere = World()
    elsewhere.ingest(raster())
    return elsewhere.cog()


def a_cog(world: World) -> list[ObjectCreated]:
    return world.send(world.declare(), _cog())


def a_drop_with_a_sidecar(world: World) -> list[ObjectCreated]:
    first = world.put("drop/acme/scenes/a.json", b'{"acquired": "2021"}')
    return [first, world.put("drop/acme/scenes/a.tif", raster())]


def a_manifest(world: World) -> list[ObjectCreated]:
    world.define(band("one", file=0), band("two", file=1))
    return [
        world.put("drop/acme/scenes/a/x.tif", raster()),
        world.put(
            "drop/acme/scenes/a.json",
            b'{"files": ["x.tif", "y.tif"], "attributes": {"acquired": "2021"}}',
        ),
        world.put("drop/acme/scenes/a/y.tif", raster(ramp() + 1)),
    ]


def a_bad_file(world: World) -> list[ObjectCreated]:
    return world.send(world.declare(), raster(dtype="float32", values=ramp(dtype="float32")))


def a_bad_second_file(world: World) -> list[ObjectCreated]:
    world.define(band("one", file=0), band("two", file=1))
    return world.send(world.declare(files=("x.tif", "y.tif")), raster(), b"no raster")


SCENARIOS = (
    one_file,
    two_files_over_an_old_image,
    a_cog,
    a_drop_with_a_sidecar,
    a_manifest,
    a_bad_file,
    a_bad_second_file,
)


def wired(context: IngestContext, wire: Wire) -> IngestContext:
    return replace(context, **{name: wire.around(getattr(context, name), name) for name in _PARTS})


def deliver(world: World, arrivals: list[ObjectCreated], wire: Wire) -> None:
    """Deliver until every message was handled, as SQS does; time passes between deliveries."""
    waiting = list(arrivals)
    for _ in range(8):
        again = []
        for arrival in waiting:
            wire.dead = False
            context = replace(world.context, decoder=world.quick)  # type: ignore[attr-defined]
            try:
                ingest(wired(context, wire), arrival)
            except (Killed, Broken, Busy, Interrupted):
                again.append(arrival)
        if not again:
            return
        world.clock.pass_(seconds=40)
        waiting = again
    pytest.fail(f"still not handled: {waiting}")


def outcome(world: World) -> dict[str, Any]:
    """Return everything that may not depend on what went wrong on the way."""
    world.clock.pass_(hours=30)
    sweep(world.context)
    image = world.images.get(f"{PRODUCT}:a")
    found = {
        "statuses": sorted(upload.status for upload in world.uploads.items.values()),
        "image": None if image is None else image.attributes,
        "version": None if image is None else image.version,
        "writes": world.images.writes,
        "orphans": world.orphans(),
        "due": world.uploads.due(world.clock()),
        "announced": sorted(set(world.bus.kinds())),
        "objects": sorted(world.objects.content),
    }
    without_attempts: dict[str, Any] = json.loads(_ATTEMPT.sub("/", json.dumps(found)))
    return without_attempts


def play(scenario: Callable[[World], list[ObjectCreated]], folder: Path, wire: Wire) -> World:
    world = World()
    world.quick = QuickDecoder(folder)  # type: ignore[attr-defined]
    deliver(world, scenario(world), wire)
    return world


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("error", [False, True], ids=["killed", "error"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whatever_step_fails_the_end_is_the_same(
    scenario: Callable[[World], list[ObjectCreated]], folder: Path, *, error: bool, after: bool
) -> None:
    smooth = Wire(0, after=False, error=False)
    expected = outcome(play(scenario, folder, smooth))
    assert expected["orphans"] == []
    assert expected["due"] == []
    steps = len(smooth.calls)
    assert steps > 8
    for at in range(1, steps + 1):
        wire = Wire(at, after=after, error=error)
        found = outcome(play(scenario, folder, wire))
        assert found == expected, f"step {at} of {steps}: {wire.calls[at - 1]}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_nothing_is_available_before_it_is_and_nothing_stays_of_what_never_will_be(
    scenario: Callable[[World], list[ObjectCreated]], folder: Path
) -> None:
    """Killed for good at any step, with no second delivery: the sweep settles it."""
    smooth = Wire(0, after=False, error=False)
    expected = outcome(play(scenario, folder, smooth))
    for at in range(1, len(smooth.calls) + 1):
        world = World()
        world.quick = QuickDecoder(folder)  # type: ignore[attr-defined]
        arrivals = scenario(world)
        before = world.images.get(f"{PRODUCT}:a")
        wire = Wire(at, after=True, error=False)
        for arrival in arrivals:
            context = replace(world.context, decoder=world.quick)  # type: ignore[attr-defined]
            try:
                ingest(wired(context, wire), arrival)
            except (Killed, Busy, Interrupted):
                continue
        found = outcome(world)
        for _ in range(3):
            found = outcome(world)
        uploads = list(world.uploads.items.values())
        assert all(upload.is_final for upload in uploads), wire.calls[-1]
        dropped = [key for key in found["orphans"] if not key.startswith("drop/")]
        assert dropped == [], f"step {at}: {wire.calls[-1]}"
        if found["image"] is not None and before is None:
            assert {k: v for k, v in found["image"].items() if k != "created"} == expected["image"]
            assert "success" in found["statuses"]
