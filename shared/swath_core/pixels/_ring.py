"""The ring of a polygon of pixels as longitudes and latitudes that run on continuously."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from ._globe import TURN, Globe

_PIECES = 16
"""Steps along the longer side of a raster to begin with."""

_STEP_DEGREES = 5.0
_DEEPEST = 40
_MOST_POINTS = 20_000
_STRAIGHT = 1 / 2000
"""By how much a straight line may leave the edge that it stands for, in sizes of the ring."""

_AT_POLE_PIXELS = 1e-3
_FAN_PIXELS = 0.01
_FAN_DEGREES = 60.0

Point = tuple[float, float]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ring:
    """A closed ring of unwrapped longitudes, its latitudes, and the poles strictly inside."""

    lon: Values
    lat: Values
    poles: list[float]


def trace(globe: Globe, polygon: BaseGeometry, size: tuple[int, int]) -> Ring:
    """Return the exterior of a polygon of pixels (columns, rows), all of it on Earth."""
    outline = shapely.get_coordinates(shapely.orient_polygons(polygon).exterior)[:-1]
    poles = globe.poles()
    touched: list[tuple[float, Point]] = []
    for latitude, pole in poles:
        outline, touches = _through(outline, pole)
        if touches:
            touched.append((latitude, pole))
    pixels, fixed = _densified(outline, touched, max(size))
    path = _Path(globe, pixels, fixed)
    path.refine()
    inside = [
        latitude
        for latitude, pole in poles
        if (latitude, pole) not in touched and polygon.contains(shapely.Point(pole))
    ]
    lon, lat = path.closed()
    return Ring(lon, lat, inside)


def _through(outline: Values, pole: Point) -> tuple[Values, bool]:
    """Return a ring that has a pole as a vertex where it passes through it."""
    ends = np.roll(outline, -1, axis=0)
    along = ends - outline
    lengths = np.maximum((along**2).sum(axis=1), 1e-30)
    shares = np.clip(((np.asarray(pole) - outline) * along).sum(axis=1) / lengths, 0, 1)
    away = np.hypot(*(outline + along * shares[:, np.newaxis] - pole).T)
    nearest = int(np.argmin(away))
    if away[nearest] > _AT_POLE_PIXELS:
        return outline, False
    close = np.flatnonzero(np.hypot(*(outline - pole).T) <= _AT_POLE_PIXELS)
    if len(close):
        outline = outline.copy()
        outline[close[0]] = pole
        return np.delete(outline, close[1:], axis=0), True
    return np.insert(outline, nearest + 1, pole, axis=0), True


def _densified(
    outline: Values, touched: list[tuple[float, Point]], size: float
) -> tuple[Values, Values]:
    """Return the points along a ring, and the latitude of those that stand for a pole, else NaN.

    A pole has every longitude. So it becomes a small arc around it, inside of the ring, from the
    edge that leads to it to the edge that leads away.
    """
    latitudes = {point: latitude for latitude, point in touched}
    pixels: list[Values] = []
    fixed: list[Values] = []
    count = len(outline)
    for number, start in enumerate(outline):
        end = outline[(number + 1) % count]
        latitude = latitudes.get((float(start[0]), float(start[1])))
        if latitude is None:
            pixels.append(start[np.newaxis])
            fixed.append(np.array([np.nan]))
        else:
            arc = _Arc(start, outline[number - 1], end)
            pixels.append(arc.points(np.linspace(0, 1, 65)))
            fixed.append(np.full(65, latitude))
        steps = max(1, math.ceil(math.dist(start, end) / (size / _PIECES)))
        shares = (np.arange(1, steps) / steps)[:, np.newaxis]
        pixels.append(start + (end - start) * shares)
        fixed.append(np.full(steps - 1, np.nan))
    return np.concatenate(pixels), np.concatenate(fixed)


class _Arc:
    """A small arc around a vertex, inside of a ring that runs counterclockwise."""

    def __init__(self, vertex: Values, before: Values, after: Values) -> None:
        self.vertex = vertex
        nearest = min(math.dist(vertex, before), math.dist(vertex, after))
        self.radius = min(_FAN_PIXELS, nearest / 4)
        self.start = math.atan2(before[1] - vertex[1], before[0] - vertex[0])
        end = math.atan2(after[1] - vertex[1], after[0] - vertex[0])
        self.sweep = (self.start - end) % math.tau or math.tau

    def points(self, shares: Values) -> Values:
        """Return points by their share of the way from one edge to the other."""
        angles = self.start - shares * self.sweep
        arms = np.column_stack([np.cos(angles), np.sin(angles)])
        return np.asarray(self.vertex + self.radius * arms)


class _Path:
    """Points along a ring, in pixels and in degrees; ``fixed`` are latitudes of poles, or NaN."""

    def __init__(self, globe: Globe, pixels: Values, fixed: Values) -> None:
        self.globe = globe
        degrees = globe.degrees(pixels)
        # at the very limb one transformation may find a place where another finds none
        found = np.flatnonzero(np.isfinite(degrees).all(axis=1))
        around = np.append(found, found[:1])
        self.pixels, self.fixed, self.degrees = pixels[around], fixed[around], degrees[around]

    def refine(self) -> None:
        """Halve steps until they are short in longitude, and straight."""
        tolerance = _STRAIGHT * self._extent()
        for _ in range(_DEEPEST):
            middles = (self.pixels[:-1] + self.pixels[1:]) / 2
            between = self.globe.degrees(middles)
            fixed = np.where(self.fixed[:-1] == self.fixed[1:], self.fixed[:-1], np.nan)
            found = np.isfinite(between).all(axis=1)
            between[~found] = 0
            crooked = self._too_long() | (self._bend(between) > tolerance)
            halved = np.flatnonzero(found & crooked)
            if not len(halved) or len(self.pixels) + len(halved) > _MOST_POINTS:
                return
            self.pixels = np.insert(self.pixels, halved + 1, middles[halved], axis=0)
            self.degrees = np.insert(self.degrees, halved + 1, between[halved], axis=0)
            self.fixed = np.insert(self.fixed, halved + 1, fixed[halved])

    def closed(self) -> tuple[Values, Values]:
        """Return unwrapped longitudes, and latitudes."""
        lon = np.unwrap(self.degrees[:, 0], period=TURN)
        lat = np.where(np.isnan(self.fixed), self.degrees[:, 1], self.fixed)
        return lon, np.clip(lat, -90.0, 90.0)

    def _too_long(self) -> npt.NDArray[np.bool_]:
        at_pole = self.fixed[:-1] == self.fixed[1:]
        steps = np.abs(_short(np.diff(self.degrees[:, 0])))
        return np.asarray(steps > np.where(at_pole, _FAN_DEGREES, _STEP_DEGREES))

    def _bend(self, between: Values) -> Values:
        """Return how far the middle of each step lies beside the straight line, in degrees."""
        start, end = self.degrees[:-1], self.degrees[1:]
        shrink = np.cos(np.radians(between[:, 1]))
        along_lon, along_lat = _short(end[:, 0] - start[:, 0]) * shrink, end[:, 1] - start[:, 1]
        away_lon = _short(between[:, 0] - start[:, 0]) * shrink - along_lon / 2
        away_lat = between[:, 1] - (start[:, 1] + end[:, 1]) / 2
        length = np.maximum(np.hypot(along_lon, along_lat), 1e-12)
        beside = np.abs(along_lon * away_lat - along_lat * away_lon) / length
        return np.where(self.fixed[:-1] == self.fixed[1:], 0.0, beside)

    def _extent(self) -> float:
        """Return the size of the ring on the globe, in degrees."""
        lon, lat = np.radians(self.degrees).T
        places = np.column_stack(
            [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
        )
        return float(np.degrees(np.hypot.reduce(np.ptp(places, axis=0))))


def _short(steps: Values) -> Values:
    """Return differences of longitudes taken the short way around."""
    return np.asarray(np.remainder(steps + TURN / 2, TURN) - TURN / 2)
