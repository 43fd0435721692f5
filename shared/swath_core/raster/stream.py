"""The response stream of ``/npz``: two lines of JSON, then chunks of data and mask.

Chunks are the 512 x 512 blocks of a tiled GeoTIFF in their order, all bands in each, so that a
client can write them to a file as they come.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from swath_core.errors import SwathError
from swath_core.raster.blosc import frame
from swath_core.raster.grid import Window
from swath_core.raster.mosaic import BLOCK

Array = np.ndarray[Any, Any]
CONTENT_TYPE = "application/octet-stream"
ENCODERS = 4

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """A window of a raster, whole blocks of it: data and mask, both (bands, rows, columns)."""

    window: Window
    data: Array
    mask: Array


@dataclass(frozen=True, slots=True)
class Raster:
    """A raster to be streamed: its metadata, its shape and type, and its parts in block order.

    ``parts`` is consumed once.
    """

    metadata: dict[str, Any]
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    parts: Iterable[Part]

    def whole(self) -> tuple[Array, Array]:
        """Return all data and masks, both (bands, rows, columns); consumes the parts."""
        outer, parts = Window(0, 0, *self.shape[1:]), iter(self.parts)
        first = next(parts)
        if first.window == outer:
            return first.data, first.mask
        data, mask = np.empty(self.shape, self.dtype), np.empty(self.shape, bool)
        for part in chain([first], parts):
            rows, columns = part.window.within(outer)
            data[:, rows, columns], mask[:, rows, columns] = part.data, part.mask
        return data, mask


def encode(raster: Raster) -> Iterator[bytes]:
    """Yield the stream of a raster.

    An error of the caller's making (a file that cannot be read) is raised as it is; any other that
    happens after the first line ends the stream with an error chunk, which clients retry.
    """
    _, height, width = raster.shape
    count = -(-height // BLOCK) * -(-width // BLOCK)
    yield _line(raster.metadata)
    yield _line({"shape": list(raster.shape), "dtype": raster.dtype.name, "chunks": count})
    try:
        with ThreadPoolExecutor(ENCODERS) as executor:
            for part in raster.parts:
                yield from executor.map(_chunk, *zip(*_blocks(part), strict=True))
    except SwathError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the caller hears of it
        _log.exception("a raster broke off")
        yield _line({"error": f"the raster broke off: {type(error).__name__}; try again"})


def _blocks(part: Part) -> Iterator[tuple[Part, int, int]]:
    for y in range(0, part.window.height, BLOCK):
        for x in range(0, part.window.width, BLOCK):
            yield part, y, x


def _chunk(part: Part, y: int, x: int) -> bytes:
    data = part.data[:, y : y + BLOCK, x : x + BLOCK]
    mask = part.mask[:, y : y + BLOCK, x : x + BLOCK]
    offset = [0, part.window.row + y, part.window.column + x]
    return _line({"offset": offset, "shape": list(data.shape)}) + frame(data) + frame(mask)


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode() + b"\n"
