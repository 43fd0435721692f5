"""The OpenAPI 3.1 description of every function's routes, out of the rows of the route table."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from swath_core.web.routes import OPERATIONS, TABLES, Route, RouteTable

from ._examples import example
from ._operations import operations_schemas
from ._parameters import OTHERS, PATH
from ._raster import raster_schemas
from ._schemas import ref, schemas
from ._stac import stac_schemas

Schema = dict[str, Any]

VERSION = "2.0"
_ERRORS = {
    "jsonapi": ("Errors", "application/vnd.api+json"),
    "stac": ("StacError", "application/json"),
}
_REFERENCE = re.compile(r'"#/components/schemas/(\w+)"')
_DESCRIPTION = """\
A catalog of georeferenced images: products, their bands, and images found by place and time.

Searches are `PUT` on a collection. Lists come in pages: send the same body to `links.next`.
An object's version is in `ETag`; a change with `If-Match` is refused with 409 where the version
has moved on. A request sent again with the same `Idempotency-Key` is answered as the first one was.
The catalog also answers under `/metadata/v1/catalog/v2`. Arrays, tiles and previews are under
`/raster/v2`; pictures take a ticket in the address (from TileJSON) instead of a token.
The same objects are a STAC API under `/stac`.
"""
_TAGS = {
    "products": "Products, each with its bands and images, and the tasks that change all of these.",
    "bands": "Bands of products.",
    "derived_bands": "For older clients: there are none. Raster computes `expression` instead.",
    "images": "Images: their attributes, searches, counts and sums.",
    "uploads": "Files on their way to becoming images.",
    "stac": "The same objects as a STAC API: collections, items, aggregations, transactions.",
    "raster": "Pixels: arrays, statistics, values at points, tiles and previews.",
    "operations": "How the service is doing, and dead letters sent again; for those who run it.",
    "service": "What describes the API, and whether it answers.",
}
"""What the operations are about, in the order in which pages list them."""
_REFUSALS = {
    400: "The request cannot be understood.",
    401: "No valid token came with it.",
    403: "The caller may see the object but not do this.",
    404: "There is no such object for the caller.",
    409: "The object's present state does not allow it.",
    422: "An attribute's value is not acceptable; the pointer says which.",
    429: "Slow down.",
    503: "Something that is needed does not answer now; try again.",
}


def document(server: str = "/", tables: Sequence[RouteTable] = TABLES) -> Schema:
    """Return the description of tables for a server at that address."""
    made = _whole(server, tables)
    used = {_tag(route, table) for table in tables for route in table.routes}
    made["tags"] = [{"name": n, "description": w} for n, w in _TAGS.items() if n in used]
    if tables is not TABLES:
        made["components"]["schemas"] = _used(made["paths"], made["components"]["schemas"])
    return made


def _used(paths: Schema, every: dict[str, Schema]) -> dict[str, Schema]:
    """Return the schemas that paths, and the schemas that these use, refer to."""
    used: dict[str, Schema] = {}
    waiting = [json.dumps(paths)]
    while waiting:
        for name in _REFERENCE.findall(waiting.pop()):
            if name not in used:
                used[name] = every[name]
                waiting.append(json.dumps(every[name]))
    return used


def _whole(server: str, tables: Sequence[RouteTable]) -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Swath", "version": VERSION, "description": _DESCRIPTION},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": {
            path: {
                method.lower(): _operation(path, route, table) for method, route in routes.items()
            }
            for table in tables
            for path, routes in table.paths().items()
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "ticket": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "token",
                    "description": "What TileJSON puts into the addresses of tiles; good a day.",
                },
            },
            "schemas": {**schemas(), **operations_schemas(), **raster_schemas(), **stac_schemas()},
        },
    }


def _operation(path: str, route: Route, table: RouteTable) -> Schema:
    described: Schema = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [_tag(route, table)],
        "parameters": _parameters(path, route),
        "responses": _responses(route, table),
    }
    if route.public:
        described["security"] = []
    elif route.ticket is not None:
        described["security"] = [{"token": []}, {"ticket": []}]
    if route.request is not None:
        body = {"schema": ref(route.request), "example": example(route)}
        described["requestBody"] = {"required": True, "content": {table.request_type: body}}
    return described


def _tag(route: Route, table: RouteTable) -> str:
    if not table.base:
        return "service"
    if table.function == "raster":
        return "raster"
    if table.errors == "stac":
        return "stac"
    if table is OPERATIONS:
        return "operations"
    return route.path.split("/")[1].removesuffix("_v2")


def _parameters(path: str, route: Route) -> list[Schema]:
    of_path = [PATH[name] for name in re.findall(r"{(\w+)}", path)]
    return [*of_path, *(OTHERS[name] for name in route.parameters)]


def _responses(route: Route, table: RouteTable) -> Schema:
    has_body = route.method != "HEAD"
    schema_name, media_type = _ERRORS[table.errors]
    errors = (ref(schema_name), (media_type,)) if has_body else None
    found = {status: _response(_REFUSALS[status], errors) for status in table.refusals}
    if route.status not in found:
        schema = {} if route.response is None else ref(route.response)
        has_content = has_body and (route.response is not None or route.public)
        content = (schema, route.media_types) if has_content else None
        found[route.status] = _response("Done.", content)
    found |= {status: _response(words, None) for status, words in route.others.items()}
    return {str(int(status)): found[status] for status in sorted(found)}


def _response(words: str, content: tuple[Schema, tuple[str, ...]] | None) -> Schema:
    response: Schema = {"description": words}
    if content is not None:
        schema, media_types = content
        response["content"] = {media_type: {"schema": schema} for media_type in media_types}
    return response
