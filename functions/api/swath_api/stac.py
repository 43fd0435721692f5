"""``/stac``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from swath_core.definitions import Extras
from swath_core.stac import (
    CONFORMANCE,
    GEOJSON,
    JSON,
    OPENAPI_JSON,
    SCHEMA_JSON,
    Addresses,
    Aggregations,
    CollectionSearch,
    Found,
    FoundItems,
    ItemSearch,
    Link,
    declared_in,
    decoded,
    described,
    landing_page,
    link,
    parse_sign,
    searched,
)
from swath_core.stac import queryables as queryables_schema
from swath_core.stac import sortables as sortables_schema
from swath_core.web import Body, Request, Response, answer, answer_text, dumps
from swath_core.web.openapi import document
from swath_core.web.routes import STAC

from . import explorer, services

_SIGN = "x-sign"
"""The header that says what the parameter ``sign`` does."""

# ---- what describes the face


def landing(request: Request) -> Response[Any]:
    """``GET /stac``."""
    return _json(landing_page(_addresses(request)))


def conformance(_: Request) -> Response[Any]:
    """``GET /conformance``."""
    return _json({"conformsTo": list(CONFORMANCE)})


def description(request: Request) -> Response[Any]:
    """``GET /api``."""
    return answer(document(request.root, [STAC]), media_type=OPENAPI_JSON)


def page(request: Request) -> Response[Any]:
    """``GET /api.html``: the page finds out by its address what it is to describe."""
    return explorer.page(request, explorer.REFERENCE)


def queryables(request: Request) -> Response[Any]:
    """``GET /queryables``: those that every collection has."""
    return answer(queryables_schema(request.url), media_type=SCHEMA_JSON)


def sortables(request: Request) -> Response[Any]:
    """``GET /sortables``: those that every collection has."""
    return answer(sortables_schema(request.url), media_type=SCHEMA_JSON)


def collection_queryables(request: Request, id: str) -> Response[Any]:
    """``GET /collections/ID/queryables``."""
    extras = declared_in(services.stac().readable(request.caller, id))
    return answer(queryables_schema(request.url, extras), media_type=SCHEMA_JSON)


def collection_sortables(request: Request, id: str) -> Response[Any]:
    """``GET /collections/ID/sortables``."""
    extras = declared_in(services.stac().readable(request.caller, id))
    return answer(sortables_schema(request.url, extras), media_type=SCHEMA_JSON)


# ---- collections


def collections(request: Request) -> Response[Any]:
    """``GET /collections``."""
    asked = CollectionSearch.parse(decoded(request.query))
    found = services.stac().collections(request.caller, asked, _addresses(request))
    links = [*_page_links(request, JSON), *_next_link(request, found, JSON)]
    numbers = _numbers(len(found.objects), found.matched)
    return _json({"collections": found.objects, "links": links, **numbers})


def collection(request: Request, id: str) -> Response[Any]:
    """``GET /collections/ID``."""
    sign = parse_sign(request.query.get("sign") or request.headers.get(_SIGN))
    here = _addresses(request)
    found, product = services.stac().collection(request.caller, id, here, sign=sign)
    return _json(found, {"ETag": f'"{product.version}"'})


# ---- items


def items(request: Request, id: str) -> Response[Any]:
    """``GET /collections/ID/items``."""
    asked = _asked(request, decoded(request.query), id)
    services.stac().readable(request.caller, id)
    return _found_items(request, asked)


def item(request: Request, id: str, name: str) -> Response[Any]:
    """``GET /collections/ID/items/NAME``."""
    sign = parse_sign(request.query.get("sign") or request.headers.get(_SIGN))
    here = _addresses(request)
    found, image = services.stac().item(request.caller, id, name, here, sign=sign)
    return answer(found, headers={"ETag": f'"{image.version}"'}, media_type=GEOJSON)


def asset(request: Request, id: str, name: str, key: str) -> Response[Any]:
    """``GET /collections/ID/items/NAME/assets/KEY``: the way to the file, open for a while."""
    return _leading_to(services.stac().asset(request.caller, id, name, key, request.method))


def collection_asset(request: Request, id: str, key: str) -> Response[Any]:
    """``GET /collections/ID/assets/KEY``: the way to a file of images, open for a while."""
    return _leading_to(services.stac().collection_asset(request.caller, id, key, request.method))


def _leading_to(address: str) -> Response[Any]:
    headers: dict[str, Any] = {"Location": address, "Cache-Control": "private, max-age=300"}
    return Response(HTTPStatus.FOUND, content_type=None, body="", headers=headers)


def search(request: Request) -> Response[Any]:
    """``GET /search``."""
    return _found_items(request, _asked(request, decoded(request.query)))


def search_posted(request: Request) -> Response[Any]:
    """``POST /search``."""
    return _found_items(request, _asked(request, request.json))


def _asked(request: Request, given: Body, collection: str | None = None) -> ItemSearch:
    return ItemSearch.parse(given, collection, _extras(request, given, collection))


def _extras(request: Request, given: Body, collection: str | None) -> Callable[[], Extras]:
    return services.stac().extras(request.caller, given, collection)


def _found_items(request: Request, asked: ItemSearch) -> Response[Any]:
    if _SIGN in request.headers:
        asked = replace(asked, sign=parse_sign(request.headers[_SIGN]))
    found = services.stac().items(request.caller, asked, _addresses(request))
    links = [*_page_links(request, GEOJSON), *_next_link(request, found, GEOJSON)]
    rest = dumps({"links": links, **_numbers(len(found.texts), found.matched)})[1:]
    items = ",".join(found.texts)  # written while their bytes were counted
    text = f'{{"type":"FeatureCollection","features":[{items}],{rest}'
    return answer_text(text, media_type=GEOJSON)


# ---- aggregations


def aggregations(request: Request) -> Response[Any]:
    """``GET /aggregations``: those that every collection has."""
    return _described(request, Extras())


def _described(request: Request, extras: Extras) -> Response[Any]:
    links = [
        *_page_links(request, JSON),
        link("aggregate", request.url.removesuffix("aggregations") + "aggregate"),
    ]
    return _json({"aggregations": described(extras), "links": links})


def collection_aggregations(request: Request, id: str) -> Response[Any]:
    """``GET /collections/ID/aggregations``."""
    return _described(request, declared_in(services.stac().readable(request.caller, id)))


def aggregate(request: Request) -> Response[Any]:
    """``GET /aggregate``."""
    return _aggregated(request, decoded(request.query))


def aggregate_posted(request: Request) -> Response[Any]:
    """``POST /aggregate``."""
    return _aggregated(request, request.json)


def collection_aggregate(request: Request, id: str) -> Response[Any]:
    """``GET /collections/ID/aggregate``."""
    services.stac().readable(request.caller, id)
    return _aggregated(request, decoded(request.query), id)


def collection_aggregate_posted(request: Request, id: str) -> Response[Any]:
    """``POST /collections/ID/aggregate``."""
    services.stac().readable(request.caller, id)
    return _aggregated(request, request.json, id)


def _only(collection: str) -> Body:
    return {"collections": [collection]}


def _aggregated(request: Request, given: Body, collection: str | None = None) -> Response[Any]:
    extras = _extras(request, given, collection)
    wanted, members = Aggregations.parse(given, extras), searched(given)
    whole = members if collection is None else members | _only(collection)
    asked = ItemSearch.parse(whole, extras=extras)
    found = services.stac().aggregations(request.caller, asked, wanted)
    links = _page_links(request, JSON)
    return _json({"type": "AggregationCollection", "aggregations": found, "links": links})


# ---- answers


def _addresses(request: Request) -> Addresses:
    return Addresses(request.root)


def _json(body: Body, headers: dict[str, str] | None = None) -> Response[Any]:
    return answer(body, headers=headers, media_type=JSON)


def _numbers(returned: int, matched: int | None) -> Body:
    numbers = {"numberReturned": returned}
    return numbers if matched is None else {**numbers, "numberMatched": matched}


def _page_links(request: Request, media_type: str) -> list[Link]:
    query = f"?{urlencode(request.query)}" if request.query else ""
    return [
        link("self", f"{request.url}{query}", media_type),
        link("root", _addresses(request).landing),
    ]


def _next_link(request: Request, found: Found | FoundItems, media_type: str) -> list[Link]:
    """Return the link to the next page, if there is one; after a POST its body is in the link."""
    if found.token is None:
        return []
    if request.method == "POST":
        body = {**request.json, "token": found.token}
        return [link("next", request.url, media_type, method="POST", body=body, merge=False)]
    query = urlencode({**request.query, "token": found.token})
    return [link("next", f"{request.url}?{query}", media_type, method="GET")]
