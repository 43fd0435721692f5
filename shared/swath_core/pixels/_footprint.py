"""Footprints: the outline of a raster on the globe, as GeoJSON that does not cross 180 degrees.

Edges are densified until neighbouring points are close in longitude, the ring's longitudes are
unwrapped so that they run on continuously, a ring that runs once around is closed over the pole
that it holds, and the result is cut at the antimeridian (RFC 7946, section 3.1.9).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

from ._georeference import Position
from ._model import Refused

_PER_EDGE = 21
_STEP_DEGREES = 5.0
_DEEPEST = 16
_TURN = 360.0
_WGS84 = Geod(ellps="WGS84")

Point = tuple[float, float]


def corners(width: int, height: int) -> list[Point]:
    """Return the ring of a raster's corners in pixels: columns and rows, closed."""
    return [(0, 0), (0, height), (width, height), (width, 0), (0, 0)]


def footprint(
    name: str, where: Position, rings: Iterable[list[Point]], size: tuple[int, int]
) -> dict[str, Any]:
    """Return the GeoJSON of pixel rings (columns and rows, closed) on the globe.

    ``size`` is the raster's width and height. Raises Refused where a ring is not on Earth.
    """
    globe = _Globe(name, where, size)
    shapes = [globe.polygon(ring) for ring in rings]
    whole = _simple(shapely.union_all([shapely.make_valid(shape) for shape in shapes]))
    polygons = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    if not polygons or whole.area == 0:
        raise Refused(f"{name}: its footprint has no area on the globe")
    result = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    geojson: dict[str, Any] = json.loads(shapely.to_geojson(shapely.orient_polygons(result)))
    return geojson


def _simple(shape: BaseGeometry) -> BaseGeometry:
    """Drop the points that move the outline by less than a ten-thousandth of its size."""
    west, south, east, north = shape.bounds
    return shapely.simplify(shape, min(east - west, north - south) / 1e4)


def area(geometry: dict[str, Any]) -> float:
    """Return the square kilometres of a footprint, on the WGS 84 ellipsoid.

    It is summed over the eight octants: a geodesic polygon cannot be larger than half the globe.
    """
    shape = shapely.geometry.shape(geometry)
    total = 0.0
    for west in range(-180, 180, 90):
        for south in (-90, 0):
            octant = shapely.intersection(shape, shapely.box(west, south, west + 90, south + 90))
            for part in shapely.get_parts(octant):
                if part.geom_type == "Polygon":
                    dense = shapely.segmentize(part, 1.0)
                    total += abs(_WGS84.geometry_area_perimeter(dense)[0])
    return total / 1e6


