"""The notebooks as they are checked in, and what runs them.

`make guide` executes them, and tests/integration/test_readme.py.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
COOKBOOK = sorted((ROOT / "docs" / "cookbook").glob("*.ipynb"))
RUNNER = ROOT / "dev" / "swath_dev" / "guide" / "_run.py"
PNG = b"\x89PNG\r\n\x1a\n"


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def pictures(cell: dict[str, Any]) -> list[bytes]:
    data = [output.get("data", {}) for output in cell["outputs"]]
    return [base64.b64decode(each["image/png"]) for each in data if "image/png" in each]


@pytest.mark.parametrize("path", COOKBOOK, ids=lambda path: path.stem)
def test_each_is_executed_checked_and_ends_in_a_picture(path: Path) -> None:
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell["metadata"].get("expect")) for cell in cells) >= 2
    assert any(picture.startswith(PNG) for cell in cells[-2:] for picture in pictures(cell))
    assert not any("Traceback" in json.dumps(cell["outputs"]) for cell in cells)


def test_there_is_a_notebook_of_each_kind_on_data_that_ships() -> None:
    names = {path.stem for path in COOKBOOK}
    assert names == {
        "change-map",
        "cloud-free-composite",
        "derived-product",
        "harvest-stac-collection",
        "ndvi-series",
    }
    data = ROOT / "docs" / "cookbook" / "data"
    assert len(list(data.glob("s2_*.tif"))) == 16
    assert "EUROPEAN UNION PUBLIC LICENCE" in (data / "LICENSE").read_text("utf-8")


def notebook(path: Path, source: str, expect: str | None = None) -> Path:
    metadata = {"expect": expect} if expect else {}
    cell = {"cell_type": "code", "id": "a", "metadata": metadata, "outputs": [], "source": source}
    path.write_text(json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


def run(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RUNNER), str(path), str(path.with_suffix(".out"))]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_open_figures_become_pictures(tmp_path: Path) -> None:
    source = "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots(figsize=(1, 1))"
    path = notebook(tmp_path / "a.ipynb", source, "plt.get_fignums() == []")
    done = run(path)
    assert done.returncode == 0, done.stderr
    (cell,) = code_cells(path.with_suffix(".out"))
    assert [each.startswith(PNG) for each in pictures(cell)] == [True]


def test_what_is_not_as_expected_names_notebook_and_cell(tmp_path: Path) -> None:
    done = run(notebook(tmp_path / "wrong.ipynb", "1 + 1", "_ == 3"))
    assert done.returncode == 1
    assert "cell 1 of wrong.ipynb" in done.stderr
    assert "should be: _ == 3" in done.stderr
