"""Reading windows of stored COGs: open handles, overviews, merged range requests.

Only the GeoTIFF driver is ever asked to open a file, without sidecars and directory listings.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np
import rasterio
from aws_lambda_powertools import Logger
from pyproj import CRS
from rasterio.enums import ColorInterp, Interleaving, MaskFlags
from rasterio.errors import RasterioError
from rasterio.session import DummySession
from rasterio.windows import Window as GdalWindow

from swath_core.errors import NotFound, SwathError, Unavailable

from ._grid import Grid, Window

T = TypeVar("T")

_log = Logger()  # the function's own: its lines carry what the request or message is called

HEADER_BYTES = 32_768
"""Fetched at once when a file is opened: a COG's directories, for files up to about 30,000 px."""
MAX_IDLE = 128
CACHE_BYTES = 256 * 1024**2
"""GDAL's cache of decoded blocks; what is too small for a grid is also rasterised row by row."""
PAUSES = (0.2, 1.0)
"""Seconds before a read that failed is tried again: GDAL does so for opening, not for blocks."""
_NO_TIFF = re.compile(r"\bTIFF[A-Z]\w+:|not recognized as being in a supported file format")


class FileUnreadable(NotFound):
    """A stored file that is not there, or is none that can be read."""


class _Failed(Exception):
    """Opening or reading failed once; the argument is GDAL's error."""

    def final(self) -> SwathError:
        """Return what the caller is told if the file is there and fails each time."""
        if _NO_TIFF.search(str(self.args[0])):
            return FileUnreadable("the stored file is no readable GeoTIFF")
        return Unavailable("a stored file could not be read just now; send the request again")


