"""Pictures of rasters: composited from as many layers as it takes, coloured and encoded."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from swath_core.documents import shown
from swath_core.errors import BadRequest
from swath_core.raster import RasterRequest, RasterService, RequestedImages, gdal

from ._style import Colours, Style, coloured

# a picture has no place: rasterio need not say so for each
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning, module="rasterio")

Pixels = np.ndarray[Any, Any]
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


@dataclass(frozen=True, slots=True)
class StackedPicture:
    """The picture of what was found, None where nothing was; ``lost`` images cannot be read."""

    picture: Picture | None
    lost: frozenset[str] = frozenset()


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

    def stacked(self, layers: Iterable[Layer], style: Style, format: str) -> StackedPicture:
        """Return the picture of layers, the topmost first, as far down as there are holes.

        Images that cannot be read are left out. Raises BadRequest.
        """
        type, lost = content_type(format), set[str]()
        used: list[Layer] = []
        whole: tuple[Pixels, Pixels] | None = None
        for layer in layers:
            used.append(layer)
            found = self._service.compute_readable(*layer, lost)
            whole = whole if found is None else _below(whole, found.whole())
            if whole is not None and not whole[1].any():
                break
        if whole is None:
            return StackedPicture(None, frozenset(lost))
        picture = coloured(*whole, style)
        tag = etag(used, format, lost)
        drawn = Picture(type, tag, lambda: encode_picture(picture, format))
        return StackedPicture(drawn, frozenset(lost))


def _below(
    above: tuple[Pixels, Pixels] | None, layer: tuple[Pixels, Pixels]
) -> tuple[Pixels, Pixels]:
    """Return values and masks with a layer in the holes of what lies above it."""
    if above is None:
        return layer
    (data, mask), (values, hidden) = above, layer
    np.copyto(data, values, where=mask)
    return data, mask & hidden


def etag(layers: Sequence[Layer], format: str, lost: Collection[str] = ()) -> str:
    """Return what identifies a picture: the versions of its images, and what was asked for.

    ``lost`` are those of the images that could not be read.
    """
    versions = [(image.id, image.version) for found, _ in layers for image in found.images]
    products = {id: bands for found, _ in layers for id, (_, bands) in found.products.items()}
    bands = [(band.id, band.version) for _, own in sorted(products.items()) for band in own]
    asked = [repr(request) for _, request in layers]
    text = json.dumps([versions, bands, asked, format, sorted(lost)])
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
