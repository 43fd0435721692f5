"""The image's attributes: what its files show, and what was declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swath_core.pixels import FileResult, Refused
from swath_core.uploads import Upload

_FROM_FILES = frozenset(
    {"cs_code", "projection", "geotrans", "x_pixels", "y_pixels", "files", "storage_state"}
)
"""What the stored pixels decide, whatever was declared."""


def image_attributes(
    upload: Upload,
    results: Sequence[FileResult],
    files: Sequence[dict[str, Any]],
    acquired: str,
    *,
    is_array: bool,
) -> dict[str, Any]:
    """Return the attributes of the image. Raises Refused where its files lie apart.

    The finest file stands for the image. Declared attributes override derived ones except those
    that describe the stored pixels.
    """
    _check_together(upload, results)
    finest = max(results, key=lambda result: result.width * result.height)
    derived = {
        "geometry": finest.footprint,
        "area": round(finest.area, 6),
        "fill_fraction": round(finest.valid_fraction, 6),
        "bits_per_pixel": [
            round(8 * result.size_bytes / (result.width * result.height), 3) for result in results
        ],
    }
    declared = {name: value for name, value in upload.image.items() if name not in _FROM_FILES}
    stored = {
        "name": upload.image_id.rpartition(":")[2],
        "product_id": upload.product_id,
        "acquired": acquired,
        "geotrans": list(finest.geotransform),
        "x_pixels": finest.width,
        "y_pixels": finest.height,
        "storage_state": "available",
        "files": list(files),
    }
    return derived | declared | stored | _reference(upload, finest, is_array=is_array)


def _reference(upload: Upload, finest: FileResult, *, is_array: bool) -> dict[str, Any]:
    """Return cs_code or projection: of an array, in the words of whoever sent it."""
    if is_array and upload.image.get("cs_code"):
        return {"cs_code": upload.image["cs_code"]}
    if finest.cs_code is not None:
        return {"cs_code": finest.cs_code}
    return {"projection": finest.crs}


def _check_together(upload: Upload, results: Sequence[FileResult]) -> None:
    """Refuse files of one image that do not cover the same ground in the same projection."""
    first, name = results[0], upload.parts[0].name
    for part, result in zip(upload.parts[1:], results[1:], strict=True):
        if result.crs != first.crs:
            raise Refused(
                f"{part.name}: is in {_crs(result)}, but {name} is in {_crs(first)}; "
                "expected one coordinate reference system for all files of an image"
            )
        apart = max(
            abs(one - other) for one, other in zip(_corners(result), _corners(first), strict=True)
        )
        if apart > max(_pixel(result), _pixel(first)):
            raise Refused(
                f"{part.name}: its corners lie up to {apart:g} units from those of {name}; "
                "expected files of one image to cover the same ground"
            )


def _crs(result: FileResult) -> str:
    return result.cs_code or result.crs[:80]


def _corners(result: FileResult) -> list[float]:
    c, a, b, f, d, e = result.geotransform
    width, height = result.width, result.height
    return [c, f, c + width * a + height * b, f + width * d + height * e]


def _pixel(result: FileResult) -> float:
    _, a, b, _, d, e = result.geotransform
    return max(abs(a) + abs(b), abs(d) + abs(e))
