"""Blosc-1 frames: the envelope of every array in a raster stream.

Layout: the header of 16 bytes of c-blosc 1.x (README_CHUNK_FORMAT): version, version of the codec,
flags, type size, then little-endian sizes: bytes, block size, bytes of the frame. The service sends
frames that are not compressed ("memcpyed", flag 2), which need nothing but a copy; for compressed
ones the `blosc` package is used where it is installed.
"""

from __future__ import annotations

import struct
from typing import Any

from swath.errors import MissingExtraError, ServerError

HEADER = struct.Struct("<BBBBIII")
_PLAIN = 0x02


def frame_size(header: bytes) -> int:
    """Length of the whole frame, header included, from its first 16 bytes."""
    size = int(HEADER.unpack(header)[6])
    if size < HEADER.size:
        raise ServerError(f"a raster frame claims {size} bytes, less than its header")
    return size


def decode(frame: bytes, expected: int) -> memoryview:
    """The content of a frame, which must be `expected` bytes. Raises ServerError otherwise."""
    _, _, flags, _, nbytes, _, cbytes = HEADER.unpack_from(frame)
    if nbytes != expected or cbytes != len(frame):
        raise ServerError(f"a raster frame holds {nbytes} bytes instead of {expected}")
    if not flags & _PLAIN:
        return memoryview(_blosc().decompress(frame))
    if len(frame) - HEADER.size != nbytes:
        raise ServerError("a raster frame is shorter than it says")
    return memoryview(frame)[HEADER.size :]


def _blosc() -> Any:
    try:
        import blosc  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise MissingExtraError(
            "the service compresses its arrays: pip install 'swath[blosc]'"
        ) from None
    return blosc
