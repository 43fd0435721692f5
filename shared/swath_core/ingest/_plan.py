"""What an upload's files must be: the product's bands, its options, and the image's attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from swath_core.documents import Document
from swath_core.pixels import ExpectedBand, Georeference, Refused
from swath_core.times import format_timestamp
from swath_core.uploads import Upload

COMPRESSION = "swath.compression"
FOOTPRINT = "swath.footprint"
GCPS = "swath.gcps"
ACQUIRED_PATTERN = "swath.acquired_pattern"
"""Extra properties of a product that steer its ingest (docs/ingest.md)."""

COMPRESSIONS = ("deflate", "zstd", "lzw", "none")
_FIELDS = {
    "%Y": r"(?P<Y>\d{4})",
    "%m": r"(?P<m>\d{2})",
    "%d": r"(?P<d>\d{2})",
    "%j": r"(?P<j>\d{3})",
    "%H": r"(?P<H>\d{2})",
    "%M": r"(?P<M>\d{2})",
    "%S": r"(?P<S>\d{2})",
}
_MOST_WILDCARDS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """How to treat the files of one upload: expected bands by file index, and the options."""

    bands: tuple[tuple[ExpectedBand, ...], ...]
    given: Georeference
    is_array: bool
    overviews: tuple[int, ...] | None
    resampler: str
    compression: str
    outline: bool
    warp_gcps: bool
    geometry: dict[str, Any] | None


def plan_of(upload: Upload, product: Document, bands: Iterable[Document]) -> Plan:
    """Return how to treat an upload. Raises Refused where files and bands do not match."""
    by_file = _by_file(list(bands))
    if not by_file:
        raise Refused(f"product {product.id} has no bands; expected some before its images")
    count = 1 + max(by_file)
    if len(upload.parts) != count:
        raise Refused(
            f"{len(upload.parts)} files were sent; the bands of {product.id} lie in {count}: "
            + "; ".join(
                f"file {index}: " + ", ".join(band.name for band in members)
                for index, members in sorted(by_file.items())
            )
        )
    options = upload.options
    properties = product.get("extra_properties") or {}
    compression = str(properties.get(COMPRESSION, "deflate")).lower()
    if compression not in COMPRESSIONS:
        raise Refused(
            f"product {product.id} asks for the compression {compression!r} ({COMPRESSION}); "
            f"expected one of {', '.join(COMPRESSIONS)}"
        )
    overviews = options.get("overviews")
    return Plan(
        bands=tuple(tuple(by_file.get(index, ())) for index in range(count)),
        given=_given(upload),
        is_array=options.get("upload_type") == "ndarray",
        overviews=tuple(overviews) if overviews else None,
        resampler=options.get("overview_resampler") or "average",
        compression=compression,
        outline=str(properties.get(FOOTPRINT, "corners")).lower() == "valid",
        warp_gcps=str(properties.get(GCPS, "refuse")).lower() == "warp",
        geometry=upload.image.get("geometry"),
    )


def _by_file(bands: list[Document]) -> dict[int, list[ExpectedBand]]:
    result: dict[int, list[ExpectedBand]] = {}
    for band in bands:
        expected = ExpectedBand(
            name=str(band.get("name")),
            kind=str(band.get("type")),
            data_type=str(band.get("data_type")),
            index=int(band.get("band_index", 0)),
            nodata=_number(band.get("nodata")),
        )
        result.setdefault(int(band.get("file_index") or 0), []).append(expected)
    for members in result.values():
        members.sort(key=lambda band: (band.index, band.name))
    return result


def _number(nodata: Any) -> float | int | None:
    """Return a nodata value as a number: JSON has no NaN, so that one is stored as text."""
    return float(nodata) if isinstance(nodata, str) else nodata


def _given(upload: Upload) -> Georeference:
    image = upload.image
    transform = image.get("geotrans")
    return Georeference(
        crs=image.get("cs_code") or image.get("projection"),
        geotransform=tuple(float(value) for value in transform) if transform else None,
    )


def acquired(upload: Upload, product: Document, from_files: str | None) -> str:
    """Return when the image was taken.

    The image's attributes say it first, then the date that a file carries, then the pattern that
    the product has for names. Raises Refused where none of them does.
    """
    given = upload.image.get("acquired")
    if given:
        return str(given)
    if from_files:
        return from_files
    pattern = (product.get("extra_properties") or {}).get(ACQUIRED_PATTERN)
    name = upload.image_id.rpartition(":")[2]
    found = from_name(str(pattern), name) if pattern else None
    if found is None:
        tried = (
            f"the name {name!r} does not fit the pattern {pattern!r}"
            if pattern
            else (f"product {product.id} has no {ACQUIRED_PATTERN} to read it from the name")
        )
        raise Refused(
            "when the image was acquired is unknown: its attributes have no acquired, "
            f"its files carry no date tag, and {tried}"
        )
    return found


def from_name(pattern: str, name: str) -> str | None:
    """Return the timestamp that a name holds by a pattern, or None.

    The pattern is text with ``%Y %m %d %j %H %M %S`` as in strftime and ``*`` for anything; it
    may fit anywhere in the name. Raises Refused for a pattern that names no date.
    """
    expression = ""
    wildcards = 0
    seen: set[str] = set()
    for piece in re.findall(r"%.|.", pattern):
        if piece in _FIELDS and piece not in seen:
            expression += _FIELDS[piece]
            seen.add(piece)
        elif piece == "*":
            wildcards += 1
            expression += ".*?"
        else:
            expression += re.escape(piece)
    if "%Y" not in seen or wildcards > _MOST_WILDCARDS:
        raise Refused(
            f"{ACQUIRED_PATTERN} {pattern!r} of the product cannot be used; expected a year (%Y), "
            f"each field once, and at most {_MOST_WILDCARDS} asterisks"
        )
    match = re.search(expression, name)
    return _moment(match.groupdict()) if match else None


def _moment(fields: dict[str, str]) -> str | None:
    text = " ".join(fields.values())
    form = " ".join(f"%{letter}" for letter in fields)
    try:
        return format_timestamp(datetime.strptime(text, form))  # noqa: DTZ007 - names are in UTC
    except ValueError:
        return None
