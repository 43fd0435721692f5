"""The upload's state machine under anything: re-sent files, repeated events, kills, sweeps.

The decoder is replaced by one that takes bytes for pixels; everything else is the real ingest.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from tests.ingest_world import PRODUCT, World, band

from swath_core.errors import Conflict
from swath_core.ingest import Busy, IngestContext, Interrupted, ObjectCreated, ingest, sweep
from swath_core.pixels import DecoderProcess, FileResult, FileTask, Refused
from swath_core.uploads import FINAL, Step, Upload, machine

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[10, 50], [10.5, 50], [10.5, 50.5], [10, 50.5], [10, 50]]],
}


class Killed(BaseException):
    """The process is gone."""


class BytesDecoder(DecoderProcess):
    """Takes any bytes for a raster except those that begin with "bad"."""

    def process(self, task: FileTask) -> FileResult:
        body = Path(task.path).read_bytes()
        if body.startswith(b"bad"):
            raise Refused(f"{task.name}: is bad")
        target = Path(task.folder) / "cog.tif"
        target.write_bytes(b"COG of " + body)
        return FileResult(
            output=str(target),
            size_bytes=target.stat().st_size,
            md5=hashlib.md5(target.read_bytes(), usedforsecurity=False).hexdigest(),
            width=2,
            height=2,
            bands=1,
            crs="x",
            cs_code="EPSG:4326",
            geotransform=(10, 0.25, 0, 50.5, 0, -0.25),
            valid_fraction=1.0,
            footprint=SQUARE,
            area=1.0,
        )


class Fuse:
    """Lets a number of calls through, then kills."""

    def __init__(self, calls: int | None) -> None:
        self.left = calls

    def around(self, target: Any) -> Any:
        fuse = self

        class Fused:
            def __getattr__(self, name: str) -> Any:
                attribute = getattr(target, name)
                if not callable(attribute) or name == "href":
                    return attribute

                def call(*arguments: Any, **named: Any) -> Any:
                    if fuse.left is not None:
                        if fuse.left <= 0:
                            raise Killed
                        fuse.left -= 1
                    return attribute(*arguments, **named)

                return call

        return Fused()

    def context(self, world: World, message: str = "schedule") -> IngestContext:
        parts = {
            name: self.around(getattr(world.context, name))
            for name in ("uploads", "images", "objects", "bus", "products")
        }
        return replace(world.context, decoder=BytesDecoder(), component_id=message, **parts)


class Uploads(RuleBasedStateMachine):
    """Users, S3's events, workers that die, and the sweep, in any order."""

    uploads = Bundle("uploads")

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.define(band("one", file=0), band("two", file=1))
        self.queue: list[tuple[str, ObjectCreated]] = []
        self.sent: dict[str, list[set[bytes]]] = {}
        self.final: dict[str, str] = {}
        self.serial = 0

    @rule(target=uploads, name=st.sampled_from("ab"))
    def declare(self, name: str) -> str:
        upload = self.world.declare(name, files=("x.tif", "y.tif"))
        self.sent[upload.id] = [set(), set()]
        return upload.id

    @rule(upload_id=uploads, index=st.integers(0, 1), bad=st.booleans(), again=st.integers(0, 2))
    def put(self, upload_id: str, index: int, bad: bool, again: int) -> None:
        self.serial += 1
        body = f"{'bad' if bad and self.serial % 3 == 0 else 'good'} {self.serial}".encode()
        upload = self._get(upload_id)
        arrival = self.world.put(upload.parts[index].key, body)
        self.sent[upload_id][index].add(body)
        for copy in range(1 + again):
            self.queue.append((f"{self.serial}-{copy}", arrival))

    @rule(place=st.integers(0, 30), repeat=st.booleans(), calls=st.none() | st.integers(0, 25))
    def deliver(self, place: int, repeat: bool, calls: int | None) -> None:
        if not self.queue:
            return
        message, created = self.queue.pop(place % len(self.queue))
        if repeat:
            self.queue.append((message, created))
        try:
            ingest(Fuse(calls).context(self.world, message), created)
        except (Killed, Busy, Interrupted):
            self.queue.append((message, created))

    @rule(upload_id=uploads, calls=st.none() | st.integers(0, 3))
    def submit(self, upload_id: str, calls: int | None) -> None:
        self._change(machine.submit, upload_id)

    @rule(upload_id=uploads)
    def cancel(self, upload_id: str) -> None:
        self._change(machine.cancel, upload_id)

    def _change(self, change: Any, upload_id: str) -> None:
        upload = self._get(upload_id)
        with contextlib.suppress(Conflict):
            after = change(upload, Step(self.world.clock(), "api", "x"))
            if after is not upload:
                self.world.uploads.save(after, upload)

    @rule(minutes=st.sampled_from([1, 70, 60 * 7, 60 * 30]))
    def wait(self, minutes: int) -> None:
        self.world.clock.pass_(minutes=minutes)

    @rule(calls=st.none() | st.integers(0, 25))
    def sweep(self, calls: int | None) -> None:
        with contextlib.suppress(Killed):
            sweep(Fuse(calls).context(self.world))

    def _get(self, upload_id: str) -> Upload:
        upload = self.world.uploads.get(upload_id)
        assert upload is not None
        return upload

    @invariant()
    def what_is_final_stays(self) -> None:
        for upload in self.world.uploads.items.values():
            known = self.final.get(upload.id)
            assert known is None or upload.status == known
            if upload.status in FINAL:
                self.final[upload.id] = upload.status

    @invariant()
    def success_means_an_image_whose_objects_exist(self) -> None:
        for upload in self.world.uploads.items.values():
            if upload.status == "success":
                assert upload.image_id in self.world.images.items
        for image in self.world.images.items.values():
            for index, file in enumerate(image.get("files")):
                key = file["href"].removeprefix("s3://data/")
                body = self.world.objects.content[key]
                assert len(body) == file["size_bytes"]
                upload_id = str(image.request).partition("/")[0]
                assert body.removeprefix(b"COG of ") in self.sent[upload_id][index]

    def teardown(self) -> None:
        """Let everything come to rest: every upload is final and nothing is left over."""
        for _ in range(12):
            waiting, self.queue = self.queue, []
            for message, created in waiting:
                try:
                    ingest(Fuse(None).context(self.world, message), created)
                except (Busy, Interrupted):
                    self.queue.append((message, created))
            self.world.clock.pass_(minutes=1)
        assert self.queue == []
        for _ in range(3):
            self.world.clock.pass_(hours=30)
            sweep(Fuse(None).context(self.world))
        assert all(upload.is_final for upload in self.world.uploads.items.values())
        assert self.world.orphans() == []
        assert self.world.uploads.due(self.world.clock()) == []
        self.what_is_final_stays()
        self.success_means_an_image_whose_objects_exist()
        images = {f"{PRODUCT}:{name}" for name in "ab"}
        assert set(self.world.images.items) <= images


TestUploads = Uploads.TestCase
