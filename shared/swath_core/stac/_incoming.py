"""Items and collections that come in: their attributes, and what is kept beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from swath_core.definitions import (
    IMAGE,
    NAME_PATTERN,
    STORAGE_STATES,
    check_declared,
)
from swath_core.documents import QUERYABLES, Document, finite, is_encodable, shown
from swath_core.errors import Invalid

from ._assets import MD5_MULTIHASH
from ._extensions import AUTHENTICATION, TIMESTAMPS, bare, extensions_of
from ._forms import COLLECTION, ITEM, Form, wrong
from ._geoparquet import without_files
from ._items import Item, ItemForm, extra_name
from ._links import Addresses
from ._overlay import QUERYABLES_MEMBER
from ._properties import EXTRA_PREFIX, NAMED, SHOWN, Property
from ._signing import MEMBERS, SCHEME, TOKEN

_CODE = re.compile(r"(EPSG|ESRI):[0-9]{4,6}", re.IGNORECASE)
_LONGEST_TEXT = 1_000
_MOST_EXTRA = 50
_NOT_DATA = frozenset({"thumbnail", "overview", "metadata", "visual"})
_SIGNED = "X-Amz-Signature="
_ENDS = "a signed address ends after a while: give that of the file, without the signature"
_EXTRA = EXTRA_PREFIX
_TIMES = frozenset({"datetime", "start_datetime", "end_datetime"})

_BY_NAME: Mapping[str, Property] = {
    each.name: each
    for each in (*NAMED, *SHOWN.values())
    if each.attribute.name in SHOWN and not IMAGE.attribute(each.attribute.name).read_only
}
"""By STAC name: the properties that become attributes, times of the image apart."""


@dataclass
class Incoming:
    """An item as attributes: which of its properties they hold, and which assets are files."""

    attributes: dict[str, Any]
    mapped: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)


def bad(pointer: str, message: str) -> Invalid:
    """Return the error for a member of what was sent."""
    return Invalid(message, pointer=pointer)


def checked_item(given: Any, product_id: str, name: str | None = None) -> Item:
    """Return an item if it has the members of one, for that collection and name. Raises Invalid."""
    if not isinstance(given, dict) or given.get("type") != "Feature":
        raise bad("/type", f"an item (a GeoJSON Feature) is expected, not {shown(given)}")
    item_id = given.get("id")
    if not isinstance(item_id, str) or not re.fullmatch(NAME_PATTERN, item_id):
        message = f"{shown(item_id)} was sent, but letters, digits, '_', '.' and '-' are expected"
        raise bad("/id", message)
    if name is not None and item_id != name:
        raise bad("/id", f"{shown(item_id)} was sent to the address of {shown(name)}")
    if given.get("collection", product_id) != product_id:
        shown_id = shown(given["collection"])
        raise bad("/collection", f"{shown_id} was sent to the items of {shown(product_id)}")
    present = {name: each for name, each in given.items() if name != "bbox" or each is not None}
    _check_members(present)
    return {"links": [], "stac_extensions": [], **present}


def _check_members(given: Item) -> None:
    for member, kind in (("properties", dict), ("assets", dict)):
        if not isinstance(given.get(member), kind):
            raise bad(f"/{member}", f"an object is expected, not {shown(given.get(member))}")
    for key, asset in given["assets"].items():
        if not isinstance(asset, dict) or not isinstance(asset.get("href"), str):
            raise bad(f"/assets/{key[:100]}", "an object with an href is expected")
    _check_links(given)
    _check_bands(given["properties"], "/properties")
    for key, asset in given["assets"].items():
        _check_bands(asset, f"/assets/{key[:100]}")
    extensions = given.get("stac_extensions", [])
    if not isinstance(extensions, list) or not all(isinstance(each, str) for each in extensions):
        raise bad("/stac_extensions", "a list of addresses is expected")
    _check_forms(given, ITEM)
    if "geometry" not in given:
        raise bad("/geometry", "a geometry is expected; an item without a place has null")


def _check_forms(given: Item, forms: Mapping[str, Form]) -> None:
    for name, form in wrong(given, forms):
        raise bad(f"/{name}", f"{form} is expected, not {shown(given[name])}")


def _check_links(given: Item) -> None:
    """Raise Invalid unless links are objects whose ``rel`` and ``href`` are texts."""
    links = given.get("links", [])
    if not isinstance(links, list):
        raise bad("/links", f"a list is expected, not {shown(links)}")
    for number, link in enumerate(links):
        members = [link.get(name) for name in ("rel", "href")] if isinstance(link, dict) else [None]
        if not all(isinstance(each, str) for each in members):
            raise bad(f"/links/{number}", f"an object with rel and href is expected: {shown(link)}")


def _check_bands(given: Mapping[str, Any], where: str) -> None:
    """Raise Invalid unless the bands of properties or of an asset are objects."""
    bands = given.get("bands")
    if bands is not None and not (
        isinstance(bands, list) and all(isinstance(each, dict) for each in bands)
    ):
        raise bad(f"{where}/bands", f"a list of objects is expected, not {shown(bands)}")


def without_signatures(
    item: Item, form: ItemForm, here: Addresses, stored: Document | None
) -> Item:
    """Return an item without what was signed for an answer: its own files by their addresses.

    Raises Invalid for other addresses that S3's signature opens: they are never stored.
    """
    held = _stored_files(stored, form)
    assets: dict[str, Any] = {}
    for key, asset in item["assets"].items():
        href, address = asset["href"], here.asset(form.product_id, item["id"], key)
        if _SIGNED in href and not form.is_own(held.get(key, {})):
            raise bad(f"/assets/{key[:100]}/href", _ENDS)
        if _SIGNED in href:
            assets[key] = _unsigned(asset, address)
        elif href.startswith(f"{here.root}/") and f"{TOKEN}=" in href:
            assets[key] = _unsigned(asset, _without_ticket(href))
        else:
            assets[key] = asset
    for number, link in enumerate(item["links"]):
        if _SIGNED in link["href"]:
            raise bad(f"/links/{number}/href", _ENDS)
    properties = _without_scheme(item["properties"], here)
    found = {**item, "properties": properties, "assets": assets}
    return found if properties is item["properties"] else _without_extensions(found)


def _unsigned(asset: dict[str, Any], address: str) -> dict[str, Any]:
    kept = {name: each for name, each in asset.items() if name not in MEMBERS}
    return {**kept, "href": address}


def _without_ticket(href: str) -> str:
    path, _, query = href.partition("?")
    kept = [each for each in query.split("&") if each and not each.startswith(f"{TOKEN}=")]
    return f"{path}?{'&'.join(kept)}" if kept else path


def _without_extensions(item: Item) -> Item:
    """Return an item without the extensions that only what was signed needed."""
    links = [each for each in item["links"] if "rel" in each]
    used = set(map(bare, extensions_of(item["properties"], item["assets"].values(), links)))
    unused = set(map(bare, (AUTHENTICATION, TIMESTAMPS))) - used
    listed = [each for each in item["stac_extensions"] if bare(each) not in unused]
    return {**item, "stac_extensions": listed}


def _without_scheme(properties: dict[str, Any], here: Addresses) -> dict[str, Any]:
    """Return properties without the scheme that the face itself told of."""
    schemes = properties.get("auth:schemes")
    if not isinstance(schemes, dict) or f'"{here.landing}/' not in json.dumps(schemes.get(SCHEME)):
        return properties
    others = {name: each for name, each in schemes.items() if name != SCHEME}
    kept = {name: each for name, each in properties.items() if name != "auth:schemes"}
    return {**kept, "auth:schemes": others} if others else kept


def incoming(
    item: Item, product_id: str, form: ItemForm, here: Addresses, stored: Document | None
) -> Incoming:
    """Return the attributes of an item that was checked.

    ``stored`` is the image that it replaces, whose files it may name. Raises Invalid.
    """
    found = Incoming({"name": item["id"], "product_id": product_id})
    if item["geometry"] is not None:
        found.attributes["geometry"] = item["geometry"]
    _take_times(item["properties"], found)
    _take_properties(item["properties"], found)
    _take_grid(item["properties"], found)
    _take_files(item, form, here, stored, found)
    return found


def _take_times(properties: Mapping[str, Any], found: Incoming) -> None:
    start, end = properties.get("start_datetime"), properties.get("end_datetime")
    first = start if start is not None and end is not None else properties.get("datetime")
    if first is None:
        message = "a time is expected, or null with start_datetime and end_datetime"
        raise bad("/properties/datetime", message)
    found.attributes["acquired"] = first
    if start is not None and end is not None:
        found.attributes["acquired_end"] = end
        found.mapped |= {"start_datetime", "end_datetime"}
        if properties.get("datetime") == start:
            found.mapped.add("datetime")
    else:
        found.mapped.add("datetime")


def _take_properties(properties: Mapping[str, Any], found: Incoming) -> None:
    extra: dict[str, Any] = {}
    for name, value in properties.items():
        if name in _TIMES or value is None:
            continue
        known = _BY_NAME.get(name)
        if known is not None and _fits(known, value):
            stored = value if known.from_stac is None else known.from_stac(float(value))
            found.attributes[known.attribute.name] = stored
            found.mapped.add(name)
        elif known is None and len(extra) < _MOST_EXTRA and _is_extra(name, value):
            extra[name.removeprefix(_EXTRA)] = value
            found.mapped.add(name)
    if extra:
        found.attributes["extra_properties"] = extra


def _fits(known: Property, value: Any) -> bool:
    """Return whether an attribute takes a property's value; what none does is kept as it is."""
    if known.attribute.name == "storage_state":
        return value in STORAGE_STATES
    if known.least is not None:
        number = finite(value)
        return number is not None and known.least <= number <= (known.most or 0)
    try:
        IMAGE.attribute(known.attribute.name).type.normalise(value)
    except ValueError:
        return False
    return True


