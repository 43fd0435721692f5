"""Build folders: template.yaml, byte for byte, beside the functions/ and layers/ that it names."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from swath_dev._errors import CommandError

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ("api", "ingest", "raster", "rollup")
PACKAGE_LAYERS = ("base", "raster", "stac", "mirror")
_SKIP = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")  # caches of tools, too
# Archives keep times, and an archive that did not change is not uploaded again.
_EPOCH = 315_619_200  # 1980-01-02, within what a zip file can say


def layer_lock(layer: str) -> Path:
    """Return the lock file, with hashes, of a layer's packages."""
    return ROOT / "layers" / layer / "requirements.txt"


def assemble(target: Path) -> Path:
    """Make the build folder afresh with our own code in it, and return it.

    The layers of packages hold their lock only: packaging fills them, and the local cloud
    finds their packages in the development environment.
    """
    if target.exists():
        shutil.rmtree(target)
    for function in FUNCTIONS:
        source = ROOT / "functions" / function
        if not (source / "handler.py").exists():
            message = f"functions/{function}/handler.py is missing"
            raise CommandError(message)
        shutil.copytree(source, target / "functions" / function, ignore=_SKIP)
    core = target / "layers" / "core" / "python"
    shutil.copytree(ROOT / "shared" / "swath_core", core / "swath_core", ignore=_SKIP)
    for layer in PACKAGE_LAYERS:
        python = target / "layers" / layer / "python"
        python.mkdir(parents=True)
        shutil.copy(layer_lock(layer), python / f"{layer}-requirements.txt")
    shutil.copyfile(ROOT / "template.yaml", target / "template.yaml")
    return target


def fix_times(target: Path) -> None:
    """Give everything in a build folder the same time, so that equal content packs equally."""
    for path in (target, *target.rglob("*")):
        os.utime(path, (_EPOCH, _EPOCH), follow_symlinks=False)
