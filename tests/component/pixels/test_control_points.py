"""Files that have ground control points or RPCs only: refused, or warped where asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.rpc import RPC
from tests.decoding import run, stored
from tests.ingest_world import Values, World, band, ramp, raster

from swath_core.pixels import Refused

PLACE = rasterio.Affine(25, 4, 600_000, 3, -25, 6_100_000)


def controlled(values: Values, *, bent: float = 0.0, **profile: Any) -> bytes:
    """Return a raster with 16 control points, the first of them ``bent`` metres off."""
    height, width = values.shape[1:]
    points = []
    for row in np.linspace(0, height, 4):
        for column in np.linspace(0, width, 4):
            x, y = PLACE @ (column, row)
            points.append(GroundControlPoint(row=row, col=column, x=x, y=y))
    points[0].x += bent

    def place(dataset: Any) -> None:
        dataset.gcps = (points, CRS.from_epsg(32755))
        dataset.update_tags(MISSION="x")

    return raster(values, change=place, crs=None, transform=None, **profile)


def at(path: Path, dataset: Any, places: Values) -> Values:
    """Return the first band where pixels of the source (columns, rows) come to lie."""
    points = [PLACE @ tuple(place) for place in places]
    return np.asarray([value[0] for value in dataset.sample(points)])


@pytest.mark.parametrize(("kind", "nodata"), [("class", 0), ("spectral", 0), ("spectral", None)])
def test_control_points_are_warped_where_the_product_asks_for_it(
    kind: str, nodata: float | None, tmp_path: Path
) -> None:
    line = np.arange(300)
    values = (5000 + 10 * line[np.newaxis, :] + 7 * line[:200, np.newaxis]).astype("uint16")
    body = controlled(values[np.newaxis], nodata=nodata)
    result = run(body, tmp_path, kind=kind, nodata=nodata, warp_gcps=True)
    assert result.cs_code == "EPSG:32755"
    (note,) = result.notes
    assert "warped by 16 ground control points, fitted to" in note
    box = (300 * 25 + 200 * 4) * (200 * 25 + 300 * 3) / 1e6
    assert result.area == pytest.approx(box, rel=0.02)
    places = np.random.default_rng(0).uniform((5, 5), (295, 195), (200, 2))
    with rasterio.open(stored(result, tmp_path)) as dataset:
        found = at(tmp_path, dataset, places)
        expected = 5000 + 10 * places[:, 0] + 7 * places[:, 1]
        # both the warp and the sample may pick the next pixel
        assert np.abs(found - expected).max() <= 1.5 * (10 + 7)
        assert dataset.tags()["MISSION"] == "x"
        if kind == "class":
            assert set(np.unique(dataset.read(1))) <= {0, *np.unique(values).tolist()}
        corner = dataset.read_masks(1)[0, 0]
        assert corner == 0
    assert 0.5 < result.valid_fraction < 0.95


def test_the_error_of_control_points_is_stated(tmp_path: Path) -> None:
    body = controlled(ramp(200, 300), bent=40.0)
    (note,) = run(body, tmp_path, warp_gcps=True).notes
    worst = float(note.split(" RMS, ")[1].split(" at most")[0])
    assert 5 < worst < 40
    with pytest.raises(
        Refused, match=r"swath\.gcps = warp .* which fits its points to .* metre RMS"
    ):
        run(body, tmp_path)


def test_control_points_through_the_whole_ingest() -> None:
    world = World()
    world.define(band("one"), gcps="warp")
    upload = world.ingest(controlled(ramp(200, 300)))
    assert upload.status == "success", world.why(upload)
    assert any("ground control points" in event.message for event in upload.events)


def rational(*, columns: int = 90, rows: int = 70) -> bytes:
    """Return a raster with RPCs that are linear in longitude and latitude."""
    one, lon, lat = np.eye(20)[:3]

    def place(dataset: Any) -> None:
        dataset.rpcs = RPC(
            height_off=100.0, height_scale=500.0, lat_off=-35.0, lat_scale=0.035,
            long_off=150.0, long_scale=0.045, line_off=rows / 2, line_scale=rows / 2,
            samp_off=columns / 2, samp_scale=columns / 2, line_num_coeff=list(-lat),
            line_den_coeff=list(one), samp_num_coeff=list(lon), samp_den_coeff=list(one),
        )  # fmt: skip

    return raster(ramp(rows, columns) + 1, change=place, crs=None, transform=None)


def test_rational_polynomials_are_warped_at_their_height(tmp_path: Path) -> None:
    result = run(rational(), tmp_path, warp_gcps=True)
    assert "rational polynomials at a height of 100 m, without terrain" in result.notes[0]
    assert result.cs_code == "EPSG:4326"
    west, north = result.geotransform[0], result.geotransform[3]
    assert (west, north) == pytest.approx((149.955, -34.965), abs=0.002)
    with pytest.raises(Refused, match=r"rational polynomial coefficients only.*swath\.gcps = warp"):
        run(rational(), tmp_path)
