"""The OpenAPI 3.1 description of the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._schemas import ref, schemas

Schema = dict[str, Any]

VERSION = "2.0"
MEDIA_TYPE = "application/vnd.api+json"
_BASE = "/catalog/v2"
_DESCRIPTION = """\
A catalog of georeferenced images: products, their bands, and images found by place and time.

Searches are `PUT` on a collection. Lists come in pages: send the same body to `links.next`.
An object's version is in `ETag`; a change with `If-Match` is refused with 409 where the version
has moved on. A request sent again with the same `Idempotency-Key` is answered as the first one was.
The catalog also answers under `/metadata/v1/catalog/v2`.
"""
_REFUSALS = {
    "400": "The request cannot be understood.",
    "401": "No valid token came with it.",
    "403": "The caller may see the object but not do this.",
    "404": "There is no such object for the caller.",
    "409": "The object's present state does not allow it.",
    "422": "An attribute's value is not acceptable; the pointer says which.",
    "429": "Slow down.",
}


@dataclass(frozen=True)
class _Operation:
    """One method of one path: ``answer`` and ``body`` name schemas; None is an empty body."""

    method: str
    path: str
    name: str
    summary: str
    status: str = "200"
    answer: str | None = None
    body: str | None = None
    extra: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        return self.path.split("/")[1].removesuffix("_v2")


def _crud(collection: str, one: str, *, deletes: bool = True) -> list[_Operation]:
    item, noun = f"/{collection}/{{id}}", one.lower()
    words = [
        _Operation("post", f"/{collection}", f"create{one}", f"Save a new {noun}.", "201",
                   f"{one}Answer", f"New{one}"),
        _Operation("put", f"/{collection}", f"search{one}s", f"Find {noun}s.", "200",
                   f"{one}List", f"{one}Search", ("continuation", "include")),
        _Operation("get", item, f"get{one}", f"Return a {noun}.", "200", f"{one}Answer", None,
                   ("v1", "include")),
        _Operation("head", item, f"has{one}", f"Say whether a {noun} exists."),
        _Operation("patch", item, f"update{one}", f"Change attributes of a {noun}.", "200",
                   f"{one}Answer", f"{one}Change", ("include",)),
    ]  # fmt: skip
    if deletes:
        words.append(
            _Operation("delete", item, f"delete{one}", f"Delete a {noun}.", "200", "Message")
        )
    return words


_OPERATIONS = (
    *_crud("products", "Product"),
    _Operation("post", "/products/{id}/delete_related_objects", "startDelete",
               "Delete all bands and images; 204 where there are none.", "201", "DeleteTask",
               "NewDeleteTask", ("204",)),
    _Operation("get", "/products/{id}/delete_related_objects", "deleteStatus",
               "Return how far that is.", "200", "DeleteTask"),
    _Operation("post", "/products/{id}/update_related_objects_acls", "startUpdateAcls",
               "For older clients: access follows the product.", "201", "UpdateTask",
               "NewUpdateTask"),
    _Operation("get", "/products/{id}/update_related_objects_acls", "updateAclsStatus",
               "For older clients.", "200", "UpdateTask"),
    _Operation("put", "/products/{id}/relationships/derived_bands", "derivedBandsOfProduct",
               "For older clients: there are none.", "200", "DerivedBandList", "AnySearch"),
    *_crud("bands", "Band"),
    _Operation("put", "/derived_bands", "searchDerivedBands",
               "For older clients: there are none.", "200", "DerivedBandList", "AnySearch"),
    _Operation("get", "/derived_bands/{id}", "getDerivedBand", "Always 404.", "404"),
    _Operation("head", "/derived_bands/{id}", "hasDerivedBand", "Always 404.", "404"),
    *_crud("images", "Image"),
    _Operation("post", "/images/bulk", "createImages",
               "Save many new images; each has its own result, in order.", "200",
               "ImageResults", "NewImages"),
    _Operation("put", "/images/summary/all", "summarise", "Count images and bytes.", "200",
               "ImageSummary", "ImageSearch"),
    _Operation("put", "/images/summary/{field}/{interval}", "summariseByInterval",
               "Count images and bytes by interval of time.", "200", "ImageSeries",
               "IntervalSearch", ("field", "interval")),
    _Operation("put", "/images/summary/h3/{resolution}", "summariseByCell",
               "Count images and bytes by H3 cell of their centroids.", "200", "ImageCells",
               "ImageSearch", ("resolution",)),
    *_crud("uploads_v2", "Upload", deletes=False),
)  # fmt: skip

_PARAMETERS: dict[str, Schema] = {
    "continuation": {
        "name": "continuation",
        "in": "query",
        "schema": {"type": "string"},
        "description": "The token of `links.next`.",
    },
    "include": {
        "name": "include",
        "in": "query",
        "schema": {"type": "string", "enum": ["product", "events"]},
        "description": "Related resources to include.",
    },
    "v1": {
        "name": "v1_compatibility",
        "in": "query",
        "schema": {"type": "string", "enum": ["True", "False"]},
        "description": "Add `v1_properties`.",
    },
    "field": {
        "name": "field",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": ["acquired", "created", "modified", "published"]},
    },
    "interval": {
        "name": "interval",
        "in": "path",
        "required": True,
        "schema": {
            "type": "string",
            "enum": ["year", "quarter", "month", "week", "day", "hour", "minute"],
        },
    },
    "resolution": {
        "name": "resolution",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 0, "maximum": 15},
    },
    "id": {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.:\\-]+$"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string", "pattern": '^"[0-9]{1,15}"$'},
        "description": "The version that the change is meant for, as `ETag` gave it.",
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_\\-]{1,100}$"},
        "description": "What a repetition of this request shares with it.",
    },
}


def document(server: str = "/") -> Schema:
    """Return the description for a server at that address."""
    paths: dict[str, Schema] = {}
    for operation in _OPERATIONS:
        item = paths.setdefault(_BASE + operation.path, {})
        item[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Swath", "version": VERSION, "description": _DESCRIPTION},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": {**paths, **_public()},
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
            "schemas": {**schemas(), **_searches()},
        },
    }


def _searches() -> dict[str, Schema]:
    bound = {
        "type": ["string", "integer"],
        "description": "A date; empty or 0 for no bound; left out: what the matches span.",
    }
    image = schemas()["ImageSearch"]
    kept = {n: s for n, s in image["properties"].items() if n not in {"sort", "limit", "include"}}
    return {
        "AnySearch": {"type": "object"},
        "IntervalSearch": {
            "type": "object",
            "properties": {**kept, "_start": bound, "_end": bound},
        },
    }


def _operation(operation: _Operation) -> Schema:
    described: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.body is not None:
        content = {MEDIA_TYPE: {"schema": ref(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(operation: _Operation) -> list[Schema]:
    names = ["id"] if "{id}" in operation.path else []
    names += [name for name in operation.extra if name in _PARAMETERS]
    if operation.method in {"post", "patch", "delete"}:
        names.append("Idempotency-Key")
    if operation.method in {"patch", "delete"} and "uploads" not in operation.path:
        names.append("If-Match")
    return [_PARAMETERS[name] for name in names]


def _responses(operation: _Operation) -> Schema:
    has_body = operation.method != "head"
    responses: Schema = {
        status: _response(words, "Errors" if has_body else None)
        for status, words in _REFUSALS.items()
    }
    if operation.answer is not None or not operation.status.startswith("4"):
        responses[operation.status] = _response("Done.", operation.answer)
    if "204" in operation.extra:
        responses["204"] = _response("There is nothing to do.", None)
    return dict(sorted(responses.items()))


def _response(words: str, schema: str | None) -> Schema:
    response: Schema = {"description": words}
    if schema is not None:
        response["content"] = {MEDIA_TYPE: {"schema": ref(schema)}}
    return response


def _public() -> dict[str, Schema]:
    def get(name: str, summary: str, media_type: str) -> Schema:
        answer = {"description": "Done.", "content": {media_type: {"schema": {}}}}
        described = {
            "operationId": name,
            "summary": summary,
            "tags": ["service"],
            "security": [],
            "responses": {"200": answer},
        }
        return {"get": described}

    return {
        "/openapi.json": get("getDescription", "Return this description.", "application/json"),
        "/docs": get("getPage", "Return this description as a page.", "text/html; charset=utf-8"),
        "/health": get("getHealth", "Say that the API answers.", MEDIA_TYPE),
    }
