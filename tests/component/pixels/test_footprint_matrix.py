"""Footprints at poles, at the edges of projections and around disks, against areas of their own.

The expected areas come from the other direction: a fine grid of longitudes and latitudes is
projected forward, and the cells of the ellipsoid whose centre lies in the raster are summed up.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from pyproj import CRS, Geod, Transformer

from swath_core.pixels import Refused
from swath_core.pixels._footprint import area, corners, footprint
from swath_core.pixels._georeference import Position

A, E2 = 6378137.0, 0.0066943799901413165
Values = npt.NDArray[np.float64]


def place(crs: str, transform: tuple[float, ...]) -> Position:
    known = CRS.from_user_input(crs)
    return Position(known, crs if crs.startswith("EPSG:") else None, transform)


def cells(lat: Values, step_lon: float, step_lat: float) -> Values:
    """Return the square kilometres of cells of the WGS 84 ellipsoid with these centres."""
    sine = np.sin(np.radians(lat))
    meridian = A * (1 - E2) / (1 - E2 * sine**2) ** 1.5
    across = A * np.cos(np.radians(lat)) / np.sqrt(1 - E2 * sine**2)
    return np.asarray(
        meridian * across * math.radians(step_lon) * math.radians(step_lat) / 1e6, dtype=float
    )


@cache
def grid(crs: str, south: float, north: float, step: float) -> tuple[Values, ...]:
    """Return x, y and square kilometres of the cells of a band of latitudes."""
    wide = max(step, 0.25)
    lon = np.arange(-180 + wide / 2, 180, wide)
    lat = np.arange(south + step / 2, north, step)
    lons, lats = (axis.ravel() for axis in np.meshgrid(lon, lat))
    known = CRS.from_user_input(crs)
    x, y = Transformer.from_crs("EPSG:4326", known, always_xy=True).transform(lons, lats)
    return np.asarray(x), np.asarray(y), cells(lats, wide, step)


def expected_area(where: Position, size: tuple[int, int], lattice: tuple[Values, ...]) -> float:
    x, y, each = lattice
    c, a, b, f, d, e = where.geotransform
    determinant = a * e - b * d
    with np.errstate(invalid="ignore"):
        columns = (e * (x - c) - b * (y - f)) / determinant
        rows = (a * (y - f) - d * (x - c)) / determinant
        inside = (columns >= 0) & (columns <= size[0]) & (rows >= 0) & (rows <= size[1])
    return float(each[inside].sum())


# -- poles

POLES = {3031: -90, 3413: 90, 3995: 90, 3976: -90, 6931: 90, 3408: 90}
KM = 1000.0
POLE_SIZE = (60, 40)
AT_POLE = {
    # the pole's column and row in a raster of 60 x 40 pixels of a kilometre
    "corner, north-west": (0, 0),
    "corner, north-east": (60, 0),
    "corner, south-west": (0, 40),
    "corner, south-east": (60, 40),
    "edge, north": (25, 0),
    "edge, south": (25, 40),
    "edge, west": (0, 13),
    "edge, east": (60, 13),
    "inside": (21, 17),
    "inside, close to an edge": (21, 0.01),
    "outside": (-11, 13),
    "outside, close to an edge": (-0.01, 13),
}


@pytest.mark.parametrize("code", POLES)
@pytest.mark.parametrize("at", AT_POLE)
def test_a_raster_at_a_pole_covers_its_pixels_and_no_others(code: int, at: str) -> None:
    column, row = AT_POLE[at]
    where = place(f"EPSG:{code}", (-column * KM, KM, 0, row * KM, 0, -KM))
    geometry = footprint("a.tif", where, [corners(*POLE_SIZE)], POLE_SIZE)
    band = (-90, -89) if POLES[code] < 0 else (89, 90)
    truth = expected_area(where, POLE_SIZE, grid(f"EPSG:{code}", *band, 0.004))
    assert area(geometry) == pytest.approx(truth, rel=0.01)
    shape = shapely.geometry.shape(geometry)
    rows, columns = (each.ravel() for each in np.mgrid[-30:70:1, -30:90:1] + 0.5)
    back = Transformer.from_crs(where.crs, "EPSG:4326", always_xy=True)
    lon, lat = back.transform(-column * KM + columns * KM, row * KM - rows * KM)
    found = shapely.covers(shape, shapely.points(lon, lat))
    inside = (columns > 0) & (columns < 60) & (rows > 0) & (rows < 40)
    np.testing.assert_array_equal(found, inside)


def test_a_corner_at_the_pole_is_found_in_its_own_quadrant_only() -> None:
    where = place("EPSG:3031", (0.0, KM, 0.0, 0.0, 0.0, -KM))
    shape = shapely.geometry.shape(footprint("a.tif", where, [corners(60, 40)], (60, 40)))
    assert shape.covers(shapely.Point(135, -89.9))
    for lon in (-135, -45, 45):
        assert not shape.intersects(shapely.Point(lon, -89.9))


# -- the sinusoidal tiles of MODIS

RADIUS = 6371007.181
TILE = 2 * math.pi * RADIUS / 36
SINUSOIDAL = f"+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R={RADIUS} +units=m +no_defs"


def modis_area(h: int, v: int) -> float:
    """Return what of a tile is on Earth: each parallel cut at 180 degrees."""
    south = 90 - 10 * (v + 1)
    lat = south + (np.arange(20_000) + 0.5) * 10 / 20_000
    west, east = (h - 18) * 10, (h - 17) * 10
    edge = 180 * np.cos(np.radians(lat))
    width = np.clip(np.minimum(east, edge) - np.maximum(west, -edge), 0, None)
    degrees = width / np.cos(np.radians(lat))
    return float((cells(lat, 1, 10 / 20_000) * degrees).sum())


@pytest.mark.parametrize("v", range(18))
def test_modis_tiles_cover_what_of_them_is_on_earth(v: int) -> None:
    for h in range(36):
        where = place(
            SINUSOIDAL, ((h - 18) * TILE, TILE / 1200, 0, (9 - v) * TILE, 0, -TILE / 1200)
        )
        truth = modis_area(h, v)
        if truth == 0:
            with pytest.raises(Refused, match="no part of it is on Earth"):
                footprint("a.tif", where, [corners(1200, 1200)], (1200, 1200))
        else:
            geometry = footprint("a.tif", where, [corners(1200, 1200)], (1200, 1200))
            assert area(geometry) == pytest.approx(truth, rel=0.01), (h, v)


# -- disks and worlds

DISKS: dict[str, tuple[str, float, int]] = {
    "GOES East": ("+proj=geos +lon_0=-75 +h=35786023 +sweep=x +ellps=GRS80", 5_434_895, 217),
    "GOES West": ("+proj=geos +lon_0=-137 +h=35786023 +sweep=x +ellps=GRS80", 5_434_895, 217),
    "Meteosat": ("+proj=geos +lon_0=0 +h=35785831 +a=6378169 +b=6356583.8", 5_568_748, 185),
    "Himawari": ("+proj=geos +lon_0=140.7 +h=35785863 +ellps=WGS84", 5_500_000, 220),
    "Mollweide": ("ESRI:54009", 18_100_000, 1000),
    "Mollweide of the Pacific": ("+proj=moll +lon_0=150 +datum=WGS84", 18_100_000, 1000),
    "sinusoidal world": ("+proj=sinu +lon_0=0 +datum=WGS84", 20_100_000, 1000),
    "sinusoidal Pacific": ("+proj=sinu +lon_0=-160 +datum=WGS84", 20_100_000, 1000),
    "Robinson": ("ESRI:54030", 17_100_000, 1000),
    "Equal Earth": ("EPSG:8857", 17_300_000, 1000),
    "Eckert IV": ("+proj=eck4 +lon_0=90 +datum=WGS84", 17_000_000, 1000),
    "EASE-Grid North, hemisphere": ("EPSG:3408", 9_036_842, 721),
    "EASE-Grid 2.0 North, the whole globe": ("EPSG:6931", 12_800_000, 700),
    "cylindrical equal area": ("EPSG:6933", 17_367_530, 1000),
    "orthographic": ("+proj=ortho +lat_0=40 +lon_0=10 +ellps=WGS84", 6_500_000, 300),
    "a pole inside of an oblique view": (
        "+proj=laea +lat_0=60 +lon_0=-170 +datum=WGS84", 5_000_000, 300,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DISKS)
def test_a_disk_or_world_covers_what_is_on_earth(name: str) -> None:
    crs, half, side = DISKS[name]
    pixel = 2 * half / side
    where = place(crs, (-half, pixel, 0, half, 0, -pixel))
    geometry = footprint("a.tif", where, [corners(side, side)], (side, side))
    truth = expected_area(where, (side, side), grid(crs, -90, 90, 0.25))
    assert area(geometry) == pytest.approx(truth, rel=0.01)
    west, south, east, north = shapely.geometry.shape(geometry).bounds
    assert -180 <= west < east <= 180
    assert -90 <= south < north <= 90


ROTATED_POLES = {
    "Europe, rotated pole": (18.0, 39.25, (-28.0, 0.44, 0, 21.0, 0, -0.44), (106, 103)),
    "North America, rotated pole": (83.0, 42.5, (-33.9, 0.44, 0, 30.0, 0, -0.44), (155, 130)),
    "over the pole": (18.0, 39.25, (-28.0, 0.44, 0, 60.0, 0, -0.44), (106, 103)),
}


@pytest.mark.parametrize("name", ROTATED_POLES)
def test_a_raster_of_rotated_degrees_covers_what_is_below_it(name: str) -> None:
    lon, lat, transform, size = ROTATED_POLES[name]
    crs = f"+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p={lat} +lon_0={lon} +R=6371229"
    where = place(crs, transform)
    geometry = footprint("a.tif", where, [corners(*size)], size)
    truth = expected_area(where, size, grid(crs, -90, 90, 0.25))
    assert area(geometry) == pytest.approx(truth, rel=0.01)


@pytest.mark.parametrize(("width", "height"), [(250_000, 2), (2, 250_000), (100_000, 1)])
def test_a_thin_strip_has_the_area_of_its_pixels(width: int, height: int) -> None:
    where = place("EPSG:32755", (6e5, 10, 0, 6.1e6, 0, -10))
    geometry = footprint("a.tif", where, [corners(width, height)], (width, height))
    share = np.linspace(0, 1, 5001)
    rim = np.concatenate([share, np.ones(5001), 1 - share, np.zeros(5001)]) * width
    rows = np.concatenate([np.zeros(5001), share, np.ones(5001), 1 - share]) * height
    back = Transformer.from_crs(where.crs, "EPSG:4326", always_xy=True)
    ring = back.transform(6e5 + 10 * rim, 6.1e6 - 10 * rows)
    truth = abs(Geod(ellps="WGS84").polygon_area_perimeter(*ring)[0]) / 1e6
    assert area(geometry) == pytest.approx(truth, rel=0.01)


@pytest.mark.parametrize(("east", "south"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_quarter_of_a_disk_covers_its_quarter(east: int, south: int) -> None:
    crs, half, side = DISKS["Himawari"]
    pixel = half / side
    where = place(crs, ((east - 1) * half, pixel, 0, (1 - south) * half, 0, -pixel))
    geometry = footprint("a.tif", where, [corners(side, side)], (side, side))
    truth = expected_area(where, (side, side), grid(crs, -90, 90, 0.25))
    assert area(geometry) == pytest.approx(truth, rel=0.01)


def test_valid_pixels_of_a_disk_are_cut_at_the_limb() -> None:
    crs, half, side = DISKS["Meteosat"]
    pixel = 2 * half / side
    where = place(crs, (-half, pixel, 0, half, 0, -pixel))
    lower: list[tuple[float, float]] = [(0, side), (side, side), (side, 100), (0, 100), (0, side)]
    geometry = footprint("a.tif", where, [lower], (side, side))
    below = place(crs, (-half, pixel, 0, half - 100 * pixel, 0, -pixel))
    truth = expected_area(below, (side, side - 100), grid(crs, -90, 90, 0.25))
    assert area(geometry) == pytest.approx(truth, rel=0.01)


def test_nothing_on_earth_is_refused_with_the_cause_and_a_way_out() -> None:
    crs, half, _ = DISKS["Meteosat"]
    where = place(crs, (half + 1000, 100, 0, half + 60_000, 0, -100))
    with pytest.raises(Refused) as refusal:
        footprint("a.tif", where, [corners(50, 50)], (50, 50))
    message = str(refusal.value)
    assert "all of its corners are outside of the projection" in message
    assert "expected a raster on Earth, or geometry among the image's attributes" in message