def _is_extra(name: str, value: Any) -> bool:
    has_name = extra_name(name) == name or name.startswith(_EXTRA)
    if isinstance(value, str):
        return has_name and len(value) <= _LONGEST_TEXT and 0 < len(name) <= _LONGEST_TEXT
    return has_name and bool(name) and (isinstance(value, bool) or finite(value) is not None)


# ---- where the pixels are


def _take_grid(properties: Mapping[str, Any], found: Incoming) -> None:
    code, text = properties.get("proj:code"), properties.get("proj:wkt2")
    if isinstance(code, str) and _CODE.fullmatch(code):
        found.attributes["cs_code"] = code
        found.mapped.add("proj:code")
    elif isinstance(text, str) and 0 < len(text) <= 10_000:  # noqa: PLR2004 - as the attribute's
        found.attributes["projection"] = text
        found.mapped.add("proj:wkt2")
    transform = _numbers(properties.get("proj:transform"), 6, 9)
    if transform and transform[0] * transform[4] != transform[1] * transform[3]:
        a, b, x, d, e, y = transform[:6]
        found.attributes["geotrans"] = [x, a, b, y, d, e]
        found.mapped.add("proj:transform")
    shape = _numbers(properties.get("proj:shape"), 2)
    if shape and all(0 < each < 2**31 and each == int(each) for each in shape):
        found.attributes |= {"y_pixels": int(shape[0]), "x_pixels": int(shape[1])}
        found.mapped.add("proj:shape")


