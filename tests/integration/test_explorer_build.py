"""The explorer's own checks, and that the page in the repository is what its source builds."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from swath_dev.build import ROOT

SOURCE = ROOT / "explorer"
BUILT = ROOT / "functions" / "api" / "swath_api" / "built"
SECONDS = 900
MOST_SCRIPT_BYTES = 900_000

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (SOURCE / "node_modules" / ".package-lock.json").exists(),
    reason="the explorer's packages are missing: install Node 20 and npm, then make explorer",
)


def run(*command: str) -> None:
    tool = SOURCE / "node_modules" / ".bin" / command[0]
    done = subprocess.run(
        [str(tool), *command[1:]],
        cwd=SOURCE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a build by name; how well they are compressed depends on Node."""
    pages = {path.name: path.read_bytes() for path in folder.glob("*.html")}
    files = {
        path.name.removesuffix(".gz"): gzip.decompress(path.read_bytes())
        for path in (folder / "explorer").glob("*.gz")
    }
    return pages | files


@needs_node
def test_the_page_in_the_repository_is_what_its_source_builds(tmp_path: Path) -> None:
    run("vite", "build", "--outDir", str(tmp_path / "built"))
    fresh, kept = contents(tmp_path / "built"), contents(BUILT)

    assert sorted(fresh) == sorted(kept), "make explorer, and commit what it builds"
    assert [name for name, content in fresh.items() if content != kept[name]] == []


@needs_node
def test_its_state_is_right() -> None:
    run("vitest", "run")


def test_every_file_is_kept_in_both_forms() -> None:
    names = {path.name for path in (BUILT / "explorer").iterdir()}
    bare = {name.rpartition(".")[0] for name in names}
    assert bare
    assert names == {f"{name}.{ending}" for name in bare for ending in ("br", "gz")}


def test_the_scripts_are_small() -> None:
    scripts = [p for p in (BUILT / "explorer").iterdir() if p.name.endswith((".js.br", ".mjs.br"))]
    assert scripts
    assert sum(path.stat().st_size for path in scripts) <= MOST_SCRIPT_BYTES
