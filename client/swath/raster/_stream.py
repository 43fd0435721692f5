"""The stream of a raster answer, read chunk by chunk (contract, section 5.3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from swath.errors import ServerError

from ._blosc import HEADER, decode, frame_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LINE = 16 * 1024 * 1024  # bytes; metadata of many images in one line
_DTYPES = frozenset({"uint8", "uint16", "int16", "uint32", "int32", "float32", "float64"})
_DIMENSIONS = 3


@dataclass(frozen=True, slots=True)
class Chunk:
    """A block of the result: `data` and `mask` (True: masked), shape (bands, rows, columns)."""

    offset: tuple[int, int, int]
    data: NDArray[Any]
    mask: NDArray[np.bool_]

    @property
    def window(self) -> tuple[slice, slice, slice]:
        """Where the block is in the whole array."""
        starts = zip(self.offset, self.data.shape, strict=True)
        bands, rows, columns = (slice(start, start + size) for start, size in starts)
        return bands, rows, columns


class RasterStream:
    """The head of a stream, then its chunks. Raises ServerError when it breaks the contract."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._buffer = b""
        self.metadata: dict[str, Any] = self._line()
        head = self._line()
        try:
            self.shape: tuple[int, ...] = tuple(int(size) for size in head["shape"])
            self.dtype = str(head["dtype"])
            self._chunks = int(head["chunks"])
        except (KeyError, TypeError, ValueError) as error:
            raise ServerError(f"the raster stream begins wrongly: {head!r}") from error
        if len(self.shape) != _DIMENSIONS or self.dtype not in _DTYPES:
            raise ServerError(f"the raster stream has shape {self.shape} of {self.dtype}")

    def __iter__(self) -> Iterator[Chunk]:
        for _ in range(self._chunks):
            yield self._chunk()

    def _chunk(self) -> Chunk:
        import numpy as np

        head = self._line()
        offset = tuple(int(value) for value in head["offset"])
        shape = tuple(int(value) for value in head["shape"])
        ends = [start + size for start, size in zip(offset, shape, strict=True)]
        if min(offset) < 0 or any(end > whole for end, whole in zip(ends, self.shape, strict=True)):
            raise ServerError(f"a raster chunk at {offset} of {shape} is outside of {self.shape}")
        count = int(np.prod(shape))
        dtype = np.dtype(self.dtype)
        data = np.frombuffer(self._frame(count * dtype.itemsize), dtype).reshape(shape)
        mask = np.frombuffer(self._frame(count), np.bool_).reshape(shape)
        return Chunk((offset[0], offset[1], offset[2]), data, mask)

    def _frame(self, expected: int) -> memoryview:
        header = self._exactly(HEADER.size)
        return decode(header + self._exactly(frame_size(header) - HEADER.size), expected)

    def _line(self) -> dict[str, Any]:
        text = self._until_newline()
        try:
            line = json.loads(text)
        except ValueError as error:
            raise ServerError(f"the raster stream is garbled: {text[:80]!r}") from error
        if not isinstance(line, dict):
            raise ServerError(f"the raster stream is garbled: {text[:80]!r}")
        if "error" in line:
            raise ServerError(f"reading pixels failed: {line['error']}")
        return line

    def _until_newline(self) -> bytes:
        while b"\n" not in self._buffer:
            more = self._source.read(1 << 14)
            if not more:
                raise ServerError("the raster stream ended early")
            self._buffer += more
            if len(self._buffer) > _LINE:
                raise ServerError("the raster stream has no line end")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _exactly(self, size: int) -> bytes:
        parts = [self._buffer[:size]]
        self._buffer = self._buffer[size:]
        missing = size - len(parts[0])
        while missing:
            part = self._source.read(missing)
            if not part:
                raise ServerError(f"the raster stream ended {missing} bytes early")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)
