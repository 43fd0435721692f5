"""Footprints hold the pixels they stand for, wherever on the globe the raster lies."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from swath_core.pixels._footprint import area, corners, footprint
from swath_core.pixels._georeference import Position
from swath_core.pixels._outline import outline
from swath_core.pixels._scan import Scan

SIZE = (100, 80)


def place(code: int, transform: tuple[float, ...]) -> Position:
    return Position(CRS.from_epsg(code), f"EPSG:{code}", transform)


@st.composite
def positions(draw: st.DrawFn) -> Position:
    kind = draw(st.sampled_from(["utm", "degrees", "south pole", "north pole", "mercator"]))
    turn = draw(st.floats(-0.7, 0.7))
    if kind == "utm":
        zone, south = draw(st.integers(1, 60)), draw(st.booleans())
        pixel = draw(st.floats(1, 3000))
        x, y = draw(st.floats(200_000, 800_000)), draw(st.floats(1_000_000, 8_500_000))
        return place((32700 if south else 32600) + zone, _turned(x, y, pixel, turn))
    if kind == "degrees":
        pixel = draw(st.floats(0.0001, 0.5))
        x, y = draw(st.floats(-180, 180)), draw(st.floats(-40, 89))
        return place(4326, (x, pixel, 0, y, 0, -pixel))
    if kind == "mercator":
        pixel = draw(st.floats(1, 20_000))
        x, y = draw(st.floats(-2e7, 1.8e7)), draw(st.floats(-1e7, 1e7))
        return place(3857, _turned(x, y, pixel, 0.0))
    pixel = draw(st.floats(10, 60_000))
    x, y = draw(st.floats(-4e6, 4e6)), draw(st.floats(-4e6, 4e6))
    return place(3031 if kind == "south pole" else 3413, _turned(x, y, pixel, turn))


def _turned(x: float, y: float, pixel: float, turn: float) -> tuple[float, ...]:
    a, b = pixel * np.cos(turn), pixel * np.sin(turn)
    return (x, float(a), float(b), y, float(b), float(-a))


def degrees(where: Position, pixels: np.ndarray) -> np.ndarray:
    c, a, b, f, d, e = where.geotransform
    x = c + pixels[:, 0] * a + pixels[:, 1] * b
    y = f + pixels[:, 0] * d + pixels[:, 1] * e
    lon, lat = Transformer.from_crs(where.crs, "EPSG:4326", always_xy=True).transform(x, y)
    lon = (lon + 180) % 360 - 180
    return np.column_stack([lon, lat])


@given(positions(), st.integers(0, 2**32 - 1))
def test_every_pixel_lies_in_the_footprint(where: Position, seed: int) -> None:
    shape = shapely.geometry.shape(footprint("a.tif", where, [corners(*SIZE)], SIZE))
    assert shape.is_valid
    west, south, east, north = shape.bounds
    assert west >= -180
    assert east <= 180
    assert south >= -90
    assert north <= 90
    generator = np.random.default_rng(seed)
    # well inside: what simplifying may cut off is a ten-thousandth of the outline's size
    pixels = generator.uniform((3, 3), (SIZE[0] - 3, SIZE[1] - 3), (200, 2))
    points = degrees(where, pixels)
    inside = shapely.covers(shape, shapely.points(points))
    assert inside.all(), points[~inside][:3]


@given(st.integers(1, 60), st.floats(1, 1000), st.floats(500_000, 600_000))
def test_the_area_is_that_of_the_pixels(zone: int, pixel: float, x: float) -> None:
    where = place(32600 + zone, (x, pixel, 0, 5_000_000, 0, -pixel))
    geometry = footprint("a.tif", where, [corners(*SIZE)], SIZE)
    expected = SIZE[0] * SIZE[1] * pixel * pixel / 1e6
    assert abs(area(geometry) / expected - 1) < 0.01


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
@example(seed=1445, share=0.5)  # cells around a hole that meet at a corner
def test_an_outline_holds_every_valid_cell(seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    grid = generator.uniform(0, 1, (16, 20)) < share
    rings = outline(Scan(0.5, grid, 5), SIZE)
    whole = shapely.union_all([shapely.make_valid(shapely.Polygon(ring)) for ring in rings])
    rows, columns = np.nonzero(grid)
    centres = shapely.points(np.column_stack([columns * 5 + 2.5, rows * 5 + 2.5]))
    assert shapely.covers(whole.buffer(0.01), centres).all()
