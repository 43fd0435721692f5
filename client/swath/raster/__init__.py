"""The raster service: requests for pixels and the stream that answers them."""

from swath.raster._read import Pixels, read_pixels
from swath.raster._stream import Chunk, RasterStream

__all__ = ["Chunk", "Pixels", "RasterStream", "read_pixels"]
