"""uv resolves the locks, installs what they hold and finds Pythons.

    python -m swath_dev._uv pip install ...     # as `make setup` does, before anything is installed

It reads no pip.conf; so it is told the package index that pip uses here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from swath_dev._errors import CommandError
from swath_dev.build import ROOT


def uv(*arguments: str | Path) -> str:
    """Run uv and return what it prints. Raises CommandError with its reason."""
    done = subprocess.run(
        _command(*arguments),
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(" ".join(done.stderr.split()) or f"uv exited with {done.returncode}")
    return done.stdout.strip()


def find_python(version: str) -> str | None:
    """Return an interpreter of that version ("3.13") that really starts, None if there is none."""
    try:
        return uv("python", "find", "--no-python-downloads", "--system", version)
    except CommandError:
        return None


def environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for uv: with pip's index, and with pyenv's Pythons on the path."""
    pyenv = Path(variables.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    places = [variables.get("PATH", ""), *map(str, sorted(pyenv.glob("*/bin")))]
    found = {**variables, "PATH": os.pathsep.join(places)}
    index = variables.get("PIP_INDEX_URL") or _index_of_pip()
    return {"UV_DEFAULT_INDEX": index, **found} if index else found


def _index_of_pip() -> str:
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "uv", "--no-config", *map(str, arguments)]


if __name__ == "__main__":
    done = subprocess.run(_command(*sys.argv[1:]), env=environment(), check=False)
    sys.exit(done.returncode)
