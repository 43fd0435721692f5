"""Every pixel against GDAL's own warp, and every mosaic against plain NumPy."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.enums import Resampling
from rasterio.warp import transform_bounds
from shapely.geometry import Point, Polygon, mapping
from tests.raster_world import CONTRACT, PRODUCT, Array, DiskCatalog, gdal_warp, noise

from swath_core.definitions import WARP_RESAMPLERS
from swath_core.raster._grid import Grid
from swath_core.raster._sources import BandSource, FileSource
from swath_core.raster._warp import FilePlan, plan_file

ON_THE_LINE = 2e-6
"""Degrees from a cutline within which rounding may decide: a fiftieth of the smallest pixel."""
GDAL_NAMES = {"near": "nearest", "cubicspline": "cubic_spline"}
PLACES = {
    # CRS: a place in it, and the size of a pixel there
    "EPSG:32618": (500_000.0, 5_000_000.0, 30.0),
    "EPSG:32619": (200_000.0, 5_000_000.0, 30.0),
    "EPSG:4326": (-73.0, 45.0, 0.0003),
    "EPSG:3857": (-8_150_000.0, 5_640_000.0, 40.0),
    "EPSG:3413": (-1_900_000.0, -4_900_000.0, 30.0),
}


@dataclass(frozen=True)
class Scene:
    crs: str
    dtype: str
    pixels: Array
    transform: Affine
    nodata: float | None
    overviews: tuple[int, ...]
    mask: Array | None


@st.composite
def scenes(draw: st.DrawFn, dtypes: tuple[str, ...] = tuple(CONTRACT)) -> Scene:
    crs = draw(st.sampled_from(sorted(PLACES)))
    dtype = draw(st.sampled_from(dtypes))
    x, y, size = PLACES[crs]
    height, width = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    pixels = noise((1, height, width), dtype, draw(st.integers(0, 9)))
    transform = (
        Affine.translation(x + size * draw(st.floats(-40, 40)), y + size * draw(st.floats(-40, 40)))
        @ Affine.rotation(draw(st.sampled_from([0.0, 0.0, 17.0, 171.0, -80.0])))
        @ Affine.scale(size, size * draw(st.sampled_from([-1.0, -1.0, 1.0, -0.7])))
    )
    nodata = None
    if draw(st.booleans()):
        nodata = float(pixels.ravel()[draw(st.integers(0, pixels.size - 1))])
        holes = np.random.default_rng(draw(st.integers(0, 9))).random(pixels.shape) < 0.2
        pixels[holes] = nodata
    mask = None
    if draw(st.integers(0, 4)) == 0:
        mask = np.random.default_rng(draw(st.integers(0, 9))).random((height, width)) < 0.8
    overviews = draw(st.sampled_from([(), (2,), (2, 4)])) if min(height, width) > 8 else ()
    return Scene(crs, dtype, pixels, transform, nodata, overviews, mask)


@st.composite
def areas(draw: st.DrawFn, scene: Scene) -> dict[str, Any]:
    """Draw the members of a request that choose a grid on or near a scene."""
    crs = draw(st.sampled_from(sorted(PLACES)))
    _, height, width = scene.pixels.shape
    native = Grid(CRS.from_user_input(scene.crs), scene.transform, width, height)
    left, bottom, right, top = transform_bounds(scene.crs, crs, *native.bounds)
    x, y = right - left, top - bottom
    box = [
        left + x * draw(st.floats(-0.3, 0.6)),
        bottom + y * draw(st.floats(-0.3, 0.6)),
        right - x * draw(st.floats(-0.3, 0.3)),
        top - y * draw(st.floats(-0.3, 0.3)),
    ]
    body: dict[str, Any] = {"srs": crs, "outputBounds": box}
    if draw(st.booleans()):
        columns = draw(st.integers(1, 120))
        stretched = columns * (box[3] - box[1]) / (box[2] - box[0]) * draw(st.floats(0.3, 3.0))
        body["outsize"] = [columns, min(240, max(1, round(stretched)))]
    else:
        body["resolution"] = PLACES[crs][2] * draw(st.floats(0.4, 6.0))
        body["targetAlignedPixels"] = draw(st.booleans())
    return body


def new_world() -> DiskCatalog:
    folder = Path(tempfile.mkdtemp())
    made = DiskCatalog(folder)
    weakref.finalize(made, shutil.rmtree, folder, ignore_errors=True)
    return made


def in_world(scene: Scene, **band: Any) -> DiskCatalog:
    made = new_world()
    made.band("b", data_type=CONTRACT[scene.dtype], nodata=scene.nodata, **band)
    made.image(
        "one", scene.pixels, scene.transform, scene.crs, overviews=scene.overviews, mask=scene.mask
    )
    return made


def plan(made: DiskCatalog, image_id: str, target: Grid) -> FilePlan:
    source = FileSource(made.path(image_id), (BandSource(0, 1, None, "near"),))
    return plan_file(made.pool, source, target)


def level_read(made: DiskCatalog, image_id: str, target: Grid) -> int:
    return plan(made, image_id, target).level


TIE = 1e-6
"""Part of a pixel: centres nearer than this to the edge of a file lie on it."""


def gdal(plan: FilePlan, grid: Grid, resampling: str, nodata: float | None) -> tuple[Array, Array]:
    """Return GDAL's warp of a file to a grid, exactly transformed, and where there is data."""
    options = {"overview_level": plan.level - 1} if plan.level else {}
    with rasterio.open(plan.file.path) as dataset:
        whole = dataset.width, dataset.height
    with rasterio.open(plan.file.path, **options) as dataset:
        values, present = dataset.read(1), dataset.read_masks(1) > 0
        profile = {"transform": dataset.transform, "crs": dataset.crs}
        # GDAL would guess these from each chunk's extent
        scale = {
            "XSCALE": min(1.0, whole[0] / dataset.width / plan.reduction.x),
            "YSCALE": min(1.0, whole[1] / dataset.height / plan.reduction.y),
        }
    how = {"resampling": Resampling[GDAL_NAMES.get(resampling, resampling)], **scale}
    if nodata is None:
        _, inside = warped(present.astype("uint8"), profile, grid, 0, **how)
        out, _ = warped(values, profile, grid, None, **how)
        return out, inside
    values = np.where(present, values, np.asarray(nodata).astype(values.dtype))
    return warped(values, profile, grid, nodata, **how)


