"""What an object came with and its attributes do not tell: kept beside them, and laid over them.

An item that came through this face is answered as it came. Whatever its attributes alone would not
answer alike is kept in the attribute ``stac``. What is kept of an attribute (the text of a
time, the positions of a footprint, an asset of a file) is answered only while the attribute still
means the same: a change through another face is seen here.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from swath_core import times

from ._extensions import bare, extensions_of
from ._forms import COLLECTION, ITEM, well_formed

Json = Any
Members = dict[str, Any]

OWN_LINKS = frozenset({"self", "root", "parent", "collection", "items"})
"""Relations whose links are always the face's own."""
_ITEM_MEMBERS = frozenset(
    {
        *("type", "id", "collection", "geometry", "bbox", "properties", "assets", "links"),
        "stac_extensions",
    }
)
QUERYABLES_MEMBER = "swath:queryables"
"""The member of a collection that declares extra properties of its items: names to types."""
_COLLECTION_MEMBERS = frozenset(
    {
        *("type", "id", "links", "title", "description", "keywords", "created", "updated"),
        QUERYABLES_MEMBER,
    }
)
_ROUNDED = 1e-14
"""How far a number may be from what it came as: a percentage is not every fraction's, times 100."""
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_ALWAYS_SHOWN = frozenset({"created", "updated"})


def item_remainder(
    given: Members, derived: Members, mapped: Collection[str], files: Mapping[str, str], root: str
) -> Members:
    """Return what to keep of an item.

    ``derived`` is the item of the attributes alone; ``mapped`` are the properties that became
    attributes; ``files`` are the addresses of the files of assets, by the assets' keys.
    """
    differing = {
        name: value
        for name, value in given["properties"].items()
        if name not in derived["properties"] or derived["properties"][name] != value
    }
    assets = {
        key: asset for key, asset in given["assets"].items() if derived["assets"].get(key) != asset
    }
    found: Members = {
        "properties": {name: each for name, each in differing.items() if name not in mapped},
        "as_given": {name: each for name, each in differing.items() if name in mapped},
        "hidden": sorted(set(derived["properties"]) - set(given["properties"]) - _ALWAYS_SHOWN),
        "assets": assets,
        "asset_files": {key: href for key, href in files.items() if key in assets},
        "hidden_assets": sorted(set(derived["assets"]) - set(given["assets"])),
        "links": foreign_links(given.get("links"), root),
        **_extensions_kept(given, derived),
        "place": _place(given, derived),
        "members": {
            name: value
            for name, value in given.items()
            if name not in _ITEM_MEMBERS and derived.get(name) != value
        },
    }
    return {name: each for name, each in found.items() if each}


def _extensions_kept(given: Members, derived: Members) -> Members:
    """Return the extensions that an item came with, and those that it uses and does not name."""
    listed = list(given["stac_extensions"])
    if sorted(listed) == sorted(derived["stac_extensions"]):
        return {}
    links = given.get("links") or []
    named = [each for each in links if isinstance(each, dict) and "rel" in each]
    used = extensions_of(given["properties"], given["assets"].values(), named)
    known = {bare(each) for each in listed}
    every = {bare(each) for each in (*used, *derived["stac_extensions"])}
    return {"extensions": listed, "undeclared": sorted(every - known)}


def _place(given: Members, derived: Members) -> Members:
    """Return geometry and box as they came, and of which footprint they are."""
    if given["geometry"] == derived["geometry"] and given.get("bbox") == derived.get("bbox"):
        return {}
    place: Members = {name: given[name] for name in ("geometry", "bbox") if name in given}
    return {**place, "of": _digest(derived["geometry"])}


