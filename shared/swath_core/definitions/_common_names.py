"""What bands are called by everybody: the names that the EO extension of STAC knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMMON_NAME = "eo:common_name"
"""The extra property by which a band's owner gives it such a name."""

_COMMON_NAMES = frozenset(
    {
        *("pan", "coastal", "blue", "green", "green05", "yellow", "red", "rededge", "rededge071"),
        *("rededge075", "rededge078", "nir", "nir08", "nir09", "cirrus", "swir16", "swir22"),
        *("lwir", "lwir11", "lwir12"),
    }
)
"""Those of the EO extension 2.0."""


def common_name(band: Mapping[str, Any]) -> str | None:
    """Return the name that the owner gave it among the extra properties, or that it is called."""
    given = (band.get("extra_properties") or {}).get(COMMON_NAME)
    names = (given, str(band.get("name")).lower())
    return next((name for name in names if name in _COMMON_NAMES), None)
