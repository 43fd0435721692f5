"""The STAC face: STAC API and OGC API - Features under ``/stac``."""

from __future__ import annotations

from http import HTTPStatus

from ._route import Route, RouteTable

_JSON = ("application/json",)
_GEOJSON = ("application/geo+json",)
_SCHEMA = ("application/schema+json",)
_SEARCHED = ("ids", "bbox", "datetime", "query", "cql2", "filter-lang", "filter-crs", "sortby",
             "fields", "limit", "token", "sign")  # fmt: skip
_AGGREGATED = ("aggregations", "ids", "bbox", "intersects", "datetime", "query", "cql2",
               "filter-lang", "filter-crs", "datetime_frequency_interval",
               "grid_geohex_frequency_precision", "grid_geohash_frequency_precision",
               "grid_geotile_frequency_precision")  # fmt: skip
_CHANGING = ("Idempotency-Key", "If-Match")
_COLLECTION, _ITEMS = "/collections/{id}", "/collections/{id}/items"
_ITEM = _ITEMS + "/{name}"
_ASSET = _ITEM + "/assets/{key}"
_FILE = _COLLECTION + "/assets/{key}"


def _landing(path: str, name: str) -> Route:
    return Route("GET", path, "stac:landing", name, "Return the STAC landing page.", None,
                 "StacCatalog", media_types=_JSON, public=True)  # fmt: skip


