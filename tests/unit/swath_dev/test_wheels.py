from __future__ import annotations

from pathlib import Path

from swath_dev import _wheels
from swath_dev._wheels import Target
from swath_dev.build import PACKAGE_LAYERS, ROOT, layer_lock
from swath_dev.lock import packages_of

LOCK = """\
# a comment
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via
    #   shapely
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:ba
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:ca
cffi==2.1.1 ; platform_python_implementation != 'PyPy' \\
    --hash=sha256:da
armless==1.0 ; platform_machine == 'x86_64' \\
    --hash=sha256:ea
"""


def test_markers_are_judged_for_the_target_not_for_this_python() -> None:
    assert _wheels.select(LOCK, Target("3.13", "arm64")).splitlines() == [
        "numpy==2.5.5 --hash=sha256:ba",
        "cffi==2.1.1 --hash=sha256:da",
    ]
    assert _wheels.select(LOCK, Target("3.11", "x86_64")).splitlines() == [
        "numpy==2.4.6 --hash=sha256:aa --hash=sha256:ab",
        "cffi==2.1.1 --hash=sha256:da",
        "armless==1.0 --hash=sha256:ea",
    ]


def test_every_entry_of_the_layers_locks_has_a_hash() -> None:
    for layer in PACKAGE_LAYERS:
        chosen = _wheels.select(layer_lock(layer).read_text(), Target("3.13", "arm64"))
        assert all("--hash=sha256:" in line for line in chosen.splitlines())


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


def test_no_package_is_in_both_layers() -> None:
    assert not set(packages_of(layer_lock("base"))) & set(packages_of(layer_lock("raster")))


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
