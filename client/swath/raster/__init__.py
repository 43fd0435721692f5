"""The raster service: requests for pixels and the stream that answers them."""

from ._files import download
from ._read import Pixels, read_pixels
from ._stream import Chunk, RasterStream
from ._values import area_statistics, point_values, values_query

__all__ = [
    "Chunk",
    "Pixels",
    "RasterStream",
    "area_statistics",
    "download",
    "point_values",
    "read_pixels",
    "values_query",
]
