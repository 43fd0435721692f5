"""Installing a lock's wheels into a folder, for this machine or for another."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from swath_dev._errors import CommandError
from swath_dev._uv import uv

# Amazon Linux 2023, below every runtime since python3.12, has glibc 2.34.
_PLATFORMS = {"arm64": "aarch64-manylinux_2_34", "x86_64": "x86_64-manylinux_2_34"}


@dataclass(frozen=True)
class Target:
    """What wheels are for: a Lambda runtime, or (`interpreter`) a Python on this machine."""

    python: str
    architecture: str
    interpreter: str | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Uv's options for this target."""
        if self.interpreter:
            return ("--python", self.interpreter)
        platform = _PLATFORMS[self.architecture]
        return ("--python-version", self.python, "--python-platform", platform)


def native_architecture() -> str:
    """Return this machine's processor by the template's names."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def install(lock: Path, folder: Path, target: Target) -> None:
    """Install what a lock says for the target into a folder, and take out what no request needs.

    Only wheels whose hash is in the lock are accepted. Raises CommandError with uv's reason.
    """
    options = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--link-mode", "copy")
    try:
        uv("pip", "install", "--quiet", *target.options, *options, "--target", folder, "-r", lock)
    except CommandError as error:
        raise CommandError(f"{lock} cannot be installed: {error}") from error
    strip(folder)
    services = lock.with_name("aws-services.txt")
    if services.exists():
        keep_services(folder / "botocore" / "data", services.read_text().split())


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
