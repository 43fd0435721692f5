"""The outline of valid pixels, from the coarse grid that the scan filled in."""

from __future__ import annotations

from rasterio import features
from shapely.geometry import Polygon, shape

from ._footprint import Point
from ._scan import Scan

_MOST_POINTS = 60


def outline(scan: Scan, size: tuple[int, int]) -> list[list[Point]]:
    """Return closed rings (columns and rows) around the cells that hold valid pixels.

    Holes are filled, and the rings simplified within a cell until they are short enough for a
    footprint; none is returned where nothing is valid.
    """
    width, height = size
    grid = scan.coarse.astype("uint8")
    rings = []
    for geometry, value in features.shapes(grid, mask=scan.coarse, connectivity=8):
        if value:
            filled = Polygon(shape(geometry).exterior)
            rings.append(_simple(filled))
    if sum(len(ring) for ring in rings) > 4 * _MOST_POINTS:
        merged = Polygon([point for ring in rings for point in ring]).convex_hull
        rings = [_simple(merged)]
    return [
        [(min(max(x, 0) * scan.cell, width), min(max(y, 0) * scan.cell, height)) for x, y in ring]
        for ring in rings
    ]


def _simple(polygon: Polygon) -> list[Point]:
    tolerance = 0.5
    result = polygon.simplify(tolerance)
    while len(result.exterior.coords) > _MOST_POINTS:
        tolerance *= 2
        result = polygon.buffer(tolerance, join_style="mitre").simplify(tolerance)
        result = Polygon(result.exterior)
    return [(float(x), float(y)) for x, y in result.exterior.coords]
