from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest

from swath_dev import processes

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print(flush=True)\n"
    "time.sleep(60)\n"
)


def start(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program], start_new_session=True, stdout=subprocess.PIPE
    )


@pytest.fixture(autouse=True)
def no_leftovers() -> object:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_a_process_has_one_identity_while_it_lives(
    no_leftovers: list[subprocess.Popen[bytes]],
) -> None:
    process = start(SLEEP)
    no_leftovers.append(process)
    time.sleep(0.2)

    first = processes.identity(process.pid)

    assert first is not None
    assert "sleep" in first
    assert processes.identity(process.pid) == first


def test_an_ended_process_has_no_identity() -> None:
    process = start("pass")
    while processes.identity(process.pid) is not None:
        time.sleep(0.01)

    assert processes.identity(process.pid) is None


def test_end_stops_the_process_it_knows(no_leftovers: list[subprocess.Popen[bytes]]) -> None:
    process = start(SLEEP)
    no_leftovers.append(process)
    time.sleep(0.2)
    identity = processes.identity(process.pid)
    assert identity is not None

    assert processes.end(process.pid, identity, 10)
    assert processes.identity(process.pid) is None


def test_end_leaves_another_process_with_the_same_number_alone(
    no_leftovers: list[subprocess.Popen[bytes]],
) -> None:
    process = start(SLEEP)
    no_leftovers.append(process)
    time.sleep(0.2)

    assert processes.end(process.pid, "12345 something else", 10)
    assert processes.identity(process.pid) is not None


def test_end_never_kills(no_leftovers: list[subprocess.Popen[bytes]]) -> None:
    process = start(STUBBORN)
    no_leftovers.append(process)
    assert process.stdout is not None
    process.stdout.readline()
    identity = processes.identity(process.pid)
    assert identity is not None

    assert not processes.end(process.pid, identity, 0.3)
    assert processes.identity(process.pid) == identity


def test_end_takes_the_processes_that_it_started_along(
    no_leftovers: list[subprocess.Popen[bytes]],
) -> None:
    parent = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = start(parent)
    no_leftovers.append(process)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    identity = processes.identity(process.pid)
    assert identity is not None

    processes.end(process.pid, identity, 10)

    deadline = time.monotonic() + 5
    while processes.identity(child) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes.identity(child) is None


def test_the_own_process_is_recognised() -> None:
    assert processes.identity(os.getpid()) is not None


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_ps_tells_the_same_where_there_is_no_proc(
    no_leftovers: list[subprocess.Popen[bytes]],
) -> None:
    process = start(SLEEP)
    no_leftovers.append(process)
    time.sleep(0.2)

    found = processes._identity_from_ps(process.pid)

    assert found is not None
    assert "sleep" in found
    assert found == processes._identity_from_ps(process.pid)
    process.kill()
    time.sleep(0.1)
    assert processes._identity_from_ps(process.pid) is None
