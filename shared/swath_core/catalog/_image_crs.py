"""Reference systems without PROJ, which only ingest carries: forms, and plain contradictions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_EPSG = re.compile(
    r'(?:AUTHORITY\["EPSG"\s*,\s*"?|ID\["EPSG"\s*,\s*)(\d{1,9})(?!\d)"?[^\[\]]*\]\s*\]\s*$'
)
_CODE = re.compile(r"(?:\+init=)?epsg:(\d{1,9})", re.IGNORECASE)
_WGS84 = {"wgs84"}


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
