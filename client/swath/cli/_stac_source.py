"""Where items of elsewhere come from: a STAC API, a file, or standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from swath.errors import ServerError
from swath.http import Client

from ._stac_parquet import is_parquet, read_items

Json = dict[str, Any]


@dataclass(frozen=True)
class NoItem:
    """What is no item where one should be: where that is, and why it is none."""

    where: str
    reason: str


@dataclass(frozen=True)
class Source:
    """Items to come, and the collection that they are of, where the source tells it."""

    items: Iterator[Json | NoItem]
    collection: Json | None = None


def open_source(name: str, client: Client, page: int) -> Source:
    """What a URL (of a collection, of items, or of a search), a file or `-` holds."""
    if name.startswith(("http://", "https://")):
        return _from_api(name, client, page)
    if name == "-":
        return Source(_from_lines(sys.stdin))
    if is_parquet(name):
        return Source(_absolute(each, None) for each in read_items(name))
    return Source(_from_file(Path(name)))


def _from_api(url: str, client: Client, page: int) -> Source:
    first = _get(client, "GET", url)
    if first.get("type") == "Collection":
        items = _link(first, "items")
        if items is None:
            raise ValueError(f"{url} is a collection without a link to its items")
        begin = _with_limit(urljoin(url, items["href"]), page)
        return Source(_pages(client, _get(client, "GET", begin), begin), first)
    if first.get("type") == "FeatureCollection":
        return Source(_pages(client, first, url))
    if first.get("type") == "Feature":
        return Source(iter([_checked(first, url, url)]))
    raise ValueError(f"{url} is neither a collection nor items, but {first.get('type')!r}")


def _with_limit(url: str, page: int) -> str:
    return url + ("&" if "?" in url else "?") + f"limit={page}"


def _pages(client: Client, answer: Json, url: str) -> Iterator[Json | NoItem]:
    """The items of a page and of those behind it, as their links say they are asked for."""
    while True:
        for number, each in enumerate(answer.get("features") or ()):
            yield _checked(each, url, f"{url} item {number}")
        following = _link(answer, "next")
        if following is None:
            return
        url = urljoin(url, following["href"])
        answer = _get(client, following.get("method", "GET"), url, following.get("body"))


def _get(client: Client, method: str, url: str, body: Json | None = None) -> Json:
    own = url.startswith(client.settings.stac_root + "/")  # the token is for nobody else
    answer = client.http.request(method, url, json=body, signed=not own)
    try:
        found = answer.json()
    except ValueError as error:
        raise ServerError(f"{method} {url} was not answered with JSON") from error
    if not isinstance(found, dict):
        raise ServerError(f"{method} {url} was answered with JSON that is no object")
    return found


def _link(document: Json, rel: str) -> Json | None:
    links = document.get("links")
    named = [each for each in links if isinstance(each, dict)] if isinstance(links, list) else []
    found = (each for each in named if each.get("rel") == rel)
    return next((each for each in found if isinstance(each.get("href"), str)), None)


def _from_file(path: Path) -> Iterator[Json | NoItem]:
    """The items of a FeatureCollection, of one item, or of lines, which are read one by one."""
    with path.open(encoding="utf-8-sig") as lines:
        begin = [lines.readline()]
        while begin[-1].isspace():
            begin.append(lines.readline())
        if _is_json(begin[-1]):
            yield from _from_lines(chain(begin, lines))
            return
        whole = "".join([*begin, *lines])
    if _is_json(whole):
        yield from _listed(json.loads(whole), "")
    else:
        yield from _from_lines(StringIO(whole))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _from_lines(lines: Iterable[str]) -> Iterator[Json | NoItem]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            yield NoItem(f"line {number}", f"it is not JSON: {error}")
        else:
            yield from _listed(found, f"line {number}")


def _listed(found: Any, where: str) -> Iterator[Json | NoItem]:
    """The items of a FeatureCollection or of a list, or the one that it is."""
    features = found.get("features") if isinstance(found, dict) else found
    if not isinstance(features, list):
        yield _checked(found, None, where or "the file")
        return
    for number, each in enumerate(features, 1):
        yield _checked(each, None, f"{where} item {number}".strip())


def _checked(item: Any, url: str | None, where: str) -> Json | NoItem:
    """An item with an id, as it may be sent; anything else is told where it is."""
    if not isinstance(item, dict):
        return NoItem(where, f"{item!r:.80} is no item")
    if not isinstance(item.get("id"), str) or not item["id"]:
        return NoItem(where, "the item has no id")
    return _absolute(item, url)


def _absolute(item: Json, url: str | None) -> Json:
    """The item with addresses of assets that do not depend on where it was found."""
    own = _link(item, "self")
    base = urljoin(url or "", own["href"]) if own else url
    if base is None or not isinstance(item.get("assets"), dict):
        return item
    assets = {
        key: {**asset, "href": urljoin(base, asset["href"])}
        if isinstance(asset, dict) and isinstance(asset.get("href"), str) and _is_relative(asset)
        else asset
        for key, asset in item["assets"].items()
    }
    return {**item, "assets": assets}


def _is_relative(asset: Json) -> bool:
    return ":" not in asset["href"].partition("/")[0]
