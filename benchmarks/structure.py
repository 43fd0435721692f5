"""How the code is laid out: what a request enters, what imports what, how long things are.

A flow is a real request on tables and a bucket in memory, traced after one of its kind that made
the process warm. Figures are of functions of ours that run, also in other threads: calls, files
entered, and changes from one file to another between two calls in a thread. There are no bars: the
figures are for reading.
"""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator, Mapping

from benchmarks import _trace
from benchmarks._flows import flows
from benchmarks._report import report

from swath_dev import imports
from swath_dev.imports import Source

NAME = "structure"


def trace_flows() -> None:
    """Report what each flow enters; of an ingest, the decoding process by itself."""
    with _trace.recording() as log, flows() as prepared:
        for name, prepare in prepared.items():
            prepare(0)()
            request = prepare(1)
            with _trace.traced(log):
                request()
            _report_trace(name, _trace.read(log))
            decoding = _trace.read(log, children=True)
            if decoding.calls:
                _report_trace(f"{name}, decoding process", decoding)


def _report_trace(case: str, found: _trace.Trace) -> None:
    report(NAME, case, "files entered", len(found.files), "files")
    report(NAME, case, "calls", len(found.calls), "calls")
    report(NAME, case, "switches between files", found.switches, "switches")


def count_imports() -> None:
    """Report import cycles in all code, and product code's imports inside functions."""
    everything = imports.cycles(imports.edges(imports.sources(product=False)))
    report(NAME, "all code", "import cycles", len(everything), "cycles")
    for group in everything:
        report(NAME, f"around {group[0]}", "files in a cycle", len(group), "files")
    lazy = [each for file in imports.sources().values() for each in file.imports if each.lazy]
    report(NAME, "product", "imports inside functions", len(lazy), "imports")


def measure_lines() -> None:
    """Report the lines of every room, and the longest module and functions."""
    found = imports.sources(product=False)
    rooms: dict[str, int] = {}
    for source in found.values():
        name = imports.room(source.module)
        rooms[name] = rooms.get(name, 0) + lines_of(source)
    for name, lines in sorted(rooms.items()):
        report(NAME, name, "lines", lines, "lines")
    product = imports.sources()
    report(NAME, "product", "lines", sum(map(lines_of, product.values())), "lines")
    longest = max(product, key=lambda module: lines_of(product[module]))
    report(NAME, longest, "longest module", lines_of(product[longest]), "lines")
    _measure_functions(product)


def _measure_functions(product: Mapping[str, Source]) -> None:
    lengths = {
        f"{module}.{name}": length
        for module, source in product.items()
        for name, length in functions_of(source.tree)
    }
    longest = max(lengths, key=lambda name: lengths[name])
    report(NAME, longest, "longest function", lengths[longest], "lines")
    report(NAME, "product", "median function", statistics.median(lengths.values()), "lines")
    tenths = statistics.quantiles(lengths.values(), n=10)
    report(NAME, "product", "90 % of functions", tenths[-1], "lines")


def lines_of(source: Source) -> int:
    """Return the lines of a file, empty ones and comments too."""
    return len(source.path.read_text().splitlines())


def functions_of(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Yield name and lines of every function, docstring included, decorators not."""
    for node in ast.iter_child_nodes(tree):
        name = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{node.name}" if prefix else node.name
            if not isinstance(node, ast.ClassDef):
                yield name, (node.end_lineno or node.lineno) - node.lineno + 1
        yield from functions_of(node, name)


def main() -> None:
    """Report everything."""
    trace_flows()
    count_imports()
    measure_lines()


if __name__ == "__main__":
    main()