class _Globe:
    """Takes pixels of one raster to longitude and latitude."""

    def __init__(self, name: str, where: Position, size: tuple[int, int]) -> None:
        self.name = name
        self.where = where
        self.size = size
        self._to_degrees: Callable[..., Any] | None = None
        if not where.is_geographic or where.cs_code != "EPSG:4326":
            transformer = Transformer.from_crs(where.crs, "EPSG:4326", always_xy=True)
            self._to_degrees = transformer.transform
            self._back = Transformer.from_crs("EPSG:4326", where.crs, always_xy=True)

    def polygon(self, ring: list[Point]) -> BaseGeometry:
        """Return the polygon of one ring, cut at the antimeridian."""
        dense = self._dense(ring)
        lon, lat = dense[:, 0], dense[:, 1]
        if self.where.is_geographic:
            return cut(shapely.Polygon(dense))
        lon = np.unwrap(lon, period=_TURN)
        around = abs(lon[-1] - lon[0]) > _TURN / 2
        pole = self._pole(ring)
        if around != (pole is not None):
            # an edge so close to a pole that no step along it tells the side: take the whole cap
            near = 90.0 if lat.mean() > 0 else -90.0
            return shapely.box(-180, min(lat.min(), near), 180, max(lat.max(), near))
        if pole is not None:
            lon, lat = _over_the_pole(lon, lat, pole)
        return cut(shapely.Polygon(np.column_stack([lon, lat])))

    def _dense(self, ring: list[Point]) -> npt.NDArray[np.float64]:
        pixels: list[Point] = []
        per_edge = _PER_EDGE if len(ring) <= 5 else 2  # noqa: PLR2004 - four corners, closed
        for start, end in pairwise(ring):
            for step in range(per_edge):
                share = step / per_edge
                pixels.append(
                    (
                        start[0] + (end[0] - start[0]) * share,
                        start[1] + (end[1] - start[1]) * share,
                    )
                )
        pixels.append(ring[-1])
        return self._refined(np.asarray(pixels, dtype=float))

    def _refined(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Halve the steps that are long in longitude: near a pole an edge turns fast."""
        degrees = self._degrees(pixels)
        if self.where.is_geographic:
            return degrees
        for _ in range(_DEEPEST):
            steps = np.abs((np.diff(degrees[:, 0]) + 180) % _TURN - 180)
            wide = np.flatnonzero(steps > _STEP_DEGREES)
            if not len(wide):
                break
            middles = (pixels[wide] + pixels[wide + 1]) / 2
            pixels = np.insert(pixels, wide + 1, middles, axis=0)
            degrees = self._degrees(pixels)
        return degrees

    def _degrees(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        c, a, b, f, d, e = self.where.geotransform
        x = c + pixels[:, 0] * a + pixels[:, 1] * b
        y = f + pixels[:, 0] * d + pixels[:, 1] * e
        if self._to_degrees is not None:
            lon, lat = self._to_degrees(x, y)
        else:
            lon, lat = x, y
        self._check(lon, lat)
        return np.column_stack([lon, np.clip(lat, -90.0, 90.0)])

    def _check(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> None:
        finite = np.isfinite(lon) & np.isfinite(lat)
        # a grid of points, not of areas, overshoots the pole by half a pixel
        slack = 1e-9
        if self.where.is_geographic:
            *_, d, e = self.where.geotransform
            slack += max(abs(d), abs(e))
        if not finite.all() or np.abs(lat).max() > 90 + slack:
            raise Refused(
                f"{self.name}: part of its outline is not on Earth in {self.where.crs.name!r} "
                f"(geotransform {list(self.where.geotransform)}, size {self.size}); "
                "expected latitudes from -90 to 90"
            )
        if np.ptp(lon) > _TURN + 1 or np.abs(lon).max() > 2 * _TURN:
            raise Refused(
                f"{self.name}: its outline spans longitudes {lon.min():g} to {lon.max():g}; "
                "expected at most one turn"
            )

    def _pole(self, ring: list[Point]) -> float | None:
        """Return the latitude of the pole inside a ring of pixels, or None."""
        c, a, b, f, d, e = self.where.geotransform
        outline = shapely.Polygon(ring)
        for latitude in (90.0, -90.0):
            x, y = self._back.transform(0.0, latitude)
            if not (math.isfinite(x) and math.isfinite(y)):
                continue
            determinant = a * e - b * d
            column = (e * (x - c) - b * (y - f)) / determinant
            row = (a * (y - f) - d * (x - c)) / determinant
            if outline.covers(shapely.Point(column, row)):
                return latitude
        return None


def _over_the_pole(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], pole: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Close a ring that runs once around: along the pole's edge of the plane."""
    return np.append(lon, [lon[-1], lon[0]]), np.append(lat, [pole, pole])


def cut(polygon: BaseGeometry) -> BaseGeometry:
    """Return a polygon of unwrapped longitudes cut and shifted into -180 to 180."""
    valid = shapely.make_valid(polygon)
    west, _, east, _ = valid.bounds
    if east - west >= _TURN:
        _, south, _, north = valid.bounds
        if abs(valid.area - (east - west) * (north - south)) < 1e-9 * valid.area:
            return shapely.box(-180, south, 180, north)
    parts = []
    for turn in range(math.floor((west + 180) / _TURN), math.floor((east + 180) / _TURN) + 1):
        strip = shapely.box(turn * _TURN - 180, -90, turn * _TURN + 180, 90)
        part = shapely.intersection(valid, strip)
        if part.area > 0:
            parts.append(shapely.transform(part, _shift(-turn * _TURN)))
    return shapely.union_all(parts)


def _shift(degrees: float) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    return lambda points: np.add(points, (degrees, 0.0))
