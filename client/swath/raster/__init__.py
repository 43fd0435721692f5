"""The raster service: requests for pixels and the stream that answers them."""

from ._files import download
from ._read import Pixels, read_pixels
from ._stream import Chunk, RasterStream

__all__ = ["Chunk", "Pixels", "RasterStream", "download", "read_pixels"]
