"""Run by path in a bare interpreter: import a packaged handler, and all that its code ever imports.

    python -I -S _prove.py FUNCTION_FOLDER LAYER_PYTHON_FOLDER...

Imports inside of functions count too: they are what a package forgets without anybody noticing
until a request comes. Exits with the list of what is missing.
"""

import ast
import importlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

# Packages of swath_core that only functions reach whose layers hold the package named.
_REACHED_WITH = {
    "rasterio": ("ingest", "pixels", "raster"),
    "cql2": ("stac",),
    "arro3": ("mirror",),
}


def _sources(folders: list[Path]) -> Iterator[Path]:
    """Yield the files that this package may run: the function's and its part of swath_core."""
    yield from folders[0].rglob("*.py")
    beyond = _out_of_reach(folders)
    for folder in folders[1:]:
        core = folder / "swath_core"
        for file in core.rglob("*.py"):
            if file.relative_to(core).parts[0] not in beyond:
                yield file


def _out_of_reach(folders: list[Path]) -> set[str]:
    """Return the packages of swath_core that the function does without."""
    return {
        name
        for held, names in _REACHED_WITH.items()
        if not any((folder / held).is_dir() for folder in folders)
        for name in names
    }


def _imports(tree: ast.AST) -> Iterator[str]:
    """Yield the absolute modules that a tree imports, those for type checkers left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""
        yield from _imports(node)


def _services(tree: ast.AST) -> Iterator[str]:
    """Yield the AWS services named in calls like boto3.client("s3")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            named = node.args[0]
            if node.func.attr in {"client", "resource"} and isinstance(named, ast.Constant):
                yield str(named.value)


def _unknown_services(services: set[str]) -> Iterator[str]:
    boto3 = importlib.import_module("boto3")
    for service in sorted(services - set(boto3.Session().get_available_services())):
        yield f"boto3 does not know the service {service}: name it in aws-services.txt"


def _missing(modules: set[str]) -> Iterator[str]:
    for module in sorted(modules):
        try:
            importlib.import_module(module)
        except Exception:  # noqa: BLE001 - whatever stops an import is what we look for
            yield f"{module}: {traceback.format_exc(limit=0).strip()}"


def main(folders: list[Path]) -> None:
    """Import everything, or exit with what cannot be imported."""
    sys.path[:0] = [str(folder) for folder in folders]
    handler = importlib.import_module("handler")
    if not callable(getattr(handler, "lambda_handler", None)):
        sys.exit("handler.py has no lambda_handler")
    modules: set[str] = set()
    services: set[str] = set()
    for source in _sources(folders):
        tree = ast.parse(source.read_text())
        modules.update(_imports(tree))
        services.update(_services(tree))
    hidden = tuple(f"swath_core.{name}" for name in _out_of_reach(folders))
    modules = {module for module in modules if not module.startswith(hidden)}
    missing = [*_missing(modules), *_unknown_services(services)]
    if missing:
        sys.exit("\n".join(missing))
    print(len(modules))


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
