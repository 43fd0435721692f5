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


def text_of(name: str) -> str:
    return gzip.decompress((BUILT / "explorer" / f"{name}.gz").read_bytes()).decode()


def scripts_of(page: str) -> set[str]:
    """Return the scripts that a page may come to load: named in it, or in one of these scripts."""
    every = {
        path.name.removesuffix(".gz")
        for path in (BUILT / "explorer").iterdir()
        if path.name.endswith((".js.gz", ".mjs.gz"))
    }
    found: set[str] = set()
    texts = [(BUILT / page).read_text(encoding="utf-8")]
    while texts:
        text = texts.pop()
        named = {name for name in every - found if name in text}
        found |= named
        texts += [text_of(name) for name in named]
    return found


def test_the_scripts_of_a_page_are_small() -> None:
    """The explorer loads nothing of the API's reference page."""
    scripts = {page.name: scripts_of(page.name) for page in BUILT.glob("*.html")}
    assert sorted(scripts) == ["docs.html", "index.html"]
    for names in scripts.values():
        sizes = [(BUILT / "explorer" / f"{name}.br").stat().st_size for name in names]
        assert 0 < sum(sizes) <= MOST_SCRIPT_BYTES
    reference = [name for name in scripts["docs.html"] if name.startswith("swagger-")]
    assert len(reference) == 1
    assert reference[0] not in scripts["index.html"]
