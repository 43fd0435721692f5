"""Coordinate reference systems that callers name: parsed strictly, described for the contract.

PROJ can be told to read grids, files and URLs from inside a CRS text. A caller's text therefore
has to be one of the closed forms of :func:`swath_core.definitions.crs_form`.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

# Read by both PROJ libraries (pyproj's and GDAL's) when they start: no downloads of grids.
os.environ["PROJ_NETWORK"] = "OFF"

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from swath_core.definitions import CRS_FORMS, crs_form
from swath_core.documents import shown
from swath_core.errors import BadRequest

WGS84 = CRS.from_epsg(4326)

MAX_CRS_CHARACTERS = 8_192


def parse_crs(text: object, parameter: str) -> CRS:
    """Return the CRS that a caller's text names.

    ``parameter`` is the request member that it came in, for the error. Raises BadRequest where
    the text is none of the accepted forms, is too long, names a file, or names a CRS that is
    neither geographic nor projected.
    """
    if not isinstance(text, str) or not text.strip():
        raise BadRequest(
            f"{parameter} is {shown(text)}; it must be {CRS_FORMS}", parameter=parameter
        )
    if len(text) > MAX_CRS_CHARACTERS:
        raise BadRequest(
            f"{parameter} has {len(text)} characters; at most {MAX_CRS_CHARACTERS} are read",
            parameter=parameter,
        )
    try:
        return crs_of_text(text)
    except ValueError as error:
        raise BadRequest(f"{parameter}: {error}", parameter=parameter) from error


@lru_cache(maxsize=256)
def crs_of_text(text: str) -> CRS:
    """Return the CRS of a text in one of the closed forms. Raises ValueError."""
    form = crs_form(text)
    try:
        crs = CRS.from_user_input(form)
    except CRSError as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{shown(text)} is not a known CRS: {reason}") from error
    if not (crs.is_geographic or crs.is_projected):
        raise ValueError(f"{shown(text)} is a {crs.type_name}, not geographic or projected")
    return crs


# PROJ builds its operations anew for every thread that asks, which takes longer than the few points
# that are asked for here: one thread answers for all.
_projecting = ThreadPoolExecutor(1, thread_name_prefix="proj")


@lru_cache(maxsize=512)
def _transformer(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=1024)
def same_crs(one: CRS, other: CRS) -> bool:
    """Return whether two CRSs are the same, whatever their axis order and their names."""
    return one is other or bool(one.equals(other, ignore_axis_order=True))


def transform_points(
    source: CRS, target: CRS, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return points in another CRS (easting or longitude first); NaN where there is no such place.

    ``x`` and ``y`` are float64 arrays of one shape, in the source CRS's units.
    """

    def transform() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        there: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
        there = _transformer(source, target).transform(x, y)
        return there

    there_x, there_y = _projecting.submit(transform).result()
    bad = ~(np.isfinite(there_x) & np.isfinite(there_y))
    if bad.any():
        there_x, there_y = np.where(bad, np.nan, there_x), np.where(bad, np.nan, there_y)
    return there_x, there_y


def transform_bounds(
    source: CRS, target: CRS, bounds: tuple[float, float, float, float], *, densify: int = 21
) -> tuple[float, float, float, float]:
    """Return the box in the target CRS that encloses a box of the source CRS, edges densified.

    In a geographic target a box across the antimeridian comes back with its right edge beyond
    180. Raises ValueError where the box has no image in the target.
    """

    def transform() -> tuple[float, float, float, float]:
        there: tuple[float, float, float, float]
        there = _transformer(source, target).transform_bounds(*bounds, densify_pts=densify)
        return there

    try:
        left, bottom, right, top = _projecting.submit(transform).result()
    except ProjError as error:
        raise ValueError(f"the box {bounds} cannot be expressed in {target.name}") from error
    if not np.isfinite([left, bottom, right, top]).all():
        raise ValueError(f"the box {bounds} cannot be expressed in {target.name}")
    if target.is_geographic and right < left:
        right += 360.0
    return left, bottom, right, top


@lru_cache(maxsize=64)
def describe_crs(crs: CRS) -> dict[str, Any]:
    """Return the ``coordinateSystem`` member of a raster's metadata: epsg, proj4 and WKT 1."""
    from rasterio.crs import CRS as GDAL_CRS  # noqa: PLC0415 - only this needs GDAL

    gdal = GDAL_CRS.from_wkt(crs.to_wkt())
    return {
        "epsg": crs.to_epsg(),
        "proj4": gdal.to_proj4(),
        "wkt": gdal.to_wkt(version="WKT1_GDAL"),
        "dataAxisToSRSAxisMapping": [1, 2],
    }
