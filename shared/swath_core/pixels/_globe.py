"""From the pixels of one raster to longitude and latitude and back, and which of them are on Earth.

Map projections end somewhere: at the limb of a geostationary disk, at the edge of a sinusoidal
world. Beyond, an inverse projection gives nothing, or a place that belongs to another pixel. So a
pixel counts as on Earth where projecting its place again leads back to it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection

from ._georeference import Position

Points = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TURN = 360.0
_ROUND_TRIP_METRES = 0.002
_ROUND_TRIP_PIXELS = (1e-6, 0.01)
"""Inverse projections that iterate stop at 1e-10 rad, which is 0.6 mm."""

_ALIKE = 1e-9


class Globe:
    """Takes columns and rows of one raster (arrays of shape (n, 2)) to degrees in WGS 84."""

    def __init__(self, where: Position) -> None:
        self.where = where
        self.is_geographic = where.is_geographic
        self._to_degrees: Transformer | None = None
        if where.cs_code != "EPSG:4326":
            self._to_degrees = Transformer.from_crs(where.crs, "EPSG:4326", always_xy=True)
        crs = where.crs.source_crs if where.crs.is_bound else where.crs
        if not self.is_geographic:
            self._projection = _projection(crs or where.crs)
            self._period = self._around()
            self._tolerance = _tolerance(where)

    def degrees(self, pixels: Points) -> Points:
        """Return longitudes and latitudes, not finite where the projection has none."""
        x, y = self._projected(pixels)
        if self._to_degrees is None:
            return np.column_stack([x, y])
        lon, lat = self._to_degrees.transform(x, y)
        if self.is_geographic:
            # a change of datum moves by metres; a whole turn is only another name of the place
            lon = x + np.remainder(lon - x + TURN / 2, TURN) - TURN / 2
        return np.column_stack([lon, lat])

    def on_earth(self, pixels: Points) -> Mask:
        """Return which pixels of a projected raster are the image of a place on Earth."""
        x, y = self._projected(pixels)
        lon, lat = self._projection.transform(x, y, direction=TransformDirection.INVERSE)
        again_x, again_y = self._projection.transform(lon, lat)
        away_x, away_y = again_x - x, again_y - y
        with np.errstate(invalid="ignore"):
            if self._period:
                away_x = np.remainder(away_x + self._period / 2, self._period) - self._period / 2
            _, a, b, _, d, e = self.where.geotransform
            determinant = abs(a * e - b * d)
            columns = np.abs(e * away_x - b * away_y) / determinant
            rows = np.abs(a * away_y - d * away_x) / determinant
            near = np.hypot(columns, rows) <= self._tolerance
        return np.asarray(near & np.isfinite(lon) & np.isfinite(lat))

    def poles(self) -> list[tuple[float, tuple[float, float]]]:
        """Return the poles that are single points of the projection: latitude, column and row."""
        found = []
        for latitude in (90.0, -90.0):
            x, y = self._projection.transform([0.0, 120.0, -120.0], [latitude] * 3)
            places = [self._pixel(*place) for place in zip(x, y, strict=True)]
            column, row = places[0]
            if all(
                math.isfinite(one)
                and math.isfinite(other)
                and math.dist((one, other), places[0]) < 1
                for one, other in places
            ):
                found.append((latitude, (column, row)))
        return found

    def _projected(self, pixels: Points) -> tuple[Points, Points]:
        c, a, b, f, d, e = self.where.geotransform
        columns, rows = pixels[:, 0], pixels[:, 1]
        return c + columns * a + rows * b, f + columns * d + rows * e

    def _pixel(self, x: float, y: float) -> tuple[float, float]:
        c, a, b, f, d, e = self.where.geotransform
        determinant = a * e - b * d
        return (
            (e * (x - c) - b * (y - f)) / determinant,
            (a * (y - f) - d * (x - c)) / determinant,
        )

    def _around(self) -> float:
        """Return what x grows by in one turn of a cylindrical projection; 0 for any other.

        Cylindrical: x is proportional to the longitude, everywhere alike, and y is not touched.
        """
        lon = np.array([90.0, 91.0, -90.0, -89.0])
        steps = []
        for latitude in (0.0, 60.0):
            x, y = self._projection.transform(lon, np.full(4, latitude))
            if not (np.isfinite(x).all() and np.isfinite(y).all()):
                return 0.0
            scale = max(float(np.abs(x).max()), 1.0)
            if np.ptp(y) > _ALIKE * scale:
                return 0.0
            steps.append(min(abs(x[1] - x[0]), abs(x[3] - x[2])))
        alike = abs(steps[0] - steps[1]) <= _ALIKE * max(steps)
        return TURN * float(steps[0]) if alike else 0.0


def _projection(crs: CRS) -> Any:
    """Return the projection alone, without a change of datum: its inverse is exact."""
    base = crs.source_crs if crs.is_geographic else crs.geodetic_crs
    return Transformer.from_crs(base, crs, always_xy=True)


def _tolerance(where: Position) -> float:
    """Return how many pixels a round trip may miss its start by."""
    _, a, b, _, d, e = where.geotransform
    unit = where.crs.axis_info[0].unit_conversion_factor if where.crs.axis_info else 1.0
    metres = math.sqrt(abs(a * e - b * d)) * unit
    least, most = _ROUND_TRIP_PIXELS
    return min(most, max(least, _ROUND_TRIP_METRES / metres))
