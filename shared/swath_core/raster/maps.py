"""Pictures for maps: XYZ tiles, previews, TileJSON; ranges and colours come from the bands."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.raster.colours import Colours, class_colours, colormap
from swath_core.raster.crs import WGS84, transform_bounds
from swath_core.raster.files import gdal
from swath_core.raster.grid import Grid
from swath_core.raster.request import RESAMPLERS, RasterRequest, Scale
from swath_core.raster.service import Found, RasterService
from swath_core.raster.sources import Product, find_band

# a picture has no place: rasterio need not say so for each
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning, module="rasterio")

MERCATOR = CRS.from_epsg(3857)
HALF_WORLD = 20_037_508.342789244
"""Metres from the middle of the Web Mercator square to its edge."""
TILE = 256
MAX_ZOOM = 24
PREVIEW = 512
MAX_PREVIEW = 2_048
FORMATS = {"png": "image/png", "webp": "image/webp"}
RGB = 3


@dataclass(frozen=True, slots=True)
class Style:
    """How pixels become colours: one band through a table, or three as red, green and blue."""

    bands: tuple[str, ...]
    scales: tuple[Scale | None, ...]
    resampling: str
    table: Colours | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to be drawn; ``etag`` changes with the images and the style.

    ``draw`` reads the pixels and returns the encoded picture; it raises NotFound for an image that
    cannot be read.
    """

    content_type: str
    etag: str
    draw: Callable[[], bytes]


def style_of(product: Product, query: Mapping[str, str]) -> Style:
    """Return the style that a query asks for, completed from the product's bands.

    ``bands`` (one or three, separated by commas), ``range`` (low,high for all of them),
    ``colormap`` and ``resampling`` may be given. Raises BadRequest.
    """
    names = _band_names(product, query)
    bands = [find_band(product, name) for name in names]
    resampling = query.get("resampling", "near")
    if resampling not in RESAMPLERS:
        raise BadRequest(
            f"resampling is {resampling!r}; it must be one of {', '.join(RESAMPLERS)}",
            parameter="resampling",
        )
    table = _table(bands[0], query) if len(bands) == 1 else None
    picks = table is not None and bool(bands[0].get("colormap")) and "colormap" not in query
    if picks:  # a class: its value is its place in the table
        return Style(tuple(names), (None,), "near", table)
    scales = tuple((*_range(band, query), 0.0, 255.0) for band in bands)
    return Style(tuple(names), scales, resampling, table)


def _band_names(product: Product, query: Mapping[str, str]) -> list[str]:
    document, bands = product
    asked = [name for name in query.get("bands", "").split(",") if name]
    default = [
        name
        for name in document.get("default_display_bands") or ()
        if find_band(product, name).get("type") != "mask"
    ]
    ordered = sorted(bands, key=lambda band: band.get("sort_order") or 0)
    visible = [str(band.get("name")) for band in ordered if band.get("type") != "mask"]
    names = asked or default or (visible[:RGB] if len(visible) >= RGB else visible[:1])
    if len(names) not in {1, RGB}:
        raise BadRequest(
            f"a picture takes one band or three (red, green, blue), not {len(names)}",
            parameter="bands",
        )
    return names


def _table(band: Document, query: Mapping[str, str]) -> Colours | None:
    name = query.get("colormap")
    if name is not None:
        return colormap(name)
    if band.get("colormap"):
        return class_colours(band.get("colormap"))
    named = band.get("colormap_name")
    return colormap(str(named)) if named else None


def _range(band: Document, query: Mapping[str, str]) -> tuple[float, float]:
    text = query.get("range")
    if text is not None:
        try:
            low, high = map(float, text.split(","))
        except ValueError:
            low = high = math.nan
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise BadRequest(
                f"range is {text!r}; it must be two numbers, low,high", parameter="range"
            )
        return low, high
    low, high = band.get("display_range") or band.get("data_range") or (0.0, 255.0)
    return float(low), float(high)


def tile_bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return the box of an XYZ tile in Web Mercator metres. Raises BadRequest."""
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise BadRequest(
            f"there is no tile {z}/{x}/{y}: zooms go from 0 to {MAX_ZOOM}, and x and y from 0 to "
            "2^zoom - 1"
        )
    side = 2 * HALF_WORLD / 2**z
    left, top = -HALF_WORLD + x * side, HALF_WORLD - y * side
    return left, top - side, left + side, top


def tile_area(z: int, x: int, y: int) -> dict[str, Any]:
    """Return a tile's outline in longitude and latitude, as GeoJSON."""
    left, bottom, right, top = transform_bounds(MERCATOR, WGS84, tile_bounds(z, x, y))
    ring = [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]
    return {"type": "Polygon", "coordinates": [ring]}


def tile_request(ids: Sequence[str], style: Style, place: tuple[int, int, int]) -> RasterRequest:
    """Return the raster of a tile (zoom, column, row) over images, the last one on top."""
    return RasterRequest(
        ids=tuple(ids),
        bands=style.bands,
        scales=style.scales,
        data_type="Byte",
        crs="EPSG:3857",
        bounds=tile_bounds(*place),
        size=(TILE, TILE),
        resampling=style.resampling,
        mask_alpha=False,
    )


