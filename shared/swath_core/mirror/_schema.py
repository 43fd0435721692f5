"""The columns of the mirror's files: what a posting by time tells of an image, typed.

Derived from the definitions of an image's attributes. Names are STAC's where it has a term, or
``swath:`` and the attribute's own. Moments are microseconds in UTC, numbers doubles: what is read
from a file is what the posting holds, to the last digit. GeoParquet 1.1 is spoken: WKB in
longitude/latitude, with a ``bbox`` covering (https://geoparquet.org/releases/v1.1.0/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum

from swath_core.definitions import IMAGE, Attribute, ListOf, Number, Timestamp
from swath_core.index import IN_KEYS, POSTED


class Kind(StrEnum):
    """How a column's values are kept."""

    MOMENT = "moment"
    NUMBER = "number"
    TEXT = "text"
    TEXTS = "texts"
    TRUTH = "truth"


STAC_NAMES: Mapping[str, str] = {
    "product_id": "collection",
    "acquired": "datetime",
    "acquired_end": "end_datetime",
    "created": "created",
    "modified": "updated",
    "published": "published",
    "expires": "expires",
    "satellite_id": "platform",
    "tags": "keywords",
    "view_angle": "view:off_nadir",
    "incidence_angle": "view:incidence_angle",
    "azimuth_angle": "view:azimuth",
    "solar_azimuth_angle": "view:sun_azimuth",
    "solar_elevation_angle": "view:sun_elevation",
}
"""The attributes that STAC has a term for, in the same unit."""

ID, COLLECTION, MOMENT, GEOMETRY = "id", "collection", "datetime", "geometry"
BBOX, CENTROID, BYTES, VERSION = "bbox", "proj:centroid", "swath:bytes", "swath:version"
CELLS: Mapping[int, str] = {resolution: f"swath:h3_{resolution}" for resolution in range(6)}
"""The H3 cell of the centroid, by resolution: those whose histograms of very many images are small
enough to be answered. Finer ones are computed of centroids."""
OMITTED_NAMES = "swath:omitted"
"""The attributes that a posting leaves out for their length: null here, set on the document."""
CLOUD_COVER = "eo:cloud_cover"
"""``cloud_fraction`` in percent, for engines; the fraction itself is what is compared."""


def column_of(attribute: str) -> str:
    """Return the column that holds an attribute."""
    return STAC_NAMES.get(attribute, f"swath:{attribute}")


def kind_of(attribute: Attribute) -> Kind:
    """Return how an attribute's values are kept."""
    kind = attribute.type
    if isinstance(kind, ListOf):
        return Kind.TEXTS
    if isinstance(kind, Timestamp):
        return Kind.MOMENT
    return Kind.NUMBER if isinstance(kind, Number) else Kind.TEXT


COLUMNS: Mapping[str, Kind] = {
    attribute.name: kind_of(attribute)
    for attribute in IMAGE
    if attribute.name in POSTED and attribute.name not in IN_KEYS
}
"""By attribute: what is kept beside keys, footprint, bytes and version."""


EXTRA_KINDS: Mapping[str, Kind] = {
    "number": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "string": Kind.TEXT,
    "boolean": Kind.TRUTH,
    "date-time": Kind.MOMENT,
}
"""By the type of a declared extra property: how its column is read."""

OWN_COLUMNS = frozenset(
    {
        *(ID, COLLECTION, MOMENT, GEOMETRY, BBOX, CENTROID, CLOUD_COVER, "start_datetime"),
        *(column_of(name) for name in COLUMNS),
        *("type", "stac_version", "stac_extensions", "properties", "links", "assets"),
        *("product", "month"),
    }
)
"""What no column of an extra property is called: other columns, members of items, and what engines
take from the path."""


def geo_metadata(bounds: tuple[float, float, float, float] | None, types: list[str]) -> str:
    """Return the ``geo`` member of a file's metadata; ``bounds`` None: no image has a footprint."""
    column: dict[str, object] = {
        "encoding": "WKB",
        "geometry_types": types,
        "covering": {
            BBOX: {side: [BBOX, side] for side in ("xmin", "ymin", "xmax", "ymax")},
        },
    }
    if bounds is not None:
        column["bbox"] = list(bounds)
    document = {
        "version": "1.1.0",
        "primary_column": GEOMETRY,
        "columns": {GEOMETRY: column},
    }
    return json.dumps(document, separators=(",", ":"))
