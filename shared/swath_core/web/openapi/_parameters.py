"""The parameters that rows of the route table name, and those of paths."""

from __future__ import annotations

from typing import Any

from swath_core.definitions import PIXEL_STATISTICS

Schema = dict[str, Any]

_WHOLE: Schema = {"type": "integer", "minimum": 0}
_TEXT: Schema = {"type": "string"}
_EXPRESSION: Schema = {"type": "string", "minLength": 1, "maxLength": 1000}


def _path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _needed(name: str, schema: Schema, description: str) -> Schema:
    return {**_query(name, schema, description), "required": True}


def _header(name: str, pattern: str, description: str) -> Schema:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "schema": schema, "description": description}


PATH: dict[str, Schema] = {
    each["name"]: each
    for each in (
        _path("id", {"type": "string", "pattern": "^[A-Za-z0-9_.:\\-]+$"}),
        _path("field", {
            "type": "string", "enum": ["acquired", "created", "modified", "published"],
        }),
        _path("interval", {
            "type": "string",
            "enum": ["year", "quarter", "month", "week", "day", "hour", "minute"],
        }),
        _path("resolution", {"type": "integer", "minimum": 0, "maximum": 15}),
        _path("name", {"type": "string", "pattern": "^[A-Za-z0-9_.\\-]+$"}),
        _path("key", _TEXT),
        _path("z", {**_WHOLE, "maximum": 24}),
        _path("x", _WHOLE),
        _path("y", _WHOLE),
        _path("queue", {"type": "string", "enum": ["ingest", "tasks"]}),
        _path("format", {"type": "string", "enum": ["png", "webp"]}),
    )
}  # fmt: skip

OTHERS: dict[str, Schema] = {
    each["name"]: each
    for each in (
        _query("continuation", _TEXT, "The token of `links.next`."),
        _query("include", {"type": "string", "enum": ["product", "events"]},
               "Related resources to include."),
        _query("v1_compatibility", {"type": "string", "enum": ["True", "False"]},
               "Add `v1_properties`."),
        _header("If-Match", '^"[0-9]{1,15}"$',
                "The version that the change is meant for, as `ETag` gave it."),
        _header("Idempotency-Key", "^[A-Za-z0-9_\\-]{1,100}$",
                "What a repetition of this request shares with it."),
        _query("bands", _TEXT, "One band's name, or three separated by commas: red, green, blue."),
        _query("range", _TEXT,
               "`low,high`: the values that become 0 and 255; else the bands' `display_range`."),
        _query("colormap", _TEXT, "The colours of one band, by name; else the band's own."),
        _query("resampling", _TEXT, "As `resampleAlg` of `POST /npz`; `near` if left out."),
        _query("size", {"type": "integer", "minimum": 1, "maximum": 2048, "default": 512},
               "Pixels of the longer side."),
        _query("format", {"type": "string", "enum": ["png", "webp"], "default": "png"},
               "The format of the tiles."),
        _query("start", _TEXT, "Images acquired at this date or later."),
        _query("end", _TEXT, "Images acquired before this date."),
        _query("filter", _TEXT, "A JSON array of conditions, as in a search of images."),
        _query("ids", _TEXT, "Names of items, or full ids, separated by commas."),
        _query("collections", _TEXT, "Ids of collections, separated by commas."),
        _query("bbox", _TEXT, "`west,south,east,north` in degrees; west > east crosses 180."),
        _query("intersects", _TEXT, "A GeoJSON geometry."),
        _query("datetime", _TEXT, "A moment of RFC 3339, or an interval `MOMENT/MOMENT`."),
        _query("query", _TEXT, "A JSON object of operators and values by property."),
        _query("sortby", _TEXT, "Properties separated by commas, + or - before each."),
        _query("fields", _TEXT, "Members to include, or with - to exclude."),
        _query("limit", {"type": "integer", "minimum": 1}, "Objects of a page."),
        _query("token", _TEXT, "That of a next link."),
        _query("sign", {"type": "string", "enum": ["true", "false"]},
               "Whether files have addresses that anybody can open for an hour."),
        _query("q", _TEXT, "Words to find, alternatives separated by commas."),
        _query("filter-lang", {"type": "string", "enum": ["cql2-text", "cql2-json"]},
               "The language of the filter; `cql2-text` if left out."),
        _query("filter-crs", _TEXT, "The coordinates of the filter: CRS84 only."),
        _query("aggregations", _TEXT, "Names of aggregations, separated by commas; /aggregations "
               "of a collection lists those of its own properties, too."),
        _query("datetime_frequency_interval", {
            "type": "string",
            "enum": ["year", "quarter", "month", "week", "day", "hour", "minute"],
        }, "The length of intervals; chosen by the first and last item if left out."),
        _query("grid_geohex_frequency_precision", {**_WHOLE, "maximum": 15}, "An H3 resolution."),
        _query("grid_geohash_frequency_precision", {"type": "integer", "minimum": 1,
               "maximum": 12}, "Characters of a geohash."),
        _query("grid_geotile_frequency_precision", {**_WHOLE, "maximum": 29}, "A zoom level."),
        _query("order", {"type": "string", "enum": ["newest", "oldest", "clearest"]},
               "Which images are on top."),
        _query("expression", _EXPRESSION,
               "A band that is computed from others, as in `POST /npz`; it is called as it reads."),
        _query("mask", _EXPRESSION, "As `mask` of `POST /npz`."),
        _query("pixel_selection", {"type": "string", "enum": [*PIXEL_STATISTICS]},
               "A statistic over up to 200 images that touch the tile, instead of the topmost."),
        _query("processing_level", _TEXT, "One of the bands' processing levels."),
        _query("shape", _TEXT, "The area in WGS84: GeoJSON or WKT; else the whole image."),
        _query("resolution", {"type": "number", "exclusiveMinimum": 0},
               "Of the pixels, in units of the image's CRS; else its own."),
        _needed("lon", {"type": "number", "minimum": -180, "maximum": 180}, "Longitude."),
        _needed("lat", {"type": "number", "minimum": -90, "maximum": 90}, "Latitude."),
    )
}  # fmt: skip
OTHERS["of_picture"] = _query(
    "expression", _TEXT,
    "Instead of bands: one expression as in `POST /npz`, or three separated by semicolons; needs a "
    "`range`.",
)  # fmt: skip
OTHERS["cql2"] = _query("filter", _TEXT, "A condition in CQL2 (OGC 21-065r2).")
OTHERS["of_bands"] = _query("bands", _TEXT, "Names of bands, separated by commas; else all.")
"""By the names that rows of the route table give them: here the name of the parameter is taken."""