STAC = RouteTable(
    function="api",
    package="swath_api",
    base="/stac",
    request_type="application/json",
    refusals=(400, 401, 403, 404, 409, 429),
    errors="stac",
    heads=True,
    routes=(
        _landing("", "getStac"),
        _landing("/", "getStacRoot"),
        Route("GET", "/conformance", "stac:conformance", "getStacConformance",
              "Return the conformance classes.", None, "StacConformance", media_types=_JSON,
              public=True),
        Route("GET", "/api", "stac:description", "getStacDescription",
              "Return the OpenAPI description of these routes.", media_types=(
                  "application/vnd.oai.openapi+json;version=3.1",), public=True),
        Route("GET", "/api.html", "stac:page", "getStacPage",
              "Return that description as a page.", media_types=("text/html; charset=utf-8",),
              public=True),
        Route("GET", "/queryables", "stac:queryables", "getStacQueryables",
              "Return what items are filtered by.", None, "StacSchema", media_types=_SCHEMA,
              public=True),
        Route("GET", "/sortables", "stac:sortables", "getStacSortables",
              "Return what items are sorted by.", None, "StacSchema", media_types=_SCHEMA,
              public=True),
        Route("GET", "/collections", "stac:collections", "listStacCollections",
              "Find collections.", None, "StacCollections",
              parameters=("q", "bbox", "datetime", "cql2", "filter-lang", "sortby", "fields",
                          "limit", "token"),
              media_types=_JSON),
        Route("GET", _COLLECTION, "stac:collection", "getStacCollection",
              "Return a collection.", None, "StacCollection", parameters=("sign",),
              media_types=_JSON),
        Route("GET", _COLLECTION + "/queryables", "stac:collection_queryables",
              "getStacCollectionQueryables", "Return what its items are filtered by.", None,
              "StacSchema", media_types=_SCHEMA),
        Route("GET", _COLLECTION + "/sortables", "stac:collection_sortables",
              "getStacCollectionSortables", "Return what its items are sorted by.", None,
              "StacSchema", media_types=_SCHEMA),
        Route("POST", "/collections", "stac_writes:create_collection", "createStacCollection",
              "Save a new collection.", "NewStacCollection", "StacCollection",
              HTTPStatus.CREATED, ("Idempotency-Key",), media_types=_JSON),
        Route("PUT", _COLLECTION, "stac_writes:replace_collection", "replaceStacCollection",
              "Replace a collection.", "NewStacCollection", status=HTTPStatus.NO_CONTENT,
              parameters=_CHANGING),
        Route("PATCH", _COLLECTION, "stac_writes:change_collection", "changeStacCollection",
              "Change a collection: merge patch, or JSON patch.", "StacPatch",
              status=HTTPStatus.NO_CONTENT, parameters=_CHANGING),
        Route("DELETE", _COLLECTION, "stac_writes:delete_collection", "deleteStacCollection",
              "Delete an empty collection.", status=HTTPStatus.NO_CONTENT, parameters=_CHANGING),
        Route("POST", _ITEMS, "stac_writes:create_items", "createStacItems",
              "Save a new item, or those of a FeatureCollection.", "NewStacItems", "StacSaved",
              HTTPStatus.CREATED, ("Idempotency-Key",), media_types=_GEOJSON),
        Route("PUT", _ITEM, "stac_writes:replace_item", "replaceStacItem", "Replace an item.",
              "NewStacItem", status=HTTPStatus.NO_CONTENT, parameters=_CHANGING),
        Route("PATCH", _ITEM, "stac_writes:change_item", "changeStacItem",
              "Change an item: merge patch, or JSON patch.", "StacPatch",
              status=HTTPStatus.NO_CONTENT, parameters=_CHANGING),
        Route("DELETE", _ITEM, "stac_writes:delete_item", "deleteStacItem", "Delete an item.",
              status=HTTPStatus.NO_CONTENT, parameters=_CHANGING),
        Route("GET", _ITEMS, "stac:items", "listStacItems", "Find items of a collection.", None,
              "StacItems", parameters=_SEARCHED, media_types=_GEOJSON),
        Route("GET", _ITEM, "stac:item", "getStacItem", "Return an item.", None, "StacItem",
              parameters=("sign",), media_types=_GEOJSON),
        Route("GET", "/search", "stac:search", "searchStac", "Find items.", None, "StacItems",
              parameters=(*_SEARCHED, "collections", "intersects"), media_types=_GEOJSON),
        Route("GET", "/aggregations", "stac:aggregations", "getStacAggregations",
              "Return which aggregations there are.", None, "StacAggregations",
              media_types=_JSON, public=True),
        Route("GET", "/aggregate", "stac:aggregate", "aggregateStac",
              "Return aggregations over items.", None, "StacAggregationCollection",
              parameters=(*_AGGREGATED, "collections"), media_types=_JSON),
        Route("POST", "/aggregate", "stac:aggregate_posted", "aggregateStacPosted",
              "Return aggregations over items.", "StacAggregation", "StacAggregationCollection",
              media_types=_JSON, reads=True),
        Route("GET", _COLLECTION + "/aggregations", "stac:collection_aggregations",
              "getStacCollectionAggregations", "Return which aggregations there are.", None,
              "StacAggregations", media_types=_JSON),
        Route("GET", _COLLECTION + "/aggregate", "stac:collection_aggregate",
              "aggregateStacCollection", "Return aggregations over a collection's items.", None,
              "StacAggregationCollection", parameters=_AGGREGATED, media_types=_JSON),
        Route("POST", _COLLECTION + "/aggregate", "stac:collection_aggregate_posted",
              "aggregateStacCollectionPosted", "Return aggregations over a collection's items.",
              "StacAggregation", "StacAggregationCollection", media_types=_JSON, reads=True),
        Route("POST", "/search", "stac:search_posted", "searchStacPosted", "Find items.",
              "StacSearch", "StacItems", media_types=_GEOJSON, reads=True),
        Route("GET", _ASSET, "stac:asset", "getStacAsset", "Lead to a file of an item.",
              status=HTTPStatus.FOUND),
        Route("HEAD", _ASSET, "stac:asset", "hasStacAsset", "Lead to a file of an item.",
              status=HTTPStatus.FOUND),
        Route("GET", _FILE, "stac:collection_asset", "getStacCollectionAsset",
              "Lead to a GeoParquet file of a collection's images.", status=HTTPStatus.FOUND),
        Route("HEAD", _FILE, "stac:collection_asset", "hasStacCollectionAsset",
              "Lead to a GeoParquet file of a collection's images.", status=HTTPStatus.FOUND),
    ),
)  # fmt: skip
