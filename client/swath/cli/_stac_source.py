"""Where items of elsewhere come from: a STAC API, a file, or standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from swath.errors import ServerError
from swath.http import Client

from ._stac_parquet import is_parquet, read_items

Json = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Items to come, and the collection that they are of, where the source tells it."""

    items: Iterator[Json]
    collection: Json | None = None


def open_source(name: str, client: Client, page: int) -> Source:
    """What a URL (of a collection, of items, or of a search), a file or `-` holds."""
    if name.startswith(("http://", "https://")):
        return _from_api(name, client, page)
    if name == "-":
        return Source(_from_lines(sys.stdin))
    if is_parquet(name):
        return Source(_absolute(each, None) for each in read_items(name))
    text = Path(name).read_text(encoding="utf-8")
    return Source(_from_text(text))


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
        return Source(iter([_absolute(first, url)]))
    raise ValueError(f"{url} is neither a collection nor items, but {first.get('type')!r}")


def _with_limit(url: str, page: int) -> str:
    return url + ("&" if "?" in url else "?") + f"limit={page}"


def _pages(client: Client, answer: Json, url: str) -> Iterator[Json]:
    """The items of a page and of those behind it, as their links say they are asked for."""
    while True:
        yield from (_absolute(each, url) for each in answer.get("features") or ())
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
    links = document.get("links") or ()
    return next((each for each in links if each.get("rel") == rel and each.get("href")), None)


def _from_text(text: str) -> Iterator[Json]:
    """The items of a FeatureCollection, of one item, or of a line each."""
    try:
        whole = json.loads(text)
    except ValueError:
        yield from _from_lines(text.splitlines())
        return
    found = whole.get("features", [whole]) if isinstance(whole, dict) else whole
    yield from (_absolute(each, None) for each in found)


def _from_lines(lines: Iterable[str]) -> Iterator[Json]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _absolute(json.loads(line), None)
        except ValueError as error:
            raise ValueError(f"line {number} is not JSON: {error}") from error


def _absolute(item: Any, url: str | None) -> Json:
    """The item with addresses of assets that do not depend on where it was found."""
    if not isinstance(item, dict):
        raise ValueError(f"{item!r:.80} is no item")  # noqa: TRY004 - data, not an argument
    own = _link(item, "self")
    base = urljoin(url or "", own["href"]) if own else url
    if base is None:
        return item
    assets = {
        key: {**asset, "href": urljoin(base, asset["href"])}
        if isinstance(asset, dict) and isinstance(asset.get("href"), str) and _is_relative(asset)
        else asset
        for key, asset in (item.get("assets") or {}).items()
    }
    return {**item, "assets": assets}


def _is_relative(asset: Json) -> bool:
    return ":" not in asset["href"].partition("/")[0]
