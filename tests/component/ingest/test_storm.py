"""Two hundred uploads at once: every event one to three times, in random order, by four workers."""

from __future__ import annotations

import random
import threading
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ingest_world import DECODER, World, band, ramp, raster

from swath_core.ingest import Busy, Interrupted, ObjectCreated, ingest, sweep
from swath_core.pixels import DecoderProcess, FileResult, FileTask

UPLOADS = 200
WORKERS = 4


class OneDecoder(DecoderProcess):
    """Decodes each distinct file once: the storm is about records, not pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.results: dict[str, tuple[FileResult, bytes]] = {}
        self.lock = threading.Lock()

    def process(self, task: FileTask) -> FileResult:
        with self.lock:
            if task.name not in self.results:
                result = DECODER.process(task)
                self.results[task.name] = result, Path(str(result.output)).read_bytes()
            result, body = self.results[task.name]
        target = Path(task.folder) / "cog.tif"
        target.write_bytes(body)
        return replace(result, output=str(target))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_of_events_makes_each_image_once(seed: int) -> None:
    generator = random.Random(seed)
    world = World()
    world.define(band("one", file=0), band("two", file=1))
    decoder = OneDecoder()
    events: list[ObjectCreated] = []
    bodies = {"a.tif": raster(ramp()), "b.tif": raster(ramp() + 1)}
    for number in range(UPLOADS):
        upload = world.declare(f"image{number}", files=tuple(bodies))
        for arrival in world.send(upload, *bodies.values()):
            events += [arrival] * generator.randint(1, 3)
    generator.shuffle(events)
    queue = deque(events)
    problems: list[BaseException] = []

    def work() -> None:
        context = replace(world.context, decoder=decoder)
        while True:
            try:
                arrival = queue.popleft()
            except IndexError:
                return
            try:
                ingest(context, arrival)
            except (Busy, Interrupted):
                queue.append(arrival)
            except BaseException as problem:  # noqa: BLE001 - the test's to report
                problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert len(world.images.items) == UPLOADS
    assert world.images.writes == UPLOADS
    assert {upload.status for upload in world.uploads.items.values()} == {"success"}
    assert all(upload.attempts == 1 for upload in world.uploads.items.values())
    world.clock.pass_(hours=2)
    sweep(world.context, 10 * UPLOADS)
    assert world.orphans() == []
    assert len(world.objects.content) == 2 * UPLOADS
    assert world.bus.kinds().count("swath.image.available") == UPLOADS
