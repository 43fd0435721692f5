"""JSON schemas of the contract's documents, from the attribute definitions."""

from __future__ import annotations

from typing import Any

from swath_core.definitions import (
    BAND,
    BANDS,
    IMAGE,
    PRODUCT,
    UPLOAD,
    UPLOAD_EVENT,
    Attribute,
    Resource,
)

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_CONTAINERS: dict[str, Schema] = {
    "tags": {"type": "array", "items": _TEXT},
    "extra_properties": {"type": "object"},
}
_ACCESS = ("owners", "writers", "readers")


def ref(name: str) -> Schema:
    """Return the reference to a schema of this document."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """Return the schema of an object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _described(attribute: Attribute, schema: Schema) -> Schema:
    traits = [
        word
        for word, holds in (
            ("required", attribute.required),
            ("read-only", attribute.read_only),
            ("immutable", not attribute.mutable and not attribute.read_only),
            ("filterable", attribute.filterable),
            ("sortable", attribute.sortable),
            ("searchable", attribute.searchable),
        )
        if holds
    ]
    words = attribute.description + (f" ({', '.join(traits)})" if traits else "")
    return {**schema, "description": words}


def seen_attributes(resource: Resource) -> Schema:
    """Return the schema of the attributes of an answer; what is unset is left out."""
    members = {each.name: _described(each, each.type.schema()) for each in resource}
    always = [each.name for each in resource if each.required] + ["created", "modified"]
    always += [name for name in (*_CONTAINERS, *_ACCESS) if name in resource.attributes]
    members["v1_properties"] = {
        "type": "object",
        "description": "The attributes under the names of older clients, if asked for.",
    }
    required = {name: members.pop(name) for name in dict.fromkeys(always)}
    return record(required, members)


def sent_attributes(resource: Resource, *, new: bool) -> Schema:
    """Return the schema of the attributes of a request: of a new object or of a change."""
    required: dict[str, Schema] = {}
    optional: dict[str, Schema] = {}
    for each in resource:
        if each.read_only:
            continue
        schema = each.type.sent_schema()
        if new and each.required and each.default is None:
            required[each.name] = _described(each, schema)
            continue
        if not each.required:
            schema = {"anyOf": [schema, {"type": "null"}]}
        optional[each.name] = _described(each, schema)
    return record(required, optional)


def _seen(kind: str, attributes: Schema, relationships: Schema | None = None) -> Schema:
    more = {} if relationships is None else {"relationships": relationships}
    return record({"type": {"const": kind}, "id": _TEXT, "attributes": attributes}, more)


def _sent(kind: str, attributes: Schema, *, has_id: bool, new: bool = True) -> Schema:
    members = {"attributes": attributes} if new else {}
    optional = {} if new else {"attributes": attributes}
    identifier: Schema = {"type": "string", "minLength": 1}
    optional |= {"type": {"const": kind}, "id": identifier}
    if has_id:
        members["id"] = optional.pop("id")
    return {**record({"data": {**record(members, optional), "additionalProperties": True}})}


def single(data: Schema, included: Schema | None = None) -> Schema:
    """Return the schema of an answer with one resource."""
    more = {"meta": ref("Meta")}
    if included is not None:
        more["included"] = {"type": "array", "items": included}
    return record({"data": data, "jsonapi": ref("Jsonapi")}, more)


def many(data: Schema, included: Schema | None = None) -> Schema:
    """Return the schema of an answer with a list."""
    more: dict[str, Schema] = {}
    if included is not None:
        more["included"] = {"type": "array", "items": included}
    members = {
        "data": {"type": "array", "items": data},
        "links": record({"self": _TEXT}, {"next": _TEXT}),
        "meta": ref("Meta"),
        "jsonapi": ref("Jsonapi"),
    }
    return record(members, more)


def _member_of_product() -> Schema:
    return record({"product": record({"data": record({"type": _TEXT, "id": _TEXT})})})


def _events_of_upload() -> Schema:
    reference = record({"type": _TEXT, "id": _TEXT})
    return record({"events": record({"data": {"type": "array", "items": reference}})})


def schemas() -> dict[str, Schema]:
    """Return every schema of the document by its name."""
    return {
        **_common(),
        **_products(),
        **_bands(),
        **_images(),
        **_uploads(),
        **_tasks(),
        **_searches(),
    }