def _digest(geometry: Json) -> str:
    text = json.dumps(geometry, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def foreign_links(links: Json, root: str) -> list[Members]:
    """Return the links that an object came with and that are not the face's own."""
    return [
        each
        for each in _list(links)
        if isinstance(each, dict)
        and each.get("rel") not in OWN_LINKS
        and not str(each.get("href")).startswith(f"{root}/")
    ]


# ---- laying over


def overlaid_item(derived: Members, kept: Json, hrefs: Collection[str]) -> Members:
    """Return an item as it came. ``hrefs`` are the addresses of the image's files.

    ``kept`` may be anything: what is not of the form that is kept is passed over.
    """
    stored = _dict(kept)
    hidden = set(map(str, _list(stored.get("hidden"))))
    made = derived["properties"]
    properties = {name: value for name, value in made.items() if name not in hidden}
    properties |= {
        name: value
        for name, value in _dict(stored.get("as_given")).items()
        if _same_meaning(made.get(name), value)
    }
    properties |= _dict(stored.get("properties"))
    assets = _assets(derived["assets"], stored, hrefs)
    links = derived["links"] + _links(stored)
    members = well_formed(_dict(stored.get("members")), ITEM)
    found = {
        **{n: v for n, v in members.items() if n not in _ITEM_MEMBERS},
        **derived,
        "properties": properties,
        "assets": assets,
        "links": links,
        "stac_extensions": _extensions(derived, stored, properties, assets, links),
    }
    if "stac_version" in members:
        found["stac_version"] = members["stac_version"]
    place = well_formed(_dict(stored.get("place")), ITEM)
    if place and place.get("of") == _digest(derived["geometry"]):
        found.pop("bbox", None)
        found |= {name: place[name] for name in ("geometry", "bbox") if name in place}
    return found


def _assets(derived: Members, stored: Members, hrefs: Collection[str]) -> Members:
    files = _dict(stored.get("asset_files"))
    kept = {
        key: asset
        for key, asset in _dict(stored.get("assets")).items()
        if isinstance(asset, dict)
        and isinstance(asset.get("href"), str)
        and (key not in files or files[key] in hrefs)
    }
    hidden = set(map(str, _list(stored.get("hidden_assets"))))
    return {key: each for key, each in derived.items() if key not in hidden} | kept


def _links(stored: Members) -> list[Members]:
    return [
        each
        for each in _list(stored.get("links"))
        if isinstance(each, dict)
        and isinstance(each.get("rel"), str)
        and isinstance(each.get("href"), str)
    ]


def _extensions(
    derived: Members,
    stored: Members,
    properties: Members,
    assets: Members,
    links: Sequence[Members],
) -> list[str]:
    """Return the extensions that the object came with, and those of members that it lacks.

    The version that it came with stands for any other.
    """
    listed = [each for each in _list(stored.get("extensions")) if isinstance(each, str)]
    if not listed and not stored:
        return list(derived["stac_extensions"])
    holders = [each for each in assets.values() if isinstance(each, dict)]
    used = extensions_of(properties, holders, links)
    known = {bare(each) for each in listed} | set(map(str, _list(stored.get("undeclared"))))
    return listed + [each for each in used if bare(each) not in known]


def _same_meaning(derived: Json, given: Json) -> bool:
    if derived == given:
        return True
    if isinstance(derived, list) and isinstance(given, list):
        return derived == given[: len(derived)]  # the third row of a transform says nothing
    if isinstance(derived, float) and isinstance(given, int | float):
        return math.isclose(derived, given, rel_tol=_ROUNDED)
    if not isinstance(given, str) or not _UTC.fullmatch(given):
        return False  # STAC's times are of RFC 3339, in UTC
    try:
        return times.canonical_timestamp(derived) == times.canonical_timestamp(given)
    except (ValueError, TypeError):
        return False


def collection_remainder(given: Members, derived: Members, root: str) -> Members:
    """Return what to keep of a collection. ``derived`` is that of the product alone."""
    found: Members = {
        "members": {
            name: value
            for name, value in given.items()
            if name not in _COLLECTION_MEMBERS and derived.get(name) != value
        },
        "links": foreign_links(given.get("links"), root),
    }
    return {name: each for name, each in found.items() if each}


def overlaid_collection(derived: Members, kept: Json) -> Members:
    """Return a collection as it came."""
    stored = _dict(kept)
    members = {
        name: value
        for name, value in well_formed(_dict(stored.get("members")), COLLECTION).items()
        if name not in _COLLECTION_MEMBERS
    }
    listed = [each for each in _list(members.get("stac_extensions")) if isinstance(each, str)]
    known = {bare(each) for each in listed}
    used = [each for each in derived["stac_extensions"] if bare(each) not in known]
    return {
        **derived,
        **members,
        "links": derived["links"] + _links(stored),
        "stac_extensions": listed + used,
    }


def _dict(value: Json) -> Members:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Any]:
    return value if isinstance(value, list) else []
