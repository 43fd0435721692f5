"""What the documents name is there: paths, links, files, targets of make."""

import re
import subprocess
from functools import cache
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
)
NOT_OF_TODAY = {"CHANGELOG.md"}
"""Names of files and targets in it are those of its time."""

ELSEWHERE = {"images/", "drop/", "results/", "uploads/", "previews/"}
"""Prefixes of keys in the bucket, some of them named like a folder here."""

_QUOTED = re.compile(r"`([^`\s]+)`")
_LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
_PATH = re.compile(r"[\w.*-]+(?:/[\w.*{},-]+)*/?")
_TARGET = re.compile(r"(?<![\w-])make ([a-z]+)(?![\w-])")


@cache
def tracked() -> list[str]:
    """Return the files of the repository; what a build leaves behind is none."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return found.stdout.splitlines()


def alternatives(pattern: str) -> list[str]:
    """Return what ``{a,b}`` in a path stands for."""
    parts = re.split(r"\{([^}]*)\}", pattern)
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def is_there(pattern: str) -> bool:
    return any(True for _ in ROOT.glob(pattern.rstrip("/")))


def text(document: str) -> str:
    return (ROOT / document).read_text()


@pytest.fixture(scope="module")
def top() -> set[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    return {name.split("/")[0] for name in tracked() if "/" in name}


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if each not in NOT_OF_TODAY])
def test_paths_that_a_document_names_exist(document: str, top: set[str]) -> None:
    quoted = [name for name in _QUOTED.findall(text(document)) if _PATH.fullmatch(name)]
    paths = [
        name
        for name in quoted
        if "/" in name and name.split("/")[0] in top and not name.startswith(tuple(ELSEWHERE))
    ]
    missing = [name for path in paths for name in alternatives(path) if not is_there(name)]
    assert not missing


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_modules_that_a_document_names_exist(document: str, top: set[str]) -> None:
    names = {name.rsplit("/", 1)[-1] for name in tracked()}
    quoted = [name for name in _QUOTED.findall(text(document)) if re.fullmatch(r"\w+\.py", name)]
    assert set(quoted) <= names


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_between_documents_lead_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    links = [link for link in _LINK.findall(text(document)) if "://" not in link]
    assert not [link for link in links if not (folder / link).exists()]


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if each not in NOT_OF_TODAY])
def test_targets_that_a_document_names_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(r"`[^`]+`|^```.*?^```", text(document), re.MULTILINE | re.DOTALL)
    named = {target for part in code for target in _TARGET.findall(part)}
    assert named <= targets


def test_the_layout_in_the_readme_is_that_of_the_repository(top: set[str]) -> None:
    section = text("README.md").split("## How it is laid out")[1].split("```")[1]
    columns = re.findall(r"(?:^|\s{2,})([\w./-]+/|[\w-]+\.yaml)(?=\s{2,})", section, re.MULTILINE)
    assert len(columns) > 5
    assert not [name for name in columns if not is_there(name)]
    folders = {"template.yaml", *(name.split("/")[0] for name in columns)}
    hidden = {name for name in top if name.startswith(".")}
    assert top - hidden <= folders
    rooms = {
        name.split("/")[1]
        for name in tracked()
        if re.match(r"tests/\w+/test_|tests/\w+/\w+/", name)
    }
    assert rooms - {"dynoxide"} <= set(re.findall(r"\w+", section))