def preview_request(image_id: str, native: Grid, style: Style, longest: int) -> RasterRequest:
    """Return the raster of a whole image with its longer side of at most so many pixels."""
    factor = min(1.0, longest / max(native.width, native.height))
    size = max(1, round(native.width * factor)), max(1, round(native.height * factor))
    return RasterRequest(
        ids=(image_id,),
        bands=style.bands,
        scales=style.scales,
        data_type="Byte",
        size=size,
        resampling=style.resampling,
        mask_alpha=False,
    )


Layer = tuple[Found, RasterRequest]
"""Images, and the raster of them."""


class Cartographer:
    """Pictures of images that were found: transparent where they are masked."""

    def __init__(self, service: RasterService[Any]) -> None:
        self._service = service

    def picture(self, layer: Layer, style: Style, format: str) -> Picture:
        """Return the picture of a raster; nothing is read before it is drawn. Raises BadRequest."""
        type, tag = content_type(format), etag([layer], format)

        def draw() -> bytes:
            data, mask = self._service.compute(*layer).whole()
            return encode_picture(coloured(data, mask, style), format)

        return Picture(type, tag, draw)

    def pile(self, layers: Iterable[Layer], style: Style, format: str) -> Picture | None:
        """Return the picture of layers, the topmost first; what lies under a full one is not taken.

        None where there is no layer. Raises BadRequest, NotFound.
        """
        type, below = content_type(format), iter(layers)
        used = list(islice(below, 1))
        if not used:
            return None
        data, mask = self._service.compute(*used[0]).whole()
        while mask.any() and (layer := next(below, None)) is not None:
            values, hidden = self._service.compute(*layer).whole()
            np.copyto(data, values, where=mask)
            mask &= hidden
            used.append(layer)
        picture = coloured(data, mask, style)
        return Picture(type, etag(used, format), lambda: encode_picture(picture, format))


def etag(layers: Sequence[Layer], format: str) -> str:
    """Return what identifies a picture: the versions of its images, and what was asked for."""
    versions = [(image.id, image.version) for found, _ in layers for image in found.images]
    products = {id: bands for found, _ in layers for id, (_, bands) in found.products.items()}
    bands = [(band.id, band.version) for _, own in sorted(products.items()) for band in own]
    text = json.dumps([versions, bands, [repr(request) for _, request in layers], format])
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def coloured(data: np.ndarray[Any, Any], mask: np.ndarray[Any, Any], style: Style) -> Colours:
    """Return (4, rows, columns) red, green, blue and opacity of 8-bit data."""
    visible = ~mask.any(axis=0)
    if style.table is not None:
        picture: Colours = style.table[data[0]].transpose(2, 0, 1).copy()
        picture[3] = np.where(visible, picture[3], 0)
        return picture
    colours = data if data.shape[0] == RGB else np.repeat(data[:1], RGB, axis=0)
    opacity = np.where(visible, 255, 0).astype(np.uint8)
    return np.concatenate([colours, opacity[None]])


def content_type(format: str) -> str:
    """Return the media type of a format. Raises BadRequest for one that is none of FORMATS."""
    if format not in FORMATS:
        raise BadRequest(f"there is no format {format!r}; there are: {', '.join(FORMATS)}")
    return FORMATS[format]


def encode_picture(picture: Colours, format: str) -> bytes:
    """Return a picture (4, rows, columns) in one of FORMATS."""
    bands, height, width = picture.shape
    options = {"ZLEVEL": 1} if format == "png" else {"LOSSLESS": "YES", "EXACT": 1}
    with gdal(), MemoryFile() as memory:
        with memory.open(
            driver=format.upper(),
            count=bands,
            height=height,
            width=width,
            dtype="uint8",
            **options,
        ) as made:
            made.write(picture)
        return bytes(memory.read())


def tilejson(name: str, url: str, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    """Return a TileJSON 3.0 document of one tile address (with ``{z}``, ``{x}`` and ``{y}``).

    A TileJSON's box may not cross the antimeridian: one that does goes around the globe.
    """
    left, bottom, right, top = bounds
    middle = ((left + right) / 2 + 180) % 360 - 180
    if left < -180 or right > 180:  # noqa: PLR2004 - degrees
        left, right = -180.0, 180.0
    return {
        "tilejson": "3.0.0",
        "name": name,
        "scheme": "xyz",
        "tiles": [url],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": [left, bottom, right, top],
        "center": [middle, (bottom + top) / 2, 8],
    }


def image_bounds(native: Grid) -> tuple[float, float, float, float]:
    """Return the box of an image in longitude and latitude; beyond 180 where it crosses that."""
    if native.crs == WGS84:
        return native.bounds
    try:
        return transform_bounds(native.crs, WGS84, native.bounds)
    except ValueError as error:
        raise BadRequest(f"the image has no extent on the globe: {error}") from error
