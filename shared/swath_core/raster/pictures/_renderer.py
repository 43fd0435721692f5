"""Pictures of rasters: composited from as many layers as it takes, coloured and encoded."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from swath_core.documents import shown
from swath_core.errors import BadRequest
from swath_core.raster import RasterRequest, RasterService, RequestedImages, gdal

from ._style import Colours, Style, coloured

# a picture has no place: rasterio need not say so for each
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning, module="rasterio")

FORMATS = {"png": "image/png", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to be drawn; ``etag`` changes with the images and the style.

    ``draw`` reads the pixels and returns the encoded picture; it raises NotFound for an image that
    cannot be read.
    """

    content_type: str
    etag: str
    draw: Callable[[], bytes]


Layer = tuple[RequestedImages, RasterRequest]
"""Images, and the raster of them."""


class PictureRenderer:
    """Pictures of images that were found: transparent where they are masked."""

    def __init__(self, service: RasterService) -> None:
        self._service = service

    def picture(self, layer: Layer, style: Style, format: str) -> Picture:
        """Return the picture of a raster; nothing is read before it is drawn. Raises BadRequest."""
        type, tag = content_type(format), etag([layer], format)

        def draw() -> bytes:
            data, mask = self._service.compute(*layer).whole()
            return encode_picture(coloured(data, mask, style), format)

        return Picture(type, tag, draw)

    def stacked(self, layers: Iterable[Layer], style: Style, format: str) -> Picture | None:
        """Return the picture of layers, the topmost first, as far down as there are holes.

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


def content_type(format: str) -> str:
    """Return the media type of a format. Raises BadRequest for one that is none of FORMATS."""
    if format not in FORMATS:
        raise BadRequest(f"there is no format {shown(format)}; there are: {', '.join(FORMATS)}")
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
