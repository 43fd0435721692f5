"""Published clients, unmodified, each in a virtual environment of its own."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swath_dev._uv import find_python, uv

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "clients"
# beside the development environment: not under version control, gone with it
ENVIRONMENTS = ROOT / ".venv" / "contract"


class Raised(Exception):
    """What a client raised: `name` is the exception's class, `message` its text."""

    def __init__(self, name: str, message: str, trace: str) -> None:
        super().__init__(f"{name}: {message}\n{trace}")
        self.name = name
        self.message = message


class NoInterpreter(Exception):
    """A client's Python is not on this machine."""


@dataclass(frozen=True)
class Release:
    """A published client: its lock file in requirements/, its Python, its settings' prefix.

    `python` is a version ("3.10"), None for the Python that runs the tests; `without` are
    attributes of the contract that its classes do not have.
    """

    lock: str
    prefix: str
    python: str | None = None
    without: frozenset[str] = frozenset()


DESCARTESLABS = Release("contract-descarteslabs-3.2.2.txt", "DESCARTESLABS")
DESCARTESLABS_1_12 = Release("contract-descarteslabs-1.12.1.txt", "DESCARTESLABS", "3.10")
EARTHONE = Release(
    "contract-earthone.txt",
    "EARTHONE",
    without=frozenset({"jpx_layer_index", "c6s_dlsr", "confidence_dlsr", "v1_properties"}),
)


def environment_of(release: Release) -> Path:
    """Return the interpreter of the release's virtual environment, made on first use.

    Its folder carries a digest of lock file and interpreter, so a changed lock gets a new one.
    Raises NoInterpreter when the machine lacks the Python that the release needs.
    """
    lock = ROOT / "requirements" / release.lock
    base = interpreter(release.python)
    digest = hashlib.sha256(lock.read_bytes() + base.encode()).hexdigest()[:16]
    folder = ENVIRONMENTS / f"{lock.stem.removeprefix('contract-')}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _make(folder, base, lock)
    return folder / "bin" / "python"


def interpreter(version: str | None) -> str:
    """Return a Python of this version; None asks for the one that runs the tests."""
    if version is None:
        return sys.executable
    found = find_python(version)
    if found is None:
        message = f"no Python {version} on this machine"
        raise NoInterpreter(message)
    return found


def _make(folder: Path, base: str, lock: Path) -> None:
    uv("venv", "--quiet", "--clear", "--python", base, folder)
    python = folder / "bin" / "python"
    uv("pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock)
    (folder / "complete").touch()


class Client:
    """A running published client: `call` runs functions of tests/contract/clients in it."""

    def __init__(self, release: Release, process: subprocess.Popen[str], org: str | None) -> None:
        self.release = release
        self.org = org
        self._process = process

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        """Return what the function of clients/MODULE.py returns (JSON); raise Raised."""
        request = {"module": module, "function": function, "arguments": arguments}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            message = f"{module}.{function} ended the client's process"
            raise RuntimeError(message)
        answer = json.loads(line)
        if "raised" in answer:
            raise Raised(answer["raised"], answer["message"], answer["traceback"])
        return answer["result"]


@contextmanager
def running(
    release: Release, token: str, settings: Mapping[str, str], home: Path, org: str | None = None
) -> Iterator[Client]:
    """Start the client with this token and these settings (platform_url=...), end it afterwards.

    It sees no proxy, no Python path and no files of the user's: `home` is an empty folder.
    """
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ},
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
        f"{release.prefix}_TOKEN": token,
        **{f"{release.prefix}_{name.upper()}": value for name, value in settings.items()},
    }
    process = subprocess.Popen(
        [str(environment_of(release)), "-u", str(SCRIPTS / "worker.py")],
        env=environment,
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Client(release, process, org)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
