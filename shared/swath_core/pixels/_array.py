"""Arrays: the ``.npy`` files that clients send for ndarrays, made into a plain TIFF.

Layout of the format: numpy.lib.format, versions 1 to 3. The header is checked before anything
is allocated, and objects (pickles) are never read.
"""

from __future__ import annotations

import ast
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.windows import Window

from swath_core.definitions import NUMPY_TYPES

from ._georeference import Position
from ._header import check_size
from ._model import Limits, Refused

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000
_CHUNK_BYTES = 16 * 1024 * 1024
_DIMENSIONS = (2, 3)


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """Shape of an array as rows, columns and bands, how it is stored, and where its data begin."""

    dtype: np.dtype[np.generic]
    fortran_order: bool
    rows: int
    columns: int
    bands: int
    offset: int

    @property
    def data_bytes(self) -> int:
        """Bytes of the array."""
        return self.rows * self.columns * self.bands * self.dtype.itemsize


def read_header(path: Path, name: str, limits: Limits) -> ArrayHeader:
    """Return the checked header of a ``.npy`` file. Raises Refused."""
    with path.open("rb") as file:
        fields, offset = _fields(file, name)
    header = _header(fields, offset, name)
    check_size(
        name, header.columns, header.rows, header.bands, [header.dtype.name] * header.bands, limits
    )
    found = path.stat().st_size - offset
    if found != header.data_bytes:
        raise Refused(
            f"{name}: holds {found} bytes of data; its header promises {header.data_bytes} "
            f"(shape {fields['shape']}, type {header.dtype.str})"
        )
    return header


def _fields(file: BinaryIO, name: str) -> tuple[dict[str, object], int]:
    start = file.read(8)
    if start[:6] != MAGIC:
        raise Refused(
            f"{name}: is no .npy array: it starts with the bytes {start.hex(' ') or '(none)'}"
        )
    width, pattern = (2, "<H") if start[6] == 1 else (4, "<I")
    packed = file.read(width)
    length = struct.unpack(pattern, packed)[0] if len(packed) == width else 0
    if start[6] not in {1, 2, 3} or not 0 < length <= _LONGEST_HEADER:
        raise Refused(f"{name}: has a .npy header of version {start[6]} and {length} bytes")
    try:
        fields = ast.literal_eval(file.read(length).decode("utf-8"))
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise Refused(f"{name}: its .npy header cannot be read: {error}") from error
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise Refused(f"{name}: its .npy header lacks descr, fortran_order or shape")
    return fields, 8 + width + length


def _header(fields: dict[str, object], offset: int, name: str) -> ArrayHeader:
    descr, shape = fields["descr"], fields["shape"]
    if not isinstance(descr, str) or "O" in descr:
        raise Refused(
            f"{name}: holds values of type {descr!r}; expected numbers of one of the types "
            + ", ".join(NUMPY_TYPES)
        )
    try:
        dtype = np.dtype(descr)
    except TypeError as error:
        raise Refused(f"{name}: holds values of an unknown type {descr!r}") from error
    if dtype.newbyteorder("=").name not in NUMPY_TYPES.values():
        raise Refused(
            f"{name}: holds values of type {dtype.name}; expected one of " + ", ".join(NUMPY_TYPES)
        )
    if (
        not isinstance(shape, tuple)
        or len(shape) not in _DIMENSIONS
        or not all(isinstance(side, int) and side > 0 for side in shape)
    ):
        raise Refused(
            f"{name}: has the shape {shape!r}; expected (rows, columns) or (rows, columns, bands)"
        )
    rows, columns, bands = (*shape, 1)[:3]
    return ArrayHeader(dtype, bool(fields["fortran_order"]), rows, columns, bands, offset)


def write_tiff(source: Path, header: ArrayHeader, where: Position, target: Path) -> None:
    """Write the array as an uncompressed TIFF, a few megabytes at a time."""
    profile = {
        "driver": "GTiff",
        "width": header.columns,
        "height": header.rows,
        "count": header.bands,
        "dtype": header.dtype.newbyteorder("=").name,
        "crs": where.crs.to_wkt(),
        "transform": rasterio.Affine.from_gdal(*where.geotransform),
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "interleave": "band",
        "BIGTIFF": "IF_SAFER",
        "photometric": "MINISBLACK",
        "alpha": "UNSPECIFIED",
    }
    with source.open("rb") as file, rasterio.open(target, "w", **profile) as output:
        pieces = _columns(file, header) if header.fortran_order else _rows(file, header)
        for window, bands, values in pieces:
            output.write(values, indexes=bands, window=window)


Piece = tuple[Window, list[int], npt.NDArray[np.generic]]


def _rows(file: BinaryIO, header: ArrayHeader) -> Iterator[Piece]:
    """Yield runs of rows of all bands: in C order they lie together in the file."""
    row_bytes = header.columns * header.bands * header.dtype.itemsize
    step = _step(row_bytes, header.rows)
    bands = list(range(1, header.bands + 1))
    file.seek(header.offset)
    for top in range(0, header.rows, step):
        rows = min(step, header.rows - top)
        values = _read(file, header, rows * header.columns * header.bands)
        block = values.reshape(rows, header.columns, header.bands)
        yield Window(0, top, header.columns, rows), bands, np.moveaxis(block, 2, 0)


def _columns(file: BinaryIO, header: ArrayHeader) -> Iterator[Piece]:
    """Yield runs of columns of one band: in Fortran order they lie together in the file."""
    step = _step(header.rows * header.dtype.itemsize, header.columns)
    file.seek(header.offset)
    for band in range(1, header.bands + 1):
        for left in range(0, header.columns, step):
            columns = min(step, header.columns - left)
            block = _read(file, header, columns * header.rows).reshape(columns, header.rows)
            yield Window(left, 0, columns, header.rows), [band], block.T[np.newaxis]


def _step(line_bytes: int, lines: int) -> int:
    """Return how many lines to read at once: whole tiles where that fits the chunk."""
    fitting = max(1, _CHUNK_BYTES // line_bytes)
    return min(lines, max(1, math.floor(fitting / 512)) * 512 if fitting >= 512 else fitting)  # noqa: PLR2004 - the tile's side


def _read(file: BinaryIO, header: ArrayHeader, count: int) -> npt.NDArray[np.generic]:
    data = file.read(count * header.dtype.itemsize)
    values = np.frombuffer(data, dtype=header.dtype)
    return values.astype(header.dtype.newbyteorder("="), copy=False)
