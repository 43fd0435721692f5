"""Pixels into files, block by block as they arrive."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swath.errors import MissingExtraError
from swath.progress import progress_bar

from ._read import read_stream
from ._stream import RasterStream

if TYPE_CHECKING:
    from swath.http import Client

_DRIVERS = {"tif": "GTiff", "png": "PNG", "jpg": "JPEG"}
_FITTING = {"png": ("uint8", "uint16"), "jpg": ("uint8",)}
_COUNTS = {"png": {1, 2, 3, 4}, "jpg": {1, 3, 4}}
_TILE = 512


def download(
    client: Client,
    request: dict[str, Any],
    dest: Path,
    *,
    format: str,
    nodata: float | None,
    progress: bool | None = False,
) -> Path:
    """Write the answer to a raster request to `dest`, which appears only when it is whole.

    `nodata`: value of masked pixels; without it they keep what the service sent. Needs rasterio.
    `progress`: whether a bar counts the pixels; None: on terminals. Raises ValueError for pixels
    that the format cannot hold.
    """
    rasterio = _rasterio()
    _check_type(format, str(request.get("ot") or ""))
    partial = dest.with_name(f".{dest.name}.partial")

    def write(stream: RasterStream) -> None:
        profile = _profile(stream, format, nodata)
        size = math.prod(stream.shape)
        bar = progress_bar(size, dest.name, "pixel", show=progress)
        with closing(bar), rasterio.open(partial, "w", **profile) as out:
            for chunk in stream:
                bar.update(chunk.data.size)
                _, rows, columns = chunk.window
                data = chunk.data
                if nodata is not None:
                    data = data.copy()
                    data[chunk.mask] = nodata
                out.write(data, window=((rows.start, rows.stop), (columns.start, columns.stop)))
            _describe(out, stream.metadata)

    dest.parent.mkdir(parents=True, exist_ok=True)
    try:
        read_stream(client, request, write)
        partial.replace(dest)
    finally:
        partial.unlink(missing_ok=True)
        partial.with_name(partial.name + ".aux.xml").unlink(missing_ok=True)
    return dest


def _check_type(format: str, data_type: str) -> None:
    """Raises ValueError for pixels that a format cannot hold, before or after they are read."""
    fitting = _FITTING.get(format)
    if fitting and data_type and {"Byte": "uint8"}.get(data_type, data_type.lower()) not in fitting:
        raise ValueError(
            f"a {format} file holds {' or '.join(fitting)}, not {data_type}: scale the pixels "
            "(scaling='display', on the command line --scaling display) or write a tif"
        )


def _profile(stream: RasterStream, format: str, nodata: float | None) -> dict[str, Any]:
    from rasterio.transform import Affine

    bands, rows, columns = stream.shape
    _check_type(format, stream.dtype)
    if bands not in _COUNTS.get(format, {bands}):
        raise ValueError(f"a {format} file cannot hold {bands} bands: write a tif")
    system = stream.metadata.get("coordinateSystem") or {}
    profile: dict[str, Any] = {
        "driver": _DRIVERS[format],
        "count": bands,
        "height": rows,
        "width": columns,
        "dtype": stream.dtype,
        "crs": system.get("wkt") or system.get("proj4") or None,
        "transform": Affine.from_gdal(*stream.metadata["geoTransform"]),
    }
    if nodata is not None:
        profile["nodata"] = nodata
    if format == "tif":
        profile |= {"compress": "deflate", "BIGTIFF": "IF_SAFER"}
        if rows >= _TILE and columns >= _TILE:
            profile |= {"tiled": True, "blockxsize": _TILE, "blockysize": _TILE}
    return profile


def _describe(out: Any, metadata: dict[str, Any]) -> None:
    for index, band in enumerate(metadata.get("bands") or [], start=1):
        description = band.get("description")
        name = description.get("name") if isinstance(description, dict) else None
        if name and index <= out.count:
            out.set_band_description(index, str(name))


def _rasterio() -> Any:
    try:
        import rasterio
    except ImportError:
        raise MissingExtraError(
            "files are written with rasterio: pip install 'swath[rasterio]'"
        ) from None
    return rasterio
