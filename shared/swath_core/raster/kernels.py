"""GDAL's resampling kernels on arrays: several bands in one warp."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from affine import Affine
from pyproj import CRS
from rasterio.crs import CRS as GDAL_CRS
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from swath_core.raster.coordinates import Coordinates
from swath_core.raster.files import RawPixels, gdal
from swath_core.raster.grid import Grid, Window

Array = np.ndarray[Any, Any]

RESAMPLING = {
    "bilinear": Resampling.bilinear,
    "cubic": Resampling.cubic,
    "cubicspline": Resampling.cubic_spline,
    "lanczos": Resampling.lanczos,
    "average": Resampling.average,
    "mode": Resampling.mode,
    "max": Resampling.max,
    "min": Resampling.min,
    "med": Resampling.med,
    "q1": Resampling.q1,
    "q3": Resampling.q3,
}
_WITH_NEGATIVE_WEIGHTS = {"cubic": 2, "lanczos": 3}
"""Kernels that overshoot where nodata takes part of their weights away, and their radii."""
TOLERANCE = 1e-4
"""Pixels of the source that GDAL's scanline approximation may be off by (GDAL's default: 0.125)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One window of one file to be warped; ``scale`` is target pixels per source pixel, x and y."""

    target: Grid
    source: Grid
    window: Window
    coordinates: Coordinates
    raw: RawPixels
    scale: tuple[float, float]


class Kernels:
    """The kernels over one case."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._turns = _turns(case.target, case.source)
        self._reached: dict[str, list[Array]] = {}

    def reached(self, resampling: str) -> Array:
        """Return where a kernel finds pixels of the source that its mask does not hide."""
        found: Array = np.logical_or.reduce(self._by_turn(resampling))
        return found

    def warp(self, values: Array, resampling: str, nodata: float | None) -> Array:
        """Return source values (bands, rows, columns) over the target's window.

        Of kernels with negative weights GDAL normalizes what nodata leaves of them, and that sum
        may be next to nothing: their results would be extremes and holes. Where such a kernel
        touches nodata, bilinear takes its place, as GDAL itself has it for cubic at scale 1.
        """
        warped = self._warp(values, resampling, nodata)
        radius = _WITH_NEGATIVE_WEIGHTS.get(resampling)
        if radius is not None and nodata is not None:
            touching = self._touching(_equal(values, nodata), radius)
            if touching is not None:
                np.copyto(warped, self._warp(values, "bilinear", nodata), where=touching)
        return warped

    def _touching(self, holes: Array, radius: int) -> Array | None:
        """Return over which pixels of the target's window a kernel touches holes (None: none)."""
        if not holes.any():
            return None
        case = self._case
        x_scale, y_scale = case.scale
        spread = _spread(holes, math.floor(radius / x_scale + 0.5), axis=2)
        spread = _spread(spread, math.floor(radius / y_scale + 0.5), axis=1)
        _, height, width = holes.shape
        columns = _index(case.coordinates.x, case.raw.window.column, width)
        rows = _index(case.coordinates.y, case.raw.window.row, height)
        touching: Array = spread[:, rows, columns]
        return touching if touching.any() else None

    def _warp(self, values: Array, resampling: str, nodata: float | None) -> Array:
        window = self._case.window
        warped = np.zeros((len(values), window.height, window.width), values.dtype)
        for turn, reached in zip(self._turns, self._by_turn(resampling), strict=True):
            np.copyto(warped, self._reproject(values, resampling, nodata, turn), where=reached)
        return warped

    def _by_turn(self, resampling: str) -> list[Array]:
        if resampling in _WITH_NEGATIVE_WEIGHTS:
            resampling = "bilinear"  # next to what a mask hides as next to nodata
        if resampling not in self._reached:
            raw = self._case.raw
            present = np.ones(raw.values.shape[1:], np.uint8) if raw.mask is None else raw.mask
            self._reached[resampling] = [
                self._reproject(present.astype(np.uint8)[None], resampling, 0, turn)[0] > 0
                for turn in self._turns
            ]
        return self._reached[resampling]

    def _reproject(
        self, values: Array, resampling: str, nodata: float | None, turn: Affine
    ) -> Array:
        """Return GDAL's warp of source arrays, through an uncompressed TIFF in memory."""
        case, window, raw = self._case, self._case.window, self._case.raw.window
        source = turn @ case.source.transform @ Affine.translation(raw.column, raw.row)
        with gdal(), MemoryFile() as memory:
            _write(memory, values, _gdal_crs(case.source.crs), source)
            with (
                memory.open() as dataset,
                WarpedVRT(
                    dataset,
                    crs=_gdal_crs(case.target.crs),
                    transform=case.target.transform @ Affine.translation(window.column, window.row),
                    width=window.width,
                    height=window.height,
                    src_nodata=nodata,
                    nodata=nodata,
                    resampling=RESAMPLING[resampling],
                    tolerance=TOLERANCE,
                    XSCALE=case.scale[0],
                    YSCALE=case.scale[1],
                    UNIFIED_SRC_NODATA="NO",  # each band by itself
                ) as warped,
            ):
                pixels: Array = warped.read()
                return pixels