def gdal_options(environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the GDAL configuration for reading stored files.

    Where ``AWS_ENDPOINT_URL`` points S3 elsewhere (the local cloud), GDAL is told in its own terms.
    """
    environment = dict(os.environ) if environment is None else environment
    options: dict[str, Any] = {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_INGESTED_BYTES_AT_OPEN": HEADER_BYTES,
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif,.tiff",
        "CPL_VSIL_CURL_USE_HEAD": "NO",
        "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
        "GDAL_HTTP_MAX_RETRY": 2,
        "GDAL_HTTP_RETRY_DELAY": 0.2,
        "GDAL_HTTP_CONNECTTIMEOUT": 5,
        "GDAL_HTTP_TIMEOUT": 30,
        "GDAL_HTTP_LOW_SPEED_TIME": 5,
        "GDAL_HTTP_LOW_SPEED_LIMIT": 1024,
        "GDAL_NUM_THREADS": "ALL_CPUS",
        "GDAL_CACHEMAX": CACHE_BYTES,
    }
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if endpoint:
        parts = urlsplit(endpoint)
        options["AWS_S3_ENDPOINT"] = parts.netloc
        options["AWS_HTTPS"] = "YES" if parts.scheme == "https" else "NO"
        options["AWS_VIRTUAL_HOSTING"] = "FALSE"
    return options


def gdal(**options: Any) -> rasterio.Env:
    """Return a context in which GDAL runs with these options.

    GDAL finds the function's credentials itself; by its own default rasterio would build a session
    of boto3 for them every time, also where nothing is read from S3.
    """
    return rasterio.Env(session=DummySession(), **options)


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a file's header says: its grid, its overviews' factors, its nodata and own mask.

    Of an overview, the grid is its own. ``block_bytes`` is what its largest block takes, unpacked.
    """

    grid: Grid
    factors: tuple[int, ...]
    nodata: tuple[float | None, ...]
    dtypes: tuple[str, ...]
    has_mask: bool
    block_bytes: int


class FilePool:
    """Open datasets, each used by one thread at a time and kept for the next one.

    A stored file never changes (its key holds a version), so a handle stays good.
    """

    def __init__(
        self,
        options: dict[str, Any] | None = None,
        exists: Callable[[str], bool] = os.path.exists,
        options_of: Callable[[str], Mapping[str, Any]] = lambda _: {},
    ) -> None:
        """Open with these options; ``options_of`` returns more of them for a path."""
        self._options = gdal_options() if options is None else options
        self._exists = exists
        self._options_of = options_of
        self._idle: OrderedDict[tuple[str, int, int], rasterio.DatasetReader] = OrderedDict()
        self._infos: OrderedDict[tuple[str, int], FileInfo] = OrderedDict()
        self._lock = Lock()
        self._serial = 0

    def info(self, path: str, level: int = 0) -> FileInfo:
        """Return what the header says of a file (level 0), or of its n-th overview.

        Raises FileUnreadable, Unavailable.
        """
        with self._lock:
            known = self._infos.get((path, level))
        if known is None:
            known = self._try(path, level, _info)
            with self._lock:
                self._infos[path, level] = known
                while len(self._infos) > 10 * MAX_IDLE:
                    self._infos.popitem(last=False)
        return known

    def read(
        self, path: str, level: int, indexes: list[int], window: Window, *, with_mask: bool
    ) -> RawPixels:
        """Return the pixels of some bands in a window of a file, or of its n-th overview.

        Raises FileUnreadable, Unavailable.
        """
        return self._try(
            path, level, lambda dataset: _read_window(dataset, indexes, window, with_mask=with_mask)
        )

    def _try(self, path: str, level: int, use: Callable[[rasterio.DatasetReader], T]) -> T:
        """Return what is made of an open dataset; try again where the store may be to blame."""
        pauses = iter(PAUSES)
        while True:
            try:
                with self._borrow(path, level) as dataset:
                    return use(dataset)
            except _Failed as error:
                there, pause = self._exists(path), next(pauses, None)
                if not there:
                    raise FileUnreadable("the stored file is gone, or may not be read") from error
                if pause is None:
                    raise error.final() from error
                time.sleep(pause)

    @contextmanager
    def _borrow(self, path: str, level: int) -> Iterator[rasterio.DatasetReader]:
        """Lend an open dataset: level 0 is the file itself, level n its n-th overview."""
        with gdal(**self._options, **self._options_of(path)):
            dataset = self._take(path, level)
            try:
                dataset = dataset or _open(path, level)
                yield dataset
            except RasterioError as error:
                _log.warning("reading a stored file failed", extra={"path": path}, exc_info=error)
                if dataset is not None:
                    dataset.close()
                self._forget(path)
                raise _Failed(error) from error
            self._put(path, level, dataset)

    def _forget(self, path: str) -> None:
        """Have GDAL drop the bytes that it keeps of a file.

        A body that was cut short is kept like a whole one, and would be read again and again. GDAL
        drops what it has of a file when one that was opened with this option is closed.
        """
        if not path.startswith("/vsi"):
            return
        once = {"CPL_VSIL_CURL_NON_CACHED": path, "GDAL_HTTP_MAX_RETRY": 0}
        with gdal(**self._options | once, **self._options_of(path)), suppress(RasterioError):
            _open(path, 0).close()

    def _take(self, path: str, level: int) -> rasterio.DatasetReader | None:
        with self._lock:
            for key in self._idle:
                if key[:2] == (path, level):
                    return self._idle.pop(key)
        return None

    def _put(self, path: str, level: int, dataset: rasterio.DatasetReader) -> None:
        with self._lock:
            self._serial += 1
            self._idle[path, level, self._serial] = dataset
            while len(self._idle) > MAX_IDLE:
                _, oldest = self._idle.popitem(last=False)
                oldest.close()

    def close(self) -> None:
        """Close every idle dataset."""
        with self._lock:
            while self._idle:
                _, dataset = self._idle.popitem()
                with suppress(RasterioError):
                    dataset.close()
            self._infos.clear()


def _open(path: str, level: int) -> rasterio.DatasetReader:
    options = {} if level == 0 else {"overview_level": level - 1}
    return rasterio.open(path, driver="GTiff", sharing=False, **options)


def _info(dataset: rasterio.DatasetReader) -> FileInfo:
    if dataset.crs is None:
        raise FileUnreadable("the stored file has no CRS")
    if not dataset.transform.determinant:
        raise FileUnreadable("the stored file's pixels have no size on the ground")
    flags = dataset.mask_flag_enums[0]
    return FileInfo(
        grid=dataset_grid(dataset),
        factors=tuple(dataset.overviews(1)),
        nodata=tuple(dataset.nodatavals),
        dtypes=tuple(dataset.dtypes),
        has_mask=MaskFlags.per_dataset in flags
        and MaskFlags.alpha not in flags
        and ColorInterp.alpha not in dataset.colorinterp,
        block_bytes=_block_bytes(dataset),
    )


def _block_bytes(dataset: rasterio.DatasetReader) -> int:
    """Return the bytes of the largest block: of all bands, where they lie pixel by pixel."""
    sizes = [
        height * width * _itemsize(dtype)
        for (height, width), dtype in zip(dataset.block_shapes, dataset.dtypes, strict=True)
    ]
    by_pixel = dataset.interleaving is not Interleaving.band
    return sum(sizes) if by_pixel else max(sizes)


def _itemsize(dtype: str) -> int:
    try:
        return np.dtype(dtype).itemsize
    except TypeError as error:  # a type of GDAL's that NumPy lacks: complex integers
        raise FileUnreadable(f"the stored file's pixels are {dtype}") from error


def dataset_grid(dataset: rasterio.DatasetReader) -> Grid:
    """Return the grid of an open dataset."""
    code = dataset.crs.to_epsg(confidence_threshold=100)
    crs = CRS.from_epsg(code) if code else CRS.from_wkt(dataset.crs.to_wkt())
    return Grid(crs, dataset.transform, dataset.width, dataset.height)


def overview_level(factors: tuple[int, ...], ratio: float) -> int:
    """Return which overview (counted from 1; 0 is the file itself) to read at a reduction.

    The coarsest that is no coarser than the target, with the tolerance of gdalwarp's ``-ovr AUTO``.
    """
    level = 0
    for number, factor in enumerate(factors, start=1):
        if math.isfinite(ratio) and factor <= ratio + 0.1:
            level = number
    return level


@dataclass(frozen=True, slots=True)
class RawPixels:
    """A window of a file: ``values`` is (bands, rows, columns), ``mask`` False where no data is."""

    values: np.ndarray[Any, Any]
    mask: np.ndarray[Any, Any] | None
    window: Window


def _read_window(
    dataset: rasterio.DatasetReader, indexes: list[int], window: Window, *, with_mask: bool
) -> RawPixels:
    """Return the pixels of some bands in a window of the file (or of the overview) that is open."""
    cut = GdalWindow(window.column, window.row, window.width, window.height)
    values = dataset.read(indexes, window=cut)
    mask = dataset.read_masks(indexes[0], window=cut) > 0 if with_mask else None
    return RawPixels(values, mask, window)