def _numbers(value: Any, *lengths: int) -> list[float] | None:
    if not isinstance(value, list) or len(value) not in lengths:
        return None
    numbers = [finite(each) for each in value]
    return None if None in numbers else [each for each in numbers if each is not None]


# ---- files


def _take_files(
    item: Item, form: ItemForm, here: Addresses, stored: Document | None, found: Incoming
) -> None:
    """Make files of the assets that hold the bands, or of all data where bands tell nothing."""
    files: list[dict[str, Any]] = []
    for key in _file_keys(item["assets"], form):
        asset = item["assets"][key]
        own = _own_file(item, key, form, here, stored)
        files.append(own or _file(asset))
        found.files[key] = str(files[-1].get("href") or files[-1].get("provider_href"))
    if files:
        found.attributes["files"] = files
    all_own = bool(files) and all(map(form.is_own, files))
    found.attributes["storage_state"] = "available" if all_own else "remote"


def _file_keys(assets: Mapping[str, Any], form: ItemForm) -> list[str]:
    """Return the keys of the assets that are files, in the order of files."""
    of_bands = form.keys
    found: list[str] = []
    for index in range(len(of_bands)):
        key = of_bands.get(index)
        if key is None or key not in assets:
            break
        found.append(key)
    if of_bands:
        return found
    return [key for key, asset in assets.items() if _is_data(key, asset)]


