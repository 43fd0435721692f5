"""The mirror's files as assets of a collection, by month: signed on request, never stored."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._assets import Asset
from ._extensions import bare, extensions_of

if TYPE_CHECKING:
    from swath_core.mirror import MirrorPart

    from ._signing import Signer

MOST_FILES = 1_000
"""Files of one answer, the latest ones: each takes about 2 KB, and a response has 6 MB."""

_TYPE = "application/vnd.apache.parquet"
_SHA256_MULTIHASH = "1220"
_OWN_KEY = re.compile(r"geoparquet-\d{4}-\d{2}(-\d+)?")


def with_files(
    collection: Mapping[str, Any], parts: Sequence[MirrorPart], signer: Signer
) -> dict[str, Any]:
    """Return a collection with an asset for each file, its address open for a while.

    An asset's ``swath:days`` are those of the month that the file tells as they are.
    """
    files = [(part, file) for part in parts for file in part.group.files][-MOST_FILES:]
    of_month = Counter(part.month for part, _ in files)
    numbers: Counter[str] = Counter()
    assets: dict[str, Asset] = {}
    for part, file in files:
        numbers[part.month] += 1
        number = f"-{numbers[part.month]}" if of_month[part.month] > 1 else ""
        assets[f"geoparquet-{part.month}{number}"] = {
            "href": signer.url(file.key),
            "type": _TYPE,
            "title": f"Images of {part.month} as GeoParquet",
            "roles": ["metadata"],
            "expires": signer.expires,
            "file:size": file.bytes,
            "file:checksum": _SHA256_MULTIHASH + file.sha256,
            "swath:days": sorted(part.days),
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


def without_files(collection: dict[str, Any]) -> dict[str, Any]:
    """Return a collection that comes in without the assets that are files of the mirror."""
    assets = collection.get("assets")
    if not isinstance(assets, dict) or not any(map(_OWN_KEY.fullmatch, assets)):
        return collection
    kept = {key: each for key, each in assets.items() if not _OWN_KEY.fullmatch(key)}
    rest = {name: each for name, each in collection.items() if name != "assets"}
    return {**rest, "assets": kept} if kept else rest
