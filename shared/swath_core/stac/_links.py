"""Addresses of the STAC face, and the links between its objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Link = dict[str, Any]

JSON = "application/json"
GEOJSON = "application/geo+json"
SCHEMA_JSON = "application/schema+json"
OPENAPI_JSON = "application/vnd.oai.openapi+json;version=3.1"
HTML = "text/html"
BASE = "/stac"
_RASTER = "/raster/v2"
_QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_SORTABLES = "http://www.opengis.net/def/rel/ogc/1.0/sortables"
_PLAIN = re.compile(r"[A-Za-z0-9._:-]*")
_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9._-]*")
"""What addresses have as it is, as nearly all names are."""
_AGGREGATE, _AGGREGATIONS = "aggregate", "aggregations"


def link(rel: str, href: str, media_type: str = JSON, **more: Any) -> Link:
    """Return a link."""
    return {"rel": rel, "href": href, "type": media_type, **more}


def quoted(text: str) -> str:
    """Return an id as addresses have it."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe=":")


def segment(text: str) -> str:
    """Return any text as one segment of an address."""
    return text if _PLAIN_SEGMENT.fullmatch(text) else quote(text, safe="")


@dataclass(frozen=True)
class Addresses:
    """Where things are, as the caller addresses this service: ``root`` is the API's address."""

    root: str

    @property
    def landing(self) -> str:
        """The landing page."""
        return self.root + BASE

    @property
    def search(self) -> str:
        """Searches over all collections."""
        return f"{self.landing}/search"

    @property
    def collections(self) -> str:
        """The list of collections."""
        return f"{self.landing}/collections"

    def collection(self, product_id: str) -> str:
        """Return the address of a collection."""
        return f"{self.collections}/{quoted(product_id)}"

    def file(self, product_id: str, key: str) -> str:
        """Return the address that leads to a file of a collection's images."""
        return f"{self.collection(product_id)}/assets/{segment(key)}"

    def items(self, product_id: str) -> str:
        """Return the address of a collection's items."""
        return f"{self.collection(product_id)}/items"

    def item(self, product_id: str, name: str) -> str:
        """Return the address of an item."""
        return f"{self.items(product_id)}/{quoted(name)}"

    def asset(self, product_id: str, name: str, key: str) -> str:
        """Return the address that leads to a file of an image."""
        return f"{self.items(product_id)}/{quoted(name)}/assets/{segment(key)}"

    def pictures(self, kind: str, object_id: str) -> str:
        """Return how the addresses begin of what raster draws: ``kind`` is images or products."""
        return f"{self.root}{_RASTER}/{kind}/{quoted(object_id)}/"

    def picture(self, kind: str, object_id: str, what: str) -> str:
        """Return the address of something that raster draws of an image or a product."""
        return self.pictures(kind, object_id) + what

    # ---- links

    def of_landing(self) -> list[Link]:
        """Return the links of the landing page."""
        post = {"method": "POST"}
        return [
            link("self", self.landing),
            link("root", self.landing),
            link("service-desc", f"{self.landing}/api", OPENAPI_JSON),
            link("service-doc", f"{self.landing}/api.html", HTML),
            link("conformance", f"{self.landing}/conformance"),
            link("data", self.collections),
            link("search", self.search, GEOJSON, method="GET", title="Search"),
            link("search", self.search, GEOJSON, **post, title="Search"),
            link(_QUERYABLES, f"{self.landing}/queryables", SCHEMA_JSON),
            link(_SORTABLES, f"{self.landing}/sortables", SCHEMA_JSON),
            *self._of_aggregations(self.landing),
        ]

    def of_collection(self, product_id: str) -> list[Link]:
        """Return the links of a collection."""
        here = self.collection(product_id)
        return [
            link("self", here),
            link("root", self.landing),
            link("parent", self.landing),
            link("items", self.items(product_id), GEOJSON),
            link(_QUERYABLES, f"{here}/queryables", SCHEMA_JSON),
            link(_SORTABLES, f"{here}/sortables", SCHEMA_JSON),
            *self._of_aggregations(here),
        ]

    @staticmethod
    def _of_aggregations(here: str) -> list[Link]:
        return [
            link(_AGGREGATE, f"{here}/aggregate", method="GET"),
            link(_AGGREGATE, f"{here}/aggregate", method="POST"),
            link(_AGGREGATIONS, f"{here}/aggregations"),
        ]

    def above_item(self, product_id: str) -> list[Link]:
        """Return the links that all items of a collection have, beside their own addresses."""
        collection = self.collection(product_id)
        return [
            link("root", self.landing),
            link("parent", collection),
            link("collection", collection),
        ]

    def of_pictures(self, kind: str, object_id: str) -> list[Link]:
        """Return the links to what raster draws of an image or a product."""
        tiles = self.picture(kind, object_id, "tiles/{z}/{x}/{y}.png")
        tilejson = self.picture(kind, object_id, "tilejson.json")
        return [link("xyz", tiles, "image/png"), link("tilejson", tilejson)]
