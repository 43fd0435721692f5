"""The client's modules import each other in one direction, lazy and typing imports included."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2] / "client"


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / "swath").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path, known: set[str]) -> set[str]:
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package if node.level else ""
            target = ".".join(filter(None, [base, node.module]))
            inner = {f"{target}.{alias.name}" for alias in node.names} & known
            found |= inner or {target}
    return found & known


def graph() -> dict[str, set[str]]:
    known = modules()
    return {name: imported(name, path, set(known)) for name, path in known.items()}


def test_no_module_imports_itself_by_way_of_others() -> None:
    edges = graph()
    done: set[str] = set()
    while len(done) < len(edges):
        ready = {name for name, others in edges.items() if name not in done and others <= done}
        assert ready, f"cycle among {sorted(set(edges) - done)}"
        done |= ready


def test_packages_see_the_faces_of_others_only() -> None:
    for name, path in modules().items():
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        for other in imported(name, path, set(modules())):
            owner, _, module = other.rpartition(".")
            assert not module.startswith("_") or owner in {package, "swath"}, f"{name}: {other}"


def test_only_what_is_slow_to_import_is_imported_late() -> None:
    late = set()
    for path in modules().values():
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import):
                        late |= {alias.name.partition(".")[0] for alias in node.names}
                    elif isinstance(node, ast.ImportFrom):
                        late.add((node.module or "").partition(".")[0] if not node.level else ".")
    assert late <= {
        "boto3", "dask", "geopandas", "matplotlib", "numpy", "pandas", "pyproj", "rasterio",
        "requests", "shapely", "tqdm", "urllib3", "xarray", "blosc", "shtab", "arro3",
    }  # fmt: skip
