"""What must hold between the attributes of an image, beyond each attribute's own type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from swath_core.definitions import IMAGE, Footprint
from swath_core.documents import Attributes, Document, shown
from swath_core.errors import Invalid, SwathError, raise_all

from ._documents import check_size
from ._files import belongs, own_key

_CRS_CODE = re.compile(r"(EPSG|ESRI):[0-9]{4,6}", re.IGNORECASE)
_EPSG = re.compile(
    r'(?:AUTHORITY\["EPSG"\s*,\s*"?|ID\["EPSG"\s*,\s*)(\d{1,9})(?!\d)"?[^\[\]]*\]\s*\]\s*$'
)
_CODE = re.compile(r"(?:\+init=)?epsg:(\d{1,9})", re.IGNORECASE)
_WGS84 = {"wgs84"}
_FILE_ATTRIBUTES = frozenset({"files", "storage_state"})


class PlanarFootprint(Footprint):
    """A footprint as it is stored: normalised at the antimeridian and the poles."""

    def normalise(self, value: object) -> dict[str, Any]:
        """Return the normalised GeoJSON geometry. Raises ValueError."""
        from swath_core.geo import normalise_footprint  # noqa: PLC0415 - shapely, on demand

        return normalise_footprint(value)


STORED_IMAGE = IMAGE.with_type("geometry", PlanarFootprint())
"""The image's attributes, by which every image is checked before it is stored."""


def new_attributes(given: Mapping[str, Any], product: Document, bucket: str) -> Attributes:
    """Return the normalised attributes of a new image of a product. Raises Invalid or Errors."""
    attributes = STORED_IMAGE.validate_create(given)
    raise_all(_agreement_errors(given))
    _check(attributes, product, bucket)
    raise_all(_elsewhere_errors(attributes, bucket))
    return attributes


def changed_attributes(
    changes: Mapping[str, Any], image: Document, product: Document, bucket: str
) -> Attributes:
    """Return the attributes that an image becomes. Raises Invalid or Errors."""
    attributes = STORED_IMAGE.validate_update(changes, image.attributes)
    raise_all(_agreement_errors(changes))
    _check(attributes, product, bucket)
    if not _FILE_ATTRIBUTES.isdisjoint(changes):
        raise_all(_elsewhere_errors(attributes, bucket))
    return attributes


def _check(attributes: Attributes, product: Document, bucket: str) -> None:
    raise_all([*_product_errors(attributes, product), *_crs_errors(attributes)])
    raise_all(_file_errors(attributes, bucket))
    raise_all(_time_errors(attributes))
    check_size(attributes)


def _invalid(name: str, message: str, *, member: int | None = None) -> Invalid:
    place = f"/data/attributes/{name}" + ("" if member is None else f"/{member}")
    return Invalid(f"{name}: {message}", pointer=place)


def _product_errors(attributes: Attributes, product: Document) -> Iterator[SwathError]:
    if attributes["product_id"] != product.id:
        yield _invalid(
            "product_id", f"{attributes['product_id']} was sent for an image of {product.id}"
        )


def _crs_errors(attributes: Attributes) -> Iterator[SwathError]:
    """Check the form of the code only: PROJ, which knows which exist, is ingest's dependency."""
    code = attributes.get("cs_code")
    if code is not None and not _CRS_CODE.fullmatch(code):
        yield _invalid(
            "cs_code", f"{shown(code)} was sent, but a code such as EPSG:32615 is expected"
        )
    geotransform = attributes.get("geotrans")
    if geotransform is not None and not is_invertible(geotransform):
        yield _invalid("geotrans", f"{geotransform} puts all pixels on one line: no such raster")


def _agreement_errors(given: Mapping[str, Any]) -> Iterator[SwathError]:
    """Check code and projection against each other where one request sends both.

    A client that changes first one and then the other passes through a state where they differ;
    the code counts then.
    """
    reason = contradiction(given)
    if reason is not None:
        yield _invalid("projection", reason)


def _time_errors(attributes: Attributes) -> Iterator[SwathError]:
    end = attributes.get("acquired_end")
    if end is not None and end < attributes["acquired"]:
        yield _invalid("acquired_end", f"{end} lies before acquired, {attributes['acquired']}")


def _file_errors(attributes: Attributes, bucket: str) -> Iterator[SwathError]:
    state = attributes.get("storage_state", "available")
    for index, file in enumerate(attributes.get("files", ())):
        missing = _missing_members(file, state)
        if missing:
            yield _invalid(
                "files", f"file {index} of an image that is {state} needs {missing}", member=index
            )
        key = own_key(file.get("href"), bucket)
        if key is not None and not belongs(key, attributes["product_id"], attributes["name"]):
            # Otherwise whoever may write one image could read, and delete, the files of any other.
            yield _invalid("files", f"file {index} is not a file of this image", member=index)


def _elsewhere_errors(attributes: Attributes, bucket: str) -> Iterator[SwathError]:
    """Check that the files of an available image are where pixels are read from."""
    if attributes.get("storage_state", "available") != "available" or not bucket:
        return
    for index, file in enumerate(attributes.get("files", ())):
        href = file.get("href")
        if own_key(href, bucket) is None:
            message = (
                f"file {index} of an image that is available must be in the catalog's bucket, "
                f"s3://{bucket}/, and {shown(href)} is not: upload it, or save the image with "
                "storage_state remote"
            )
            yield _invalid("files", message, member=index)


def _missing_members(file: Mapping[str, Any], state: str) -> str:
    if state == "remote":
        return "" if file.get("href") or file.get("provider_href") else "href or provider_href"
    absent = [name for name in ("href", "size_bytes", "hash") if file.get(name) is None]
    return " and ".join(absent)


# -- reference systems, without PROJ, which only ingest and raster carry: forms, and plain
#    contradictions


def code_of(projection: str) -> int | None:
    """Return the EPSG code that a WKT or PROJ text names or plainly means, or None.

    WKT names its own at the end; of PROJ texts those of UTM and longitude/latitude on WGS 84
    are known.
    """
    text = projection.strip()
    if (match := _CODE.fullmatch(text)) or (match := _EPSG.search(text)):
        return int(match[1])
    return _utm_or_geographic(text)


def _utm_or_geographic(text: str) -> int | None:
    words = {
        word.partition("=")[0]: word.partition("=")[2]
        for word in text.lower().split()
        if word.startswith("+")
    }
    datum = words.get("+datum") or words.get("+ellps")
    if datum not in _WGS84:
        return None
    zone = words.get("+zone", "")
    if words.get("+proj") == "utm" and zone.isdecimal() and len(zone) <= 2 and 1 <= int(zone) <= 60:  # noqa: PLR2004
        return (32700 if "+south" in words else 32600) + int(zone)
    return 4326 if words.get("+proj") in {"longlat", "latlong"} else None


def contradiction(given: Mapping[str, Any]) -> str | None:
    """Return what is wrong where code and projection of one request are of two systems."""
    code, projection = given.get("cs_code"), given.get("projection")
    if not isinstance(code, str) or not isinstance(projection, str):
        return None
    meant = code_of(projection)
    if meant is None or code.upper() == f"EPSG:{meant}":
        return None
    return f"means EPSG:{meant}, but cs_code is {code}: send one of them, or both alike"


def is_invertible(geotransform: Sequence[float]) -> bool:
    """Return whether pixels and coordinates lead to each other (GDAL's order of six numbers)."""
    _, a, b, _, d, e = geotransform
    return a * e - b * d != 0
