"""Where a raster lies: its CRS and geotransform, checked; and the dates it carries."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from swath_core.definitions import crs_form
from swath_core.times import canonical_timestamp

from ._model import Georeference, Refused

_EARTH_RADIUS = (6_340_000.0, 6_400_000.0)
"""Semi-major axes, in metres, of everything that was ever called an ellipsoid of the Earth."""

_IDENTITY = (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Position:
    """A checked georeference: the CRS, its EPSG code or None, the geotransform in GDAL's order."""

    crs: CRS
    cs_code: str | None
    geotransform: tuple[float, ...]

    @property
    def is_geographic(self) -> bool:
        """Whether coordinates are degrees of longitude and latitude, not of a rotated pole."""
        return bool(self.crs.is_geographic) and not self.crs.is_derived


def position(name: str, dataset: Any, given: Georeference) -> Position:
    """Return where an open dataset lies: by its own georeference, else by the image's attributes.

    Raises Refused where neither says it, or what is said is not a place on Earth.
    """
    own_crs = dataset.crs.to_wkt() if dataset.crs else None
    own = tuple(dataset.transform.to_gdal())
    has_transform = own != _IDENTITY
    return _checked(
        name, own_crs or _declared(name, given.crs), own if has_transform else given.geotransform
    )


def placed(name: str, crs: str | None, geotransform: tuple[float, ...] | None) -> Position:
    """Return the checked position of a declared CRS and geotransform. Raises Refused."""
    return _checked(name, _declared(name, crs), geotransform)


def _declared(name: str, crs: str | None) -> str | None:
    """Return a declared CRS as PROJ may be given it: a caller's text may name no files."""
    try:
        return None if crs is None else crs_form(crs)
    except ValueError as error:
        raise Refused(f"{name}: the image's coordinate reference system: {error}") from error


def _checked(name: str, crs: str | None, geotransform: tuple[float, ...] | None) -> Position:
    if crs is None:
        raise Refused(
            f"{name}: has no coordinate reference system; expected one in the file, "
            "or cs_code or projection among the image's attributes"
        )
    if geotransform is None:
        raise Refused(
            f"{name}: has no geotransform; expected one in the file, "
            "or geotrans among the image's attributes"
        )
    checked = _checked_crs(name, crs)
    _check_transform(name, geotransform)
    return Position(checked, _code(checked), tuple(geotransform))


def _checked_crs(name: str, text: str) -> CRS:
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise Refused(
            f"{name}: its coordinate reference system is unknown to PROJ: {text[:120]!r} ({error})"
        ) from error
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.is_bound and crs.source_crs is not None and crs.source_crs.is_compound:
        crs = crs.source_crs.sub_crs_list[0]
    if not (crs.is_geographic or crs.is_projected):
        raise Refused(
            f"{name}: its coordinate reference system {crs.name!r} is of kind {crs.type_name}; "
            "expected a geographic or a projected one"
        )
    ellipsoid = crs.ellipsoid
    radius = ellipsoid.semi_major_metre if ellipsoid else 0.0
    if not _EARTH_RADIUS[0] <= radius <= _EARTH_RADIUS[1]:
        raise Refused(
            f"{name}: its coordinate reference system {crs.name!r} has an ellipsoid of "
            f"{radius:,.0f} m; expected the Earth's, about 6,378,137 m"
        )
    return crs


def _check_transform(name: str, transform: tuple[float, ...]) -> None:
    _, a, b, _, d, e = transform
    if not all(math.isfinite(value) for value in transform):
        raise Refused(f"{name}: its geotransform {list(transform)} is not finite")
    determinant = a * e - b * d
    scale = max(abs(a), abs(b), abs(d), abs(e))
    if scale == 0 or abs(determinant) <= 1e-12 * scale * scale:
        raise Refused(
            f"{name}: its geotransform {list(transform)} cannot be inverted "
            f"(determinant {determinant:g}); expected pixels with an area"
        )


def _code(crs: CRS) -> str | None:
    """Return the EPSG code of a CRS where it is exactly that one (pyproj's own confidence)."""
    code = crs.to_epsg(min_confidence=100) or crs.to_epsg(min_confidence=70)
    if code is None or CRS.from_epsg(code).to_wkt() == "":
        return None
    return f"EPSG:{code}"


_TIFF_DATE = re.compile(r"(\d{4}):(\d{2}):(\d{2})[ T](\d{2}):(\d{2}):(\d{2})")
_DATE_TAGS = (
    ("", "ACQUISITIONDATETIME"),
    ("IMAGERY", "ACQUISITIONDATETIME"),
    ("", "ACQUIRED"),
    ("", "TIFFTAG_DATETIME"),
)


def acquired(dataset: Any) -> str | None:
    """Return the canonical timestamp of the date tags of a file, the most specific first.

    TIFF's DateTime (``YYYY:MM:DD HH:MM:SS``, TIFF 6.0 page 31) has no zone; it counts as UTC.
    """
    for space, tag in _DATE_TAGS:
        text = dataset.tags(ns=space or None).get(tag)
        moment = _timestamp(text.strip()) if text else None
        if moment is not None:
            return moment
    return None


def _timestamp(text: str) -> str | None:
    match = _TIFF_DATE.match(text)
    try:
        if match:
            parts = [int(part) for part in match.groups()]
            return canonical_timestamp(datetime(*parts))  # type: ignore[arg-type]  # noqa: DTZ001
        return canonical_timestamp(text)
    except ValueError:
        return None
