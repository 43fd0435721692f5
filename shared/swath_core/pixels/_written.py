"""Whether a COG was written whole: a disk that fills up is not always an error to GDAL.

What the driver still holds in memory goes to the disk when the file is closed, and a failure of
that is not reported: the call succeeds, and the end of the file is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rasterio

from ._masks import has_mask
from ._open import DECODING_ERRORS, HARDENED, reason
from ._scan import windows

_TRAILER_BYTES = 4
"""GDAL's COG driver repeats the last bytes of each block behind it."""


def check_written(path: Path) -> None:
    """Read back every block of every level. Raises OSError where the file is not whole."""
    try:
        with rasterio.Env(**HARDENED | {"GDAL_NUM_THREADS": "ALL_CPUS"}):
            for level in range(-1, _overviews(path)):
                options = {} if level < 0 else {"overview_level": level}
                with rasterio.open(path, driver="GTiff", sharing=False, **options) as dataset:
                    _check_places(dataset, path.stat().st_size)
                    _read_blocks(dataset)
    except DECODING_ERRORS as error:
        raise _incomplete(reason(error)) from error


def _overviews(path: Path) -> int:
    with rasterio.open(path, driver="GTiff", sharing=False) as dataset:
        return len(dataset.overviews(1))


def _check_places(dataset: Any, size: int) -> None:
    """Raise OSError where a block has no place in the file, or one beyond its end."""
    height, width = dataset.block_shapes[0]
    for row in range(-(-dataset.height // height)):
        for column in range(-(-dataset.width // width)):
            offset, length = (
                int(dataset.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=1) or 0)
                for what in ("OFFSET", "SIZE")
            )
            if not offset or offset + length + _TRAILER_BYTES > size:
                raise _incomplete(f"block (column {column}, row {row}) is missing or cut off")


def _read_blocks(dataset: Any) -> None:
    masked = has_mask(dataset)
    for window in windows(dataset):
        dataset.read(window=window)
        if masked:
            dataset.read_masks(1, window=window)


def _incomplete(why: str) -> OSError:
    return OSError(f"the COG was not written whole, as on a disk that is full: {why}")
