"""Which file imports which, read from the source: also imports in functions and for type checkers.

Importing a name from a package is an import of the file that defines the name, where the package
only passes it on; so a package's face makes no cycles of what it shows.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from swath_dev.build import FUNCTIONS, ROOT


@dataclass(frozen=True)
class Import:
    """A name that a file imports: of which module; inside a function or not, and on which line."""

    module: str
    name: str | None
    lazy: bool
    line: int


@dataclass(frozen=True)
class Source:
    """A file of ours: what it is called when imported, and its text."""

    module: str
    path: Path

    @property
    def is_package(self) -> bool:
        """Whether the file is the face of a package."""
        return self.path.name == "__init__.py"

    @property
    def package(self) -> str:
        """The package that the file is in."""
        return self.module if self.is_package else self.module.rpartition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        """The file's syntax tree."""
        return ast.parse(self.path.read_text())

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """All imports, relative ones written out."""
        return tuple(self._found(self.tree, lazy=False))

    def _found(self, tree: ast.AST, *, lazy: bool) -> Iterator[Import]:
        for node in ast.iter_child_nodes(tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, None, lazy, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                yield from (Import(module, alias.name, lazy, node.lineno) for alias in node.names)
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from self._found(node, lazy=lazy or inside)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        base = parts[: len(parts) - node.level + 1]
        return ".".join([*base, *([node.module] if node.module else [])])


def sources(*, product: bool = True) -> dict[str, Source]:
    """Return our files by module: swath_core and functions; not only `product`: dev and client.

    A function's handler is called after its folder: all of them are `handler` when they run.
    """
    roots = [("shared/swath_core", "swath_core")]
    roots += [(f"functions/{name}", f"functions.{name}") for name in FUNCTIONS]
    if not product:
        roots += [("dev/swath_dev", "swath_dev"), ("client/swath", "swath")]
    found = {}
    for folder, prefix in roots:
        for path in sorted((ROOT / folder).rglob("*.py")):
            steps = [prefix, *path.relative_to(ROOT / folder).with_suffix("").parts]
            steps = steps[1:] if steps[1] == "swath_api" else steps
            module = ".".join(step for step in steps if step != "__init__")
            found[module] = Source(module, path)
    return found


def target(found: Mapping[str, Source], module: str, name: str | None) -> str | None:
    """Return which of our files an import reaches; None for other people's."""
    if name is None or module not in found:
        return module if module in found else None
    if f"{module}.{name}" in found:
        return f"{module}.{name}"
    if found[module].is_package:
        for passed in found[module].imports:
            if passed.name == name and (passed.module, name) != (module, name):
                return target(found, passed.module, name) or module
    return module


def edges(found: Mapping[str, Source]) -> dict[str, set[str]]:
    """Return for each file the files of ours that it imports; a face's own modules left out."""
    graph: dict[str, set[str]] = {}
    for module, source in found.items():
        reached = {target(found, each.module, each.name) for each in source.imports}
        graph[module] = {each for each in reached if each is not None} - {module}
    return graph


def cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of files that all import each other, over whatever way, largest first."""
    order: list[str] = []
    _visit(graph, graph, order, set())
    backwards: dict[str, set[str]] = {module: set() for module in graph}
    for module, reached in graph.items():
        for each in reached:
            backwards[each].add(module)
    seen: set[str] = set()
    groups = []
    for module in reversed(order):
        group: list[str] = []
        _visit(backwards, [module], group, seen)
        groups.append(sorted(group))
    return sorted((group for group in groups if len(group) > 1), key=lambda group: -len(group))


def _visit(
    graph: Mapping[str, set[str]],
    starts: Mapping[str, object] | list[str],
    order: list[str],
    seen: set[str],
) -> None:
    """Append what can be reached, each after all that it reaches (Kosaraju's first pass)."""
    for module in starts:
        if module not in seen:
            seen.add(module)
            _visit(graph, sorted(graph[module]), order, seen)
            order.append(module)


def private_imports(found: Mapping[str, Source]) -> list[str]:
    """Return the imports of private modules by files outside the package that these belong to."""
    wrong = []
    for module, source in found.items():
        for each in source.imports:
            whole = f"{each.module}.{each.name}" if each.name else each.module
            parts = whole.split(".") if whole in found else each.module.split(".")
            for index, part in enumerate(parts):
                owner = ".".join(parts[:index])
                inside = f"{source.package}.".startswith(f"{owner}.")
                if owner and parts[0] in _OURS and part.startswith("_") and not inside:
                    wrong.append(f"{module}:{each.line} imports {whole}")
    return wrong


_OURS = {"swath_core", "swath_api", "swath_dev", "swath"}


def room(module: str) -> str:
    """Return the room that a file belongs to: `search`, `functions/api`, `swath_dev`, ..."""
    parts = module.split(".")
    if parts[0] == "functions":
        return f"functions/{parts[1]}"
    if parts[0] == "swath_core" and len(parts) > 1:
        return parts[1]
    return {"swath_api": "functions/api"}.get(parts[0], parts[0])
