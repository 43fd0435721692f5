from __future__ import annotations

from pathlib import Path

import pytest

from swath_dev import build
from swath_dev._errors import CommandError


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in small."""
    root = tmp_path / "repository"
    for function in build.FUNCTIONS:
        (root / "functions" / function).mkdir(parents=True)
        (root / "functions" / function / "handler.py").write_text(f"# {function}\n")
    for cache in ("functions/api/__pycache__", "functions/api/.mypy_cache"):
        (root / cache).mkdir()
        (root / cache / "entry").touch()
    (root / "shared" / "swath_core").mkdir(parents=True)
    (root / "shared" / "swath_core" / "__init__.py").touch()
    for layer in build.PACKAGE_LAYERS:
        (root / "layers" / layer).mkdir(parents=True)
        (root / "layers" / layer / "requirements.txt").write_text("a==1 --hash=sha256:00\n")
    (root / "template.yaml").write_bytes(b"Resources: {}  # as it is\r\n")
    monkeypatch.setattr(build, "ROOT", root)
    return root


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_the_build_has_the_templates_shape(root: Path, tmp_path: Path) -> None:
    target = build.assemble(tmp_path / "out")

    assert files(target) == [
        "functions/api/handler.py",
        "functions/ingest/handler.py",
        "functions/raster/handler.py",
        "functions/rollup/handler.py",
        "layers/base/python/base-requirements.txt",
        "layers/core/python/swath_core/__init__.py",
        "layers/mirror/python/mirror-requirements.txt",
        "layers/raster/python/raster-requirements.txt",
        "layers/stac/python/stac-requirements.txt",
        "template.yaml",
    ]
    assert (target / "template.yaml").read_bytes() == (root / "template.yaml").read_bytes()


def test_nothing_of_an_earlier_build_stays(root: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()

    assert "old" not in files(build.assemble(tmp_path / "out"))


def test_a_missing_handler_is_named(root: Path, tmp_path: Path) -> None:
    (root / "functions" / "raster" / "handler.py").unlink()

    with pytest.raises(CommandError, match=r"functions/raster/handler\.py is missing"):
        build.assemble(tmp_path / "out")


def test_times_do_not_tell_builds_apart(root: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        build.fix_times(build.assemble(tmp_path / name))

    times = {path.stat().st_mtime for path in tmp_path.glob("*/functions/**/*")} - {
        path.stat().st_mtime for path in root.rglob("*")
    }
    assert len(times) == 1
