from __future__ import annotations

import re
from pathlib import Path

import pytest

from swath_dev import _uv, _wheels
from swath_dev._errors import CommandError
from swath_dev._wheels import Target
from swath_dev.build import PACKAGE_LAYERS, ROOT, layer_lock
from swath_dev.lock import packages_of


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_wheels_are_of_the_runtimes_python_and_processor(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(_wheels, "uv", lambda *options: asked.extend(map(str, options)))

    _wheels.install(tmp_path / "lock.txt", tmp_path, Target("3.13", architecture))

    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    assert asked[asked.index("--python-platform") + 1] == f"{machine}-manylinux_2_34"
    assert asked[asked.index("--python-version") + 1] == "3.13"
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(asked)


def test_a_lock_that_cannot_be_installed_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("packaging==1.0\n")  # without a hash

    with pytest.raises(CommandError, match=r"lock\.txt cannot be installed: .* a hash"):
        _wheels.install(lock, tmp_path / "out", Target("3.13", "arm64"))


def test_every_entry_of_the_layers_locks_has_a_hash() -> None:
    for layer in PACKAGE_LAYERS:
        text = layer_lock(layer).read_text()
        pins = re.findall(r"^\S+==.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        assert len(pins) >= len(packages_of(layer_lock(layer)))
        assert all("--hash=sha256:" in pin for pin in pins)


def test_uv_is_told_the_index_of_pip() -> None:
    index = "https://packages.example/simple"

    assert _uv.environment({"PIP_INDEX_URL": index})["UV_DEFAULT_INDEX"] == index
    own = {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": "https://own.example/simple"}
    assert _uv.environment(own)["UV_DEFAULT_INDEX"] == "https://own.example/simple"


def test_locks_name_no_package_index() -> None:
    for lock in (ROOT / "requirements" / "dev.txt", *map(layer_lock, PACKAGE_LAYERS)):
        text = lock.read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "--extra-index" not in text


def test_layers_hold_what_the_development_environment_tests() -> None:
    tested = set((ROOT / "requirements" / "dev.txt").read_text().splitlines())
    for layer in PACKAGE_LAYERS:
        pins = [line for line in layer_lock(layer).read_text().splitlines() if "==" in line]
        assert pins
        assert set(pins) <= tested


def test_no_package_is_in_two_layers() -> None:
    packages = [name for layer in PACKAGE_LAYERS for name in packages_of(layer_lock(layer))]
    assert len(packages) == len(set(packages))


def test_strip_leaves_what_runs(tmp_path: Path) -> None:
    for name in ("pkg/__init__.py", "pkg/tests/test_x.py", "pkg/sub/tests/a.tif", "bin/tool"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "pkg" / "fast.pyx").touch()
    (tmp_path / "pkg" / "data.json").touch()

    _wheels.strip(tmp_path)

    left = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert left == ["pkg/__init__.py", "pkg/data.json"]


def test_only_named_services_stay(tmp_path: Path) -> None:
    for name in ("s3", "ec2", "dynamodb"):
        (tmp_path / name).mkdir()
    (tmp_path / "endpoints.json").touch()

    _wheels.keep_services(tmp_path, ["s3", "dynamodb"])

    assert sorted(path.name for path in tmp_path.iterdir()) == ["dynamodb", "endpoints.json", "s3"]
