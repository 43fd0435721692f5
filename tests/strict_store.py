"""A second DynamoDB for the store's tests: dynoxide, which counts capacity as AWS does.

It is a program for x86-64 Linux, installed by ``make`` into tests/dynoxide where npm is. Elsewhere
the tests on it are skipped and say why. The rest of AWS stays with moto.
"""

from __future__ import annotations

import platform
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from moto import mock_aws

from swath_core.store import requests, tables

PROGRAM = Path(__file__).parent / "dynoxide/node_modules/@dynoxide/linux-x64/dynoxide"
STORES = ("moto", "dynoxide")
_START_SECONDS = 10.0


def missing() -> str | None:
    """Return why there is no second store here, or None."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return f"dynoxide runs on x86-64 Linux, not on {platform.machine()} {platform.system()}"
    if not PROGRAM.exists():
        return "dynoxide is not installed: make test does that where npm is"
    return None


@contextmanager
def dynoxide() -> Iterator[str]:
    """Run an empty store in memory; the address of it. Skips the test where there is none."""
    why = missing()
    if why:
        pytest.skip(why)
    port = free_port()
    with served(port):
        yield f"http://127.0.0.1:{port}"


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(port: int, *options: str, seconds: float = _START_SECONDS) -> Iterator[None]:
    """Run the store at a port of this machine; it has so many seconds to answer."""
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port, process, seconds)
        yield
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"dynoxide does not answer (status {process.returncode})")


@contextmanager
def store(kind: str) -> Iterator[str | None]:
    """Have DynamoDB answered by ``moto`` or ``dynoxide``, the rest by moto; the address, if any."""
    with mock_aws():
        if kind == "moto":
            yield None
            return
        with dynoxide() as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", address)
            _forget_connections()
            try:
                yield address
            finally:
                _forget_connections()


def _forget_connections() -> None:
    """Let the models and transactions look for DynamoDB anew."""
    requests.connection.cache_clear()
    for model in tables.Table.__subclasses__():
        model._connection = None
