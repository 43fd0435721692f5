"""Decoding in a process of its own, which has no credentials and a bounded address space.

Decoders are old C code that reads what anybody sends. Here they can crash, hang or eat memory,
and the ingest says so on the upload instead of dying with them; and nothing they could be talked
into opening is worth anything: the child's environment is empty, and drivers that open other
files or the network are not registered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from ._model import FileResult, FileTask, Refused

_WORKER = "swath_core.pixels.worker"


class DecoderFailed(Exception):
    """This attempt to decode failed, and not because of the file: it can be tried again."""


class Decoder(Protocol):
    """Whatever validates files and makes COGs of them."""

    def process(self, task: FileTask) -> FileResult:
        """Return what the file holds. Raises Refused or DecoderFailed."""
        ...


class DecoderProcess:
    """A child process that handles one file after another, as JSON lines over pipes."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Return the decoder; its process starts with the first file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()

    def process(self, task: FileTask) -> FileResult:
        """Return what the file holds. Raises Refused or DecoderFailed."""
        child = self._running()
        stdin, stdout = _pipes(child)
        try:
            stdin.write(json.dumps(task.to_json()).encode() + b"\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            raise self._ended(task)
        return _result(json.loads(line))

    def close(self) -> None:
        """End the process, if it runs."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        child.kill()
        child.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = subprocess.Popen(  # noqa: S603 - this interpreter, a module of ours
                [sys.executable, "-m", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_bare_environment() | {"GDAL_SKIP": _unneeded_drivers()},
            )
        return self._child

    def _ended(self, task: FileTask) -> Exception:
        """Return the error for a process that ended without an answer."""
        child = self._child
        code = child.wait() if child is not None else 0
        self.close()
        limits = task.limits
        if code == -14:  # noqa: PLR2004 - SIGALRM
            return Refused(f"{task.name}: took more than {limits.seconds} seconds to decode")
        return Refused(
            f"{task.name}: the decoder crashed on it (exit status {code}); "
            "expected a raster that GDAL can read"
        )


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if child.stdin is None or child.stdout is None:
        raise DecoderFailed("the decoder has no pipes")
    return child.stdin, child.stdout


def _result(answer: dict[str, Any]) -> FileResult:
    if "refused" in answer:
        raise Refused(answer["refused"])
    if "failed" in answer:
        raise DecoderFailed(answer["failed"])
    return FileResult.from_json(answer["result"])


def _bare_environment() -> dict[str, str]:
    """Return an environment with the import path and nothing else: no credentials, no endpoints."""
    here = str(Path(__file__).resolve().parents[2])
    paths = [here, *(path for path in sys.path if path)]
    environment = {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "LC_ALL": "C.UTF-8",
        # one arena per thread would take more address space than the pixels do
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "COVERAGE_PROCESS_START"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


@cache
def _unneeded_drivers() -> str:
    """Return the GDAL drivers to leave out of decoding processes."""
    command = [sys.executable, "-m", _WORKER, "--unneeded-drivers"]
    done = subprocess.run(  # noqa: S603 - this interpreter, a module of ours
        command, env=_bare_environment(), stdout=subprocess.PIPE, check=False
    )
    if done.returncode or not done.stdout:
        raise DecoderFailed(f"the decoder does not start (exit status {done.returncode})")
    return done.stdout.decode()
