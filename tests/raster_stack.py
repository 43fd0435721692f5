"""Raster of the deployed stack: ingested scenes, plain requests, and what they should answer.

The expected pixels are composed by GDAL and NumPy from the arrays that were ingested.
"""

from __future__ import annotations

import io
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import requests
from affine import Affine
from pyproj import Transformer
from rasterio.io import MemoryFile
from rasterio.warp import transform
from tests.raster_world import Array, gdal_warp, noise

from swath.raster import RasterStream
from swath_dev.api import Api
from swath_dev.cloud import Deployed

SECONDS = 60
TILE = 256
HALF_WORLD = math.pi * 6_378_137.0
"""Metres from the middle of Web Mercator's square to its edge."""


@dataclass(frozen=True)
class Scene:
    """An array (bands, rows, columns) that was ingested, and where it is; 0 is nodata."""

    name: str
    pixels: Array
    crs: str
    transform: Affine
    attributes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def at(
        cls, name: str, pixels: Array, crs: str, place: tuple[float, float], **attributes: Any
    ) -> Scene:
        """Return a scene of 30 m pixels whose upper left corner is near a longitude, latitude.

        The corner is off whole metres, so that no pixel's centre lies between two others.
        """
        (x,), (y,) = transform("EPSG:4326", crs, [place[0]], [place[1]])
        corner = Affine(30, 0, round(x) + 0.37, 0, -30, round(y) + 0.41)
        return cls(name, pixels, crs, corner, {"acquired": "2020-01-01", **attributes})

    @property
    def footprint(self) -> dict[str, Any]:
        """The scene's outline in longitude and latitude, as GeoJSON."""
        columns, rows = self.size
        corners = [(0, 0), (0, rows), (columns, rows), (columns, 0), (0, 0)]
        xs, ys = zip(*(self.transform @ corner for corner in corners), strict=True)
        longitudes, latitudes = transform(self.crs, "EPSG:4326", xs, ys)
        ring = [list(place) for place in zip(longitudes, latitudes, strict=True)]
        return {"type": "Polygon", "coordinates": [ring]}

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.pixels.shape[2], self.pixels.shape[1]

    @property
    def middle(self) -> tuple[float, float]:
        """Longitude and latitude of the scene's middle."""
        columns, rows = self.size
        x, y = self.transform @ (columns / 2, rows / 2)
        (longitude,), (latitude,) = transform(self.crs, "EPSG:4326", [x], [y])
        return longitude, latitude

    def write(self, folder: Path) -> Path:
        """Write the scene as a GeoTIFF."""
        path = folder / f"{self.name}.tif"
        path.write_bytes(geotiff(self.pixels, self.crs, self.transform))
        return path


def geotiff(pixels: Array, crs: str, transform: Affine) -> bytes:
    """Return the bytes of a GeoTIFF whose nodata value is 0."""
    count, height, width = pixels.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", count=count, height=height, width=width, dtype=pixels.dtype, crs=crs,
            transform=transform, nodata=0,
        ) as dataset:  # fmt: skip
            dataset.write(pixels)
        content: bytes = memory.read()
    return content


def warped(scene: Scene, crs: str, grid: Affine, shape: tuple[int, int]) -> Array:
    """Return a scene on another grid: nearest neighbour, exactly transformed, 0 outside."""
    source, target = (scene.crs, scene.transform), (crs, grid, shape)
    return np.stack([gdal_warp(band, source, target, 0) for band in scene.pixels])


def sampled(scene: Scene, crs: str, grid: Affine, shape: tuple[int, int]) -> Array:
    """Return a scene in degrees on another grid, 0 outside: each pixel's centre looked up.

    GDAL does not look for longitudes a turn away.
    """
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    there = Transformer.from_crs(crs, scene.crs, always_xy=True)
    longitudes, latitudes = there.transform(*(grid @ (columns, rows)))
    longitudes = (longitudes - scene.transform.c) % 360 + scene.transform.c
    x, y = (np.floor(part).astype(int) for part in ~scene.transform @ (longitudes, latitudes))
    inside = (x >= 0) & (x < scene.size[0]) & (y >= 0) & (y < scene.size[1])
    found = np.zeros((scene.pixels.shape[0], *shape), scene.pixels.dtype)
    found[:, inside] = scene.pixels[:, y[inside], x[inside]]
    return found


