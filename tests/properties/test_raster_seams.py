"""Two overlapping scenes as one mosaic: no pixel lost along the seam, none darkened, none made up.

The pairs are made up, and, where the folder of real images is there, two real scenes too; both as
they are and as the ingest stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.lib.stride_tricks import sliding_window_view
from pyproj import CRS
from rasterio.enums import Resampling
from tests import ingest_world
from tests.raster_world import PRODUCT, Array, DiskCatalog, gdal_warp

from swath_core.raster._grid import Grid
from swath_core.raster._sources import BandSource, FileSource
from swath_core.raster._warp import plan_file

REAL = Path(__file__).parents[3] / "shared" / "data" / "overlap"
SIZE = 300.04
NODATA = 0
BANDS = ("red", "green", "blue")
KERNELS = ("bilinear", "cubic", "average")
MOST = np.uint16(65_535)
ORDERS = (("one", "two"), ("two", "one"))


@dataclass(frozen=True)
class Where:
    """Members of a request that choose the grid, and the factor of the overview it is read from."""

    body: Mapping[str, Any]
    factor: int


PLACES = {
    "native": Where({}, 1),
    "a quarter": Where({"resolution": 4 * SIZE}, 4),
    "an eighth": Where({"resolution": 8 * SIZE}, 4),
    "finer, in Web Mercator": Where({"srs": "EPSG:3857", "resolution": 430}, 1),
    "coarser, in Web Mercator": Where({"srs": "EPSG:3857", "resolution": 1900}, 4),
}


@dataclass
class Pair:
    """A catalog of two images, and the files that they were made from."""

    world: DiskCatalog
    originals: dict[str, Path]
    ingested: bool

    def mosaic(
        self, order: tuple[str, ...], resampling: str, **body: Any
    ) -> tuple[Grid, Array, Array]:
        """Return a mosaic's grid, data and mask."""
        ids = [f"{PRODUCT}:{name}" for name in order]
        raster, data, mask = self.world.raster(ids=ids, resampleAlg=resampling, **body)
        system = raster.metadata["coordinateSystem"]
        place = Affine.from_gdal(*raster.metadata["geoTransform"])
        return Grid(CRS.from_epsg(system["epsg"]), place, data.shape[2], data.shape[1]), data, mask

    def assert_stored_as_given(self) -> None:
        """Make sure that the stored scenes have the pixels and the places of the originals."""
        for name, original in self.originals.items():
            with rasterio.open(original) as given, rasterio.open(self.stored(name)) as stored:
                assert np.array_equal(given.read(), stored.read())
                assert given.transform.almost_equals(stored.transform)
                assert given.crs == stored.crs

    def stored(self, name: str) -> Path:
        """Return the file that the catalog has."""
        return Path(self.world.path(f"{PRODUCT}:{name}"))

    def layer(self, name: str, factor: int, grid: Grid) -> Layer:
        """Return a scene as it is read: the original itself, but an overview that is stored."""
        path = self.originals[name] if factor == 1 else self.stored(name)
        options = {}
        with rasterio.open(path) as dataset:
            whole = dataset.width, dataset.height
            if factor > 1:
                options["overview_level"] = dataset.overviews(1).index(factor)
        with rasterio.open(path, **options) as dataset:
            names = ("width", "height", "crs", "transform")
            profile = {name: dataset.profile[name] for name in names}
            values = dataset.read()
        source = FileSource(str(path), (BandSource(0, 1, NODATA, "near"),))
        reduction = plan_file(self.world.pool, source, grid).reduction
        scale = (
            min(1.0, whole[0] / profile["width"] / reduction.x),
            min(1.0, whole[1] / profile["height"] / reduction.y),
        )
        return Layer(values, profile, scale)


