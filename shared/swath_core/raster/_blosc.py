"""Blosc 1 frames written with the standard library: byte shuffle and zlib, or plain copies.

Layout: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

_HEADER = struct.Struct("<BBBBIII")
_VERSION = 2
_CODEC_VERSION = 1
_SHUFFLED = 0x01
_COPIED = 0x02
_UNSPLIT = 0x10
_ZLIB = 3 << 5
BLOCK_BYTES = 2**20
LEVEL = 1
MIN_GAIN = 0.9
"""A frame is compressed if that makes it at most this part of its size."""


def copied_blosc_frame(data: np.ndarray[Any, Any]) -> bytes:
    """Return an array's bytes as an uncompressed frame."""
    raw = np.ascontiguousarray(data).tobytes()
    header = _HEADER.pack(
        _VERSION, _CODEC_VERSION, _COPIED, data.itemsize, len(raw), len(raw), len(raw) + 16
    )
    return header + raw


def blosc_frame(data: np.ndarray[Any, Any], *, level: int = LEVEL) -> bytes:
    """Return an array's bytes (C order) as a frame, compressed where that saves something."""
    raw = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
    block = BLOCK_BYTES - BLOCK_BYTES % data.itemsize
    compressor = _Blocks(raw, data.itemsize, min(block, raw.size), level)
    if raw.size == 0 or not compressor.worthwhile():
        return copied_blosc_frame(data)
    return compressor.frame()


class _Blocks:
    def __init__(self, raw: np.ndarray[Any, Any], itemsize: int, size: int, level: int) -> None:
        self._raw, self._itemsize, self._size, self._level = raw, itemsize, size, level

    def worthwhile(self) -> bool:
        """Whether the middle of the data compresses: a sample decides, noise is not tried twice."""
        sample = min(self._raw.size, 65_536) // self._itemsize * self._itemsize
        start = (self._raw.size - sample) // 2 // self._itemsize * self._itemsize
        part = self._raw[start : start + sample]
        return len(zlib.compress(self._shuffle(part), 1)) < MIN_GAIN * part.size

    def frame(self) -> bytes:
        starts, streams = [], []
        count = -(-self._raw.size // self._size)
        at = _HEADER.size + 4 * count
        for number in range(count):
            stream = self._stream(self._raw[number * self._size : (number + 1) * self._size])
            starts.append(at)
            streams.append(struct.pack("<i", len(stream)) + stream)
            at += 4 + len(stream)
        flags = _ZLIB | _UNSPLIT | (_SHUFFLED if self._itemsize > 1 else 0)
        header = _HEADER.pack(
            _VERSION, _CODEC_VERSION, flags, self._itemsize, self._raw.size, self._size, at
        )
        return b"".join([header, struct.pack(f"<{count}i", *starts), *streams])

    def _stream(self, block: np.ndarray[Any, Any]) -> bytes:
        shuffled = self._shuffle(block)
        compressed = zlib.compress(shuffled, self._level)
        # a stream as long as its block is read as a copy
        return compressed if len(compressed) < len(shuffled) else shuffled

    def _shuffle(self, block: np.ndarray[Any, Any]) -> bytes:
        if self._itemsize == 1:
            return block.tobytes()
        return block.reshape(-1, self._itemsize).T.tobytes()
