"""`make lock`: requirements.in -> locks with hashes, for every platform and Python since 3.11."""

from __future__ import annotations

import re
from pathlib import Path

from swath_dev._uv import uv
from swath_dev.build import PACKAGE_LAYERS, ROOT, layer_lock

_OLDEST_PYTHON = "3.11"


def lock() -> None:
    """Resolve everything anew; the layers take the development environment's versions.

    A package that the layer `base` holds is left out of the others: they are on the path together.
    """
    dev = ROOT / "requirements" / "dev.txt"
    _compile(ROOT / "requirements" / "dev.in", dev)
    base = layer_lock("base")
    _compile(base.with_suffix(".in"), base, constraints=dev)
    for other in (layer_lock(layer) for layer in PACKAGE_LAYERS if layer != "base"):
        _compile(other.with_suffix(".in"), other, constraints=dev, without=packages_of(base))


def packages_of(lock_file: Path) -> list[str]:
    """Return the names of the packages that a lock file pins."""
    return sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", lock_file.read_text(), re.MULTILINE)))


def _compile(
    source: Path, target: Path, constraints: Path | None = None, without: list[str] | None = None
) -> None:
    options = [
        *("--quiet", "--universal", "--generate-hashes", "--python-version", _OLDEST_PYTHON),
        *("--no-header", "--no-emit-index-url", "--no-emit-find-links"),
        *(("--constraint", str(constraints)) if constraints else ()),
        *(f"--no-emit-package={name}" for name in without or ()),
    ]
    uv("pip", "compile", *options, source, "--output-file", target)
    print(f"wrote {target.relative_to(ROOT)}: {len(packages_of(target))} packages")
