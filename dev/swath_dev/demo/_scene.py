"""A plausible scene, made from noise: terrain, lakes, woods, rock and snow under a low sun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine, from_origin

FloatGrid = npt.NDArray[np.float64]
PIXELS = 1536
PIXEL_METRES = 30.0
NODATA = 0
EPSG = 32632
ORIGIN = (440_000.0, 5_170_000.0)
"""Upper left corner in UTM zone 32 north: the northern edge of the Alps."""
ACQUIRED = datetime(2021, 9, 14, 10, 20, 31, tzinfo=UTC)

WATER, FOREST, GRASS, ROCK, SNOW = 1, 2, 3, 4, 5
SHORE, WOODS, TREE_LINE, SCREE, SNOW_LINE = 0.13, 0.14, 0.50, 0.58, 0.70
"""Relief (0..1) at which water ends and woods, meadows, rock and snow begin."""
WET_ENOUGH_FOR_TREES = 0.42
HALF_SWATH = 0.42
"""Half the width and length of the swath, as a fraction of the grid's side."""
CLASSES = ("nothing", "water", "forest", "grass", "rock", "snow")
COLOURS = (
    (0, 0, 0, 0),
    (38, 90, 150, 255),
    (30, 92, 48, 255),
    (140, 170, 80, 255),
    (135, 120, 105, 255),
    (245, 248, 250, 255),
)
BAND_NAMES = ("blue", "green", "red", "nir")
WAVELENGTHS = {"blue": (450, 515), "green": (525, 600), "red": (630, 680), "nir": (845, 885)}
# Surface reflectance x 10,000 of each class in each band, as multispectral sensors see them.
_REFLECTANCE = {
    WATER: (620, 480, 300, 120),
    FOREST: (260, 420, 280, 2900),
    GRASS: (480, 850, 700, 3400),
    ROCK: (1300, 1550, 1750, 2100),
    SNOW: (8300, 8200, 8000, 7200),
}


@dataclass(frozen=True)
class Scene:
    """The arrays of a scene; all are (rows, columns).

    ``spectral`` is uint16 reflectance x 10,000 in the order of BAND_NAMES, ``landcover`` uint8
    classes, ``alpha`` uint8 with 1 where the sensor saw the ground, ``elevation`` float32 metres.
    """

    spectral: npt.NDArray[np.uint16]
    landcover: npt.NDArray[np.uint8]
    alpha: npt.NDArray[np.uint8]
    elevation: npt.NDArray[np.float32]

    @property
    def transform(self) -> Affine:
        """The geotransform that all arrays share."""
        return from_origin(*ORIGIN, PIXEL_METRES, PIXEL_METRES)


def make_scene(seed: int = 11, pixels: int = PIXELS) -> Scene:
    """Return the scene of a seed; the same seed gives the same scene."""
    random = np.random.default_rng(seed)
    relief = _ridges(random, pixels)
    elevation = 350.0 + 3200.0 * relief**1.6
    moisture = _noise(random, pixels, 1.4)
    landcover = _classify(relief, moisture)
    alpha = _swath(pixels)
    spectral = _light(random, landcover, elevation, moisture)
    return Scene(
        spectral=np.where(alpha, spectral, NODATA).astype(np.uint16),
        landcover=np.where(alpha, landcover, 0).astype(np.uint8),
        alpha=alpha,
        elevation=elevation.astype(np.float32),
    )


def _noise(random: np.random.Generator, pixels: int, roughness: float) -> FloatGrid:
    """Return noise in 0..1 whose amplitude falls with frequency: 1 / f ** roughness."""
    white = np.fft.rfft2(random.standard_normal((pixels, pixels)))
    rows = np.fft.fftfreq(pixels)[:, None]
    columns = np.fft.rfftfreq(pixels)[None, :]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(white / frequency**roughness, s=(pixels, pixels))
    low, high = np.percentile(field, (0.5, 99.5))
    return np.asarray(np.clip((field - low) / (high - low), 0.0, 1.0))


def _ridges(random: np.random.Generator, pixels: int) -> FloatGrid:
    """Return relief in 0..1 with sharp crests: folded noise on a broad one."""
    broad = _noise(random, pixels, 2.0)
    folded = 1.0 - np.abs(2.0 * _noise(random, pixels, 1.7) - 1.0)
    relief = 0.35 * broad + 0.65 * folded**2 * broad
    return np.asarray((relief - relief.min()) / (relief.max() - relief.min()))


