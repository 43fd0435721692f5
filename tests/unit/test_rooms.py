"""What may import what: the arrows between rooms are the allowed ones, and all of them exist.

Imports in functions and for type checkers count. The figure in docs/architecture.md shows the same.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from swath_dev import imports

FOUND = imports.sources(product=False)
GRAPH = imports.edges(FOUND)

# From the bottom upwards: a room imports rooms that stand above it here, and only those it names.
# The rooms of swath_core first; then the functions, the client, and the tools.
ALLOWED = {
    "swath_core": "",
    "errors": "",
    "times": "",
    "documents": "",
    "settings": "",
    "nodata": "",
    "access": "errors documents settings",
    "definitions": "errors times documents",
    "filters": "errors times documents definitions",
    "geo": "errors documents",
    "index": "times documents definitions geo",
    "store": "errors times documents settings index",
    "mirror": "errors documents settings definitions geo index store",
    "search": "errors documents definitions filters geo index store mirror",
    "catalog": (
        "errors times documents settings access definitions filters geo index store search"
    ),
    "summaries": "errors times settings definitions filters geo index store mirror search",
    "stac": (
        "errors times documents access definitions filters geo index store mirror search catalog "
        "summaries"
    ),
    "pixels": "times definitions nodata",
    "uploads": "errors times documents settings access definitions store catalog",
    "operations": "errors times settings access store uploads",
    "ingest": "errors times documents settings definitions store catalog pixels uploads",
    "raster": "errors nodata documents settings access definitions geo store search catalog",
    "web": "errors documents settings access definitions filters store",
    "functions/api": (
        "errors documents settings access definitions filters store mirror search catalog "
        "summaries stac uploads operations web"
    ),
    "functions/ingest": "settings uploads ingest",
    "functions/raster": "errors documents settings access raster web",
    "functions/rollup": "settings mirror catalog summaries ingest",
    "swath": "",
    "swath_dev": "errors settings definitions geo index store catalog uploads operations web swath",
}


def arrows() -> dict[str, set[str]]:
    """Return which rooms each room imports."""
    found: dict[str, set[str]] = {}
    for module, reached in GRAPH.items():
        found.setdefault(imports.room(module), set()).update(map(imports.room, reached))
    return {room: others - {room} for room, others in found.items()}


ARROWS = arrows()


def test_every_room_is_listed() -> None:
    assert sorted(ARROWS) == sorted(ALLOWED)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_what_it_may_and_nothing_else(room: str) -> None:
    allowed = set(ALLOWED[room].split())
    assert ARROWS[room] - allowed == set(), "new arrows"
    assert allowed - ARROWS[room] == set(), "allowed arrows that do not exist any more"


@pytest.mark.parametrize("room", ALLOWED)
def test_arrows_point_to_rooms_listed_before(room: str) -> None:
    rooms = list(ALLOWED)
    assert set(ALLOWED[room].split()) <= set(rooms[: rooms.index(room)])


def test_no_files_import_each_other() -> None:
    assert imports.cycles(GRAPH) == []


def test_private_modules_stay_inside_their_packages() -> None:
    assert imports.private_imports(FOUND) == []


def test_functions_do_not_import_each_other() -> None:
    functions = {room for room in ARROWS if room.startswith("functions/")}
    assert len(functions) == 4
    for function in functions:
        assert not ARROWS[function] & functions


BOTTOM = {"swath_core", "errors", "times", "documents", "settings", "nodata"}
"""Modules that any room may use: the figure leaves them out."""
PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"


def figure() -> str:
    """Return the rooms and their arrows as a Mermaid flowchart."""
    lines = ["```mermaid", "flowchart TD"]
    for room in reversed(ALLOWED):
        others = [other for other in ALLOWED[room].split() if other not in BOTTOM]
        if others and not room.startswith("swath"):
            lines.append(f"    {room.replace('/', '_')}[{room}] --> {' & '.join(others)}")
    return "\n".join([*lines, "```"])


def test_the_figure_of_the_rooms_shows_the_arrows() -> None:
    page = PAGE.read_text()
    shown = page.split("<!-- rooms:")[1].split("-->\n")[1].split("\n<!-- end of rooms")[0]

    assert shown.strip() == figure(), "docs/architecture.md: paste what figure() returns"


def source(folder: Path, name: str, text: str) -> imports.Source:
    path = folder.joinpath(*name.split("."))
    path = path / "__init__.py" if name.count(".") == 1 else path.with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return imports.Source(name, path)


def graph(folder: Path, **files: str) -> dict[str, imports.Source]:
    named = {f"swath_core.{name.replace('__', '.')}": text for name, text in files.items()}
    return {name: source(folder, name, text) for name, text in named.items()}


def test_a_name_comes_from_the_file_that_defines_it(tmp_path: Path) -> None:
    found = graph(tmp_path, a="from ._x import f\n", a___x="", b="from swath_core.a import f\n")

    assert imports.edges(found)["swath_core.b"] == {"swath_core.a._x"}


@pytest.mark.parametrize(
    "late",
    [
        "def g():\n    from swath_core.b import f\n",
        "if TYPE_CHECKING:\n    from swath_core.b import f\n",
        "def g():\n    from swath_core import b\n",
    ],
)
def test_imports_in_functions_and_for_type_checkers_make_cycles(tmp_path: Path, late: str) -> None:
    found = graph(tmp_path, a=late, b="from swath_core.a import g\n", c="import swath_core.a\n")
    found["swath_core"] = source(tmp_path, "swath_core.", "")

    assert imports.cycles(imports.edges(found)) == [["swath_core.a", "swath_core.b"]]


def test_a_private_module_is_seen_from_outside(tmp_path: Path) -> None:
    code = "from swath_core.a import _x\nfrom swath_core.a._x import f\nimport swath_core.a._x\n"
    found = graph(tmp_path, a="from . import _x\n", a___x="", b=code)

    assert [each.partition(" ")[0] for each in imports.private_imports(found)] == [
        "swath_core.b:1",
        "swath_core.b:2",
        "swath_core.b:3",
    ]
