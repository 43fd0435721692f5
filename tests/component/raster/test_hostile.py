"""Hostile and unlucky requests: a raster, or an error of the caller's that says why; soon."""

from __future__ import annotations

import gc
import json
import math
import time
import warnings
from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS
from tests.raster_world import ME, PRODUCT, DiskCatalog, noise

from swath_core.documents import Document
from swath_core.errors import BadRequest, NotFound, SwathError
from swath_core.raster._cutline import Cutline
from swath_core.raster._grid import Grid
from swath_core.raster._request import MAX_COORDINATE, parse_request
from swath_core.raster.pictures import _style
from swath_core.raster.pictures._maps import MapService

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)
SECONDS = 10.0
"""Of processor time: many times what a request here takes on an idle machine."""

MEMBERS = (
    "ids", "bands", "scales", "ot", "srs", "resolution", "outsize", "outputBounds",
    "outputBoundsSRS", "shape", "targetAlignedPixels", "resampleAlg", "processing_level",
    "output_window", "of", "mask_nodata", "mask_alpha", "drop_alpha", "cutline_all_touched",
    "expressions", "mask", "pixel_selection",
)  # fmt: skip
VALUES = (
    "[]", "{}", "[[]]", '[{"a": []}]', "true", "0", "-0", "-0.0", "1e400", "-1e400", "NaN",
    "-Infinity", "1" * 20, "1" * 400, "-" + "1" * 400, "1e308", "5e-324", '"x"', '"\\u0000"',
    '"\\ud800"', '[1e308, 1e308]', "[5e-324, 1]", "[" + "1" * 400 + ", 1]", "[NaN, 1]",
    "[-1e308, -1e308, 1e308, 1e308]", "[0, 0, 5e-324, 5e-324]", "[0, 0, 1e-300, 1e-300]",
    "[" + ",".join(["1" * 400] * 4) + "]", "[[1e308, -1e308, 1e308, -1e308]]",
    "[[" + "1" * 400 + ", 0]]", "[[0, 5e-324, -1e308, 1e308]]", '"' + "a" * 100_000 + '"',
)  # fmt: skip


@pytest.fixture
def one(made: DiskCatalog) -> DiskCatalog:
    """A catalog of one image of one band."""
    made.band("b", data_type="UInt16", nodata=0)
    made.image("one", noise((1, 40, 40), "uint16"), HERE)
    return made


def outcome(catalog: DiskCatalog, text: str) -> SwathError | None:
    """Return the error of a request, None for a raster; fail where it takes long."""
    before = time.process_time()
    found: SwathError | None = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # pixels beyond the range of floats
            catalog.service.raster(ME, parse_request(json.loads(text))).whole()
    except SwathError as error:
        found = error
    assert time.process_time() - before < SECONDS
    assert found is None or isinstance(found, BadRequest | NotFound)
    assert found is None or 0 < len(found.detail) < 2_000
    return found


