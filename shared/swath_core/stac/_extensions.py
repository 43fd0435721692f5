"""Which extensions an object uses: exactly those that its members begin with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

AUTHENTICATION = "https://stac-extensions.github.io/authentication/v1.1.0/schema.json"
_OF_PREFIX = {
    "eo": "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "raster": "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "proj": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "view": "https://stac-extensions.github.io/view/v1.1.0/schema.json",
    "file": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "classification": "https://stac-extensions.github.io/classification/v1.1.0/schema.json",
    "auth": AUTHENTICATION,
}
RENDER = "https://stac-extensions.github.io/render/v2.0.0/schema.json"
TIMESTAMPS = "https://stac-extensions.github.io/timestamps/v1.1.0/schema.json"
WEB_MAP_LINKS = "https://stac-extensions.github.io/web-map-links/v1.2.0/schema.json"
_TIMES = ("published", "expires", "unpublished")

RESERVED_PREFIXES = tuple(f"{prefix}:" for prefix in _OF_PREFIX)
"""How names begin whose meaning an extension fixes."""


def extensions_of(
    properties: Mapping[str, Any], assets: Iterable[Mapping[str, Any]], links: Iterable[Any]
) -> list[str]:
    """Return the extensions that properties, assets and links use."""
    held = list(assets)
    prefixes = {name.partition(":")[0] for name in _names([properties, *held]) if ":" in name}
    found = [uri for prefix, uri in _OF_PREFIX.items() if prefix in prefixes]
    if any(each in holder for holder in (properties, *held) for each in _TIMES):
        found.append(TIMESTAMPS)
    if any(each["rel"] in {"xyz", "tilejson"} for each in links):
        found.append(WEB_MAP_LINKS)
    return found


def bare(address: str) -> str:
    """Return the address of an extension without its version."""
    return address.partition("/v")[0]


def _names(holders: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for holder in holders:
        yield from holder
        for band in holder.get("bands") or ():
            yield from band
