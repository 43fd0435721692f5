"""The outline of valid pixels, from the coarse grid that the scan filled in."""

from __future__ import annotations

from rasterio import features
from shapely import get_parts, union_all
from shapely.geometry import MultiPoint, Polygon, shape

from ._ring import Point
from ._scan import Scan

_MOST_POINTS = 60


def outline(scan: Scan, size: tuple[int, int]) -> list[list[Point]]:
    """Return closed rings (columns and rows) around the cells that hold valid pixels.

    Holes are filled, and the rings simplified within a cell until they are short enough for a
    footprint; none is returned where nothing is valid.
    """
    width, height = size
    grid = scan.coarse.astype("uint8")
    # cells that meet at a corner only are kept apart: a ring through both would cross itself
    shapes = features.shapes(grid, mask=scan.coarse, connectivity=4)
    filled = union_all([Polygon(shape(geometry).exterior) for geometry, value in shapes if value])
    rings = [_simple(Polygon(part.exterior)) for part in get_parts(filled)]
    if sum(len(ring) for ring in rings) > 4 * _MOST_POINTS:
        # scattered over the raster: what holds them all says as much in fewer points
        hull = MultiPoint([point for ring in rings for point in ring]).convex_hull
        rings = [_simple(hull)]
    return [
        [(min(max(x, 0) * scan.cell, width), min(max(y, 0) * scan.cell, height)) for x, y in ring]
        for ring in rings
    ]


def _simple(polygon: Polygon) -> list[Point]:
    """Return a ring of few points that leaves no part of the polygon out."""
    tolerance = 0.25
    result = polygon
    while len(result.exterior.coords) > _MOST_POINTS:
        tolerance *= 2
        # widened first by what simplifying may take away
        result = polygon.buffer(tolerance, join_style="mitre").simplify(tolerance)
        result = Polygon(result.exterior)
    return [(float(x), float(y)) for x, y in result.exterior.coords]
