"""From composited values to the answer: fill, scales, output type, masks, and its metadata."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from swath_core.definitions import NUMPY_TYPES

from ._canvas import Strip
from ._crs import WGS84, describe_crs, transform_points
from ._grid import Grid
from ._mosaic import BLOCK
from ._request import Scale
from ._sources import BandInfo, ImageSource

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class OutputConversion:
    """How composited strips become the output; ``scales`` are resolved (four numbers, or None)."""

    bands: Sequence[BandInfo]
    scales: Sequence[Scale | None]
    dtype: np.dtype[Any]
    mask_nodata: bool
    mask_alpha: bool
    drop_alpha: bool

    @property
    def count(self) -> int:
        """How many bands are returned."""
        return len(self.bands) - (1 if self.drop_alpha else 0)

    def apply(self, strip: Strip) -> tuple[Array, Array]:
        """Return a strip's data and mask (True: masked), both (bands, rows, columns)."""
        size = (self.count, strip.window.height, strip.window.width)
        data, mask = np.empty(size, self.dtype), np.empty(size, bool)
        for position in range(self.count):
            mask[position] = self.mask(strip, position)
            data[position] = self._values(strip, position, mask[position])
        return data, mask

    def mask(self, strip: Strip, position: int) -> Array:
        """Return where a band is masked: outside, nodata, or transparent, as asked."""
        mask = ~strip.inside[position]
        if self.mask_nodata:
            mask |= self._no_data(strip, position)
        if self.mask_alpha:
            mask |= strip.values[-1] == 0
        return mask

    def _no_data(self, strip: Strip, position: int) -> Array:
        if strip.transparent is None:
            return ~strip.valid[position]
        # a transparent pixel is 0: nodata only where 0 is the band's nodata value
        invalid = ~strip.valid[position]
        return invalid if self.bands[position].nodata == 0 else invalid & ~strip.transparent

    def _values(self, strip: Strip, position: int, mask: Array) -> Array:
        band, scale = self.bands[position], self.scales[position]
        values = strip.values[position]
        if strip.transparent is None and band.nodata is not None:
            empty = ~strip.valid[position]
            if empty.any():
                values = np.where(empty, _as_type(band.nodata, values.dtype), values)
        elif strip.transparent is None:
            values = np.where(strip.inside[position], values, values.dtype.type(0))
            if values.dtype.kind == "f":
                values[strip.inside[position] & ~strip.valid[position]] = np.nan
        else:
            values = np.where(strip.transparent | ~strip.inside[position], 0, values)
        if scale is None:
            return to_type(values, self.dtype)
        same = scale[:2] == scale[2:]
        scaled = to_type(values if same else rescale(values, scale), self.dtype)
        if scaled is values:
            scaled = values.copy()
        scaled[mask] = 0
        return scaled


def _as_type(value: float, dtype: np.dtype[Any]) -> Array:
    return to_type(np.asarray(value, np.float64), dtype)


def resolve_scale(scale: Scale | None, found: tuple[float, float] | None) -> Scale | None:
    """Return a scale of four numbers: automatic ones from the range found, others to 0..255."""
    if scale is None:
        return None
    if len(scale) == 4:  # noqa: PLR2004 - complete
        return scale
    low, high = scale or found or (0.0, 255.0)
    return low, high, 0.0, 255.0


def rescale(values: Array, scale: Scale) -> Array:
    """Return float64 values mapped linearly, without clipping, as gdal_translate's -scale does.

    A source range of no width is taken one wide, as there.
    """
    in_low, in_high, out_low, out_high = scale
    width = in_high - in_low or 1.0
    # multiplied before divided: exact where the operands are whole numbers
    with np.errstate(over="ignore", invalid="ignore"):
        return (values.astype(np.float64) - in_low) * (out_high - out_low) / width + out_low