def _common() -> dict[str, Schema]:
    source = {"type": "object", "properties": {"pointer": _TEXT, "parameter": _TEXT}}
    request_id = {**_TEXT, "description": "The request's id, as the service logs it."}
    error = record(
        {"status": _TEXT, "title": _TEXT, "detail": _TEXT}, {"id": request_id, "source": source}
    )
    warning = record({"message": _TEXT, "category": _TEXT})
    meta = {
        "type": "object",
        "properties": {
            "count": {**_COUNT, "description": "The number of all matches, where it is known."},
            "message": _TEXT,
            "warnings": {"type": "array", "items": warning},
        },
    }
    return {
        "Jsonapi": record({"version": {"const": "1.0"}}),
        "Meta": meta,
        "Message": record({"meta": ref("Meta"), "jsonapi": ref("Jsonapi")}),
        "Error": error,
        "Errors": record(
            {
                "errors": {"type": "array", "items": ref("Error"), "minItems": 1},
                "jsonapi": ref("Jsonapi"),
            }
        ),
    }


def search_body(resource: Resource) -> Schema:
    """Return the schema of a search over a kind of object."""
    sortable = ["id", *(each.name for each in resource if each.sortable)]
    filterable = ["id", *(each.name for each in resource if each.filterable)]
    members: dict[str, Schema] = {
        "filter": {
            "type": "string",
            "description": (
                "A JSON array of conditions, all of which must hold: "
                '{"name": N, "op": "eq|ne|gt|gte|lt|lte|prefix", "val": V}, '
                '{"name": N, "op": "isnull|isnotnull"}, {"and": [...]}, {"or": [...]}. '
                f"N is one of {', '.join(filterable)}."
            ),
            "examples": ['[{"name":"id","op":"eq","val":"acme:p"}]'],
        },
        "sort": {
            "type": "string",
            "enum": [sign + name for name in sortable for sign in ("", "-")],
            "description": "The attribute to sort by, with - before it for descending order.",
        },
        "limit": {**_COUNT, "description": "The most to return over all pages; 0 only counts."},
        "include": {"type": "string", "description": "What to include: product or events."},
        "v1_compatibility": {"type": "boolean"},
    }
    if any(each.searchable for each in resource):
        members["text"] = {"type": "string", "description": "Words to find."}
    if resource is IMAGE:
        members["intersects"] = {
            "type": "string",
            "description": "JSON text of a GeoJSON geometry, Feature or FeatureCollection.",
        }
        members["intersects_none"] = {
            "type": "boolean",
            "description": "Also find images without a footprint.",
        }
        members["explain"] = {
            "type": "boolean",
            "description": "Answer the plan and its cost in meta.explain instead of images.",
        }
    return {"type": "object", "properties": members, "additionalProperties": False}


def _products() -> dict[str, Schema]:
    return {
        "ProductAttributes": seen_attributes(PRODUCT),
        "Product": _seen("product", ref("ProductAttributes")),
        "ProductAnswer": single(ref("Product")),
        "ProductList": many(ref("Product")),
        "NewProduct": _sent("product", sent_attributes(PRODUCT, new=True), has_id=True),
        "ProductChange": _sent(
            "product", sent_attributes(PRODUCT, new=False), has_id=False, new=False
        ),
        "ProductSearch": search_body(PRODUCT),
    }


def _bands() -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for name, resource in BANDS.items():
        found[f"{name.capitalize()}BandAttributes"] = seen_attributes(resource)
        found[f"New{name.capitalize()}BandAttributes"] = sent_attributes(resource, new=True)
    seen = {"anyOf": [ref(f"{name.capitalize()}BandAttributes") for name in BANDS]}
    new = {"anyOf": [ref(f"New{name.capitalize()}BandAttributes") for name in BANDS]}
    return found | {
        "Band": _seen("band", seen, _member_of_product()),
        "BandAnswer": single(ref("Band"), ref("Product")),
        "BandList": many(ref("Band"), ref("Product")),
        "NewBand": _sent("band", new, has_id=False),
        "BandChange": _sent("band", sent_attributes(BAND, new=False), has_id=False, new=False),
        "BandSearch": search_body(BAND),
    }


