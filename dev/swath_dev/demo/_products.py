"""What the demo puts into the catalog: its own scene, or a GeoTIFF of the user's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rasterio

from swath_core.definitions import NUMPY_TYPES
from swath_dev._errors import CommandError

from . import _scene

_GDAL_TYPES = {numpy_name: name for name, numpy_name in NUMPY_TYPES.items()}


@dataclass(frozen=True)
class Delivery:
    """A product, its bands and one image of it, ready to be sent.

    ``shown`` are the bands to render: one or three, and an alpha band where there is one.
    """

    product: str
    title: str
    bands: Sequence[dict[str, Any]]
    name: str
    attributes: dict[str, Any]
    files: list[Path]
    shown: Sequence[str]


def own_scene(scene: _scene.Scene, folder: Path) -> Delivery:
    """Return the made-up scene: four spectral bands, land cover and alpha in three files."""
    spectral = [
        _band(name, "spectral", "UInt16", 0, index, (0, 10_000), (0, 3_000))
        | {"nodata": _scene.NODATA, "resolution": "30m"}
        | dict(zip(("wavelength_nm_min", "wavelength_nm_max"), wavelengths, strict=True))
        for index, (name, wavelengths) in enumerate(_scene.WAVELENGTHS.items())
    ]
    landcover = _band("landcover", "class", "Byte", 1, 0, (0, 5), (0, 5)) | {
        "nodata": 0,
        "resolution": "30m",
        "class_labels": list(_scene.CLASSES),
        "colormap": [list(colour) for colour in _scene.COLOURS],
    }
    alpha = {
        "name": "alpha", "type": "mask", "data_type": "Byte", "is_alpha": True,
        "file_index": 2, "band_index": 0, "resolution": "30m",
    }  # fmt: skip
    return Delivery(
        product="demo-alps",
        title="A scene made of noise, at the northern edge of the Alps",
        bands=[*spectral, landcover, alpha],
        name=f"scene_{_scene.ACQUIRED:%Y%m%d}",
        attributes={
            "acquired": _scene.ACQUIRED.isoformat(),
            "cloud_fraction": 0.0,
            "satellite_id": "demo-1",
            "tags": ["demo"],
        },
        files=_scene.write_files(scene, folder),
        shown=("red", "green", "blue", "alpha"),
    )


def users_image(path: Path) -> Delivery:
    """Return a GeoTIFF of the user's as a product of its own. Raises CommandError."""
    try:
        with rasterio.open(path) as dataset:
            types, nodata = dataset.dtypes, dataset.nodata
            stamp = dataset.tags().get("TIFFTAG_DATETIME")
            ranges = [_range(dataset, index) for index in dataset.indexes]
    except rasterio.errors.RasterioIOError as error:
        raise CommandError(f"{path} cannot be opened as a raster: {error}") from error
    unknown = sorted({dtype for dtype in types if dtype not in _GDAL_TYPES})
    if unknown:
        raise CommandError(
            f"{path} holds {', '.join(unknown)}; a band is one of {', '.join(_GDAL_TYPES)}"
        )
    bands = [
        _band(
            f"band{index + 1}",
            "generic",
            _GDAL_TYPES[dtype],
            0,
            index,
            ranges[index],
            ranges[index],
        )
        | {"resolution": "1m"}
        | ({} if nodata is None else {"nodata": nodata})
        for index, dtype in enumerate(types)
    ]
    stem = re.sub(r"[^A-Za-z0-9_.-]", "_", path.stem)
    return Delivery(
        product=f"demo-{stem}".lower()[:100],
        title=path.name,
        bands=bands,
        name=stem[:200],
        attributes={"acquired": _acquired(path, stamp), "tags": ["demo"]},
        files=[path],
        shown=tuple(band["name"] for band in bands[: 3 if len(bands) >= 3 else 1]),  # noqa: PLR2004
    )


def _band(
    name: str,
    kind: str,
    data_type: str,
    file_index: int,
    band_index: int,
    data_range: tuple[float, float],
    display_range: tuple[float, float],
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "data_type": data_type,
        "file_index": file_index,
        "band_index": band_index,
        "data_range": list(data_range),
        "display_range": list(display_range),
    }


def _range(dataset: rasterio.DatasetReader, index: int) -> tuple[float, float]:
    """Return a display range: the 2nd and 98th percentile of a coarse reading, in data's units."""
    shape = tuple(max(1, min(512, size)) for size in dataset.shape)
    values = dataset.read(index, out_shape=shape, masked=True).compressed()
    if values.size == 0:
        return 0.0, 1.0
    values.sort()
    low, high = (float(values[int(at * (values.size - 1))]) for at in (0.02, 0.98))
    return low, high if high > low else low + 1.0


def _acquired(path: Path, stamp: str | None) -> str:
    """Return the time of the TIFF's own tag, else of the file."""
    try:
        moment = datetime.strptime(stamp or "", "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return moment.isoformat()
