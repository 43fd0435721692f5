"""Where the pixels of a target grid lie in a source grid: few PROJ calls, verified accuracy.

A map projection is smooth, so over a patch of pixels it is a polynomial for all practical
purposes. Source coordinates are computed with PROJ at 12 x 12 Chebyshev nodes of a patch and
interpolated from there (barycentric Lagrange interpolation, Berrut and Trefethen 2004); points
between the nodes verify it, and a patch that misses them by more than 1e-7 pixel is split, down to
patches that are computed point by point. The result therefore does not depend on how a raster is
cut into strips or tiles, which GDAL's approximation along scanlines does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ._crs import same_crs, transform_points
from ._grid import Floats, Grid, Window

NODES = 12
PATCH = 512
SMALLEST_PATCH = 32
TOLERANCE = 1e-7
"""Pixels of the source; rounding of PROJ itself is about 1e-9."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Source pixel coordinates of a window's pixel centres, NaN where the source has no such place.

    ``x`` and ``y`` broadcast to the window's (height, width): where source and target are
    parallel, ``x`` is one row and ``y`` one column.
    """

    x: Floats
    y: Floats


def source_coordinates(target: Grid, source: Grid, window: Window) -> Coordinates:
    """Return where the centres of a window's pixels lie in the source, in its pixels."""
    rows = window.row + 0.5 + np.arange(window.height, dtype=np.float64)
    columns = window.column + 0.5 + np.arange(window.width, dtype=np.float64)
    if same_crs(target.crs, source.crs):
        return _affine(target, source, rows, columns)
    return _projected(target, source, rows, columns)


def points_in_source(target: Grid, source: Grid, columns: Floats, rows: Floats) -> Coordinates:
    """Return the source pixel coordinates of single points of the target, each by PROJ."""
    x, y = target.ground(columns, rows)
    if not same_crs(target.crs, source.crs):
        x, y = transform_points(target.crs, source.crs, x, y)
    return Coordinates(*source.pixels(source.nearest_turn(x), y))


def _affine(target: Grid, source: Grid, rows: Floats, columns: Floats) -> Coordinates:
    there, back = target.transform, ~source.transform
    if there.b == there.d == back.b == back.d == 0:
        x = source.nearest_turn(there.a * columns + there.c)
        y = there.e * rows + there.f
        return Coordinates((back.a * x + back.c)[None, :], (back.e * y + back.f)[:, None])
    grid_columns, grid_rows = np.meshgrid(columns, rows)
    return points_in_source(target, source, grid_columns, grid_rows)


@dataclass(frozen=True, slots=True)
class _Patch:
    row: int
    column: int
    height: int
    width: int

    @property
    def exact(self) -> bool:
        return max(self.height, self.width) <= SMALLEST_PATCH

    def split(self) -> Iterator[_Patch]:
        for row, height in _halves(self.height):
            for column, width in _halves(self.width):
                yield _Patch(self.row + row, self.column + column, height, width)


def _halves(length: int) -> list[tuple[int, int]]:
    half = length // 2
    return [(0, half), (half, length - half)] if length > SMALLEST_PATCH else [(0, length)]


def _projected(target: Grid, source: Grid, rows: Floats, columns: Floats) -> Coordinates:
    x = np.empty((rows.size, columns.size))
    y = np.empty_like(x)
    patches = [
        _Patch(row, column, min(PATCH, rows.size - row), min(PATCH, columns.size - column))
        for row in range(0, rows.size, PATCH)
        for column in range(0, columns.size, PATCH)
    ]
    while patches:
        patches = _fill(target, source, (rows, columns), patches, (x, y))
    return Coordinates(x, y)