def _write(memory: MemoryFile, values: Array, crs: GDAL_CRS, transform: Affine) -> None:
    count, height, width = values.shape
    with memory.open(
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype=values.dtype,
        crs=crs,
        transform=transform,
        interleave="band",
        photometric="MINISBLACK",  # four bands are not three and an alpha
        alpha="NO",
    ) as written:
        written.write(values)


def unused_value(values: Array) -> float:
    """Return a value of the array's type that the array does not hold: a stand-in for nodata."""
    if values.dtype.kind == "f":
        return float(np.finfo(values.dtype).min)
    limits = np.iinfo(values.dtype)
    for candidate in range(limits.max, limits.min - 1, -1):
        if not (values == candidate).any():
            return float(candidate)
    return 0.0  # an 8-bit window that holds all values


def _equal(values: Array, nodata: float) -> Array:
    return np.isnan(values) if math.isnan(nodata) else np.asarray(values == nodata)


def _spread(holes: Array, reach: int, axis: int) -> Array:
    """Return what lies within so many pixels of a hole along an axis."""
    done = 0
    while done < reach:
        step = min(2 * done + 1, reach - done)  # as far as leaves no gap
        grown = holes.copy()
        for here, there in ((slice(step, None), slice(-step)), (slice(-step), slice(step, None))):
            cut = [slice(None)] * holes.ndim
            from_cut = list(cut)
            cut[axis], from_cut[axis] = here, there
            grown[tuple(cut)] |= holes[tuple(from_cut)]
        holes, done = grown, done + step
    return holes


def _index(at: Array, start: int, count: int) -> Array:
    """Return coordinates as indexes of a window's pixels (of its first or last, beyond it)."""
    inside = np.clip(np.nan_to_num(at - start), 0, count - 1)
    return np.asarray(np.floor(inside).astype(np.intp))


def _turns(target: Grid, source: Grid) -> list[Affine]:
    """Return the shifts by whole turns at which a geographic source can meet the target."""
    if not source.crs.is_geographic:
        return [Affine.identity()]
    left, _, right, _ = source.bounds
    low, high = -180.0, 180.0
    if target.crs.is_geographic:
        low, _, high, _ = target.bounds
    return [
        Affine.translation(turn, 0)
        for turn in (0.0, -360.0, 360.0)
        if left + turn < high and right + turn > low
    ] or [Affine.identity()]


@lru_cache(maxsize=256)
def _gdal_crs(crs: CRS) -> GDAL_CRS:
    code = crs.to_epsg(min_confidence=100)
    return GDAL_CRS.from_epsg(code) if code else GDAL_CRS.from_wkt(crs.to_wkt())
