"""The folder that one file is processed in, and those that killed functions left behind.

A process holds a lock on its folder, which ends with the process, however that ends. The next
process that needs a folder removes those that nobody holds: a function's disk outlives the
processes that are killed on it, and a full one fails every ingest that comes later.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "swath-ingest-"


@contextmanager
def workspace() -> Iterator[Path]:
    """Yield an empty folder of this process alone; it is removed after. Raises OSError."""
    remove_abandoned()
    folder, held = _locked_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def remove_abandoned() -> list[Path]:
    """Remove the folders whose processes have ended, and return them."""
    return [folder for folder in _candidates() if _removed(folder)]


def _candidates() -> list[Path]:
    return sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def _removed(folder: Path) -> bool:
    with suppress(OSError):  # it is locked, has just been removed, or belongs to somebody else
        held = _opened(folder)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            return not folder.exists()
        finally:
            os.close(held)
    return False


def _locked_folder() -> tuple[Path, int]:
    """Return a new folder and the descriptor that locks it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):
            held = _opened(folder)
            fcntl.flock(held, fcntl.LOCK_EX)
            if folder.exists():
                return folder, held
            os.close(held)
        # it was taken for an abandoned one before it was locked


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
