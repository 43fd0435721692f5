"""What an ingest leaves on the disk, and what the next one finds of one that was killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.ingest_world import World, raster

from swath_core.ingest._workspace import PREFIX, remove_abandoned, workspace

WORKER = """
import sys, time
from swath_core.ingest._workspace import workspace
with workspace() as folder:
    (folder / "source").mkdir()
    (folder / "source" / "file").write_bytes(bytes(1000))
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _own_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@contextmanager
def working() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Yield another process that works in a folder of its own, and that folder."""
    with subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        try:
            yield it, Path(it.stdout.readline().strip())
        finally:
            it.kill()


def test_a_killed_process_leaves_its_folder_to_the_next_one(tmp_path: Path) -> None:
    with working() as (process, folder):
        process.kill()
        process.wait()
        assert (folder / "source" / "file").exists()
    world = World()
    upload = world.ingest(raster())
    assert upload.status == "success"
    assert list(tmp_path.iterdir()) == []


def test_the_folders_of_living_processes_stay(tmp_path: Path) -> None:
    with working() as (_, folder), workspace() as own:
        assert remove_abandoned() == []
        assert (folder / "source" / "file").exists()
        world = World()
        assert world.ingest(raster()).status == "success"
        assert set(tmp_path.iterdir()) == {folder, own}


def test_nothing_but_folders_of_an_ingest_is_removed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "swath-upload-1").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}file").touch()
    (tmp_path / f"{PREFIX}abandoned").mkdir()
    before = {path.name for path in tmp_path.iterdir()}
    assert [path.name for path in remove_abandoned()] == [f"{PREFIX}abandoned"]
    assert {path.name for path in tmp_path.iterdir()} == before - {f"{PREFIX}abandoned"}


def test_a_folder_that_is_removed_before_it_is_locked_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make, made = tempfile.mkdtemp, list[str]()

    def interrupted(**given: str) -> str:
        made.append(make(**given))
        if len(made) < 3:
            remove_abandoned()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", interrupted)
    with workspace() as folder:
        assert str(folder) == made[2]
        assert folder.is_dir()
