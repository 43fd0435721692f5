"""The part of a projected raster that is on Earth, as a polygon of columns and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from ._globe import Globe, Mask, Points

_COARSE = 64
_FINE = 256
"""Cells along each side of the grid that is looked at, first and where some are off Earth."""

_HALVINGS = 20
"""To a millionth of a cell: at the very edge of a projection longitudes are noise."""

_CLOSER = 0.25
_MOST_LOOKS = 4

Edge = tuple[int, int]


def part_on_earth(globe: Globe, width: int, height: int) -> BaseGeometry:
    """Return what of a raster is on Earth; empty where nothing is.

    Its corners are found on a grid; where the Earth ends between two of them is found by
    halving, so that the outline is as exact as its points are close.
    """
    window = (0.0, 0.0, float(width), float(height))
    whole = shapely.box(*window)
    if globe.on_earth(_grid(window, _COARSE)).all():
        return whole
    for _ in range(_MOST_LOOKS):
        part = _outlined(globe.on_earth, window)
        if part.is_empty:
            return part
        west, south, east, north = part.bounds
        width_share = (east - west) / (window[2] - window[0])
        height_share = (north - south) / (window[3] - window[1])
        if width_share > _CLOSER or height_share > _CLOSER:
            break
        margin = 2 / _FINE
        across, down = margin * (window[2] - window[0]), margin * (window[3] - window[1])
        window = (
            max(window[0], west - across),
            max(window[1], south - down),
            min(window[2], east + across),
            min(window[3], north + down),
        )
    return _to_the_poles(part, globe, window)


def _to_the_poles(part: BaseGeometry, globe: Globe, window: tuple[float, ...]) -> BaseGeometry:
    """Return a part of a window with the poles at its edge as vertices: tips are cut off else."""
    cell = max(window[2] - window[0], window[3] - window[1]) / _FINE
    box = shapely.box(*window).buffer(cell * 1e-6)
    for _, pole in globe.poles():
        point = shapely.Point(pole)
        if box.covers(point) and 0 < part.distance(point) < cell:
            pieces = shapely.get_parts(part)
            nearest = int(np.argmin(shapely.distance(pieces, point)))
            pieces[nearest] = shapely.Polygon(_with(pieces[nearest].exterior, pole))
            part = shapely.union_all(pieces)
    return part


def _with(ring: BaseGeometry, pole: tuple[float, float]) -> Points:
    """Return the points of a ring with another one where it is nearest."""
    points = shapely.get_coordinates(ring)
    sides = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))
    nearest = int(np.argmin(shapely.distance(sides, shapely.Point(pole))))
    return np.insert(points, nearest + 1, pole, axis=0)


def _grid(window: tuple[float, ...], cells: int) -> Points:
    columns = np.linspace(window[0], window[2], cells + 1)
    rows = np.linspace(window[1], window[3], cells + 1)
    return np.column_stack([axis.ravel() for axis in np.meshgrid(columns, rows)])


def _outlined(inside: Callable[[Points], Mask], window: tuple[float, ...]) -> BaseGeometry:
    """Return the part of a window whose points are inside, by marching triangles."""
    points = _grid(window, _FINE)
    marks = inside(points)
    side = _FINE + 1
    cells = np.lib.stride_tricks.sliding_window_view(marks.reshape(side, side), (2, 2))
    count = cells.sum(axis=(2, 3))
    pieces = [*_runs(points.reshape(side, side, 2), count == 4)]  # noqa: PLR2004 - corners
    triangles = _triangles(np.argwhere((count > 0) & (count < 4)), side)  # noqa: PLR2004
    ends = _crossings(inside, points, marks, triangles)
    for triangle in triangles:
        piece = _clipped(triangle, points, marks, ends)
        if len(piece) > 2:  # noqa: PLR2004 - a polygon has three corners
            pieces.append(shapely.Polygon(piece))
    return shapely.simplify(shapely.union_all(pieces), (window[2] - window[0]) * 1e-9)


def _runs(points: npt.NDArray[np.float64], whole: Mask) -> Iterator[BaseGeometry]:
    """Yield boxes around runs of whole cells of one row."""
    for row, line in enumerate(whole):
        steps = np.diff(np.concatenate([[0], line.astype(int), [0]]))
        starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
        for start, stop in zip(starts, stops, strict=True):
            yield shapely.box(*points[row, start], *points[row + 1, stop])


def _triangles(cells: npt.NDArray[np.intp], side: int) -> list[tuple[int, int, int]]:
    result = []
    for row, column in cells.tolist():
        a = row * side + column
        result += [(a, a + 1, a + side), (a + 1, a + side + 1, a + side)]
    return result


def _crossings(
    inside: Callable[[Points], Mask],
    points: Points,
    marks: Mask,
    triangles: list[tuple[int, int, int]],
) -> dict[Edge, tuple[float, float]]:
    """Return the last point inside of every edge that leads out."""
    edges = {
        (a, b)
        for triangle in triangles
        for one, other in zip(triangle, (*triangle[1:], triangle[0]), strict=True)
        for a, b in ((one, other), (other, one))
        if marks[a] and not marks[b]
    }
    if not edges:
        return {}
    ordered = np.array(sorted(edges))
    last, out = points[ordered[:, 0]].copy(), points[ordered[:, 1]].copy()
    for _ in range(_HALVINGS):
        middle = (last + out) / 2
        good = inside(middle)[:, np.newaxis]
        last, out = np.where(good, middle, last), np.where(good, out, middle)
    return {
        (int(a), int(b)): (float(x), float(y)) for (a, b), (x, y) in zip(ordered, last, strict=True)
    }


def _clipped(
    triangle: tuple[int, int, int],
    points: Points,
    marks: Mask,
    ends: dict[Edge, tuple[float, float]],
) -> list[tuple[float, float]]:
    """Return the corners of the part of a triangle that is inside."""
    corners: list[tuple[float, float]] = []
    for a, b in zip(triangle, (*triangle[1:], triangle[0]), strict=True):
        if marks[a]:
            corners.append((float(points[a, 0]), float(points[a, 1])))
        if marks[a] != marks[b]:
            corners.append(ends[a, b] if marks[a] else ends[b, a])
    return list(dict.fromkeys(corners))