def warped(
    values: Array, profile: dict[str, Any], grid: Grid, nodata: float | None, **how: Any
) -> tuple[Array, Array]:
    crs = rasterio.CRS.from_epsg(grid.crs.to_epsg())
    target = crs, grid.transform, (grid.height, grid.width)
    out = gdal_warp(values, (profile["crs"], profile["transform"]), target, nodata, **how)
    present = out != np.asarray(0 if nodata is None else nodata).astype(out.dtype)
    return out, present


def on_the_edge(plan: FilePlan, grid: Grid) -> Array:
    """Return which centres lie on the edge of the file, so that rounding decides on which side."""
    options = {"overview_level": plan.level - 1} if plan.level else {}
    with rasterio.open(plan.file.path, **options) as dataset:
        profile = {"transform": dataset.transform, "crs": dataset.crs}
        whole = np.ones(dataset.shape, "uint8")
    inside = [
        warped(whole, profile, replace(grid, transform=moved), 0, resampling=Resampling.nearest)[1]
        for shift in (-TIE, TIE)
        if (moved := grid.transform @ Affine.translation(shift, shift))
    ]
    edge: Array = inside[0] != inside[1]
    return edge


def target_of(raster: Any) -> Grid:
    _, height, width = raster.shape
    crs = CRS.from_epsg(raster.metadata["coordinateSystem"]["epsg"])
    return Grid(crs, Affine.from_gdal(*raster.metadata["geoTransform"]), width, height)


@given(st.data(), scenes())
def test_nearest_equals_gdal(data: st.DataObject, scene: Scene) -> None:
    made = in_world(scene)
    raster, values, mask = made.raster(**data.draw(areas(scene)))
    grid = target_of(raster)
    image = f"{PRODUCT}:one"
    expected, present = gdal(plan(made, image, grid), grid, "near", scene.nodata)
    differ = mask[0] != ~present
    assert not (differ & ~on_the_edge(plan(made, image, grid), grid)).any()
    both = present & ~mask[0]
    assert np.array_equal(values[0][both], expected[both])