def _is_data(key: str, asset: Mapping[str, Any]) -> bool:
    roles = asset.get("roles")
    listed = {each for each in roles if isinstance(each, str)} if isinstance(roles, list) else set()
    return key != "thumbnail" and ("data" in listed or (not listed & _NOT_DATA and not listed))


def _own_file(
    item: Item, key: str, form: ItemForm, here: Addresses, stored: Document | None
) -> dict[str, Any] | None:
    """Return the catalog's own file that an asset names by the address that the face gave it."""
    href = item["assets"][key]["href"]
    is_ours = href == here.asset(form.product_id, item["id"], key)
    held = _stored_files(stored, form)
    if is_ours and key in held:
        return held[key]
    if is_ours:
        message = "this address leads to a file that the item does not have: upload the file"
        raise bad(f"/assets/{key}/href", message)
    if href.startswith("s3:") and form.is_own({"href": href}):
        message = "the catalog's own files are named by their addresses here, not in the bucket"
        raise bad(f"/assets/{key}/href", message)
    return None


def _stored_files(stored: Document | None, form: ItemForm) -> dict[str, dict[str, Any]]:
    files = stored.get("files") or () if stored is not None else ()
    return {form.key(index): dict(file) for index, file in enumerate(files)}


def _file(asset: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"href": asset["href"]}
    size = finite(asset.get("file:size"))
    if size is not None and size >= 0 and size == int(size):
        made["size_bytes"] = int(size)
    checksum = asset.get("file:checksum")
    if isinstance(checksum, str) and re.fullmatch(f"{MD5_MULTIHASH}[0-9a-f]{{32}}", checksum):
        made["hash"] = checksum.removeprefix(MD5_MULTIHASH)
    return made


# ---- collections


def checked_collection(given: Any, product_id: str | None = None) -> dict[str, Any]:
    """Return a collection if it has the members of one. Raises Invalid."""
    if not isinstance(given, dict) or given.get("type") != "Collection":
        raise bad("/type", f"a collection is expected, not {shown(given)}")
    if not isinstance(given.get("id"), str) or not given["id"] or not is_encodable(given["id"]):
        raise bad("/id", f"a text is expected, not {shown(given.get('id'))}")
    if product_id is not None and given["id"] != product_id:
        raise bad("/id", f"{shown(given['id'])} was sent to the address of {shown(product_id)}")
    _check_links(given)
    for member in ("stac_extensions", "keywords"):
        if not isinstance(given.get(member, []), list):
            raise bad(f"/{member}", f"a list is expected, not {shown(given[member])}")
    _check_forms(given, COLLECTION)
    return without_files(given)


def collection_attributes(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the product's attributes that a collection tells."""
    yield "name", given.get("title") or given["id"]
    yield "description", given.get("description")
    yield "tags", given.get("keywords")


def with_declaration(extra: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a product's extra properties with what a collection declares. Raises Invalid."""
    kept = {name: value for name, value in extra.items() if name != QUERYABLES}
    asked = given.get(QUERYABLES_MEMBER)
    if asked in (None, {}):
        return kept
    if not isinstance(asked, dict):
        message = f"an object of names and types is expected, not {shown(asked)}"
        raise bad(f"/{QUERYABLES_MEMBER}", message)
    text = json.dumps(asked, separators=(",", ":"), ensure_ascii=False)
    try:
        check_declared(text)
    except ValueError as error:
        raise bad(f"/{QUERYABLES_MEMBER}", f"{QUERYABLES_MEMBER}: {error}") from error
    same = QUERYABLES in extra and json.loads(extra[QUERYABLES]) == asked
    return {**kept, QUERYABLES: extra[QUERYABLES] if same else text}