@pytest.mark.parametrize("member", MEMBERS)
def test_any_value_in_any_member(one: DiskCatalog, member: str) -> None:
    plain = {"ids": [f"{PRODUCT}:one"], "bands": ["b"], "ot": "Byte"}
    for value in VALUES:
        rest = {name: each for name, each in plain.items() if name != member}
        text = json.dumps(rest)[:-1] + f', "{member}": {value}}}'
        outcome(one, text)
        aligned = json.dumps({**rest, "resolution": 10, "targetAlignedPixels": True})[:-1]
        outcome(one, aligned + f', "{member}": {value}}}')
        sized = json.dumps({**rest, "outsize": [7, 7]})[:-1]
        outcome(one, sized + f', "{member}": {value}}}')


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"of": []}, "of"),
        ({"of": {}}, "of"),
        ({"ot": []}, "ot"),
        ({"resampleAlg": {}}, "resampleAlg"),
        ({"resolution": 10**20}, "resolution"),
        ({"resolution": 10**400}, "resolution"),
        ({"resolution": -0.0}, "resolution"),
        ({"resolution": 5e-324}, "resolution"),
        ({"resolution": math.inf}, "resolution"),
        ({"outsize": [10**400, 1]}, "outsize"),
        ({"outsize": [10**20, 1]}, "outsize"),
        ({"outsize": [math.nan, 1]}, "outsize"),
        ({"outputBounds": [0, 0, 10**400, 1]}, "outputBounds"),
        ({"outputBounds": [0, 0, 10 * MAX_COORDINATE, 1]}, "outputBounds"),
        ({"outputBounds": [0, 0, math.inf, 1]}, "outputBounds"),
        ({"scales": [[0, 10**400]]}, "scales"),
        ({"scales": [[math.nan, 1]]}, "scales"),
        ({"srs": "a" * 9_000}, "srs"),
        ({"processing_level": "a" * 9_000}, "processing_level"),
        ({"ids": ["a" * 2_000]}, "ids"),
        ({"ids": ["a:\ud800"]}, "ids"),
        ({"bands": ["a\0"]}, "bands"),
        ({"ids": ["a"] * 1_000, "bands": ["b"] * 101}, "bands"),
    ],
)
def test_the_member_at_fault_is_named(change: dict[str, Any], where: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_request({"ids": ["i"], "bands": ["b"], **change})
    assert refused.value.parameter == where
    assert len(refused.value.detail) < 300


def test_pixels_that_coordinates_cannot_tell_apart(one: DiskCatalog) -> None:
    for bounds in ([0, 0, 1e-300, 1e-300], [5e11, 0, 5e11 + 1, 1], [1, 1, 1 + 1e-15, 1 + 1e-15]):
        body = {"ids": [f"{PRODUCT}:one"], "bands": ["b"], "outputBounds": bounds}
        error = outcome(one, json.dumps({**body, "outsize": [5000, 5000]}))
        assert error is not None
        assert "too small" in error.detail


@pytest.mark.parametrize(
    "text",
    [
        "epsg:" + "9" * 5_000,
        "EPSG:999999999999",
        "+proj=utm +zone=" + "9" * 5_000,
        "+proj=utm +zone=60 +datum=WGS84 +lon_0=1e400",
        "+proj=tmerc +lat_0=1e308 +k=1e308 +datum=WGS84",
        "+proj=tmerc +k=0 +datum=WGS84",
        "+proj=merc +a=1e-300 +b=1e-300",
        "+proj=longlat +datum=WGS84 +pm=1e400",
        "+proj=tmerc +to_meter=1e-300 +datum=WGS84",
        "+proj=tmerc +to_meter=0 +datum=WGS84",
        "+proj=gnom +lat_0=90 +datum=WGS84",
        "+proj=ortho +datum=WGS84",
        "GEOGCS[" * 1_000,
        'GEOGCS["x",DATUM["y",SPHEROID["z",1e400,0]],PRIMEM["p",0],UNIT["d",1]]',
        "PROJCS[" + "(" * 8_000,
        " " * 8_000 + "EPSG:4326",
        "EPSG:4326\0/etc/passwd",
        "EPSG:\u0664\u0663\u0662\u0666",
    ],
)
def test_reference_systems_that_are_none_or_odd(one: DiskCatalog, text: str) -> None:
    plain = {"ids": [f"{PRODUCT}:one"], "bands": ["b"]}
    outcome(one, json.dumps({**plain, "srs": text}))
    outcome(one, json.dumps({**plain, "srs": text, "resolution": 10, "targetAlignedPixels": True}))
    box = {"outputBounds": [-10, -10, 10, 10], "outsize": [5, 5]}
    outcome(one, json.dumps({**plain, "outputBoundsSRS": text, **box}))


def star(points: int) -> dict[str, Any]:
    """Return a polygon each edge of which crosses all but two others."""
    step = points // 2 * 2 * math.pi / points
    ring = [[-75 + math.cos(step * n), 45 + math.sin(step * n)] for n in range(points)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


@pytest.mark.parametrize("points", [201, 1_001, 20_001])
def test_a_cutline_that_crosses_itself_everywhere(one: DiskCatalog, points: int) -> None:
    body = {"ids": [f"{PRODUCT}:one"], "bands": ["b"], "shape": json.dumps(star(points))}
    error = outcome(one, json.dumps(body))
    assert error is not None
    assert error.parameter == "shape"
    assert "cross each other at" in error.detail
    assert "at most 5000" in error.detail


def test_a_cutline_that_crosses_itself_a_little_is_repaired(one: DiskCatalog) -> None:
    body = {"ids": [f"{PRODUCT}:one"], "bands": ["b"], "shape": star(99)}
    assert outcome(one, json.dumps(body)) is None


def test_long_edges_in_great_number_are_refused(one: DiskCatalog) -> None:
    native = one.service.find(ME, [f"{PRODUCT}:one"])
    assert native.images
    xs = np.repeat(np.linspace(-76, -74, 10_001), 2).round(6)
    ys = np.tile([44.0, 46.0, 46.0, 44.0], 5_001)[: xs.size]
    ring = [*np.column_stack([xs, ys]).tolist(), [-74, 43], [-76, 43]]
    body = {"ids": [f"{PRODUCT}:one"], "bands": ["b"], "resolution": 5_000}
    area = [300_000, 4_800_000, 700_000, 5_200_000]
    shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    error = outcome(one, json.dumps({**body, "outputBounds": area, "shape": shape}))
    assert error is not None
    assert "pieces" in error.detail


NORTH_UP = Grid(CRS.from_epsg(4326), Affine(0.0025, 0, 10, 0, -0.0025, 45), 2_000, 2_000)
UTM = Grid(CRS.from_epsg(32632), Affine(250, 0, 570_000, 0, -250, 4_980_000), 2_000, 2_000)


def comb(vertices: int) -> dict[str, Any]:
    """Return a polygon of upright teeth from the bottom of the target to its top."""
    xs = np.repeat(np.linspace(10, 15, vertices // 2), 2).round(4)
    ys = np.tile([40, 45, 45, 40], vertices // 4 + 1)[: xs.size]
    ring = [*np.column_stack([xs, ys]).tolist(), [15, 39], [10, 39]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def squares(vertices: int, *, as_holes: bool) -> dict[str, Any]:
    """Return squares side by side, as polygons or as the holes of one."""
    side = math.isqrt(vertices // 5)
    step = 5 / side
    corners = ((0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5), (0, 0))
    rings = [
        [[10 + (column + x) * step, 40 + (row + y) * step] for x, y in corners]
        for row in range(side)
        for column in range(side)
    ]
    if as_holes:
        outer = [[9, 39], [16, 39], [16, 46], [9, 46], [9, 39]]
        return {"type": "Polygon", "coordinates": [outer, *rings]}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def circle(vertices: int) -> dict[str, Any]:
    """Return a polygon of very short edges."""
    angles = np.linspace(0, 2 * math.pi, vertices)[:-1]
    ring = np.column_stack([12 + 2 * np.cos(angles), 42 + 2 * np.sin(angles)]).round(6).tolist()
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


@pytest.mark.parametrize("target", [NORTH_UP, UTM], ids=["plain", "reprojected"])
@pytest.mark.parametrize(
    "shape",
    [comb(49_000), comb(3_500), circle(49_900), squares(49_900, as_holes=True),
     squares(49_900, as_holes=False), squares(2_000, as_holes=False)],
    ids=["teeth", "few-teeth", "circle", "holes", "squares", "few-squares"],
)  # fmt: skip
def test_any_shape_is_cut_out_soon_or_refused_sooner(shape: dict[str, Any], target: Grid) -> None:
    """Teeth that reach through the whole output took minutes: their square was the cost."""
    text = json.dumps(shape)
    gc.freeze()  # collecting what other tests of this process left is not the cutline's cost
    began = time.process_time()
    try:
        inside = Cutline(text, target).inside(target.window)
        found = f"{inside.mean():.3f}"
        assert 0.05 < inside.mean() < 0.99
    except BadRequest as error:
        found = error.detail
        assert "simplify it" in found
        assert "pieces" in found or "of pixels" in found
    seconds = time.process_time() - began
    gc.unfreeze()
    print(f"{len(text)} characters: {seconds:.2f} s, {found}")
    assert seconds < SECONDS / 2


def test_edges_of_teeth_are_counted_as_they_are() -> None:
    with pytest.raises(BadRequest, match=r"cross one row of pixels 2500 times; at most 2000"):
        Cutline(json.dumps(comb(5_000)), NORTH_UP)
    Cutline(json.dumps(comb(3_996)), NORTH_UP)
    sideways = comb(5_000)
    ring = [[y - 30, x + 30] for x, y in sideways["coordinates"][0]]
    sideways["coordinates"] = [ring]
    with pytest.raises(BadRequest, match=r"cross one column of pixels 2500 times"):
        Cutline(json.dumps(sideways), NORTH_UP)


@pytest.mark.parametrize(
    "shape",
    [
        {"type": []},
        {"type": {}, "coordinates": []},
        {"type": "Polygon", "coordinates": {}},
        {"type": "Polygon", "coordinates": [[[10**400, 0], [1, 1], [2, 2], [0, 0]]]},
        {"type": "GeometryCollection", "geometries": {}},
        {"features": [[]]},
        {"geometry": {"geometry": {"geometry": {}}}},
        "GEOMETRYCOLLECTION(" * 90_000,
        '{"geometry":' * 90_000,
    ],
)
def test_shapes_of_wrong_types(one: DiskCatalog, shape: object) -> None:
    body = {"ids": [f"{PRODUCT}:one"], "bands": ["b"], "shape": shape}
    error = outcome(one, json.dumps(body))
    assert error is not None
    assert error.parameter == "shape"


def test_cutting_off_what_is_not_near_changes_no_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Grid(CRS.from_epsg(32618), Affine(100, 0, 400_000, 0, -100, 5_100_000), 700, 1_100)
    for all_touched in (False, True):
        text = json.dumps(star(41))
        parts = Cutline(text, target, all_touched=all_touched).inside(target.window)
        monkeypatch.setattr("swath_core.raster._cutline.ROWS_AT_ONCE", 10**6)
        monkeypatch.setattr("swath_core.raster._cutline.MARGIN", 10**5)
        whole = Cutline(text, target, all_touched=all_touched).inside(target.window)
        monkeypatch.undo()
        assert 0.02 < whole.mean() < 0.98
        assert np.array_equal(parts, whole)


@pytest.mark.parametrize(
    "query",
    [
        {"size": "9" * 5_000},
        {"size": "\u0663\u0663\u0663\u0663\u0663"},
        {"size": "-0"},
        {"size": "1e400"},
        {"range": "9" * 400 + ",1"},
        {"range": "nan,inf"},
        {"range": "-0,1e400"},
        {"colormap": "x" * 9_000},
        {"resampling": "x" * 9_000},
        {"bands": ",".join(["b"] * 5_000)},
        {"bands": "x" * 9_000},
    ],
)
def test_queries_of_pictures(one: DiskCatalog, query: dict[str, str]) -> None:
    maps = MapService(one.service, None, None)  # type: ignore[arg-type]
    with pytest.raises(BadRequest) as refused:
        maps.preview(ME, f"{PRODUCT}:one", query, "png")
    assert len(refused.value.detail) < 400


def test_colours_of_classes_are_of_any_length() -> None:
    band = Document("band", "x", {"name": "b", "type": "class", "colormap": [[1, 2, 3]] * 5_000})
    style = _style.style_of((Document("product", PRODUCT), [band]), {})
    assert style.table is not None
    assert style.table.shape == (256, 4)