def _fill(
    target: Grid,
    source: Grid,
    centres: tuple[Floats, Floats],
    patches: list[_Patch],
    out: tuple[Floats, Floats],
) -> list[_Patch]:
    """Fill the patches that are exact or smooth, in one call of PROJ; return the rest, split."""
    samples = [_samples(patch, *centres) for patch in patches]
    columns = np.concatenate([sample_columns for sample_columns, _ in samples])
    rows = np.concatenate([sample_rows for _, sample_rows in samples])
    known = points_in_source(target, source, columns, rows)
    rest: list[_Patch] = []
    start = 0
    for patch, (sample_columns, _) in zip(patches, samples, strict=True):
        part = slice(start, start + sample_columns.size)
        start = part.stop
        if not _fill_patch(patch, known.x[part], known.y[part], out):
            rest.extend(patch.split())
    return rest


def _samples(patch: _Patch, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Return the points (columns, rows) at which PROJ is asked: all pixels, or nodes and checks."""
    patch_rows = rows[patch.row : patch.row + patch.height]
    patch_columns = columns[patch.column : patch.column + patch.width]
    if patch.exact:
        grid_columns, grid_rows = np.meshgrid(patch_columns, patch_rows)
        return grid_columns.ravel(), grid_rows.ravel()
    at = np.concatenate([_nodes(), _checks()])
    node_columns, node_rows = np.meshgrid(
        patch_columns[0] + (at[:NODES] + 1) / 2 * (patch.width - 1),
        patch_rows[0] + (at[:NODES] + 1) / 2 * (patch.height - 1),
    )
    check_columns, check_rows = np.meshgrid(
        patch_columns[0] + (at[NODES:] + 1) / 2 * (patch.width - 1),
        patch_rows[0] + (at[NODES:] + 1) / 2 * (patch.height - 1),
    )
    return (
        np.concatenate([node_columns.ravel(), check_columns.ravel()]),
        np.concatenate([node_rows.ravel(), check_rows.ravel()]),
    )


def _fill_patch(patch: _Patch, x: Floats, y: Floats, out: tuple[Floats, Floats]) -> bool:
    inside = (
        slice(patch.row, patch.row + patch.height),
        slice(patch.column, patch.column + patch.width),
    )
    for values, target in zip((x, y), out, strict=True):
        if patch.exact:
            target[inside] = values.reshape(patch.height, patch.width)
            continue
        nodes = values[: NODES * NODES].reshape(NODES, NODES)
        checks = values[NODES * NODES :].reshape(_checks().size, _checks().size)
        at_checks = _matrix_at_checks()
        error = np.abs(at_checks @ nodes @ at_checks.T - checks).max()
        if not error <= TOLERANCE:  # also where a node is NaN
            return False
        target[inside] = _matrix(patch.height) @ nodes @ _matrix(patch.width).T
    return True


@lru_cache(maxsize=1)
def _nodes() -> Floats:
    return -np.cos(np.pi * np.arange(NODES) / (NODES - 1))


@lru_cache(maxsize=1)
def _checks() -> Floats:
    # ends and places that fall on no node and on no symmetry of them
    return np.array([-1.0, -0.83, -0.37, 0.09, 0.52, 0.91, 1.0])


@lru_cache(maxsize=1)
def _matrix_at_checks() -> Floats:
    return _lagrange(_checks())


@lru_cache(maxsize=2 * PATCH)
def _matrix(length: int) -> Floats:
    """Return the (length, NODES) matrix that takes values at the nodes to every pixel centre."""
    at = np.linspace(-1.0, 1.0, length) if length > 1 else np.array([-1.0])
    return _lagrange(at)


def _lagrange(at: Floats) -> Floats:
    weights = (-1.0) ** np.arange(NODES)
    weights[[0, -1]] /= 2
    difference = at[:, None] - _nodes()[None, :]
    exact = np.abs(difference) < 1e-14  # noqa: PLR2004 - a point on a node
    terms = weights / np.where(exact, 1.0, difference)
    matrix: Floats = terms / terms.sum(axis=1, keepdims=True)
    on_node = exact.any(axis=1)
    matrix[on_node] = exact[on_node]
    return matrix
