"""The disk of an ingest is full: at every size, in the decoding process as it is deployed.

A limit on the size of files makes the operating system refuse what is written beyond it, as it
does on a full disk; GDAL reports some of these errors, and not those of closing a file.
"""

from __future__ import annotations

import errno
import io
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.ingest_world import PRODUCT, MemoryObjects, Values, World, raster

from swath_core.ingest import ObjectCreated, ingest
from swath_core.pixels import DecoderFailed, DecoderProcess
from swath_core.uploads import Upload

SIDE = 600


class CrampedDecoder(DecoderProcess):
    """The decoding process, which cannot write files of more than some bytes."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def _running(self) -> subprocess.Popen[bytes]:
        child = super()._running()
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (self.most, self.most))
        return child


def noise() -> Values:
    return np.random.default_rng(1).integers(1, 60_000, (1, SIDE, SIDE)).astype("uint16")


def smooth() -> Values:
    """Return pixels that take far less room in the COG than in its uncompressed overviews."""
    return np.broadcast_to(np.arange(1, SIDE + 1, dtype="uint16") // 8 + 1, (1, SIDE, SIDE)).copy()


def of_raster(values: Values) -> tuple[str, bytes, dict[str, object]]:
    return "one.tif", raster(values), {}


def uncompressed(values: Values) -> tuple[str, bytes, dict[str, object]]:
    return "one.tif", raster(values), {"compression": "none"}


def of_array(values: Values) -> tuple[str, bytes, dict[str, object]]:
    buffer = io.BytesIO()
    np.save(buffer, values[0])
    return "one.npy", buffer.getvalue(), {}


_PLACE = {"geotrans": [440_000, 10, 0, 5_170_000, 0, -10], "cs_code": "EPSG:32632"}


def declared(kind: Callable[[Values], tuple[str, bytes, dict[str, object]]], values: Values) -> (
    tuple[World, Upload, ObjectCreated]
):  # fmt: skip
    world = World()
    name, body, properties = kind(values)
    if properties:
        world.define(*world.products.items[PRODUCT][1], **properties)
    array = {"upload_type": "ndarray"} if name.endswith(".npy") else {}
    image = {"acquired": "2020-01-01T00:00:00.000000Z", **(_PLACE if array else {})}
    upload = world.declare(files=(name,), image=image, **array)
    (created,) = world.send(upload, body)
    return world, upload, created


@pytest.mark.parametrize("values", [noise, smooth], ids=lambda each: each.__name__)
@pytest.mark.parametrize("kind", [of_raster, of_array, uncompressed], ids=lambda f: f.__name__)
def test_a_full_disk_never_makes_half_an_image(
    kind: Callable[[Values], tuple[str, bytes, dict[str, object]]],
    values: Callable[[], Values],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    world, upload, created = declared(kind, values())
    world.deliver(created)
    assert world.now(upload).status == "success", world.why(upload)
    expected = world.cog()
    whole = len(expected)
    pixels = 2 * SIDE * SIDE
    limits = {0, 3000, pixels // 20, pixels // 4, pixels // 2}
    limits |= {whole - missing for missing in (1, 600, 70_000) if missing < whole}
    failed = 0
    for most in sorted(limits):
        world, upload, created = declared(kind, values())
        with CrampedDecoder(most) as decoder, suppress(DecoderFailed):
            ingest(replace(world.context, decoder=decoder), created)
        assert list(tmp_path.iterdir()) == []
        if world.now(upload).status == "pending":
            failed += 1
            assert world.now(upload).attempts == 1
            assert "it will be tried again" in world.why(upload)
            assert world.images.items == {}
            assert world.orphans() == [created.key]
            world.deliver(created)
        assert world.now(upload).status == "success", (most, world.why(upload))
        assert world.cog() == expected, most
        assert world.orphans() == []
    assert failed >= 3


def test_a_disk_without_room_for_the_file_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fifth attempt says why; until then the message comes again. Nothing stays behind."""

    class Objects(MemoryObjects):
        def download(self, key: str, etag: str, size: int, target: Path) -> None:
            target.write_bytes(self.content[key][: size // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    world = World()
    world.objects = Objects(world.clock)
    upload = world.declare()
    (created,) = world.send(upload, raster())
    for _ in range(5):
        with pytest.raises(OSError, match="No space left"):
            world.deliver(created)
        assert list(tmp_path.iterdir()) == []
    assert world.now(upload).status == "failure"
    assert world.why(upload) == (
        "gave up after 5 attempts: OSError: [Errno 28] No space left on device"
    )
    world.deliver(created)
    assert world.images.items == {}
    assert world.bus.kinds() == ["swath.upload.failed"]


_ON_A_FULL_DISK = """
import json, sys
from dataclasses import replace
from tests.component.ingest.test_full_disk import declared, noise, of_raster
from swath_core.ingest import ingest
from swath_core.pixels import DecoderProcess
found = []
world, upload, created = declared(of_raster, noise())
try:
    with DecoderProcess() as decoder:
        ingest(replace(world.context, decoder=decoder), created)
except Exception as error:
    found.append(type(error).__name__)
import tempfile, os
print(json.dumps([found, world.now(upload).status, len(world.images.items),
                  os.listdir(tempfile.gettempdir())]))
"""


def _mounts(folder: Path) -> bool:
    command = f"mount -t tmpfs -o size=64k none {folder}"
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", command], capture_output=True, check=False, timeout=30
    )
    return done.returncode == 0


def test_a_real_disk_that_is_full(tmp_path: Path) -> None:
    """It has room for the file, not for its overviews and its COG as well."""
    if not _mounts(tmp_path):
        pytest.skip("a file system of a few megabytes cannot be mounted here")
    script = f'mount -t tmpfs -o size=1900k none {tmp_path} && TMPDIR={tmp_path} exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, sys.executable, _ON_A_FULL_DISK],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        env={**_path_of_this_process(), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    errors, status, images, left = json.loads(done.stdout.splitlines()[-1])
    assert (status, images, left) == ("pending", 0, []), done.stderr[-2000:]
    assert errors[0] in {"OSError", "DecoderFailed"}


def _path_of_this_process() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}
