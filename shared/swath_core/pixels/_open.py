"""Opening untrusted rasters: four drivers, no sidecars, no other files, no network."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from ._model import Refused

DRIVERS = ("GTiff", "JP2OpenJPEG", "PNG", "JPEG")
"""The only drivers that see a user's bytes."""

CACHE_BYTES = 64 * 1024**2
"""GDAL's cache of decoded blocks."""

HARDENED: dict[str, Any] = {
    # no sidecar is looked for, read or written
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    # no remote file is opened, whatever a file's metadata ask for
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".no-remote-files",
    "GDAL_HTTP_MAX_RETRY": "0",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    # libjpeg fills what is missing with grey and calls it a warning
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "TRUE",
    # GDAL's fast way through a PNG (3.10) makes up the rows that a truncated file lacks
    "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",
    "GTIFF_REPORT_COMPD_CS": "YES",
    "GDAL_CACHEMAX": CACHE_BYTES,
    "GDAL_NUM_THREADS": "1",
}
"""GDAL's configuration while a user's file is open."""

DECODING_ERRORS = (RasterioError, CPLE_BaseError, SystemError, MemoryError)
"""What rasterio raises where GDAL cannot decode: some of GDAL's errors reach it without a class."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"II*\0", "GTiff"),
    (b"MM\0*", "GTiff"),
    (b"II+\0", "GTiff"),
    (b"MM\0+", "GTiff"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JP2OpenJPEG"),
    (b"\xff\x4f\xff\x51", "JP2OpenJPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
)

ACCEPTED = "GeoTIFF, Cloud Optimized GeoTIFF, JPEG 2000, PNG or JPEG"


def driver_of(path: Path, name: str) -> str:
    """Return the driver that the file's first bytes call for. Raises Refused."""
    size = path.stat().st_size
    if size == 0:
        raise Refused(f"{name}: the file is empty (0 bytes); expected {ACCEPTED}")
    with path.open("rb") as file:
        start = file.read(16)
    for magic, driver in _MAGIC:
        if start.startswith(magic):
            return driver
    raise Refused(
        f"{name}: is no raster that is accepted: it starts with the bytes "
        f"{start[:8].hex(' ')} and has {size} bytes; expected {ACCEPTED}"
    )


@contextmanager
def opened(path: Path, name: str) -> Iterator[Any]:
    """Yield the file as a rasterio dataset, under the hardened configuration.

    Raises Refused where the file cannot be opened or refers to other files.
    """
    driver = driver_of(path, name)
    with rasterio.Env(**HARDENED):
        try:
            with warnings.catch_warnings():
                # a raster without a place may get one from the image's attributes
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                dataset = rasterio.open(path, driver=driver, sharing=False)
        except (*DECODING_ERRORS, ValueError) as error:
            raise Refused(f"{name}: cannot be opened as {driver}: {reason(error)}") from error
        with dataset:
            _refuse_references(dataset, name)
            yield dataset


def _refuse_references(dataset: Any, name: str) -> None:
    """Refuse a file whose metadata point at another file (GDAL would follow them)."""
    spaces = [("the file", 0)] + [(f"band {index}", index) for index in dataset.indexes]
    for owner, index in spaces:
        for space in ("OVERVIEWS", "PROXY_OVERVIEW_REQUEST", "DERIVED_SUBDATASETS"):
            tags = dataset.tags(index, ns=space)
            if space == "OVERVIEWS" and tags:
                pairs = ", ".join(f"{key}={value}" for key, value in tags.items())
                raise Refused(
                    f"{name}: {owner} refers to another file ({pairs}); "
                    "expected a file that stands alone"
                )
    others = [file for file in dataset.files if Path(file).name != Path(dataset.name).name]
    if others:
        raise Refused(f"{name}: depends on other files ({', '.join(others)})")


def reason(error: BaseException) -> str:
    """Return the deepest message of a chain of errors: what the decoder said."""
    messages = []
    current: BaseException | None = error
    while current is not None:
        text = str(current).strip()
        if text and "previous exception" not in text:
            messages.append(text)
        current = current.__cause__ or current.__context__
    return messages[-1] if messages else type(error).__name__
