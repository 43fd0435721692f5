"""Recognising and ending exactly the processes that were started here."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


def identity(pid: int) -> str | None:
    """Return what tells this process from a later one with the same pid; None once it ended.

    It is the start time and the command line: from /proc where there is one, else from ps.
    A process that ended but was not yet collected by its parent counts as ended.
    """
    _collect(pid)
    return _identity_from_proc(pid) if Path("/proc/self/stat").exists() else _identity_from_ps(pid)


def _identity_from_ps(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-ww", "-o", "state=,lstart=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    state, _, started_and_command = shown.partition(" ")
    return None if not shown or state.startswith("Z") else started_and_command.strip()


def _identity_from_proc(pid: int) -> str | None:
    folder = Path(f"/proc/{pid}")
    try:
        # the second field, the program's name in parentheses, may hold spaces: cut behind it
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    state, started = fields[0], fields[19]
    # a process that is about to be a zombie has lost its command line already
    return None if state in "ZX" or not command else f"{started} {command.strip()}"


def _collect(pid: int) -> None:
    """Take a child's exit status, so that it does not linger as a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def end(pid: int, expected: str, seconds: float) -> bool:
    """Ask a process to end with SIGTERM and wait for it; say whether it did.

    Nothing happens to a process whose identity is not the expected one. Its group (the processes
    that it started itself) is ended after it. There is no SIGKILL: the local cloud writes its
    state while it ends.
    """
    if identity(pid) == expected:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while identity(pid) == expected:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        # it led a group of its own, which cannot have been given away while members are left
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGTERM)
    return True