@given(st.data(), scenes(("uint8", "int16", "float32")), st.sampled_from(WARP_RESAMPLERS))
def test_kernels_equal_gdal(data: st.DataObject, scene: Scene, resampling: str) -> None:
    if scene.mask is not None and scene.nodata is None:
        return  # GDAL has no such case: its mask bands are nodata or alpha
    made = in_world(scene)
    body = data.draw(areas(scene))
    raster, values, mask = made.raster(**body, resampleAlg=resampling)
    grid = target_of(raster)
    file = plan(made, f"{PRODUCT}:one", grid)
    expected, present = gdal(file, grid, resampling, scene.nodata)
    # GDAL takes the box around a turned pixel, which may lie where the scene is not
    beyond = np.ones(present.shape, bool)
    beyond[file.reach.within(grid.window)] = False
    present &= ~beyond
    differ = mask[0] != ~present
    assert differ.sum() <= max(2, 0.01 * differ.size)  # a kernel may just touch a scene's edge
    both = present & ~mask[0]
    difference = np.abs(values[0][both].astype(float) - expected[both].astype(float))
    span = float(np.ptp(scene.pixels.astype(float))) or 1.0
    # exact transformation against GDAL's own with an error of 0.001 pixel: a kernel may move by
    # that part of the range, an order statistic may take a neighbour at an edge
    if resampling in {"near", "mode", "max", "min", "med", "q1", "q3"}:
        assert difference.size < 100 or (difference > 0).mean() < 0.02
    else:
        assert difference.size == 0 or difference.max() <= max(1.0, 0.01 * span)


@given(st.data(), scenes(("uint8", "float32")), st.sampled_from(WARP_RESAMPLERS))
def test_bands_at_once_are_the_bands_one_by_one(
    data: st.DataObject, scene: Scene, resampling: str
) -> None:
    made = new_world()
    stack = np.concatenate([scene.pixels, scene.pixels[:, ::-1], scene.pixels[:, :, ::-1]])
    values = data.draw(st.tuples(*[st.sampled_from([None, float(stack.flat[0]), 7.0])] * 3))
    for number, nodata in enumerate(values):
        made.band(f"b{number}", data_type=CONTRACT[scene.dtype], nodata=nodata)
    made.image("one", stack, scene.transform, scene.crs, overviews=scene.overviews, mask=scene.mask)
    body = data.draw(areas(scene)) | {"resampleAlg": resampling}
    _, together, mask = made.raster(**body)
    for number in range(3):
        _, alone, alone_mask = made.raster(**body, bands=[f"b{number}"])
        assert np.array_equal(together[number], alone[0], equal_nan=True)
        assert np.array_equal(mask[number], alone_mask[0])


@given(st.data(), st.lists(scenes(("uint8",)), min_size=2, max_size=4))
def test_mosaics_equal_numpy(data: st.DataObject, several: list[Scene]) -> None:
    made = new_world()
    nodata = several[0].nodata
    made.band("b", data_type="Byte", nodata=nodata)
    ids = [
        made.image(f"i{n}", s.pixels, s.transform, s.crs, overviews=s.overviews)
        for n, s in enumerate(several)
    ]
    body = data.draw(areas(several[0]))
    _, mosaic, mask = made.raster(**body, ids=ids)
    singles = [made.raster(**body, ids=[id])[1:] for id in ids]
    expected = np.full(mosaic.shape, nodata or 0, np.uint8)
    masked = np.ones(mosaic.shape, bool)
    for values, hidden in singles:
        expected = np.where(hidden, expected, values)
        masked &= hidden
    assert np.array_equal(mask, masked)
    assert np.array_equal(mosaic, expected)


@given(st.data(), scenes(("int16",)), st.integers(1, 7), st.integers(1, 7))
def test_a_raster_in_parts_is_the_raster(
    data: st.DataObject, scene: Scene, columns: int, rows: int
) -> None:
    made = in_world(scene)
    body = data.draw(areas(scene))
    whole, values, mask = made.raster(**body)
    left, width, _, top, _, height = whole.metadata["geoTransform"]
    tall, wide = values.shape[1:]
    x, y = math.ceil(wide / columns), math.ceil(tall / rows)
    for row in range(0, tall, y):
        for column in range(0, wide, x):
            size = [min(x, wide - column), min(y, tall - row)]
            part = {
                "srs": body["srs"],
                "outsize": size,
                "outputBounds": [
                    left + column * width,
                    top + (row + size[1]) * height,
                    left + (column + size[0]) * width,
                    top + row * height,
                ],
            }
            cut = (0, slice(row, row + size[1]), slice(column, column + size[0]))
            raster, part_values, part_mask = made.raster(**part)
            image = f"{PRODUCT}:one"
            if level_read(made, image, target_of(raster)) != level_read(
                made, image, target_of(whole)
            ):
                continue  # at the edge between two overviews either is right
            assert (part_mask[0] != mask[cut]).mean() < 0.05 or part_mask.size < 40
            same = ~part_mask[0] & ~mask[cut]
            differ = part_values[0][same] != values[cut][same]
            assert differ.sum() <= 0.01 * differ.size + 1


