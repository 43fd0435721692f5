"""The metadata line of the stream: what ``raster_info`` shows and GeoTIFF writers need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from swath_core.definitions import NUMPY_TYPES
from swath_core.raster.crs import WGS84, describe_crs, transform_points
from swath_core.raster.grid import Grid
from swath_core.raster.mosaic import BLOCK
from swath_core.raster.sources import BandInfo, ImageSource

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
        described["noDataValue"] = band.nodata
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
