"""`make audit`: ask for known vulnerabilities of what the layers hold."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from swath_dev._uv import uv
from swath_dev._wheels import Target
from swath_dev.build import PACKAGE_LAYERS, layer_lock

CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3
SERVICES = ("pypi", "osv")
_RUNTIME = Target("3.13", "arm64")


def audit() -> int:
    """Audit the layers' packages; print what was found and return the exit status.

    1: some are vulnerable. 3: no service could be asked about all of them, which is no result.
    """
    with tempfile.TemporaryDirectory() as folder:
        pins = [_pins(layer, Path(folder)) for layer in PACKAGE_LAYERS]
        answers = {}
        for service in SERVICES:
            answers[service] = _ask(service, pins)
            status = judge(answers[service])
            if status != NOT_AUDITED:
                return status
    for service, packages in answers.items():
        skipped = sum("skip_reason" in package for package in packages)
        why = f"knew nothing of {skipped} packages" if packages else "could not be reached"
        print(f"NOT AUDITED: {service} {why}", file=sys.stderr)
    return NOT_AUDITED


def judge(packages: list[dict[str, Any]]) -> int:
    """Print what a service says of the packages, if it knows all of them; return the status."""
    if not packages or any("skip_reason" in package for package in packages):
        return NOT_AUDITED
    found = [(package, each) for package in packages for each in package["vulns"]]
    for package, each in found:
        fixed = ", ".join(each["fix_versions"]) or "no version"
        print(f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}")
    print(f"{len(packages)} packages of the layers audited: {len(found)} known vulnerabilities")
    return VULNERABLE if found else CLEAN


def _pins(layer: str, folder: Path) -> Path:
    """Return the layer's lock as it holds for the runtime, without what is for other Pythons."""
    target = folder / f"{layer}.txt"
    options = ("--quiet", "--no-deps", "--generate-hashes", *_RUNTIME.options)
    uv("pip", "compile", *options, layer_lock(layer), "--output-file", target)
    return target


def _ask(service: str, pins: list[Path]) -> list[dict[str, Any]]:
    """Return pip-audit's report on the packages; nothing where the service cannot be reached."""
    files = (argument for path in pins for argument in ("-r", str(path)))
    command = [
        *(sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off"),
        *("--format", "json", "--vulnerability-service", service, *files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    packages: list[dict[str, Any]] = json.loads(done.stdout or "{}").get("dependencies", [])
    return packages
