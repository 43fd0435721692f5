"""`swath raster` and `swath tile`."""

from __future__ import annotations

import struct
import zlib
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swath.catalog import Image, ImageCollection, Product
from swath.errors import NotFoundError
from swath.geo import AOI, GeoContext, XYZTile
from swath.shapes import as_shape

from ._catalog import area_of, search_of
from ._output import client_of, emit_object

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLOURS = {1: 0, 3: 2}  # bands to PNG colour type, without alpha


def raster(options: Namespace) -> None:
    """One image, or the mosaic of several, into a file."""
    images = ImageCollection(Image.get_many(options.images, client=client_of(options)))
    context = _context(images, options)
    if options.area:
        _touching(images, context)
    bands = options.bands.replace(",", " ").split()
    path = Path(options.output)
    given = {
        "scaling": options.scaling,
        "expressions": _expressions(options.expression),
        "mask": options.mask,
    }
    if path.suffix == ".npy":
        import numpy as np

        array = images.mosaic(bands, context, **given)
        fill = options.nodata
        np.save(path, np.ma.filled(array, fill) if fill is not None else np.ma.getdata(array))
    else:
        images.download_mosaic(bands, context, dest=path, nodata=options.nodata, **given)
    emit_object(options, {"file": str(path), "bytes": path.stat().st_size})


def tile(options: Namespace) -> None:
    """The newest images of a search over a map tile, as PNG with transparency."""
    context = XYZTile(options.x, options.y, options.z)
    found = search_of(options).intersects(context).sort("-acquired").limit(options.newest)
    images = ImageCollection(reversed(list(found)))
    if not images:
        raise NotFoundError(f"no image touches tile {options.z}/{options.x}/{options.y}")
    if options.expression:
        bands = [options.expression]
        given: Any = {
            "expressions": {options.expression: options.expression},
            "scaling": {options.expression: (*options.range, 0, 255)},
            "data_type": "Byte",
        }
    else:
        bands = options.bands.replace(",", " ").split() if options.bands else []
        bands, given = bands or _display_bands(images[0]), {"scaling": "display"}
    array = images.mosaic(bands, context, resampler="bilinear", mask=options.mask, **given)
    path = Path(options.output)
    path.write_bytes(png(array))
    emit_object(options, {"file": str(path), "images": len(images), "bands": bands})


def _expressions(given: list[str]) -> dict[str, str] | None:
    """Expressions by name. Raises ValueError for one without a name."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, expression = text.partition("=")
        if not (equals and name.strip() and expression.strip()):
            raise ValueError(f"--expression {text!r}: NAME=EXPRESSION is expected")
        found[name.strip()] = expression.strip()
    return found or None


def png(array: NDArray[Any]) -> bytes:
    """A masked array of bytes (1 or 3 bands, rows, columns) as PNG, transparent where masked.

    Format: ISO/IEC 15948, colour types 4 and 6, no filter.
    """
    import numpy as np

    bands, rows, columns = array.shape
    if bands not in _COLOURS:
        raise ValueError(f"a picture has 1 or 3 bands, not {bands}")
    alpha = np.where(np.ma.getmaskarray(array).any(axis=0), 0, 255).astype(np.uint8)
    data = np.ma.filled(array, 0).astype(np.uint8)
    pixels = np.concatenate([data, alpha[None]]).transpose(1, 2, 0).reshape(rows, -1)
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", columns, rows, 8, _COLOURS[bands] | 4, 0, 0, 0)
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _display_bands(image: Image) -> list[str]:
    product = Product._find(str(image.product_id), client=image.client)
    named = [name for name in product.default_display_bands if name != "alpha"]
    if named:
        return named
    first = next((band for band in product.bands() if band.type != "mask"), None)
    if first is None or first.name is None:
        raise ValueError(f"product {product.id} has no band to show: give --bands")
    return [first.name]


def _touching(images: ImageCollection, context: GeoContext) -> None:
    """Raises ValueError when no image is where the pixels are asked for."""
    area = as_shape(context)
    shapes = [image.geometry for image in images]
    if not any(shape is None or shape.intersects(area) for shape in shapes):
        seen = "; ".join(f"{image.id}: {_rounded(image.geometry.bounds)}" for image in images)
        raise ValueError(
            f"the area {_rounded(area.bounds)} touches no image (west, south, east, north): {seen}"
        )


def _rounded(bounds: tuple[float, ...]) -> str:
    return ", ".join(f"{side:.4f}" for side in bounds)


def _context(images: ImageCollection, options: Namespace) -> GeoContext:
    own = images[0].geocontext
    if not (options.area or options.resolution or options.crs):
        return own
    crs = options.crs or own.crs
    size = options.resolution
    if size is None and own.shape and own.bounds and crs == own.crs:
        size = (own.bounds[2] - own.bounds[0]) / own.shape[1]
    if options.area:
        return AOI(area_of(options.area), resolution=size, crs=crs)
    return own.assign(crs=crs, resolution=size)
