"""Bands as STAC has them: the members of an asset's ``bands``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swath_core.definitions import COMMON_NAME, NUMPY_TYPES, Resolution, common_name
from swath_core.documents import Document

MOST_CLASSES = 256
"""Classes of a band that every item repeats; longer lists stand in the collection alone."""

_NODATA = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}

Band = dict[str, Any]


def resolution_metres(band: Document) -> float | None:
    """Return the size of a band's pixels in metres, None where the band does not say."""
    stored = band.get("resolution")
    return None if stored is None else Resolution().key(stored)


def band_object(band: Document) -> Band:
    """Return a band as STAC has it, members that are unknown left out."""
    found: Band = {
        "name": band.get("name"),
        "description": band.get("description") or None,
        "data_type": NUMPY_TYPES.get(band.get("data_type")),
        "nodata": _nodata(band.get("nodata")),
        "unit": band.get("physical_range_unit") or None,
        COMMON_NAME: common_name(band.attributes),
        "eo:center_wavelength": _micrometres(band.get("wavelength_nm_center")),
        "eo:full_width_half_max": _micrometres(_width(band)),
        "raster:spatial_resolution": resolution_metres(band),
        **_scaling(band),
        "classification:classes": _classes(band),
    }
    return {name: value for name, value in found.items() if value is not None}


def _nodata(stored: float | str | None) -> float | str | None:
    return _NODATA.get(stored) if isinstance(stored, str) else stored


def _micrometres(nanometres: float | None) -> float | None:
    return nanometres / 1000 if nanometres is not None and nanometres > 0 else None


def _width(band: Document) -> float | None:
    given, least, most = (band.get(f"wavelength_nm_{each}") for each in ("fwhm", "min", "max"))
    if given is not None or least is None or most is None:
        return given  # type: ignore[no-any-return]  # a number of the document's
    return float(most - least)


def _scaling(band: Document) -> Band:
    """Return what makes physical values of pixels, where the band says what its range stands for.

    ``physical = pixel * scale + offset`` maps the ends of ``data_range`` to those of
    ``physical_range``.
    """
    data, physical = band.get("data_range"), band.get("physical_range")
    if not data or not physical or data[0] == data[1]:
        return {}
    scale = (physical[1] - physical[0]) / (data[1] - data[0])
    return {"raster:scale": scale, "raster:offset": physical[0] - data[0] * scale}


def _classes(band: Document) -> list[Band] | None:
    labels, colours = band.get("class_labels") or (), band.get("colormap") or ()
    found = [
        _class(value, label, colours[value] if value < len(colours) else None)
        for value, label in enumerate(labels)
        if label is not None
    ]
    return found or None


def _class(value: int, label: str, colour: list[int] | None) -> Band:
    made: Band = {"value": value, "description": label}
    if colour is not None:
        made["color_hint"] = "".join(f"{part:02X}" for part in colour[:3])
    return made


def without_long_classes(band: Mapping[str, Any]) -> Band:
    """Return a band as items repeat it."""
    classes = band.get("classification:classes") or ()
    if len(classes) <= MOST_CLASSES:
        return dict(band)
    return {name: value for name, value in band.items() if name != "classification:classes"}
