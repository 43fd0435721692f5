"""The mirror's files as assets of a collection, by month.

Their addresses are ours and lead to the files as they are then, or are signed on request; neither
is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._assets import Asset
from ._extensions import bare, extensions_of

if TYPE_CHECKING:
    from swath_core.mirror import MonthFile

MOST_FILES = 1_000
"""Files of one answer, the latest ones: each takes up to 2 KB, and a response has 6 MB."""

_TYPE = "application/vnd.apache.parquet"
_SHA256_MULTIHASH = "1220"
_OWN_KEY = re.compile(r"geoparquet-(\d{4}-\d{2})(?:-([1-9]\d{0,5}))?")

Address = Callable[[str, "MonthFile"], Mapping[str, Any]]
"""Returns ``href``, and until when it is good if it is not for ever, by an asset's key."""


def with_files(
    collection: Mapping[str, Any], files: Sequence[MonthFile], address: Address
) -> dict[str, Any]:
    """Return a collection with an asset for each file.

    An asset's ``swath:days`` are those of the month that the file tells as they are.
    """
    assets: dict[str, Asset] = {}
    for each in files[-MOST_FILES:]:
        key = _key(each)
        assets[key] = {
            **address(key, each),
            "type": _TYPE,
            "title": f"Images of {each.month} as GeoParquet",
            "roles": ["metadata"],
            "file:size": each.file.bytes,
            "file:checksum": _SHA256_MULTIHASH + each.file.sha256,
            "swath:days": sorted(each.days),
        }
    if not assets:
        return dict(collection)
    listed = list(collection["stac_extensions"])
    named = set(map(bare, listed))
    used = extensions_of({}, assets.values(), [])
    return {
        **collection,
        "assets": {**(collection.get("assets") or {}), **assets},
        "stac_extensions": listed + [each for each in used if bare(each) not in named],
    }


def _key(file: MonthFile) -> str:
    return f"geoparquet-{file.month}" + (f"-{file.number}" if file.total > 1 else "")


def month_and_number(key: str) -> tuple[str, int | None] | None:
    """Return which file of which month a key names; None for a key that no file of ours has."""
    found = _OWN_KEY.fullmatch(key)
    return None if found is None else (found[1], int(found[2]) if found[2] else None)


def without_files(collection: dict[str, Any]) -> dict[str, Any]:
    """Return a collection that comes in without the assets that are files of the mirror."""
    assets = collection.get("assets")
    if not isinstance(assets, dict) or not any(map(_OWN_KEY.fullmatch, assets)):
        return collection
    kept = {key: each for key, each in assets.items() if not _OWN_KEY.fullmatch(key)}
    rest = {name: each for name, each in collection.items() if name != "assets"}
    return {**rest, "assets": kept} if kept else rest
