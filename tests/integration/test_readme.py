"""The README's tour and the guide, executed as they are written, on a stack of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swath_dev import guide

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SHIM = """#!/bin/bash
[ "$1" = -s ] && shift
exec {python} -m swath_dev "$@"
"""


BASE_ONLY = """
from importlib.util import find_spec

import swath

extras = ("rasterio", "xarray", "dask", "geopandas", "tqdm", "matplotlib", "blosc", "boto3")
assert not [name for name in extras if find_spec(name)]
assert swath.__file__.startswith("{fresh}")
"""


def tour() -> str:
    """Return every command of the tour, in its order."""
    section = README.split("## Five minutes with curl", 1)[1].split("\n## ", 1)[0]
    return "\n".join(re.findall(r"^```\n(.*?)^```$", section, re.DOTALL | re.MULTILINE))


class Shell:
    """bash in an empty folder, where `make` is this environment's `python -m swath_dev`."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        make = folder / "bin" / "make"
        make.parent.mkdir()
        make.write_text(SHIM.format(python=sys.executable))
        make.chmod(0o755)
        self.folder = folder
        rooms = os.pathsep.join(str(ROOT / each) for each in ("shared", "client", "dev", "."))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SWATH_", "AWS_"))}
        self.environment = {
            **kept,
            "PATH": f"{make.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": rooms,
            "SWATH_PORT": str(port),
            "SWATH_STATE": str(folder / "state"),
            "SWATH_CONFIG": str(folder / "config.toml"),
        }

    def run(self, script: str, seconds: float = 240) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
            timeout=seconds,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    made = Shell(tmp_path_factory.mktemp("readme"))
    yield made
    made.run("make down || true")


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = set(re.findall(r"(?:`|^|\()make (?:-s )?([a-z]+)", README, re.MULTILINE))
    assert {"up", "env", "sample", "seed", "down"} <= asked <= targets


def test_the_tour_finds_the_image_it_uploads(shell: Shell) -> None:
    commands = tour()
    assert "make up" in commands
    out = shell.run(commands)
    assert out.count('"status":"success"') == 1, out[-3000:]
    search = json.loads(out[out.rindex('{"data":[') :])
    assert [each["id"] for each in search["data"]] == ["acme:hills:first"]
    assert search["data"][0]["attributes"]["x_pixels"] == 256
    # what the tour says of the drop folder
    out = shell.run(
        'eval "$(make -s env)"; cp red.tif second.tif\n'
        f"{sys.executable} -m swath.cli drop second.tif --product acme:hills\n"
        f"until {sys.executable} -m swath.cli images show acme:hills:second; do sleep 1; done"
    )
    assert "2024-05-02T10:00:00" in out


@pytest.fixture(scope="module")
def seeded(shell: Shell) -> Shell:
    """The same stack, filled with what guide and cookbook show."""
    shell.run("make -s env > env || make up; make seed", seconds=550)
    return shell


def caller(shell: Shell) -> tuple[str, str]:
    """Return the stack's address and a token, as `make env` prints them."""
    url, token = shell.run('eval "$(make -s env)"; echo "$SWATH_URL $SWATH_TOKEN"').split()
    return url, token


def test_what_is_seeded_is_not_seeded_again(seeded: Shell) -> None:
    assert "there already" in seeded.run("make seed")


def test_guide_and_cookbook_show_what_they_say(seeded: Shell, tmp_path: Path) -> None:
    guide.execute(*caller(seeded), tmp_path)
    executed = {path.name for path in tmp_path.glob("*.ipynb")}
    assert executed == {path.name for path in (guide.NOTEBOOK, *guide.COOKBOOK)}


@pytest.mark.published
def test_the_published_client_shows_the_same(seeded: Shell, tmp_path: Path) -> None:
    guide.execute_published(*caller(seeded), tmp_path)


@pytest.mark.published  # installs into an environment of its own, from the package index
def test_the_guide_reads_pixels_with_the_base_installation_alone(seeded: Shell) -> None:
    shell = seeded
    client, fresh = shell.folder / "client", shell.folder / "fresh"
    shutil.copytree(ROOT / "client", client, ignore=shutil.ignore_patterns("__pycache__"))
    shell.run(
        f'uv() {{ {sys.executable} -m swath_dev._uv "$@"; }}\n'
        f"uv venv -q --python {sys.executable} {fresh}\n"
        f"uv pip install -q --python {fresh}/bin/python {client}"
    )
    python = f"env -u PYTHONPATH {fresh}/bin/python -I"
    check = shell.folder / "check.py"
    check.write_text(BASE_ONLY.format(fresh=fresh))
    shell.run(f"{python} {check}")
    runner = ROOT / "dev/swath_dev/guide/_run.py"
    shell.run(f'eval "$(make -s env)"; {python} {runner} {guide.NOTEBOOK} base.ipynb')
    cells = json.loads((shell.folder / "base.ipynb").read_text())["cells"]
    read = [cell for cell in cells if "ndarray(" in "".join(cell["source"])]
    assert len(read) >= 5
    assert all(cell["execution_count"] for cell in read)