@st.composite
def cutlines(draw: st.DrawFn, grid: Grid) -> tuple[Polygon, str]:
    """Draw a polygon around a place of a grid, in WGS84, perhaps with a hole; and its text."""
    x, y = grid.transform @ (
        grid.width * draw(st.floats(0, 1)),
        grid.height * draw(st.floats(0, 1)),
    )
    centre = Point(*to_wgs84(grid)(x, y))
    size = max(grid.width * grid.resolution[0], grid.height * grid.resolution[1])
    size *= 1.0 if grid.crs.is_geographic else 1e-5
    count = draw(st.integers(3, 9))
    corners = []
    for number in range(count):
        turn = 2 * math.pi * (number + draw(st.floats(0, 0.8))) / count
        reach = size * draw(st.floats(0.05, 0.8))
        corners.append((centre.x + reach * math.cos(turn), centre.y + reach * math.sin(turn)))
    polygon = Polygon(corners)
    if draw(st.booleans()):
        polygon = polygon.difference(centre.buffer(size * 0.04))
    polygon = max(getattr(polygon, "geoms", [polygon]), key=lambda part: part.area)
    assume(polygon.is_valid and polygon.area > 0)
    document = mapping(polygon)
    text = draw(
        st.sampled_from(
            [
                polygon.wkt,
                json.dumps(document),
                json.dumps({"type": "Feature", "geometry": document}),
            ]
        )
    )
    return polygon, text


def to_wgs84(grid: Grid) -> Callable[..., Any]:
    return Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform


@given(st.data(), scenes(("uint8",)))
def test_a_cutline_keeps_the_pixels_whose_centres_it_holds(
    data: st.DataObject, scene: Scene
) -> None:
    made = in_world(scene)
    body = data.draw(areas(scene))
    whole, values, mask = made.raster(**body)
    grid = target_of(whole)
    polygon, text = data.draw(cutlines(grid))
    _, cut_values, cut_mask = made.raster(**body, shape=text)
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    lon, lat = to_wgs84(grid)(*grid.ground(columns, rows))
    inside = shapely.contains_xy(polygon, lon, lat)
    unsure = shapely.distance(shapely.points(lon, lat), polygon.boundary) < ON_THE_LINE
    assert np.array_equal(cut_mask[0][~unsure], (mask[0] | ~inside)[~unsure])
    kept = ~cut_mask[0]
    assert np.array_equal(cut_values[0][kept], values[0][kept])
    _, _, touched_mask = made.raster(**body, shape=text, cutline_all_touched=True)
    corners = [
        to_wgs84(grid)(*grid.ground(columns + x, rows + y))
        for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    ]
    pixels = shapely.polygons(np.stack([np.stack(corner, axis=-1) for corner in corners], axis=-2))
    shared = shapely.area(shapely.intersection(pixels, polygon)) / shapely.area(pixels)
    apart = shapely.distance(pixels, polygon) > ON_THE_LINE
    assert not (touched_mask[0] & ~mask[0] & (shared > 0.01)).any()
    assert touched_mask[0][apart].all()


@given(st.data(), st.lists(scenes(("uint8",)), min_size=1, max_size=3))
def test_mosaics_by_alpha_equal_numpy(data: st.DataObject, several: list[Scene]) -> None:
    made = new_world()
    made.band("b", data_type="Byte")
    made.band("alpha", data_type="Byte", type="mask", is_alpha=True)
    ids = []
    for number, scene in enumerate(several):
        opaque = noise(scene.pixels.shape, "uint8", number) // 96
        stack = np.concatenate([scene.pixels, opaque])
        ids.append(made.image(f"i{number}", stack, scene.transform, scene.crs))
    body = data.draw(areas(several[0]))
    _, mosaic, mask = made.raster(**body, ids=ids)
    expected = np.zeros(mosaic.shape, np.uint8)
    for image_id in ids:
        _, values, hidden = made.raster(**body, ids=[image_id], mask_alpha=False, mask_nodata=False)
        on_top = (values[1] != 0) & ~hidden[1]
        expected = np.where(on_top, values, expected)
    assert np.array_equal(mosaic, expected)
    assert np.array_equal(mask, np.broadcast_to(expected[1] == 0, mask.shape))
