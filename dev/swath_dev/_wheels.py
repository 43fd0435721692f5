"""Installing a lock's wheels into a folder, for this machine or for another."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from swath_dev._errors import CommandError

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# Amazon Linux 2023, below every runtime since python3.12, has glibc 2.34.
_GLIBC_MINORS = range(34, 16, -1)


@dataclass(frozen=True)
class Target:
    """What wheels are for: a Lambda runtime, or (`interpreter`) a Python on this machine."""

    python: str
    architecture: str
    interpreter: str | None = None

    @property
    def markers(self) -> dict[str, str]:
        """The environment in which the lock's markers are judged."""
        if self.interpreter:
            version = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
            return {**version, "implementation_name": "cpython"}
        return {
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": _MACHINES[self.architecture],
        }

    @property
    def pip(self) -> list[str]:
        """Pip's command line for this target, up to what is to be installed."""
        if self.interpreter:
            return [sys.executable, "-m", "pip", "--python", self.interpreter, "install"]
        machine = _MACHINES[self.architecture]
        platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS]
        return [
            *(sys.executable, "-m", "pip", "install"),
            *(f"--platform={name}" for name in (*platforms, f"manylinux2014_{machine}")),
            *("--implementation", "cp", "--python-version", self.python),
            # pip install compares Requires-Python with the Python that it runs in; the lock did
            # so with the right one
            "--ignore-requires-python",
        ]


def native_architecture() -> str:
    """Return this machine's processor by the template's names."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def install(lock: Path, folder: Path, target: Target) -> None:
    """Install what a lock says for the target into a folder, and take out what no request needs.

    Only wheels whose hash is in the lock are accepted. Raises CommandError with pip's reason.
    """
    requirements = folder.with_name(f"{folder.name}-{target.architecture}.txt")
    requirements.write_text(select(lock.read_text(), target))
    command = [
        *target.pip,
        *("--quiet", "--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:"),
        *("--target", str(folder), "--requirement", str(requirements)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    requirements.unlink()
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        message = f"{lock} cannot be installed: {(reasons or [done.stderr.strip()])[0]}"
        raise CommandError(message)
    strip(folder)
    services = lock.with_name("aws-services.txt")
    if services.exists():
        keep_services(folder / "botocore" / "data", services.read_text().split())


def select(lock: str, target: Target) -> str:
    """Return the entries of a lock whose markers hold for the target, without their markers.

    Pip judges markers by the interpreter that it runs in, not by the one it installs for.
    """
    entries = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n?", "", lock, flags=re.MULTILINE))
    chosen = []
    for entry in filter(None, entries.splitlines()):
        named, *hashes = entry.split(" --hash=")
        requirement = Requirement(named.strip())
        if requirement.marker is None or requirement.marker.evaluate(target.markers):
            pins = " ".join(f"--hash={value.strip()}" for value in hashes)
            chosen.append(f"{requirement.name}{requirement.specifier} {pins}")
    return "\n".join(chosen) + "\n"


def strip(folder: Path) -> None:
    """Remove tests, scripts and byte code of other Pythons from installed packages."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for name in ("tests", "__pycache__"):
        for found in sorted(folder.rglob(name)):
            if found.is_dir():
                shutil.rmtree(found, ignore_errors=True)
    for pattern in ("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h"):
        for file in folder.rglob(pattern):
            file.unlink()


def keep_services(data: Path, services: list[str]) -> None:
    """Keep botocore's descriptions of the named services only: all of them are 26 MB.

    Files beside the services' folders (endpoints, retries) stay.
    """
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