def made_up(folder: Path) -> dict[str, Path]:
    """Write two scenes as satellites bring them: turned, nodata around, bright clouds at edges."""
    paths = {}
    for number, name in enumerate(("one", "two")):
        height, width = 230 - 8 * number, 221 + 6 * number
        generator = np.random.default_rng(number)
        y, x = np.mgrid[:height, :width] / 200.0
        ground = 7000 + 800 * np.sin(9 * x + 5 * y) + generator.normal(0, 150, (3, height, width))
        clouds = generator.random((height // 10 + 1, width // 10 + 1)) < 0.15
        ground += 30_000 * np.kron(clouds, np.ones((10, 10)))[:height, :width]
        pixels = np.clip(ground, 5000, 60_000).astype("uint16")
        turned = np.abs(x - 0.55 + 0.2 * y) < 0.42, np.abs(y - 0.56 - 0.17 * x) < 0.4
        pixels[:, ~(turned[0] & turned[1])] = NODATA
        pixels[number, generator.random((height, width)) < 0.002] = NODATA  # holes of one band
        paths[name] = folder / f"{name}.tif"
        with rasterio.open(
            paths[name], "w", driver="GTiff", count=3, height=height, width=width, dtype="uint16",
            crs="EPSG:32618", nodata=NODATA, tiled=True, blockxsize=64, blockysize=64,
            transform=Affine(SIZE + 4e-4 * number, 0, 425_085 + 30_123 * number,
                             0, -SIZE - 4e-4 * number, 5_215_515 + 4_600 * number),
        ) as dataset:  # fmt: skip
            dataset.write(pixels)
            dataset.build_overviews([2, 4], Resampling.nearest)
    return paths


def real(_: Path) -> dict[str, Path]:
    """Return two real scenes, of nodata 0 and three bands of UInt16."""
    if not REAL.is_dir():
        pytest.skip(f"the real scenes are not here: {'/'.join(REAL.parts[-3:])}")
    return {"one": REAL / "mosaic_cog1.tif", "two": REAL / "mosaic_cog2.tif"}


def ingested(paths: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Return what the ingest stores of files."""
    ingest = ingest_world.World()
    ingest.define(*(ingest_world.band(n, i, nodata=NODATA) for i, n in enumerate(BANDS)))
    stored = {}
    for name, path in paths.items():
        upload = ingest.ingest(path.read_bytes(), name=name, overviews=[2, 4])
        assert upload.status == "success", ingest.why(upload)
        stored[name] = folder / f"{name}-stored.tif"
        stored[name].write_bytes(ingest.cog(name))
    return stored


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((make, how), id=f"{make.__name__.replace('_', ' ')}, {how}")
        for make, how in product((made_up, real), ("as it is", "ingested"))
    ],
)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    make, how = request.param
    folder = tmp_path_factory.mktemp("scenes")
    originals = make(folder)
    world = DiskCatalog(folder)
    for name in BANDS:
        world.band(name, data_type="UInt16", nodata=NODATA)
    for name, path in (originals if how == "as it is" else ingested(originals, folder)).items():
        world.file(name, path)
    yield Pair(world, originals, how == "ingested")
    world.pool.close()


@dataclass(frozen=True)
class Layer:
    """One scene as it is read for a mosaic, and how GDAL is told to warp it."""

    values: Array
    profile: dict[str, Any]
    scale: tuple[float, float]

    def warped(
        self,
        grid: Grid,
        resampling: str,
        nodata: float | None = NODATA,
        values: Array | None = None,
    ) -> Array:
        """Return GDAL's warp of the scene, or of other values in its place; 0 where it is not.

        Each band by itself: of several at once, GDAL treats nodata otherwise.
        """
        source = self.profile["crs"], self.profile["transform"]
        crs = rasterio.CRS.from_epsg(grid.crs.to_epsg())
        target = crs, grid.transform, (grid.height, grid.width)
        how = {
            "resampling": Resampling["nearest" if resampling == "near" else resampling],
            "XSCALE": self.scale[0],
            "YSCALE": self.scale[1],
        }
        bands = self.values if values is None else values
        return np.stack([gdal_warp(band, source, target, nodata, **how) for band in bands])

    def around(self, grid: Grid) -> tuple[Array, Array]:
        """Return the least and the greatest of the values that bilinear may take for a pixel."""
        reach = int(np.ceil(1 / min(self.scale))) + 1
        holed = np.where(self.values == NODATA, MOST, self.values)
        least, most = (
            self.warped(grid, "near", None, _around(np.min, values, reach))
            for values in (holed, MOST - self.values)
        )
        return least, MOST - most


def _around(fold: Callable[..., Array], values: Array, reach: int) -> Array:
    """Return a fold of the values around each pixel."""
    for axis in (1, 2):
        margin = [(0, 0)] * 3
        margin[axis] = (reach, reach)
        padded = np.pad(values, margin, mode="edge")
        values = fold(sliding_window_view(padded, 2 * reach + 1, axis=axis), axis=-1)
    return values


def composed(layers: list[Array]) -> Array:
    """Return layers one upon the other, the last one on top."""
    canvas = np.zeros_like(layers[0])
    for values in layers:
        canvas = np.where(values != NODATA, values, canvas)
    return canvas


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize("place", PLACES)
def test_the_later_scene_is_on_top_to_the_pixel(
    pair: Pair, place: str, order: tuple[str, ...]
) -> None:
    grid, data, mask = pair.mosaic(order, "near", **PLACES[place].body)
    layers = [pair.layer(name, PLACES[place].factor, grid) for name in order]
    expected = composed([of_one.warped(grid, "near") for of_one in layers])
    assert np.array_equal(data, expected)
    assert np.array_equal(mask, expected == NODATA)
    assert 0.2 < mask.mean() < 0.7


@pytest.mark.parametrize("resampling", KERNELS)
@pytest.mark.parametrize("place", PLACES)
def test_kernels_see_each_scene_by_itself(pair: Pair, place: str, resampling: str) -> None:
    order = ORDERS[1]
    where = PLACES[place]
    if pair.ingested and where.factor == 1:
        pair.assert_stored_as_given()  # and what is made of the originals is tested on them
        return
    grid, data, mask = pair.mosaic(order, resampling, **where.body)
    layers = [pair.layer(name, where.factor, grid).warped(grid, resampling) for name in order]
    expected = composed(layers)
    # a kernel may touch the last pixel of a scene by next to nothing
    assert (mask != (expected == NODATA)).mean() < 0.0002
    both = ~mask & (expected != NODATA)
    difference = np.abs(data.astype(int) - expected.astype(int))[both]
    assert (difference > 4).mean() < 0.0002


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_lost_or_darkened_along_a_seam(
    pair: Pair, place: str, order: tuple[str, ...]
) -> None:
    where = PLACES[place]
    if pair.ingested and where.factor == 1:
        pair.assert_stored_as_given()
        return
    grid, data, mask = pair.mosaic(order, "bilinear", **where.body)
    between, centred = np.zeros(data.shape, bool), np.zeros(data.shape, bool)
    for name in order:
        layer = pair.layer(name, where.factor, grid)
        least, most = layer.around(grid)
        within = (least <= data) & (data <= most)
        between = np.where(layer.warped(grid, "bilinear") != NODATA, within, between)
        centred |= layer.warped(grid, "near") != NODATA
    assert not (mask & centred).any()
    assert between[~mask].all()


@pytest.mark.parametrize("resampling", ["near", "bilinear"])
@pytest.mark.parametrize("place", PLACES)
def test_tiles_side_by_side_are_the_whole(pair: Pair, place: str, resampling: str) -> None:
    order, body = ORDERS[0], PLACES[place].body
    grid, data, mask = pair.mosaic(order, resampling, **body)
    tiles, tile_masks = np.zeros_like(data), np.ones_like(mask)
    step = 1 + max(grid.width, grid.height) // 3
    for row, column in product(range(0, grid.height, step), range(0, grid.width, step)):
        height, width = min(step, grid.height - row), min(step, grid.width - column)
        left, top = grid.transform @ (column, row)
        right, bottom = grid.transform @ (column + width, row + height)
        tile = {
            "srs": f"EPSG:{grid.crs.to_epsg()}",
            "resolution": grid.transform.a,
            "outputBounds": [left, bottom, right, top],
        }
        _, part, part_mask = pair.mosaic(order, resampling, **tile)
        assert part.shape[1:] == (height, width)
        cut = (slice(None), slice(row, row + height), slice(column, column + width))
        tiles[cut], tile_masks[cut] = part, part_mask
    difference = np.abs(tiles.astype(int) - data.astype(int))
    if resampling != "near" and place == "coarser, in Web Mercator":
        # the width of a kernel follows the scale of each request, which is not the same everywhere
        assert (tile_masks != mask).mean() < 0.001
        assert (difference > 0.01 * data).mean() < 0.01
    else:
        assert np.array_equal(tile_masks, mask)
        assert difference.max() <= (0 if resampling == "near" else 4)


def test_overviews_are_between_the_pixels_that_they_stand_for(pair: Pair) -> None:
    for name in ORDERS[0]:
        with rasterio.open(pair.stored(name)) as dataset:
            full, factors = dataset.read(), dataset.overviews(1)
        for level, factor in enumerate(factors):
            with rasterio.open(pair.stored(name), overview_level=level) as dataset:
                values = dataset.read()
            rows, columns = (
                np.minimum(np.arange(few) * many // few + factor // 2, many - 1)
                for few, many in zip(values.shape[1:], full.shape[1:], strict=True)
            )
            middle = (slice(None), rows[:, None], columns)
            least = _around(np.min, np.where(full == NODATA, MOST, full), factor)
            most = _around(np.max, full, factor)
            filled = values != NODATA
            assert ((least[middle] <= values) | ~filled).all()
            assert ((values <= most[middle]) | ~filled).all()
            everywhere = _around(np.min, full, factor)[middle] != NODATA
            assert filled[everywhere].all()
