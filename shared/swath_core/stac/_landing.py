"""What describes the STAC face: the landing page, its conformance, queryables and sortables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swath_core.definitions import Extras

from ._items import STAC_VERSION
from ._links import Addresses
from ._properties import QUERYABLES, SORTABLES, Property, declared_name

_STAC = "https://api.stacspec.org/v1.0.0"
_SORT = "https://api.stacspec.org/v1.1.0"
_FILTER = "https://api.stacspec.org/v1.0.0-rc.4"
_AGGREGATION = "https://api.stacspec.org/v0.3.0/aggregation"
_OGC = "http://www.opengis.net/spec"

_CQL2 = (
    *("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators"),
    *("case-insensitive-comparison", "accent-insensitive-comparison", "basic-spatial-functions"),
    *("basic-spatial-functions-plus", "spatial-functions", "temporal-functions"),
    *("array-functions", "property-property", "arithmetic"),
)

CONFORMANCE: tuple[str, ...] = (
    f"{_STAC}/core",
    f"{_STAC}/collections",
    f"{_STAC}/ogcapi-features",
    f"{_STAC}/item-search",
    f"{_STAC}/item-search#query",
    f"{_FILTER}/item-search#filter",
    f"{_STAC}/item-search#fields",
    f"{_SORT}/item-search#sort",
    f"{_STAC}/item-search#sort",  # which is what pystac-client knows
    f"{_STAC}/ogcapi-features#query",
    f"{_STAC}/ogcapi-features#fields",
    f"{_SORT}/ogcapi-features#sort",
    *(f"{_AGGREGATION}{each}" for each in ("", "#query", "#filter")),
    f"{_STAC}/ogcapi-features/extensions/transaction",
    f"{_STAC}/collections/extensions/transaction",
    f"{_STAC}/collection-search",
    f"{_STAC}/collection-search#fields",
    f"{_FILTER}/collection-search#filter",
    f"{_STAC}/collection-search#free-text",
    f"{_STAC}/collection-search#sort",
    f"{_OGC}/ogcapi-common-2/1.0/conf/simple-query",
    f"{_OGC}/ogcapi-features-1/1.0/conf/core",
    f"{_OGC}/ogcapi-features-1/1.0/conf/geojson",
    *(f"{_OGC}/ogcapi-features-3/1.0/conf/{each}" for each in ("filter", "features-filter")),
    *(f"{_OGC}/cql2/1.0/conf/{each}" for each in _CQL2),
    f"{_OGC}/ogcapi-features-4/1.0/conf/simpletx",
)
"""The classes that the face conforms to."""

_SCHEMA = "https://json-schema.org/draft/2019-09/schema"
"""The draft that the filter extension's examples and validators of STAC APIs know."""
_NO_EXTRAS = Extras()
_GEOMETRY = "https://geojson.org/schema/Geometry.json"


def landing_page(addresses: Addresses) -> dict[str, Any]:
    """Return the catalog at the root."""
    return {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": "swath",
        "title": "Swath",
        "description": "A catalog of georeferenced images, found by place and time.",
        "conformsTo": list(CONFORMANCE),
        "links": addresses.of_landing(),
    }


def queryables(address: str, extras: Extras = _NO_EXTRAS) -> dict[str, Any]:
    """Return what items are filtered by, as a JSON schema; ``extras`` is what is declared."""
    geometry = {"description": "The footprint.", "$ref": _GEOMETRY}
    known = {**_described(QUERYABLES), **_declared(extras), "geometry": geometry}
    return _schema(address, "Queryables", known)


def sortables(address: str, extras: Extras = _NO_EXTRAS) -> dict[str, Any]:
    """Return what items are sorted by, as a JSON schema; ``extras`` is what is declared."""
    return _schema(address, "Sortables", {**_described(SORTABLES), **_declared(extras)})


def _declared(extras: Extras) -> dict[str, Any]:
    named = (Property(declared_name(name), each) for name, each in extras.found.items())
    return {each.name: each.schema for each in named}


def _schema(address: str, title: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "$schema": _SCHEMA,
        "$id": address,
        "type": "object",
        "title": title,
        "properties": dict(properties),
        "additionalProperties": False,
    }


def _described(properties: Mapping[str, Property]) -> dict[str, Any]:
    return {name: each.schema for name, each in properties.items()}
