"""`swath stac import` and `swath stac export`."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from swath.auth import read_claims
from swath.errors import ApiError, ConflictError, NotFoundError, UploadError
from swath.http import Client

from ._output import client_of, emit, printable
from ._stac_files import FileExport
from ._stac_parquet import is_parquet, write_items
from ._stac_source import Json, NoItem, open_source

_DATA_TYPES = {
    "uint8": "Byte",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "float32": "Float32",
    "float64": "Float64",
    "int8": "Int8",
    "int64": "Int64",
    "uint64": "UInt64",
}
_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_PAGE = 200


class _Target:
    """The collection that items are saved in."""

    def __init__(self, client: Client, product: str) -> None:
        self._client = client
        self._root = client.settings.stac_root
        self.product = product

    def send(self, method: str, path: str, body: Any = None) -> Json:
        """The answer to one request; an empty one is an empty object."""
        answer = self._client.http.request(method, self._root + path, json=body)
        found: Json = answer.json() if answer.content else {}
        return found

    @property
    def items(self) -> str:
        """Where items are saved."""
        return f"/collections/{self.product}/items"

    def existing(self, ids: list[str]) -> set[str]:
        """Which of the names are taken."""
        body = {"collections": [self.product], "ids": ids, "fields": ["id"], "limit": len(ids)}
        found: set[str] = set()
        answer = self.send("POST", "/search", body)
        while True:
            found |= {each["id"] for each in answer["features"]}
            following = [each for each in answer["links"] if each["rel"] == "next"]
            if not following:
                return found
            answer = self.send("POST", "/search", following[0]["body"])

    def prepare(self, collection: Json | None) -> None:
        """Make the product and its bands where there is no such product yet."""
        org = read_claims(self._client.tokens.token()).org
        for product in (self.product, f"{org}:{self.product}"):
            with suppress(NotFoundError):
                self.send("GET", f"/collections/{product}")
                self.product = product
                return
        made = {**(collection or _unknown()), "id": self.product}
        self.product = self.send("POST", "/collections", made)["id"]
        for band in bands_of(made, self.product):
            data = {"type": "band", "id": f"{self.product}:{band['name']}", "attributes": band}
            self._client.catalog("POST", "/bands", json={"data": data})


def _unknown() -> Json:
    return {"type": "Collection", "description": "Imported.", "license": "other", "links": []}


def bands_of(collection: Json, product: str) -> Iterator[Json]:
    """The bands that a collection's `item_assets` tell, as far as they tell their types.

    Files are counted in the order of the assets, so the first that says nothing ends the list.
    """
    assets = collection.get("item_assets") or {}
    data = {key: each for key, each in assets.items() if "data" in (each.get("roles") or ["data"])}
    for file_index, (key, asset) in enumerate(data.items()):
        described = asset.get("bands") or asset.get("raster:bands") or [{}]
        named = asset.get("eo:bands") or []
        for band_index, told in enumerate(described):
            eo = told if "eo:common_name" in told else (named[band_index:] or [{}])[0]
            name = key if len(described) == 1 else told.get("name") or eo.get("name") or ""
            data_type = _DATA_TYPES.get(told.get("data_type") or asset.get("data_type"))
            if data_type is None or not _NAME.fullmatch(name):
                return
            band = _band(told, eo, asset)
            place = {"file_index": file_index, "band_index": band_index}
            yield {"name": name, "product_id": product, "data_type": data_type, **place, **band}


def _band(told: Json, eo: Json, asset: Json) -> Json:
    """What a description of a band says beside its name, type and place."""
    centre = eo.get("eo:center_wavelength") or eo.get("center_wavelength")
    common = eo.get("eo:common_name") or eo.get("common_name")
    band: Json = {
        "type": "spectral" if centre else "generic",
        "data_range": [0, 10_000],
        "display_range": [0, 10_000],
        "description": told.get("description") or asset.get("title"),
        "nodata": told.get("nodata", asset.get("nodata")),
        "wavelength_nm_center": centre * 1000 if centre else None,
        "extra_properties": {"eo:common_name": common} if common else None,
    }
    return {name: value for name, value in band.items() if value is not None}


def import_items(options: Namespace) -> None:
    """Save the items of a source; those that are there already are left as they are."""
    client = client_of(options)
    source = open_source(options.source, client, _PAGE)
    items = source.items if options.limit is None else islice(source.items, options.limit)
    chunks = iter(lambda: list(islice(items, options.chunk)), [])
    first = next(chunks, [])
    named = [each.get("collection") for each in first if not isinstance(each, NoItem)]
    wrong = [f"{each.where}: {each.reason}" for each in first if isinstance(each, NoItem)]
    if wrong and not named and source.collection is None:
        raise ValueError(f"{options.source} has no items: {wrong[0]}")
    known = (source.collection or {}).get("id") or next(iter(named), None)
    product = options.product or known
    if not product:
        raise ValueError("which product? the items name no collection: give --product")
    target = _Target(client, product)
    target.prepare(source.collection)
    results: Counter[str] = Counter()
    with ExitStack() as stack:
        report = stack.enter_context(Path(options.report).open("w")) if options.report else None
        for chunk in (first, *chunks):
            for item_id, result, reason in _save(target, chunk, update=options.update):
                results[result] += 1
                _tell(report, item_id, result, reason)
            print(f"\r{sum(results.values())} items", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    emit(options, ("product", *_RESULTS), [[target.product, *(results[each] for each in _RESULTS)]])
    if results["refused"]:
        raise UploadError(f"{results['refused']:,} items were refused")


_RESULTS = ("saved", "updated", "existing", "refused")


def _tell(report: TextIO | None, item_id: str, result: str, reason: str) -> None:
    if report is not None:
        line = {"id": item_id, "result": result, **({"reason": reason} if reason else {})}
        print(json.dumps(line), file=report)
    elif result == "refused":
        print(f"\r{printable(item_id)}: {printable(reason)}", file=sys.stderr)


def _save(
    target: _Target, chunk: list[Json | NoItem], *, update: bool
) -> Iterator[tuple[str, str, str]]:
    """Save items and yield the id, the result and the reason of each.

    An item that comes again is there already when it does.
    """
    items: dict[str, Json] = {}
    again: list[Json | NoItem] = []
    for each in chunk:
        if isinstance(each, NoItem):
            yield each.where, "refused", each.reason
        elif each["id"] in items:
            again.append(each)
        else:
            items[each["id"]] = {**each, "collection": target.product}
    yield from _save_each(target, items, update=update)
    if again:
        yield from _save(target, again, update=update)


def _save_each(
    target: _Target, items: dict[str, Json], *, update: bool
) -> Iterator[tuple[str, str, str]]:
    there = target.existing(list(items)) if items else set()
    new = {name: each for name, each in items.items() if name not in there}
    saved = _save_together(target, new)
    for name, item in items.items():
        if name in saved:
            yield name, "saved", ""
        elif name in there and not update:
            yield name, "existing", ""
        else:
            yield _save_one(target, name, item, exists=name in there)


def _save_together(target: _Target, items: dict[str, Json]) -> set[str]:
    """Save new items in one request; return which of them are saved, whatever became of others."""
    if not items:
        return set()
    try:
        body = {"type": "FeatureCollection", "features": list(items.values())}
        target.send("POST", target.items, body)
    except ApiError:
        return target.existing(list(items))
    return set(items)


def _save_one(target: _Target, name: str, item: Json, *, exists: bool) -> tuple[str, str, str]:
    try:
        if exists:
            target.send("PUT", f"{target.items}/{name}", item)
        else:
            target.send("POST", target.items, item)
    except ConflictError:
        return name, "existing", ""
    except ApiError as error:
        return name, "refused", str(error)
    return name, "updated" if exists else "saved", ""


def export_items(options: Namespace) -> None:
    """Write the items that a search finds, a line or a row each."""
    client = client_of(options)
    if options.from_files:
        _export_files(options, client)
        return
    asked: Json = {
        "collections": options.collections or None,
        "ids": options.ids or None,
        "datetime": options.datetime,
        "bbox": options.bbox,
        "query": json.loads(options.query) if options.query else None,
        "limit": _PAGE,
    }
    body = {name: value for name, value in asked.items() if value is not None}
    found = _found(_Target(client, ""), body)
    if is_parquet(options.output):
        written = write_items(found, options.output)
    else:
        written = _write_lines(found, options.output)
    print(f"{written} items", file=sys.stderr)


def _export_files(options: Namespace, client: Client) -> None:
    """Write all items of a collection out of its GeoParquet files, as far as these tell them."""
    if any((options.ids, options.datetime, options.bbox, options.query)):
        raise ValueError("--from-files is of a whole collection: it takes no --ids, --datetime, "
                         "--bbox or --query")  # fmt: skip
    if len(options.collections) != 1 or not is_parquet(options.output):
        raise ValueError("--from-files takes one COLLECTION, and -o FILE that ends in .parquet")
    target = _Target(client, "")
    collection = target.send("GET", f"/collections/{options.collections[0]}")
    files = f"{client.settings.stac_root}/collections/{collection['id']}/assets/"

    def get(key: str) -> bytes:
        return bytes(client.http.request("GET", files + key).content)

    def ask(body: Json) -> Iterator[Json]:
        return _found(target, {**body, "limit": _PAGE})

    done = FileExport(collection, ask, get).write(options.output)
    print(f"{done.items} items, {done.from_api} of them read from the API", file=sys.stderr)
    print("rows have what the files tell: no assets but thumbnails (see `swath stac export -h`)",
          file=sys.stderr)  # fmt: skip


def _found(target: _Target, body: Json) -> Iterator[Json]:
    """The items of all pages of a search."""
    while True:
        answer = target.send("POST", "/search", body)
        yield from answer["features"]
        following = [each for each in answer["links"] if each["rel"] == "next"]
        if not following:
            return
        body = following[0]["body"]


def _write_lines(items: Iterator[Json], output: str) -> int:
    written = 0
    with ExitStack() as stack:
        out = sys.stdout
        if output != "-":
            out = stack.enter_context(Path(output).open("w", encoding="utf-8"))
        for item in items:
            print(json.dumps(item, separators=(",", ":")), file=out)
            written += 1
    return written
