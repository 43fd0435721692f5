"""Records which functions of our own code run: in this process, its threads and its children.

A child takes part when it finds `sitecustomize.py` in the folder that :func:`recording` puts on
`sys.path`; the decoding process of an ingest inherits that path, and nothing else.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
OWN = tuple(f"{ROOT / folder}{os.sep}" for folder in ("shared/swath_core", "functions"))
CO_OPTIMIZED = 1  # of code with fast locals: a function, not the body of a module or a class
_CHILD = """\
import sys
sys.path.insert(1, {root!r})
from benchmarks import _trace
sys.path.remove({root!r})
_trace.start({log!r})
"""


@dataclass(frozen=True)
class Trace:
    """The files whose functions ran, one entry a call, in order; threads one after the other."""

    calls: tuple[str, ...]
    switches: int

    @property
    def files(self) -> set[str]:
        """The files entered."""
        return set(self.calls)


@contextmanager
def recording() -> Iterator[Path]:
    """Make children of this process take part; yield the log that they and we write to."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "calls"
        child = _CHILD.format(root=str(ROOT), log=str(log))
        (Path(folder) / "sitecustomize.py").write_text(child)
        sys.path.insert(0, folder)
        try:
            yield log
        finally:
            sys.path.remove(folder)


@contextmanager
def traced(log: Path) -> Iterator[None]:
    """Record what runs meanwhile into the log, afresh."""
    log.write_text("")
    start(str(log))
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def start(log: str) -> None:
    """Record the calls of this process from now on."""
    target = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_flags & CO_OPTIMIZED and code.co_filename.startswith(OWN):
            line = f"{os.getpid()}-{threading.get_ident()} {code.co_filename}\n"
            os.write(target, line.encode())

    threading.setprofile(note)
    sys.setprofile(note)


def read(log: Path, *, children: bool = False) -> Trace:
    """Return what was recorded of this process, or of its children."""
    threads: dict[str, list[str]] = {}
    for line in log.read_text().splitlines():
        thread, _, file = line.partition(" ")
        if thread.startswith(f"{os.getpid()}-") != children:
            threads.setdefault(thread, []).append(str(Path(file).relative_to(ROOT)))
    switches = sum(before != after for each in threads.values() for before, after in pairwise(each))
    return Trace(tuple(call for each in threads.values() for call in each), switches)
