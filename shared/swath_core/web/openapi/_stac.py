"""JSON schemas of the STAC face's documents: what every answer has, extensions left open."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_NUMBER: Schema = {"type": "number"}
_GEOMETRY: Schema = {"anyOf": [{"type": "object"}, {"type": "null"}]}
_BOX: Schema = {"type": "array", "items": _NUMBER, "minItems": 4, "maxItems": 6}
_LINKS: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/StacLink"}}


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def stac_schemas() -> dict[str, Schema]:
    """Return the schemas by name."""
    assets = {"type": "object", "additionalProperties": _object({"href": _TEXT})}
    shown = {"type": "array", "items": {"type": "object"}}
    new_item = _new_item()
    numbers = {"numberMatched": _COUNT, "numberReturned": _COUNT}
    return {
        "StacError": _object({"code": _TEXT, "description": _TEXT}),
        "StacLink": _object({"rel": _TEXT, "href": _TEXT}),
        "StacCatalog": _object(
            {
                "type": {"const": "Catalog"},
                "stac_version": _TEXT,
                "id": _TEXT,
                "description": _TEXT,
                "conformsTo": _TEXTS,
                "links": _LINKS,
            }
        ),
        "StacConformance": _object({"conformsTo": _TEXTS}),
        "StacSchema": _object({"$schema": _TEXT, "$id": _TEXT, "type": {"const": "object"}}),
        "StacCollection": _collection(),
        "StacCollections": _object({"collections": shown, "links": _LINKS}, numbers),
        "StacItem": _object(
            {
                "type": {"const": "Feature"},
                "stac_version": _TEXT,
                "id": _TEXT,
                "geometry": _GEOMETRY,
                "properties": _object({"datetime": {"type": ["string", "null"]}}),
                "links": _LINKS,
                "assets": assets,
            },
            {"bbox": _BOX, "collection": _TEXT, "stac_extensions": _TEXTS},
        ),
        "StacItems": _object(
            {"type": {"const": "FeatureCollection"}, "features": shown, "links": _LINKS}, numbers
        ),
        "StacSearch": _search(),
        "StacAggregations": _object({"aggregations": shown, "links": _LINKS}),
        "StacAggregationCollection": _object(
            {
                "type": {"const": "AggregationCollection"},
                "aggregations": {"type": "array", "items": _aggregation()},
                "links": _LINKS,
            }
        ),
        "StacAggregation": _aggregated(),
        "StacSaved": {"type": "object"},
        "NewStacCollection": _new_collection(),
        "NewStacItem": new_item,
        "NewStacItems": {"anyOf": [new_item, _new_items(new_item)]},
        "StacPatch": {"anyOf": [{"type": "object"}, {"type": "array", "items": _operation()}]},
    }


def _new_item() -> Schema:
    return _object(
        {
            "type": {"const": "Feature"},
            "id": {"type": "string", "pattern": "^[A-Za-z0-9_.\\-]+$"},
            "geometry": _GEOMETRY,
            "properties": _object({"datetime": {"type": ["string", "null"]}}),
            "assets": {"type": "object", "additionalProperties": _object({"href": _TEXT})},
        },
        {"links": _LINKS, "stac_extensions": _TEXTS},
    )


def _new_items(item: Schema) -> Schema:
    features = {"type": "array", "items": item, "minItems": 1}
    return _object({"type": {"const": "FeatureCollection"}, "features": features})


def _new_collection() -> Schema:
    return _object(
        {"type": {"const": "Collection"}, "id": _TEXT},
        {"title": _TEXT, "description": _TEXT, "keywords": _TEXTS, "links": _LINKS},
    )


def _operation() -> Schema:
    names = ["add", "remove", "replace", "move", "copy", "test"]
    return _object({"op": {"enum": names}, "path": _TEXT}, {"from": _TEXT, "value": {}})


def _collection() -> Schema:
    return _object(
        {
            "type": {"const": "Collection"},
            "stac_version": _TEXT,
            "id": _TEXT,
            "description": _TEXT,
            "license": _TEXT,
            "extent": _object({"spatial": {"type": "object"}, "temporal": {"type": "object"}}),
            "links": _LINKS,
        },
        {"title": _TEXT, "keywords": _TEXTS, "item_assets": {"type": "object"}},
    )


_SEARCHED: dict[str, Schema] = {
    "ids": _TEXTS,
    "collections": _TEXTS,
    "bbox": _BOX,
    "intersects": {"type": "object", "description": "A GeoJSON geometry."},
    "datetime": {"type": "string", "description": "A moment or an interval, RFC 3339."},
    "query": {
        "type": "object",
        "additionalProperties": {"type": "object"},
        "description": "Operators and values by property.",
    },
    "filter": {
        "type": ["object", "boolean", "string"],
        "description": "A condition in CQL2: JSON, or text.",
    },
    "filter-lang": {"enum": ["cql2-json", "cql2-text"]},
    "filter-crs": {"type": "string", "description": "CRS84 only."},
}
"""What says which items a request is about."""


def _aggregation() -> Schema:
    bucket = _object(
        {"key": _TEXT, "data_type": _TEXT, "frequency": _COUNT}, {"from": _NUMBER, "to": _NUMBER}
    )
    return _object(
        {"name": _TEXT, "data_type": _TEXT},
        {
            "value": {"type": ["integer", "string", "null"]},
            "buckets": {"type": "array", "items": bucket},
            "overflow": _COUNT,
        },
    )


def _aggregated() -> Schema:
    said: Schema = {"description": "What is said about an aggregation, after its name."}
    return {
        "type": "object",
        "properties": {**_SEARCHED, "aggregations": _TEXTS},
        "patternProperties": {"_frequency_(interval|ranges|precision)$": said},
        "additionalProperties": False,
    }


def _search() -> Schema:
    order = _object({"field": _TEXT}, {"direction": {"enum": ["asc", "desc"]}})
    return {
        "type": "object",
        "properties": {
            **_SEARCHED,
            "sortby": {"type": "array", "items": order},
            "fields": {"type": "object", "properties": {"include": _TEXTS, "exclude": _TEXTS}},
            "limit": {"type": "integer", "minimum": 1},
            "token": {"type": "string", "description": "That of a next link."},
            "sign": {"type": "boolean", "description": "Whether files open without a token."},
        },
        "additionalProperties": False,
    }