def composed(scenes: Sequence[Scene], crs: str, grid: Affine, shape: tuple[int, int]) -> Array:
    """Return scenes on one grid, the later over the earlier where it has data."""
    whole = np.zeros((scenes[0].pixels.shape[0], *shape), scenes[0].pixels.dtype)
    for scene in scenes:
        part = (sampled if scene.crs == "EPSG:4326" else warped)(scene, crs, grid, shape)
        whole = np.where(part != 0, part, whole)
    return whole


@dataclass(frozen=True)
class Place:
    """An XYZ tile."""

    z: int
    x: int
    y: int

    @classmethod
    def of(cls, longitude: float, latitude: float, z: int) -> Place:
        """Return the tile of a zoom in which a place lies."""
        y = math.asinh(math.tan(math.radians(latitude))) / math.pi
        return cls(z, int((longitude + 180) / 360 * 2**z), int((1 - y) / 2 * 2**z))

    @property
    def grid(self) -> Affine:
        """Where the tile's pixels are in Web Mercator."""
        side = 2 * HALF_WORLD / 2**self.z
        left, top = self.x * side - HALF_WORLD, HALF_WORLD - self.y * side
        return Affine(side / TILE, 0, left, 0, -side / TILE, top)

    def path(self, format: str = "png") -> str:
        """Return the end of the tile's address."""
        return f"tiles/{self.z}/{self.x}/{self.y}.{format}"


def tile_of(scenes: Sequence[Scene], place: Place) -> Array:
    """Return the (rows, columns, 4) picture that a tile of three-band 8-bit scenes should be."""
    colours = composed(scenes, "EPSG:3857", place.grid, (TILE, TILE))
    opacity = np.where(colours.any(axis=0), 255, 0).astype("uint8")
    return np.moveaxis(np.concatenate([colours, opacity[None]]), 0, -1)


def picture(answer: requests.Response, format: str = "png") -> Array:
    """Return the (rows, columns, 4) pixels of a picture."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == f"image/{format}"
    decode = {"png": imagecodecs.png_decode, "webp": imagecodecs.webp_decode}[format]
    pixels = np.asarray(decode(answer.content))
    assert pixels.dtype == np.uint8
    if format == "webp" and pixels.shape[2] == 3:
        # one that is opaque everywhere does not say so
        return np.insert(pixels, 3, 255, axis=2)
    assert pixels.shape[2] == 4
    return pixels


def array(content: bytes) -> tuple[dict[str, Any], Array, Array]:
    """Return the metadata, the data and the mask of a stream, which ends where it should."""
    source = io.BytesIO(content)
    stream = RasterStream(source)
    data, mask = np.zeros(stream.shape, stream.dtype), np.ones(stream.shape, bool)
    for chunk in stream:
        data[chunk.window], mask[chunk.window] = chunk.data, chunk.mask
    assert not source.read()
    return stream.metadata, data, mask


def error(answer: requests.Response) -> dict[str, Any]:
    """Return the one error of an answer in the contract's form."""
    assert answer.headers["Content-Type"].startswith("application/vnd.api+json"), answer.text
    (found,) = answer.json()["errors"]
    assert found["status"] == str(answer.status_code)
    assert found["title"]
    assert found["detail"]
    return dict(found)


@dataclass
class Door:
    """One caller at one address of the raster function; without a token, an anonymous one."""

    url: str
    token: str | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, /, **query: str) -> requests.Response:
        """Send a GET; redirects are not followed."""
        return self.request("GET", path, params=query)

    def npz(self, **body: object) -> requests.Response:
        """Ask for an array; redirects are not followed."""
        return self.request("POST", "/npz", json={"of": "blosc", "output_window": None, **body})

    def array(self, **body: object) -> tuple[dict[str, Any], Array, Array]:
        """Return the metadata, the data and the mask of a raster that fits the response."""
        answer = self.npz(**body)
        assert answer.status_code == 200, answer.text
        return array(answer.content)

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> requests.Response:
        """Send any request; `more` is what requests.Session.request takes."""
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.session.request(
            method,
            f"{self.url}/raster/v2{path}",
            headers={**authorization, **(headers or {})},
            timeout=SECONDS,
            allow_redirects=False,
            **more,
        )