def _images() -> dict[str, Schema]:
    stored = record(
        {"count": _COUNT, "bytes": _COUNT, "products": {"type": "array", "items": _TEXT}}
    )
    interval = {**stored, "properties": {**stored["properties"], "interval_start": _MOMENT}}
    new = _sent("image", sent_attributes(IMAGE, new=True), has_id=False)
    failed = {"errors": {"type": "array", "items": ref("Error")}}
    member = record(
        {
            "type": {"const": "image"},
            "id": {"type": ["string", "null"]},
            "meta": record({"status": _TEXT}),
        },
        failed,
    )
    counts = record({"count": _COUNT, "failed": _COUNT})
    return {
        "ImageAttributes": seen_attributes(IMAGE),
        "Image": _seen("image", ref("ImageAttributes"), _member_of_product()),
        "ImageAnswer": single(ref("Image"), ref("Product")),
        "ImageList": many(ref("Image"), ref("Product")),
        "NewImage": new,
        "NewImages": record(
            {
                "data": {
                    "type": "array",
                    "items": new["properties"]["data"],
                    "maxItems": 1000,
                }
            }
        ),
        "ImageResults": record(
            {
                "data": {"type": "array", "items": member},
                "meta": counts,
                "jsonapi": ref("Jsonapi"),
            }
        ),
        "ImageChange": _sent("image", sent_attributes(IMAGE, new=False), has_id=False, new=False),
        "ImageSearch": search_body(IMAGE),
        "ImageSummary": single(_seen("image_summary", stored)),
        "ImageSeries": many(_seen("image_interval_summary", interval)),
        "ImageCells": single(_seen("image_cell_summary", _cells())),
    }


def _cells() -> Schema:
    return record(
        {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": {"type": "object"}},
            "without_footprint": _COUNT,
        }
    )


def _uploads() -> dict[str, Schema]:
    attributes = seen_attributes(UPLOAD)
    attributes["properties"]["resumable_urls_expire"] = {
        **_MOMENT,
        "description": "Until when the URLs certainly hold; GET the upload for new ones.",
    }
    attributes["properties"]["part_urls"] = {
        "type": "object",
        "description": "Of a file too big for one request: the URLs of its parts, by file.",
    }
    attributes["properties"]["part_bytes"] = {**_COUNT, "description": "The size of a part."}
    upload = _seen("image_upload", attributes, _events_of_upload())
    options = UPLOAD.attribute("image_upload_options").type.schema()
    image = {
        "type": "object",
        "description": "The image that the files are to become: a resource, as in POST /images.",
    }
    new = record(
        {"image_upload_options": options},
        {"image": image, "image_id": UPLOAD.attribute("image_id").type.schema()},
    )
    change = record({"status": {"type": "string", "enum": ["pending", "canceled"]}})
    return {
        "UploadEvent": _seen("image_upload_event", UPLOAD_EVENT.schema()),
        "Upload": upload,
        "UploadAnswer": single(ref("Upload"), ref("UploadEvent")),
        "UploadList": many(ref("Upload"), ref("UploadEvent")),
        "NewUpload": _sent("image_upload", new, has_id=False),
        "UploadChange": _sent("image_upload", change, has_id=False),
        "UploadSearch": search_body(UPLOAD),
    }


def _tasks() -> dict[str, Schema]:
    errors = {"type": ["array", "null"], "items": _TEXT}
    status = {"type": "string", "enum": ["NONE", "RUNNING", "SUCCESS", "FAILURE"]}
    deletion = record(
        {"status": status},
        {
            "start_datetime": _MOMENT,
            "duration_in_seconds": {"type": "number"},
            "objects_deleted": _COUNT,
            "errors": errors,
        },
    )
    update = record({"status": status}, {"objects_updated": _COUNT, "errors": errors})
    return {
        "DeleteTask": single(_seen("product_delete_task", deletion)),
        "UpdateTask": single(_seen("product_update_acls", update)),
        "NewDeleteTask": _sent("product_delete_task", {"type": "object"}, has_id=False, new=False),
        "NewUpdateTask": _sent("product_update_acls", {"type": "object"}, has_id=False, new=False),
        "DerivedBandList": many({"type": "object"}),
    }


def _searches() -> dict[str, Schema]:
    bound = {
        "type": ["string", "integer"],
        "description": "A date; empty or 0 for no bound; left out: what the matches span.",
    }
    image = search_body(IMAGE)
    kept = {n: s for n, s in image["properties"].items() if n not in {"sort", "limit", "include"}}
    return {
        "AnySearch": {"type": "object"},
        "IntervalSearch": {
            "type": "object",
            "properties": {**kept, "_start": bound, "_end": bound},
            "additionalProperties": False,
        },
    }
