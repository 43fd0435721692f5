"""A PostgreSQL of the benchmark's own: the peer that a managed database would be.

A temporary cluster from the Debian packages, on a Unix socket in a temporary folder.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGES = {"initdb": "postgresql", "postgis": "postgresql-postgis"}
PORT = 5432
_STARTUP_SECONDS = 30


@dataclass(frozen=True)
class Measured:
    """One query: the median of its execution times, the 8 KB pages that it touched, its rows."""

    p50_ms: float
    pages: int
    rows: int


class Postgres:
    """A running cluster, spoken to through ``psql``."""

    def __init__(self, binaries: Path, folder: Path, user: str, port: int = PORT) -> None:
        """Speak to the cluster whose socket lies in a folder, as a user of the system."""
        self._binaries = binaries
        self._folder = folder
        self._user = user
        self._port = port

    @property
    def pid(self) -> int:
        """The process that all others of the cluster are children of."""
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def run(self, sql: str) -> str:
        """Run statements and return what the last one answers, unaligned."""
        return self._psql(sql.encode()).decode()

    def load(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Copy rows into a table; values hold no tabs, line ends or backslashes."""
        lines = (("\t".join("\\N" if v is None else str(v) for v in row) + "\n") for row in rows)
        self._psql(f"COPY {table} FROM STDIN;\n".encode() + "".join(lines).encode() + b"\\.\n")

    def measure(self, sql: str, times: int = 15) -> Measured:
        """Run a query a number of times, once before to warm the cache, and return its figures."""
        explain = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql};"
        answers = [json.loads(self.run(explain))[0] for _ in range(times + 1)][1:]
        plan = answers[-1]["Plan"]
        return Measured(
            statistics.median(answer["Execution Time"] for answer in answers),
            plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
            plan["Actual Rows"],
        )

    def _psql(self, script: bytes) -> bytes:
        command = [
            *_as(self._user),
            str(self._binaries / "psql"),
            *("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
            *("-h", str(self._folder), "-p", str(self._port)),
            *("-U", self._user, "-d", "postgres"),
        ]
        done = subprocess.run(command, input=script, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode())
        return done.stdout


def missing_packages(*, postgis: bool = False) -> list[str]:
    """Return the Debian packages that the peer needs and this machine lacks."""
    binaries = _binaries()
    missing = [] if binaries else [PACKAGES["initdb"]]
    if postgis and not any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        missing.append(PACKAGES["postgis"])
    return missing


@contextmanager
def temporary_cluster(options: Iterable[str] = (), port: int | None = None) -> Iterator[Postgres]:
    """Yield a running cluster; ``options`` are settings such as ``work_mem=64MB``.

    With a port it listens there, too, on loopback; without one on its socket only.
    """
    binaries = _binaries()
    if binaries is None:
        raise RuntimeError(f"not installed: {PACKAGES['initdb']}")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="swath-postgres-"))
    process = None
    try:
        _own(folder, user)
        initdb = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", user, "-A", "trust"]
        _quietly([*_as(user), *initdb, "--no-sync", "-E", "UTF8", "--locale=C"])
        settings = [f"unix_socket_directories={folder}", "fsync=off", f"port={port or PORT}"]
        settings.append(f"listen_addresses={'127.0.0.1' if port else ''}")
        flags = [part for each in [*settings, *options] for part in ("-c", each)]
        process = subprocess.Popen(
            [*_as(user), str(binaries / "postgres"), "-D", str(folder / "data"), *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        cluster = Postgres(binaries, folder, user, port or PORT)
        _await(cluster, process)
        yield cluster
    finally:
        if process is not None:
            process.terminate()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = Path(found).resolve() if found else (known[-1] if known else None)
    return path.parent if path else None


def _user() -> str:
    """Return the user to run as: PostgreSQL refuses root."""
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _as(user: str) -> list[str]:
    return ["setpriv", f"--reuid={user}", "--clear-groups"] if os.geteuid() == 0 else []


def _own(folder: Path, user: str) -> None:
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)


def _quietly(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(done.stderr.decode())


def _await(cluster: Postgres, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTUP_SECONDS
    while True:
        try:
            cluster.run("SELECT 1;")
        except RuntimeError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
