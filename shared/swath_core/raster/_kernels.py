"""GDAL's resampling kernels on arrays: bands without nodata in one warp."""

from __future__ import annotations

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

from swath_core.nodata import holds_data

from ._coordinates import Coordinates
from ._files import RawPixels, gdal
from ._grid import Grid, Window

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
TOLERANCE = 1e-4
"""Pixels of the source that GDAL's scanline approximation may be off by (GDAL's default: 0.125)."""


@dataclass(frozen=True, slots=True)
class WarpInput:
    """One window of one file to be warped; ``scale`` is target pixels per source pixel, x and y."""

    target: Grid
    source: Grid
    window: Window
    coordinates: Coordinates
    raw: RawPixels
    scale: tuple[float, float]


class Kernels:
    """The kernels over one window of one file."""

    def __init__(self, given: WarpInput) -> None:
        self._input = given
        self._turns = _turns(given.target, given.source)
        self._reached: dict[str, list[Array]] = {}

    def reached(self, resampling: str) -> Array:
        """Return where a kernel finds pixels of the source that its mask does not hide."""
        found: Array = np.logical_or.reduce(self._by_turn(resampling))
        return found

    def warp(self, values: Array, resampling: str, nodata: float | None) -> Array:
        """Return source values (bands, rows, columns) over the target's window.

        Of several bands at once, GDAL treats nodata otherwise than of one: bands that hold some
        are warped one by one, so that none depends on what else is asked for.
        """
        window = self._input.window
        warped = np.empty((len(values), window.height, window.width), values.dtype)
        holed = [nodata is not None and not holds_data(band, nodata).all() for band in values]
        groups = [[number] for number, alone in enumerate(holed) if alone]
        for group in [*groups, [number for number, alone in enumerate(holed) if not alone]]:
            if group:
                warped[group] = self._warp(values[group], resampling, nodata)
        return warped

    def _warp(self, values: Array, resampling: str, nodata: float | None) -> Array:
        window = self._input.window
        warped = np.zeros((len(values), window.height, window.width), values.dtype)
        for turn, reached in zip(self._turns, self._by_turn(resampling), strict=True):
            np.copyto(warped, self._reproject(values, resampling, nodata, turn), where=reached)
        return warped

    def _by_turn(self, resampling: str) -> list[Array]:
        if resampling not in self._reached:
            raw = self._input.raw
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
        given, window, raw = self._input, self._input.window, self._input.raw.window
        source = turn @ given.source.transform @ Affine.translation(raw.column, raw.row)
        with gdal(), MemoryFile() as memory:
            _write(memory, values, _gdal_crs(given.source.crs), source)
            with (
                memory.open() as dataset,
                WarpedVRT(
                    dataset,
                    crs=_gdal_crs(given.target.crs),
                    transform=given.target.transform
                    @ Affine.translation(window.column, window.row),
                    width=window.width,
                    height=window.height,
                    src_nodata=nodata,
                    nodata=nodata,
                    resampling=RESAMPLING[resampling],
                    tolerance=TOLERANCE,
                    XSCALE=given.scale[0],
                    YSCALE=given.scale[1],
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
