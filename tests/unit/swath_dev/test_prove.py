from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROVE = Path(__file__).parents[3] / "dev" / "swath_dev" / "_prove.py"


def prove(*folders: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(PROVE), *map(str, folders)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A function and one layer, with a boto3 that knows s3."""
    function, layer = tmp_path / "function", tmp_path / "layer"
    function.mkdir()
    (layer / "swath_core" / "raster").mkdir(parents=True)
    (layer / "swath_core" / "__init__.py").touch()
    (layer / "boto3.py").write_text(
        "class Session:\n    def get_available_services(self):\n        return ['s3']\n"
    )
    (function / "handler.py").write_text("def lambda_handler(event, context): ...\n")
    return tmp_path


def write(package: Path, name: str, text: str) -> None:
    (package / name).write_text(text)


def test_a_whole_package_passes(package: Path) -> None:
    done = prove(package / "function", package / "layer")

    assert (done.returncode, done.stderr) == (0, "")


def test_site_packages_are_out_of_sight(package: Path) -> None:
    write(package, "function/handler.py", "import pytest\ndef lambda_handler(e, c): ...\n")

    done = prove(package / "function", package / "layer")

    assert done.returncode
    assert "No module named 'pytest'" in done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "def later():\n    import nowhere\n",
        "class A:\n    def later(self):\n        from nowhere.deep import x\n",
        "try:\n    import json\nexcept ImportError:\n    import nowhere\n",
    ],
)
def test_imports_inside_of_functions_count(package: Path, code: str) -> None:
    write(package, "layer/swath_core/lazy.py", code)

    done = prove(package / "function", package / "layer")

    assert done.returncode
    assert "No module named 'nowhere'" in done.stderr


def test_imports_for_type_checkers_do_not_count(package: Path) -> None:
    code = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere\n"
    write(package, "layer/swath_core/typed.py", code)

    assert not prove(package / "function", package / "layer").returncode


@pytest.mark.parametrize(("room", "held"), [("raster", "rasterio"), ("stac", "cql2")])
def test_a_room_counts_only_where_its_layer_is(package: Path, room: str, held: str) -> None:
    (package / "layer" / "swath_core" / room).mkdir(exist_ok=True)
    write(package, f"layer/swath_core/{room}/__init__.py", "import nowhere\n")
    assert not prove(package / "function", package / "layer").returncode

    (package / "layer" / held).mkdir()
    assert prove(package / "function", package / "layer").returncode


def test_a_client_of_a_removed_service_is_found(package: Path) -> None:
    write(package, "layer/swath_core/a.py", "import boto3\ndef f(): boto3.client('ec2')\n")

    done = prove(package / "function", package / "layer")

    assert "does not know the service ec2" in done.stderr


def test_a_handler_without_its_entry_is_found(package: Path) -> None:
    write(package, "function/handler.py", "")

    assert "no lambda_handler" in prove(package / "function", package / "layer").stderr
