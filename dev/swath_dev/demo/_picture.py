"""The picture: the scene as the catalog renders it, beside the cells that index it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import shapely
from matplotlib.figure import Figure
from matplotlib.patches import Polygon as Patch
from shapely.geometry import shape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from shapely.geometry.base import BaseGeometry

WHOLE = (13.5, 7.2)
"""Width and height of the picture, inches."""
LAND = Path(__file__).with_name("land.json")
SEA, EARTH, SHORE = "#dcebf5", "#f4efe4", "#b8ab94"
FOOTPRINT, QUERY = "#c8102e", "#1b6f3b"
CELLS = ("#7a4fb5", "#2f6db3", "#e08a1e", "#444444")


@dataclass(frozen=True)
class View:
    """What the picture shows.

    ``rgba`` is (rows, columns, 4) in 0..1 and ``extent`` its (west, east, south, north) in metres
    of the image's own CRS; ``cells`` maps each rung of the ladder to the cells' polygons in
    longitude and latitude, coarsest first; ``footprint`` and ``query`` are GeoJSON geometries.
    """

    title: str
    subtitle: str
    crs: str
    rgba: npt.NDArray[np.float64]
    extent: tuple[float, float, float, float]
    footprint: dict[str, Any]
    query: dict[str, Any]
    cells: dict[int, Sequence[BaseGeometry]]


def draw(view: View, path: Path) -> Path:
    """Write the picture as PNG and return its path."""
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 9, "axes.titlesize": 10}):
        figure = Figure(figsize=WHOLE, dpi=130, facecolor="white")
        grid = figure.add_gridspec(
            2,
            2,
            width_ratios=(1.42, 1),
            left=0.055,
            right=0.985,
            bottom=0.06,
            top=0.87,
            wspace=0.13,
        )
        _scene(figure.add_subplot(grid[:, 0]), view)
        _region(figure.add_subplot(grid[0, 1]), view)
        _close(figure.add_subplot(grid[1, 1]), view)
        figure.text(0.055, 0.945, view.title, fontsize=15, fontweight="bold")
        figure.text(0.055, 0.908, view.subtitle, fontsize=10, color="#555555")
        figure.savefig(path)
    return path


def _scene(axes: Axes, view: View) -> None:
    axes.set_facecolor("#f2f2f2")
    axes.imshow(view.rgba, extent=view.extent, interpolation="bilinear")
    axes.set_title(f"Pixels, as the catalog answers them ({view.crs})", loc="left")
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.tick_params(labelsize=7, colors="#666666")
    axes.xaxis.set_major_formatter(lambda metres, _: f"{metres / 1000:.0f} km")
    axes.yaxis.set_major_formatter(lambda metres, _: f"{metres / 1000:.0f} km")


def _region(axes: Axes, view: View) -> None:
    """The coarse rungs on a map of the region."""
    coarse = dict(list(view.cells.items())[:-1]) or view.cells
    drawn = [cell for rung in list(coarse)[-2:] for cell in coarse[rung]]
    bounds = _grown(shapely.union_all(drawn).bounds, 0.25)
    _map(axes, bounds)
    for index, (rung, cells) in enumerate(list(coarse.items())[-2:]):
        _outline(axes, cells, CELLS[index], f"rung {rung}: {_counted(cells)}")
    _outline(axes, [shape(view.footprint)], FOOTPRINT, "footprint", fill=0.5)
    axes.set_title("The coarse H3 cells that the image is posted in", loc="left")
    axes.legend(loc="lower left", fontsize=7, framealpha=0.9)


def _close(axes: Axes, view: View) -> None:
    """The finest rung, the footprint and the query from near by."""
    rung, cells = list(view.cells.items())[-1]
    everything = [*cells, shape(view.footprint)]
    _map(axes, _grown(shapely.union_all(everything).bounds, 0.08))
    _outline(axes, cells, CELLS[2], f"rung {rung}: {_counted(cells)}", fill=0.12)
    _outline(axes, [shape(view.footprint)], FOOTPRINT, "footprint", fill=0.12)
    _outline(axes, [shape(view.query)], QUERY, "search polygon", dashed=True)
    axes.set_title("The finest cells, the footprint and the search", loc="left")
    axes.legend(loc="lower left", fontsize=7, framealpha=0.9)


def _counted(cells: Sequence[BaseGeometry]) -> str:
    return f"{len(cells)} cell" + ("" if len(cells) == 1 else "s")


def _grown(bounds: Sequence[float], by: float) -> tuple[float, float, float, float]:
    west, south, east, north = bounds
    wide, high = (east - west) * by, (north - south) * by
    return west - wide, max(south - high, -90.0), east + wide, min(north + high, 90.0)


def _map(axes: Axes, bounds: tuple[float, float, float, float]) -> None:
    west, south, east, north = _fitted(axes, bounds)
    axes.set_facecolor(SEA)
    view = shapely.box(west, south, east, north)
    for ring in json.loads(LAND.read_text())["rings"]:
        if view.intersects(shapely.box(*np.min(ring, axis=0), *np.max(ring, axis=0))):
            axes.add_patch(Patch(ring, facecolor=EARTH, edgecolor=SHORE, linewidth=0.6))
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.grid(visible=True, color="#9fb4c4", linewidth=0.4, alpha=0.7)
    axes.tick_params(labelsize=7, colors="#666666")
    axes.xaxis.set_major_formatter(lambda degrees, _: _degrees(degrees, "W", "E"))
    axes.yaxis.set_major_formatter(lambda degrees, _: _degrees(degrees, "S", "N"))


def _fitted(
    axes: Axes, bounds: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Return bounds that fill the axes with a degree of latitude as long on both of them."""
    west, south, east, north = bounds
    inches = np.asarray(axes.get_position().size) * np.asarray(WHOLE)
    squeeze = max(float(np.cos(np.radians((south + north) / 2))), 0.1)
    ratio = inches[0] / inches[1] / squeeze
    wide, high = max(east - west, (north - south) * ratio), north - south
    high = max(high, wide / ratio)
    middle, centre = (west + east) / 2, (south + north) / 2
    return middle - wide / 2, centre - high / 2, middle + wide / 2, centre + high / 2


def _degrees(value: float, below: str, above: str) -> str:
    return f"{abs(value):g}°{below if value < 0 else above if value > 0 else ''}"


def _outline(
    axes: Axes,
    polygons: Sequence[BaseGeometry],
    colour: str,
    label: str,
    *,
    fill: float = 0.0,
    dashed: bool = False,
) -> None:
    rings = [
        np.asarray(part.exterior.coords)
        for polygon in polygons
        for part in getattr(polygon, "geoms", [polygon])
    ]
    for index, ring in enumerate(rings):
        style = "--" if dashed else "-"
        axes.plot(*ring.T, style, color=colour, linewidth=1.2, label=None if index else label)
        if fill:
            axes.fill(*ring.T, color=colour, alpha=fill, linewidth=0)
