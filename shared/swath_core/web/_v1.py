"""``v1_properties``: what older Scenes read instead of the attributes (contract, section 5.6)."""

from __future__ import annotations

from typing import Any

from swath_core.documents import Document

_IMAGE_NAMES = {
    "name": "key",
    "satellite_id": "sat_id",
    "created": "processed",
    "provider_id": "identifier",
    "alt_cloud_fraction": "cloud_fraction_0",
    "projection": "proj4",
    "processing_pipeline_id": "descartes_version",
    "product_id": "product",
}
_BAND_NAMES = {
    "product_id": "product",
    "data_type": "dtype",
    "display_range": "default_range",
    "wavelength_nm_center": "wavelength_center",
    "wavelength_nm_min": "wavelength_min",
    "wavelength_nm_max": "wavelength_max",
    "wavelength_nm_fwhm": "wavelength_fwhm",
}
_BITS = {
    "Byte": 8,
    "UInt16": 16,
    "Int16": 16,
    "UInt32": 32,
    "Int32": 32,
    "Float32": 32,
    "Float64": 64,
    "Int8": 8,
    "Int64": 64,
    "UInt64": 64,
}


def v1_properties(document: Document) -> dict[str, Any]:
    """Return a document's attributes under the names of the metadata v1 service."""
    makers = {"image": _image, "band": _band}
    properties = makers.get(document.kind, _plain)(document)
    return {"id": document.id, **properties}


def _renamed(document: Document, names: dict[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in document.attributes.items()}


def _plain(document: Document) -> dict[str, Any]:
    properties = dict(document.attributes)
    owners = properties.get("owners") or []
    return properties | {"owner": owners[0] if owners else None}


def _image(document: Document) -> dict[str, Any]:
    properties = _renamed(document, _IMAGE_NAMES)
    files = properties.pop("files", None) or []
    hrefs = [file.get("href") or file.get("provider_href") for file in files]
    columns, rows = properties.pop("x_pixels", None), properties.pop("y_pixels", None)
    return properties | {
        "files": hrefs,
        "file_sizes": [file.get("size_bytes") for file in files],
        "file_md5s": [file.get("hash") for file in files],
        "raster_size": None if columns is None or rows is None else [columns, rows],
    }


def _band(document: Document) -> dict[str, Any]:
    properties = _renamed(document, _BAND_NAMES)
    resolution = properties.pop("resolution", None) or {}
    is_spectral = "wavelength_center" in properties
    return properties | {
        "nbits": _BITS.get(str(properties.get("dtype"))),
        "resolution": resolution.get("value"),
        "resolution_unit": {"meters": "m", "degrees": "degrees"}.get(str(resolution.get("unit"))),
        "wavelength_unit": "nm" if is_spectral else None,
    }
