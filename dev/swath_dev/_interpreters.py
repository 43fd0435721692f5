"""Finding a Python of a given version on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def find(version: str) -> str | None:
    """Return an interpreter of that version ("3.13") that really starts, None if there is none."""
    return next((path for path in _candidates(version) if _version_of(path) == version), None)


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    uv = [sys.executable, "-m", "uv", "python", "find", "--no-python-downloads", version]
    yield subprocess.run(uv, capture_output=True, text=True, check=False).stdout.strip()
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted((pyenv / "versions").glob(f"{version}*")):
        yield str(folder / "bin" / "python")
    yield from (f"{prefix}/bin/python{version}" for prefix in ("/usr/local", "/opt/homebrew"))


def _version_of(path: str) -> str | None:
    """Return what the interpreter says of itself; a shim on the path may exist and not start."""
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run(
            [path, "-I", "-c", question], capture_output=True, text=True, check=True, timeout=30
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
