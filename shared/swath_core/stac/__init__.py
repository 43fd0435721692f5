"""The STAC face of the catalog: documents out of its objects, requests into queries.

Nothing of search, access or writing is done here. To be read in this order: ``_properties`` (what
STAC calls an attribute), ``_bands``, ``_assets``, ``_items`` and ``_collections`` (documents),
``_links`` and ``_extensions``, ``_landing``; then what requests ask: ``_intervals``, ``_areas``,
``_orders``, ``_fields``, ``_query_extension``, ``cql2``, ``_searches`` and
``_collection_searches``, ``_aggregations``; and ``_service``, the use cases. What comes in:
``_forms`` (of members), ``_incoming`` (attributes out of items), ``_overlay`` (what is kept beside
them, and laid over them), ``_patches`` and ``_writes``.

Imports inside functions keep H3 and shapely out of requests that ask for no place.
"""

from ._aggregations import NAMES as AGGREGATIONS
from ._aggregations import Aggregations, described, searched
from ._collection_searches import CollectionSearch
from ._landing import CONFORMANCE, landing_page, queryables, sortables
from ._links import GEOJSON, JSON, OPENAPI_JSON, SCHEMA_JSON, Addresses, Link, link
from ._searches import ItemSearch, decoded, parse_sign
from ._service import Found, FoundItems, StacService, declared_in
from ._writes import Transaction, features_of

__all__ = [
    "AGGREGATIONS",
    "CONFORMANCE",
    "GEOJSON",
    "JSON",
    "OPENAPI_JSON",
    "SCHEMA_JSON",
    "Addresses",
    "Aggregations",
    "CollectionSearch",
    "Found",
    "FoundItems",
    "ItemSearch",
    "Link",
    "StacService",
    "Transaction",
    "declared_in",
    "decoded",
    "described",
    "features_of",
    "landing_page",
    "link",
    "parse_sign",
    "queryables",
    "searched",
    "sortables",
]