def _classify(relief: FloatGrid, moisture: FloatGrid) -> npt.NDArray[np.uint8]:
    height = relief + 0.10 * (moisture - 0.5)
    classes = np.full(relief.shape, GRASS, np.uint8)
    classes[(moisture > WET_ENOUGH_FOR_TREES) & (height > WOODS)] = FOREST
    classes[height > TREE_LINE] = GRASS
    classes[height > SCREE] = ROCK
    classes[height > SNOW_LINE] = SNOW
    classes[relief < SHORE] = WATER
    return classes


def _light(
    random: np.random.Generator,
    landcover: npt.NDArray[np.uint8],
    elevation: FloatGrid,
    moisture: FloatGrid,
) -> FloatGrid:
    table = np.zeros((len(CLASSES), len(BAND_NAMES)))
    for value, reflectance in _REFLECTANCE.items():
        table[value] = reflectance
    shade = np.where(landcover == WATER, 1.0, _hillshade(elevation))
    texture = 0.85 + 0.3 * moisture + 0.03 * random.standard_normal(landcover.shape)
    lit = np.moveaxis(table[landcover], -1, 0) * shade * texture
    return np.asarray(np.clip(lit, 1, 10_000))


def _hillshade(elevation: FloatGrid, azimuth: float = 155.0, altitude: float = 42.0) -> FloatGrid:
    """Return illumination around 1 of a sun at these angles (degrees), Lambertian."""
    south, east = np.gradient(elevation, PIXEL_METRES)
    toward, up = np.radians(azimuth), np.radians(altitude)
    normal_length = np.sqrt(1.0 + south**2 + east**2)
    facing = -east * np.sin(toward) - south * np.cos(toward + np.pi)
    light = (np.sin(up) + np.cos(up) * facing) / normal_length
    return np.asarray(np.clip(light / np.sin(up), 0.25, 1.6))


def _swath(pixels: int, tilt_degrees: float = 9.0) -> npt.NDArray[np.uint8]:
    """Return 1 inside the tilted strip that the sensor swept, 0 outside."""
    centre = (np.arange(pixels) - pixels / 2) / pixels
    rows, columns = np.meshgrid(centre, centre, indexing="ij")
    tilt = np.radians(tilt_degrees)
    across = columns * np.cos(tilt) + rows * np.sin(tilt)
    along = -columns * np.sin(tilt) + rows * np.cos(tilt)
    inside: npt.NDArray[np.bool_] = np.maximum(np.abs(across), np.abs(along)) < HALF_SWATH
    return inside.astype(np.uint8)


def write_files(scene: Scene, folder: Path) -> list[Path]:
    """Write the scene as a provider would deliver it: plain tiled GeoTIFFs without overviews.

    File 0 holds the four spectral bands, file 1 the land cover, file 2 the alpha band.
    """
    spectral = folder / "spectral.tif"
    _write(spectral, scene.spectral, scene.transform, nodata=NODATA, names=BAND_NAMES)
    landcover = folder / "landcover.tif"
    _write(landcover, scene.landcover[None], scene.transform, nodata=0, names=("landcover",))
    alpha = folder / "alpha.tif"
    _write(alpha, scene.alpha[None], scene.transform, nodata=None, names=("alpha",))
    return [spectral, landcover, alpha]


def write_elevation(scene: Scene, path: Path) -> Path:
    """Write the elevation model, dated by the TIFF's own tag, for the drop folder."""
    _write(path, scene.elevation[None], scene.transform, nodata=-9999, names=("elevation",))
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(TIFFTAG_DATETIME=ACQUIRED.strftime("%Y:%m:%d %H:%M:%S"))
    return path


def _write(
    path: Path,
    bands: npt.NDArray[np.generic],
    transform: Affine,
    *,
    nodata: float | None,
    names: tuple[str, ...],
) -> None:
    count, height, width = bands.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype=str(bands.dtype),
        crs=CRS.from_epsg(EPSG),
        transform=transform,
        nodata=nodata,
        tiled=True,
        compress="deflate",
    ) as dataset:
        dataset.write(bands)
        dataset.descriptions = names