def to_type(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return values in another type: rounded half away from zero, clipped; NaN becomes 0."""
    if values.dtype == dtype:
        return values
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return values.astype(dtype)
    limits = np.iinfo(dtype)
    if values.dtype.kind == "f":
        wide = values.astype(np.float64)
        rounded = np.trunc(wide + np.copysign(0.5, wide))
        values = np.nan_to_num(rounded, nan=0.0)
    else:
        values = values.astype(np.int64)
    clipped: Array = np.clip(values, limits.min, limits.max)
    return clipped.astype(dtype)


def value_ranges(
    conversion: OutputConversion, strips: Iterable[Strip], positions: Sequence[int]
) -> dict[int, tuple[float, float]]:
    """Return the least and the greatest unmasked value of some bands over all strips."""
    found: dict[int, tuple[float, float]] = {}
    for strip in strips:
        for position in positions:
            use = ~conversion.mask(strip, position) & strip.valid[position]
            values = strip.values[position][use]
            values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
            if values.size:
                low, high = float(values.min()), float(values.max())
                before = found.get(position, (low, high))
                found[position] = min(before[0], low), max(before[1], high)
    return found


_COLOURS = {"red": "Red", "green": "Green", "blue": "Blue", "alpha": "Alpha"}
_CONTRACT_TYPES = {name: contract for contract, name in NUMPY_TYPES.items()}


def raster_metadata(
    images: Sequence[ImageSource], bands: Sequence[BandInfo], target: Grid, dtype: np.dtype[Any]
) -> dict[str, Any]:
    """Return the metadata of a raster, in the terms of gdalinfo.

    ``geoTransform``, corners and extent are those of the raster; ``size`` is that of the first
    image as it is stored (columns, rows).
    """
    system = describe_crs(target.crs)
    source = images[0].grid or target
    return {
        "id": images[0].id,
        "ids": [image.id for image in images],
        "driverShortName": "VRT",
        "driverLongName": "Virtual Raster",
        "files": sorted({_name(file.path) for image in images for file in image.files}),
        "size": [source.width, source.height],
        "geoTransform": list(target.transform.to_gdal()),
        "coordinateSystem": system,
        "metadata": _names_of(str(system["wkt"])),
        "cornerCoordinates": _corners(target),
        "wgs84Extent": _extent(target),
        "bands": [_band(number, band, dtype) for number, band in enumerate(bands, start=1)],
    }


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _names_of(wkt: str) -> dict[str, str]:
    """Return the names that a WKT 1 gives to its parts; ``PROJCS`` only of a projected CRS."""
    keys = (
        ("PROJCS", "PROJCS"),
        ("GEOGCS", "GEOGCS"),
        ("GEOGCS|DATUM", "DATUM"),
        ("GEOGCS|SPHEROID", "SPHEROID"),
        ("GEOGCS|PRIMEM", "PRIMEM"),
    )
    found = ((key, re.search(node + r'\["([^"]*)"', wkt)) for key, node in keys)
    return {key: match[1] for key, match in found if match}


def _corners(target: Grid) -> dict[str, list[float]]:
    width, height = target.width, target.height
    places = {
        "upperLeft": (0, 0),
        "lowerLeft": (0, height),
        "lowerRight": (width, height),
        "upperRight": (width, 0),
        "center": (width / 2, height / 2),
    }
    return {name: list(target.transform @ place) for name, place in places.items()}


def _extent(target: Grid) -> dict[str, Any] | None:
    """Return the outline of the raster in longitude and latitude; None where it has none."""
    width, height = target.width, target.height
    columns = np.array([0.0, 0.0, width, width, 0.0])
    rows = np.array([0.0, height, height, 0.0, 0.0])
    x, y = target.ground(columns, rows)
    longitude, latitude = transform_points(target.crs, WGS84, x, y)
    if not np.isfinite([longitude, latitude]).all():
        return None
    ring = [
        [round(float(lon), 7), round(float(lat), 7)]
        for lon, lat in zip(longitude, latitude, strict=True)
    ]
    return {"type": "Polygon", "coordinates": [ring]}


def _band(number: int, band: BandInfo, dtype: np.dtype[Any]) -> dict[str, Any]:
    document = band.document
    described = {
        "band": number,
        "block": [BLOCK, BLOCK],
        "type": _CONTRACT_TYPES[dtype.name],
        "colorInterpretation": _COLOURS.get(band.name, "Gray" if number == 1 else "Undefined"),
        "metadata": {},
        "overviews": [],
        "description": _description(band),
    }
    if band.nodata is not None:
        # NaN and the infinities as the catalog has them: JSON has no numbers for them
        finite = math.isfinite(band.nodata)
        described["noDataValue"] = band.nodata if finite else document.get("nodata")
    return described | (
        {"colorTable": document.get("colormap")} if document.get("colormap") else {}
    )


def _description(band: BandInfo) -> dict[str, Any]:
    document = band.document
    return {
        "name": band.name,
        "type": document.get("type"),
        "dtype": document.get("data_type"),
        "data_range": document.get("data_range"),
        "color": _COLOURS.get(band.name, "Gray"),
        "name_vendor": document.get("vendor_band_name"),
        "vendor_order": document.get("vendor_order"),
        "tags": document.get("tags") or [],
        "srcband": int(document.get("band_index") or 0) + 1,
        "srcfile": int(document.get("file_index") or 0),
        "jpx_layer": int(document.get("jpx_layer_index") or 0),
        "res_factor": None,
    }
