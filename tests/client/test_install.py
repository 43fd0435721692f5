"""Installing the client from its folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "client"


@pytest.mark.published  # builds in an environment of its own, from the package index
def test_an_installation_leaves_nothing_in_the_folder(tmp_path: Path) -> None:
    tree = tmp_path / "client"
    shutil.copytree(CLIENT, tree, ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(tree.rglob("*"))
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w"]
    subprocess.run([*command, str(tmp_path), str(tree)], check=True)
    assert sorted(tree.rglob("*")) == before
    (wheel,) = tmp_path.glob("swath-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("swath/")}
    modules = {str(path.relative_to(tree)) for path in tree.rglob("*.py")}
    assert packed == {*modules, "swath/py.typed"}
