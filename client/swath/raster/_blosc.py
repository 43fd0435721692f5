"""Blosc-1 frames: the envelope of every array in a raster stream.

Layout (README_CHUNK_FORMAT of c-blosc 1.x): a header of 16 bytes (version, version of the codec,
flags, type size, then little-endian sizes: bytes, block size, bytes of the frame), where each block
starts, and the blocks. What the service sends is read with NumPy and zlib: frames that are a mere
copy, and blocks of shuffled bytes under zlib. Frames of other codecs need the `blosc` package.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

from swath.errors import MissingExtraError, ServerError

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER = struct.Struct("<BBBBIII")
_LENGTH = struct.Struct("<i")
_MOST_PARTS, _LEAST_PART = 16, 128  # where blocks are split by bytes of the items (MIN_BUFFERSIZE)
_SHUFFLED, _PLAIN, _BIT_SHUFFLED, _UNSPLIT = 0x01, 0x02, 0x04, 0x10
_ZLIB = 3 << 5
_CODEC = 7 << 5


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
    if flags & _PLAIN:
        if len(frame) - HEADER.size != nbytes:
            raise ServerError("a raster frame is shorter than it says")
        return memoryview(frame)[HEADER.size :]
    if flags & _CODEC != _ZLIB or flags & _BIT_SHUFFLED:
        return memoryview(_blosc().decompress(frame))
    try:
        return _inflated(frame).data
    except (zlib.error, struct.error, ValueError, IndexError) as error:
        raise ServerError(f"a raster frame is garbled: {error}") from error


def _inflated(frame: bytes) -> NDArray[Any]:
    """The bytes of all blocks."""
    import numpy as np

    _, _, flags, itemsize, size, block, _ = HEADER.unpack_from(frame)
    if block <= 0 or itemsize <= 0:
        raise ValueError(f"blocks of {block} bytes of items of {itemsize}")
    out = np.empty(size, np.uint8)
    starts = struct.unpack_from(f"<{-(-size // block)}i", frame, HEADER.size)
    for number, start in enumerate(starts):
        room = out[number * block : (number + 1) * block]
        split = not flags & _UNSPLIT and room.size == block and itemsize <= _MOST_PARTS
        parts = itemsize if split and block // itemsize >= _LEAST_PART else 1
        whole = _block(frame, start, room.size, parts)
        room[:] = _unshuffled(whole, itemsize if flags & _SHUFFLED else 1)
    return out


def _block(frame: bytes, start: int, size: int, parts: int) -> bytes:
    """One block, decompressed from its streams, which follow each other."""
    found = []
    for _ in range(parts):
        stream, start = _stream(frame, start, size // parts)
        found.append(stream)
    return b"".join(found)


def _stream(frame: bytes, start: int, size: int) -> tuple[bytes, int]:
    """A stream, decompressed, and where the next begins; one as long as its content is a copy."""
    if start < HEADER.size:
        raise ValueError(f"a block starts at {start}")
    (length,) = _LENGTH.unpack_from(frame, start)
    stored = frame[start + _LENGTH.size : start + _LENGTH.size + length]
    if length < 0 or len(stored) != length:
        raise ValueError(f"a block of {length} bytes at {start} ends behind the frame")
    whole = stored if length == size else zlib.decompressobj().decompress(stored, size)
    if len(whole) != size:
        raise ValueError(f"a block holds {len(whole)} bytes instead of {size}")
    return whole, start + _LENGTH.size + length


def _unshuffled(block: bytes, itemsize: int) -> NDArray[Any]:
    """The first bytes of all items, then the second ones, ...: back in order.

    What is left over at the end, less than an item, is not shuffled.
    """
    import numpy as np

    stored = np.frombuffer(block, np.uint8)
    whole = stored.size - stored.size % itemsize
    items = stored[:whole].reshape(itemsize, -1).T.reshape(-1)
    return np.concatenate([items, stored[whole:]]) if whole < stored.size else items


def _blosc() -> Any:
    try:
        import blosc  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise MissingExtraError(
            "the service compresses its arrays in a way that needs pip install 'swath[blosc]'"
        ) from None
    return blosc
