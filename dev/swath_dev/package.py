"""`make package`: functions and layers as AWS runs them, weighed and proven to import."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from swath_dev import _wheels
from swath_dev._errors import CommandError
from swath_dev._uv import find_python
from swath_dev._wheels import Target
from swath_dev.build import PACKAGE_LAYERS, ROOT, assemble, fix_times, layer_lock
from swath_dev.template import Function, functions, load

BUILD = ROOT / "build" / "package"
# What the build is for, as template parameters.
BUILT = BUILD / "built.json"
# "Deployment package (.zip file archive) size: 250 MB unzipped, including layers" (Lambda quotas)
LIMIT = 262_144_000


def package(architecture: str, python: str) -> None:
    """Build for one processor and Python, print what each function weighs, and prove the imports.

    Raises CommandError when a function is over Lambda's limit or cannot be imported.
    """
    target = Target(python, architecture)
    assemble(BUILD)
    fill(BUILD, target)
    runtime = find_python(python)
    if runtime:
        _compile(BUILD, runtime)
    else:
        print(f"no Python {python} here: without byte code, functions start more slowly")
    fix_times(BUILD)
    found = functions(load(BUILD / "template.yaml"))
    _weigh(found, python, architecture)
    _prove(found, target, runtime)
    BUILT.write_text(json.dumps({"Runtime": f"python{python}", "Architecture": architecture}))
    print(f"packaged in {BUILD.relative_to(ROOT)}")


def fill(build: Path, target: Target) -> None:
    """Install the packages of the layers into a build folder."""
    for layer in PACKAGE_LAYERS:
        _wheels.install(layer_lock(layer), build / "layers" / layer / "python", target)


def weight(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _compile(build: Path, interpreter: str) -> None:
    """Add byte code: a function cannot write any, and compiling at every cold start takes longer.

    It is never checked against its source, whose time the archive changes.
    """
    subprocess.run(
        [
            *(interpreter, "-I", "-m", "compileall", "-q", "-j", "0"),
            *("--invalidation-mode", "unchecked-hash", "-s", str(build), "-p", "/"),
            *(str(build / "functions"), str(build / "layers")),
        ],
        check=False,  # a package may ship a file that is no Python, as a template of code
        capture_output=True,
    )


def _weigh(found: list[Function], python: str, architecture: str) -> None:
    print(f"unzipped, with layers, for Python {python} on {architecture} (limit {LIMIT:,} bytes):")
    heavy = []
    for function in found:
        parts = [function.code, *function.layers]
        weights = {part.name: weight(BUILD / part) for part in parts}
        total = sum(weights.values())
        detail = ", ".join(f"{name} {size:,}" for name, size in weights.items())
        print(f"  {function.name:8}{total:>13,}   ({detail})")
        if total > LIMIT:
            heavy.append(function.name)
    if heavy:
        message = f"over Lambda's limit: {', '.join(heavy)}"
        raise CommandError(message)


def _prove(found: list[Function], target: Target, runtime: str | None) -> None:
    """Import each function in a bare interpreter that sees the standard library and its package.

    Where the wheels are for another processor, wheels of the same lock for this one stand in.
    """
    interpreter = runtime or sys.executable
    native = platform.system() == "Linux" and _wheels.native_architecture() == target.architecture
    with tempfile.TemporaryDirectory() as folder:
        build = BUILD
        if not (native and runtime):
            build = assemble(Path(folder) / "build")
            own = target.python if runtime else "{}.{}".format(*sys.version_info)
            fill(build, Target(own, _wheels.native_architecture(), interpreter))
        for function in found:
            _import(function, build, interpreter)
    where = "the package itself" if build == BUILD else "this machine's wheels of the same lock"
    shown = _version(interpreter)
    print(f"every handler, and all that its code imports, imports in a bare {shown} with {where}")


def _import(function: Function, build: Path, interpreter: str) -> None:
    folders = [build / function.code, *(build / layer / "python" for layer in function.layers)]
    done = subprocess.run(
        [interpreter, "-I", "-S", "-B", str(Path(__file__).with_name("_prove.py")), *folders],
        env={"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "PATH": os.defpath},
        cwd=build,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"{function.name} does not import from its package: {done.stderr.strip()}"
        raise CommandError(message)


def _version(interpreter: str) -> str:
    asked = subprocess.run([interpreter, "--version"], capture_output=True, text=True, check=True)
    return asked.stdout.strip()
