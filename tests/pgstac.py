"""stac-fastapi-pgstac on a PostgreSQL of its own: an established STAC server, for comparison.

It needs the Debian packages ``postgresql`` and ``postgresql-postgis``, and the environment of
``requirements/peer-pgstac.txt``, which is made on first use.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from benchmarks._postgres import missing_packages, temporary_cluster
from tests.contract.published import Release, environment_of

PEER = Release("peer-pgstac.txt", "PGSTAC")
_STARTUP_SECONDS = 300
_APPLICATION = "stac_fastapi.pgstac.app:create_app"
Json = dict[str, Any]


class AbsentError(Exception):
    """What the peer needs is not on this machine."""


@dataclass(frozen=True)
class Pgstac:
    """A running server: its process, and that of PostgreSQL."""

    url: str
    pid: int
    postmaster: int
    session: requests.Session
    execute: Callable[[str], None]

    def set(self, name: str, value: str) -> None:
        """Change a setting, from the next search on."""
        self.execute(_SET.format(name=name, value=value))

    def search(self, body: Json) -> Json:
        """Return the answer to a POST of a search. Raises RuntimeError with what was wrong."""
        answer = self.session.post(f"{self.url}/search", json=body, timeout=120)
        if answer.status_code != 200:
            message = f"{answer.status_code}: {answer.text[:500]}"
            raise RuntimeError(message)
        found: Json = answer.json()
        return found

    def processor_seconds(self) -> float:
        """Return the processor time that the server and PostgreSQL have taken so far."""
        return sum(_spent(each) for each in [self.pid, *_children(self.postmaster)])


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for task in tasks for each in task.read_text().split()]


def _spent(pid: int) -> float:
    """Return the seconds of processor time of all threads of a process (Linux)."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in files) / 1e9


@contextmanager
def running_pgstac(
    collections: Iterable[Json],
    items: Iterable[Json],
    *,
    numbers: Iterable[str] = (),
    counts: bool = False,
) -> Iterator[Pgstac]:
    """Yield a server that holds these collections and items. Raises AbsentError.

    ``numbers`` are the properties that it is to sort as such: others it sorts as text. ``counts``
    lets it count the matches of every search.
    """
    missing = missing_packages(postgis=True)
    if missing:
        raise AbsentError(f"not installed: {', '.join(missing)}")
    try:
        python = environment_of(PEER)
    except (OSError, subprocess.CalledProcessError) as error:
        raise AbsentError(f"requirements/{PEER.lock} cannot be installed: {error}") from error
    with ExitStack() as stack:
        port = _free_port()
        cluster = stack.enter_context(temporary_cluster(["shared_buffers=256MB"], port))
        cluster.run("CREATE DATABASE stac;")
        variables = {
            **os.environ,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGUSER": "postgres",
            "PGDATABASE": "stac",
            "PGPASSWORD": "x",
            "PGSSLMODE": "disable",
            "USE_API_HYDRATE": "true",
            "PYTHONPATH": "",
        }
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _load(python, variables, folder, {"collections": collections, "items": items})
        _run([_beside(python, "python"), "-c", _NUMBER, *numbers], variables)
        served = stack.enter_context(_served(python, variables, cluster.pid))
        if counts:
            served.set("context", "on")
        yield served


_SET = (
    "INSERT INTO pgstac.pgstac_settings VALUES ('{name}', '{value}') "
    "ON CONFLICT (name) DO UPDATE SET value = '{value}';"
)
_SQL = """
import sys
from pypgstac.db import PgstacDB
with PgstacDB() as db:
    db.connect().execute(sys.argv[1])
"""


_NUMBER = """
import sys
from pypgstac.db import PgstacDB
with PgstacDB() as db:
    connection = db.connect()
    for name in sys.argv[1:]:
        connection.execute("DELETE FROM pgstac.queryables WHERE name = %s", [name])
        connection.execute(
            "INSERT INTO pgstac.queryables (name, definition, property_wrapper) "
            "VALUES (%s, %s, 'to_float')",
            [name, '{"type": "number"}'],
        )
"""


def _load(
    python: Path, variables: Mapping[str, str], folder: Path, objects: Mapping[str, Iterable[Json]]
) -> None:
    pypgstac = _beside(python, "pypgstac")
    _run([pypgstac, "migrate"], variables)
    for kind, members in objects.items():
        path = folder / f"{kind}.ndjson"
        path.write_text("".join(json.dumps(each) + "\n" for each in members))
        _run([pypgstac, "load", kind, path, "--method", "insert"], variables)


def _run(command: list[str | Path], variables: Mapping[str, str]) -> None:
    done = subprocess.run(command, env=dict(variables), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])


def _beside(python: Path, name: str) -> Path:
    return python.parent / name


@contextmanager
def _served(python: Path, variables: Mapping[str, str], postmaster: int) -> Iterator[Pgstac]:
    port = _free_port()
    command = [str(_beside(python, "uvicorn")), _APPLICATION, "--host", "127.0.0.1"]
    command += ["--factory", "--port", str(port), "--log-level", "error"]

    def execute(statement: str) -> None:
        _run([_beside(python, "python"), "-c", _SQL, statement], variables)

    process = subprocess.Popen(
        command, env=dict(variables), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with requests.Session() as session:
            url = f"http://127.0.0.1:{port}"
            server = Pgstac(url, process.pid, postmaster, session, execute)
            _await(server, process)
            yield server
    finally:
        process.terminate()
        process.wait()


def _await(server: Pgstac, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTUP_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            server.session.get(f"{server.url}/_mgmt/ping", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.2)
        else:
            return
    message = "the server did not start"
    raise RuntimeError(message)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number
