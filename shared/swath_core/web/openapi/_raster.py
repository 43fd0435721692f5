"""JSON schemas of what the raster function takes and answers (wire contract, section 5)."""

from __future__ import annotations

from typing import Any

from swath_core.definitions import DATA_TYPES, PIXEL_SELECTIONS, WARP_RESAMPLERS

Schema = dict[str, Any]

_NUMBER: Schema = {"type": "number"}
_MAYBE: Schema = {"type": ["number", "null"]}
_NAMED: dict[str, Schema] = {
    "id": {"type": "string"},
    "acquired": {"type": ["string", "null"], "format": "date-time"},
}
_POSITIVE: Schema = {"type": ["number", "null"], "exclusiveMinimum": 0}
_EXPRESSION: Schema = {"type": "string", "minLength": 1, "maxLength": 1000}
_NAMES: Schema = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}


def raster_schemas() -> dict[str, Schema]:
    """Return the schemas by their names."""
    return {
        "RasterRequest": {
            "type": "object",
            "properties": _request(),
            "required": ["ids", "bands"],
        },
        "RasterStream": {
            "type": "string",
            "format": "binary",
            "description": (
                "A line of JSON with the metadata, one with shape, dtype and the number of chunks; "
                "then for each chunk a line with its offset and shape (or an error), a Blosc frame "
                "of data and one of its mask (1 is masked)."
            ),
        },
        "StatisticsRequest": {
            "type": "object",
            "properties": _statistics_request(),
            "required": ["ids", "bands"],
        },
        "StatisticsOfImages": {
            "type": "object",
            "properties": {"data": {"type": "array", "items": _of_image()}},
            "required": ["data"],
        },
        "StatisticsOfImage": _of_image(),
        "PointValues": {
            "type": "object",
            "description": "What an image has at a point; null is masked.",
            "properties": {
                **_NAMED,
                "lon": _NUMBER,
                "lat": _NUMBER,
                "values": {"type": "object", "additionalProperties": _MAYBE},
            },
            "required": ["id", "acquired", "lon", "lat", "values"],
        },
        "Picture": {"type": "string", "format": "binary"},
        "TileJson": _tilejson(),
    }


def _request() -> dict[str, Schema]:
    return {
        "ids": {**_NAMES, "maxItems": 1000, "description": "Images; the later on top."},
        "bands": {**_NAMES, "maxItems": 256, "description": "Names of bands."},
        "scales": {
            "type": ["array", "null"],
            "items": {"type": ["array", "null"], "items": _NUMBER, "maxItems": 4},
            "description": (
                "For each band null, [] (least and greatest value to 0..255), "
                "[in low, in high] or [in low, in high, out low, out high]."
            ),
        },
        "ot": {"enum": [*DATA_TYPES, None], "description": "The type of the array."},
        "srs": _text("Its CRS: authority code, PROJ string or WKT; null: the first image's."),
        "resolution": {**_POSITIVE, "description": "In units of srs; not together with outsize."},
        "outsize": {
            "type": ["array", "null"],
            "items": {"type": "integer", "minimum": 1},
            "minItems": 2,
            "maxItems": 2,
            "description": "Width and height in pixels.",
        },
        "outputBounds": {
            "type": ["array", "null"],
            "items": _NUMBER,
            "minItems": 4,
            "maxItems": 4,
            "description": "Left, bottom, right, top.",
        },
        "outputBoundsSRS": _text("The CRS of outputBounds; null: srs."),
        "shape": _text("The cutline in WGS84: GeoJSON or WKT, as a string."),
        "targetAlignedPixels": _flag("Snap the bounds outwards to multiples of the resolution."),
        "resampleAlg": {"enum": [*WARP_RESAMPLERS, None]},
        "processing_level": _text("One of the bands' processing levels."),
        "mask_nodata": _flag("Mask nodata; true if left out."),
        "mask_alpha": _flag("Mask where the last band is 0."),
        "drop_alpha": _flag("Leave the last band out of the answer."),
        "cutline_all_touched": _flag("Keep every pixel that the cutline touches."),
        "expressions": {
            "type": ["object", "null"],
            "additionalProperties": _EXPRESSION,
            "description": (
                "Bands that are computed from each image's own, by the names that they have in "
                'bands: {"ndvi": "(nir - red) / (nir + red)"}.'
            ),
        },
        "mask": {
            "type": ["string", "null"],
            "maxLength": 1000,
            "description": (
                "A condition over each image's bands, true where its pixel does not count: "
                "qa_cloud != 0, or (qa & 8) != 0."
            ),
        },
        "pixel_selection": {
            "enum": [*PIXEL_SELECTIONS, None],
            "description": "What a pixel is made of where several images have one; last: in order.",
        },
        "of": {"enum": ["blosc", None]},
        "output_window": {"type": "null"},
    }


_ARRAYS_ONLY = ("scales", "ot", "drop_alpha", "pixel_selection", "of", "output_window")


def _statistics_request() -> dict[str, Schema]:
    whole = {name: each for name, each in _request().items() if name not in _ARRAYS_ONLY}
    ids = {**_NAMES, "maxItems": 200, "description": "Images, each by itself."}
    shape = _text("The area in WGS84: GeoJSON or WKT, as a string; null: each image's extent.")
    return {**whole, "ids": ids, "shape": shape}


def _of_image() -> Schema:
    count: Schema = {"type": "integer", "minimum": 0}
    names = ("min", "max", "mean", "std", "sum", "percentile_2", "percentile_50", "percentile_98")
    numbers = {
        "type": "object",
        "properties": {"count": count, "masked": count, **dict.fromkeys(names, _MAYBE)},
        "required": ["count", "masked", *names],
    }
    return {
        "type": "object",
        "description": "For each band the unmasked pixels of the area, and what they are like.",
        "properties": {
            **_NAMED,
            "statistics": {"type": "object", "additionalProperties": numbers},
        },
        "required": ["id", "acquired", "statistics"],
    }


def _text(description: str) -> Schema:
    return {"type": ["string", "null"], "description": description}


def _flag(description: str) -> Schema:
    return {"type": ["boolean", "null"], "description": description}


def _tilejson() -> Schema:
    zoom = {"type": "integer", "minimum": 0, "maximum": 24}
    return {
        "type": "object",
        "description": "TileJSON 3.0; the address of the tiles carries a ticket.",
        "properties": {
            "tilejson": {"const": "3.0.0"},
            "name": {"type": "string"},
            "scheme": {"const": "xyz"},
            "tiles": {"type": "array", "items": {"type": "string"}},
            "minzoom": zoom,
            "maxzoom": zoom,
            "bounds": {"type": "array", "items": _NUMBER, "minItems": 4, "maxItems": 4},
            "center": {"type": "array", "items": _NUMBER, "minItems": 3, "maxItems": 3},
        },
        "required": ["tilejson", "tiles"],
    }
