"""Maps of a product: which images a tile shows, found by search, newest or least cloudy on top."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from swath_core.access import Caller
from swath_core.catalog import ProductAccess, SearchableProducts
from swath_core.definitions import PIXEL_SELECTIONS, PIXEL_STATISTICS
from swath_core.documents import Document, shown
from swath_core.errors import BadRequest, NotFound
from swath_core.raster import (
    Bounds,
    Grid,
    Product,
    RasterService,
    RequestedImages,
    native_grid,
    raster_service,
    signing_key,
)
from swath_core.search import ImageQuery, ImageSearch, SearchProduct
from swath_core.settings import settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.images import ImageStore
from swath_core.store.postings import DynamoPostings
from swath_core.store.rollups import RollupStore

from ._renderer import Picture, PictureRenderer, StackedPicture, content_type
from ._style import style_of
from ._tiles import (
    MAX_PREVIEW,
    PREVIEW,
    TileIndex,
    image_bounds,
    preview_request,
    tile_area,
    tile_request,
)

TILE_IMAGES = (24, 200)
"""Images that one tile of a product is made of: the first of the order that touch it, and as many
as the second says where those leave holes."""
ORDERS = {"newest": "-acquired", "oldest": "acquired", "clearest": "cloud_fraction"}
WORLD = (-180.0, -85.051129, 180.0, 85.051129)


@dataclass(frozen=True, slots=True)
class Extent:
    """The name of what a map shows, and its box in longitude and latitude."""

    name: str
    bounds: Bounds


class MapService:
    """Tiles, previews and TileJSON for callers who may read the images."""

    def __init__(
        self, service: RasterService, search: ImageSearch, products: SearchableProducts
    ) -> None:
        self._service, self._search, self._products = service, search, products
        self._renderer = PictureRenderer(service)

    def image_tile(
        self, caller: Caller, image_id: str, tile: TileIndex, query: Mapping[str, str], format: str
    ) -> Picture:
        """Return a tile of one image. Raises NotFound, BadRequest."""
        found = self._service.find(caller, [image_id])
        style = style_of(_product(found), query)
        request = tile_request([image_id], style, tile)
        return self._renderer.picture((found, request), style, format)

    def preview(
        self, caller: Caller, image_id: str, query: Mapping[str, str], format: str
    ) -> Picture:
        """Return the whole image as a picture of at most ``size`` pixels. Raises NotFound."""
        found = self._service.find(caller, [image_id])
        style = style_of(_product(found), query)
        native = _native(found.images[0])
        request = preview_request(image_id, native, style, _longest(query))
        return self._renderer.picture((found, request), style, format)

    def product_tile(
        self,
        caller: Caller,
        product_id: str,
        tile: TileIndex,
        query: Mapping[str, str],
        format: str,
    ) -> StackedPicture:
        """Return a tile of those of a product's images that can be read. Raises NotFound."""
        product = self._service.product(caller, product_id)
        style, selection = style_of(product, query), _selection(query)
        stacks: Iterable[list[Document]] = self.images(caller, product_id, tile, query)
        if selection != PIXEL_SELECTIONS[0]:  # a statistic is of all of them
            everything = [image for stack in stacks for image in stack]
            stacks = [everything] if everything else []
        return self._renderer.stacked(
            (
                (
                    RequestedImages(tuple(reversed(images)), {product_id: product}),
                    tile_request([image.id for image in reversed(images)], style, tile, selection),
                )
                for images in stacks
            ),
            style,
            format,
        )

    def images(
        self, caller: Caller, product_id: str, tile: TileIndex, query: Mapping[str, str]
    ) -> Iterator[list[Document]]:
        """Yield the images that touch a tile, topmost first, a few and then more."""
        body = {
            "filter": json.dumps([*_own_filter(query), *self._conditions(product_id, query)]),
            "intersects": json.dumps(tile_area(*tile)),
            "sort": _order(query),
        }
        resource = self._products.resource(caller, body)
        queries = [
            ImageQuery.from_body({**body, "limit": limit}, resource) for limit in TILE_IMAGES
        ]
        searched, _ = self._products.of(caller, queries[0])
        seen: set[str] = set()
        for limit, image_query in zip(TILE_IMAGES, queries, strict=True):
            for page in self._pages(image_query, searched):
                fresh = [image for image in page if image.id not in seen]
                seen.update(image.id for image in fresh)
                with_files = [image for image in fresh if self._service.reads(image)]
                if with_files:
                    yield with_files
            if len(seen) < limit:
                return

    def _conditions(self, product_id: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        conditions: list[dict[str, Any]] = [{"name": "product_id", "op": "eq", "val": product_id}]
        if not self._service.reads_remote:
            conditions.append({"name": "storage_state", "op": "ne", "val": "remote"})
        if "start" in query:
            conditions.append({"name": "acquired", "op": "gte", "val": query["start"]})
        if "end" in query:
            conditions.append({"name": "acquired", "op": "lt", "val": query["end"]})
        return conditions

    def _pages(
        self, query: ImageQuery, searched: Sequence[SearchProduct]
    ) -> Iterator[Sequence[Document]]:
        page = self._search.page(query, searched)
        yield page.documents
        while page.token:
            page = self._search.page(query, searched, page.token)
            yield page.documents

    def describe_image(self, caller: Caller, image_id: str, query: Mapping[str, str]) -> Extent:
        """Return what a map needs to know of an image. Raises NotFound, BadRequest for a query."""
        found = self._service.find(caller, [image_id])
        _check(_product(found), query)
        return Extent(image_id, image_bounds(_native(found.images[0])))

    def describe_product(self, caller: Caller, product_id: str, query: Mapping[str, str]) -> Extent:
        """Return what a map needs to know of a product. Raises NotFound, BadRequest for a query."""
        product = self._service.product(caller, product_id)
        _check(product, query)
        _order(query)
        _selection(query)
        return Extent(str(product[0].get("name") or product_id), WORLD)


def _check(product: Product, query: Mapping[str, str]) -> None:
    style_of(product, query)
    content_type(query.get("format", "png"))


def _product(found: RequestedImages) -> Product:
    return next(iter(found.products.values()))


def _native(image: Document) -> Grid:
    native = native_grid(image)
    if native is None:
        raise NotFound(f"the image {image.id!r} has no georeference in the catalog")
    return native


def _longest(query: Mapping[str, str]) -> int:
    text = query.get("size", str(PREVIEW))
    if not (
        text.isdecimal() and len(text) <= len(str(MAX_PREVIEW)) and 0 < int(text) <= MAX_PREVIEW
    ):
        raise BadRequest(
            f"size is {shown(text)}; it must be a whole number from 1 to {MAX_PREVIEW}",
            parameter="size",
        )
    return int(text)


def _order(query: Mapping[str, str]) -> str:
    order = query.get("order", "newest")
    if order not in ORDERS:
        raise BadRequest(
            f"order is {shown(order)}; it must be one of {', '.join(ORDERS)}", parameter="order"
        )
    return ORDERS[order]


def _selection(query: Mapping[str, str]) -> str:
    """Return the statistic that a tile's pixels are; without one the order says what is on top."""
    if "pixel_selection" not in query:
        return PIXEL_SELECTIONS[0]
    selection = query["pixel_selection"]
    if selection not in PIXEL_STATISTICS:
        raise BadRequest(
            f"pixel_selection is {shown(selection)}; of a product's tile it must be one of "
            f"{', '.join(PIXEL_STATISTICS)}; which image is on top is said by order",
            parameter="pixel_selection",
        )
    return selection


def _own_filter(query: Mapping[str, str]) -> list[Any]:
    text = query.get("filter")
    if not text:
        return []
    try:
        conditions = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"filter is not JSON: {error}", parameter="filter") from error
    if not isinstance(conditions, list):
        raise BadRequest("filter must be a JSON array of conditions", parameter="filter")
    return conditions


@cache
def map_service() -> MapService:
    """Return the map service of this process, on the deployed stack."""
    where = settings()
    search = ImageSearch(
        postings=DynamoPostings(where.need("postings_table")),
        documents=ImageStore(where),
        months=RollupStore(where),
        signing_key=signing_key,
    )
    products = SearchableProducts(ProductAccess(CatalogStore(where)))
    return MapService(raster_service(), search, products)