def colour_product(api: Api, name: str) -> str:
    """Save a product of three 8-bit bands that are shown as they are."""
    product = api.save("product", name, {"name": f"The {name}"})
    for index, band in enumerate(("red", "green", "blue")):
        _band(api, product, band, data_type="Byte", band_index=index, display_range=[0, 255])
    return product


def number_product(api: Api, name: str) -> str:
    """Save a product of one 16-bit band."""
    product = api.save("product", name, {"name": f"The {name}"})
    _band(api, product, "one", data_type="UInt16", band_index=0, display_range=[0, 65_535])
    return product


def _band(api: Api, product: str, name: str, **attributes: Any) -> None:
    values = {
        "name": name,
        "product_id": product,
        "type": "spectral",
        "nodata": 0,
        "data_range": attributes["display_range"],
        "resolution": "30m",
    }
    api.save("band", f"{product}:{name}", {**values, **attributes})


def ingest(api: Api, folder: Path, scenes: Sequence[tuple[str, Scene]]) -> None:
    """Upload scenes of products, all at once."""
    uploads = [
        api.upload(f"{product}:{scene.name}", scene.attributes, [scene.write(folder)])
        for product, scene in scenes
    ]
    for upload in uploads:
        status, messages = "", list[str]()
        for status, messages in api.watch(upload):  # noqa: B007 - the last one counts
            pass
        assert status == "success", messages


def visible(shape: tuple[int, int, int], dtype: str, seed: int) -> Array:
    """Return noise without nodata, but for a hole near the upper left corner."""
    pixels = np.maximum(noise(shape, dtype, seed), 1)
    pixels[:, 10:40, 10:60] = 0
    return pixels


def _scenes() -> list[Scene]:
    small, wide = (3, 120, 160), (3, 200, 200)
    return [
        # three over one another
        Scene.at(
            "old", visible(small, "uint8", 1), "EPSG:32631", (2.00, 41.00),
            acquired="2020-01-10", cloud_fraction=0.5,
        ),
        Scene.at(
            "middle", visible(small, "uint8", 2), "EPSG:32631", (2.01, 40.99),
            acquired="2020-02-10", cloud_fraction=0.1,
        ),
        Scene.at(
            "new", visible(small, "uint8", 3), "EPSG:32631", (2.02, 40.98),
            acquired="2020-03-10", cloud_fraction=0.9,
        ),
        # one on either side of the border between two zones, overlapping
        Scene.at("zone17", visible(wide, "uint8", 4), "EPSG:32617", (-78.04, 5.01)),
        Scene.at("zone18", visible(wide, "uint8", 5), "EPSG:32618", (-78.02, 5.00)),
        # and of the antimeridian; the last one is on both
        Scene.at(
            "zone60", visible(wide, "uint8", 6), "EPSG:32760", (179.97, -17.00),
            acquired="2020-01-01",
        ),
        Scene.at(
            "zone1", visible(wide, "uint8", 7), "EPSG:32701", (179.99, -17.01),
            acquired="2020-01-02",
        ),
        Scene(
            "degrees", visible(small, "uint8", 8), "EPSG:4326",
            Affine(0.00031, 0, 179.980073, 0, -0.00033, -17.010033), {"acquired": "2020-01-03"},
        ),
    ]  # fmt: skip


@dataclass
class Gallery:
    """The ingested scenes of an organisation: `colours` by name in one product, `large` in another.

    `owner` is its only member; `door` leads to the raster function by the HTTP API.
    """

    stack: Deployed
    owner: Api
    colours: str
    numbers: str
    scenes: dict[str, Scene]
    large: Scene

    @classmethod
    def ingested(cls, stack: Deployed, folder: Path) -> Gallery:
        """Make the products of a new organisation and upload the scenes."""
        owner = Api(stack.api_url, stack.token(f"org{secrets.token_hex(4)}"))
        colours, numbers = colour_product(owner, "colours"), number_product(owner, "numbers")
        large = Scene.at("large", visible((1, 1700, 1600), "uint16", 9), "EPSG:32631", (3.0, 41.0))
        scenes = _scenes()
        ingest(owner, folder, [*((colours, each) for each in scenes), (numbers, large)])
        return cls(stack, owner, colours, numbers, {each.name: each for each in scenes}, large)

    def id(self, name: str) -> str:
        """Return the id of a colour scene."""
        return f"{self.colours}:{name}"

    @property
    def door(self) -> Door:
        """The owner at the HTTP API."""
        return Door(self.stack.api_url, self.owner.token)
