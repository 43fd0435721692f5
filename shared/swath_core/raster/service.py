"""The use cases of raster: a caller's request to a raster, ready to be streamed or drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from swath_core.definitions import NUMPY_TYPES
from swath_core.documents import Document
from swath_core.errors import BadRequest, NotFound
from swath_core.raster.cutline import Cutline
from swath_core.raster.deadline import NEVER, Deadline
from swath_core.raster.files import FilePool, FileUnreadable
from swath_core.raster.grid import Grid, target_grid
from swath_core.raster.metadata import raster_metadata
from swath_core.raster.mosaic import Mosaic, MosaicPlan, Strip
from swath_core.raster.request import RasterRequest
from swath_core.raster.scaling import Finish, resolve_scale, value_ranges
from swath_core.raster.sources import (
    BandInfo,
    ImageSource,
    PlanOptions,
    Product,
    Storage,
    common_dtype,
    plan_bands,
    plan_image,
)
from swath_core.raster.stream import Part, Raster

CallerT = TypeVar("CallerT")


class Catalog(Protocol):
    """What raster reads of the catalog."""

    def images(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Return the images that exist, by id."""

    def product(self, product_id: str) -> Product | None:
        """Return a product and its bands."""


@dataclass(frozen=True, slots=True)
class Found:
    """The images of a request, in its order, and their products by id."""

    images: tuple[Document, ...]
    products: dict[str, Product]


class RasterService(Generic[CallerT]):
    """Rasters of catalogued images for callers who may read them."""

    def __init__(
        self,
        catalog: Catalog,
        storage: Storage,
        pool: FilePool,
        may_read: Callable[[CallerT, Document], bool],
    ) -> None:
        self._catalog, self._storage, self._pool = catalog, storage, pool
        self._may_read = may_read

    def find(self, caller: CallerT, ids: Sequence[str]) -> Found:
        """Return images and products. Raises NotFound for one that is not there for the caller."""
        images = self._catalog.images(list(dict.fromkeys(ids)))
        products: dict[str, Product] = {}
        for id in ids:
            image = images.get(id)
            if image is None or not self._readable(caller, image, products):
                raise missing(id)
        return Found(tuple(images[id] for id in ids), products)

    def _readable(self, caller: CallerT, image: Document, products: dict[str, Product]) -> bool:
        product_id = str(image.get("product_id"))
        if product_id not in products:
            product = self._catalog.product(product_id)
            if product is None or not self._may_read(caller, product[0]):
                return False
            products[product_id] = product
        return True

    def product(self, caller: CallerT, product_id: str) -> Product:
        """Return a product and its bands. Raises NotFound, also where it is not the caller's."""
        product = self._catalog.product(product_id)
        if product is None or not self._may_read(caller, product[0]):
            raise NotFound(f"'{product_id}' does not exist in the catalog")
        return product

    def raster(self, caller: CallerT, request: RasterRequest, deadline: Deadline = NEVER) -> Raster:
        """Return the raster that a request asks for; its pixels are read as its parts are consumed.

        Raises NotFound for an image that does not exist for the caller or cannot be read,
        BadRequest for what cannot be computed, or not before the deadline.
        """
        return self.compute(self.find(caller, request.ids), request, deadline)

    def compute(self, found: Found, request: RasterRequest, deadline: Deadline = NEVER) -> Raster:
        """Return the raster of images that were found."""
        prepared = self.prepare(found, request, deadline)
        plan, finish = prepared.plan, prepared.finish
        shape = (finish.count, plan.target.height, plan.target.width)
        bands = plan.bands[: finish.count]
        metadata = raster_metadata(plan.images, bands, plan.target, finish.dtype)
        return Raster(metadata, shape, finish.dtype, prepared.parts())

    def prepare(self, found: Found, request: RasterRequest, deadline: Deadline = NEVER) -> Prepared:
        """Return everything about a request that can be said without reading pixels."""
        bands = plan_bands(found.products, request.bands, request.processing_level)
        options = PlanOptions(self._storage, request.resampling, request.processing_level)
        images = tuple(
            plan_image(
                image, found.products[str(image.get("product_id"))], request.bands, options=options
            )
            for image in found.images
        )
        target = target_grid(request, [self._grid(image) for image in images], len(bands))
        alpha_last = bands[-1].is_alpha or bool(request.mask_alpha)
        cutline = (
            Cutline(request.cutline, target, all_touched=request.all_touched)
            if request.cutline
            else None
        )
        plan = MosaicPlan(images, bands, target, alpha_last, cutline, deadline)
        return Prepared(self._pool, plan, _finish(request, bands, alpha_last=alpha_last))

    def _grid(self, image: ImageSource) -> Grid:
        if image.grid is not None:
            return image.grid
        try:
            return self._pool.info(image.files[0].path).grid
        except FileUnreadable as error:
            raise missing(image.id) from error


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mosaic and how it is finished."""

    pool: FilePool
    plan: MosaicPlan
    finish: Finish

    def parts(self) -> Iterator[Part]:
        """Yield the finished parts; automatic scales are resolved in a pass of its own before."""
        mosaic = Mosaic(self.pool, self.plan)
        automatic = [at for at, scale in enumerate(self.finish.scales) if scale == ()]
        kept: list[Strip] = []
        strips: Iterator[Strip] | list[Strip] = kept
        ranges: dict[int, tuple[float, float]] = {}
        if automatic and len(mosaic.windows) == 1:
            kept.extend(mosaic.strips())
            ranges = value_ranges(self.finish, kept, automatic)
        else:
            if automatic:
                ranges = value_ranges(self.finish, mosaic.strips(), automatic)
            strips = mosaic.strips()
        finish = self._resolved(ranges)
        for strip in strips:
            data, mask = finish.apply(strip)
            yield Part(strip.window, data, mask)

    def _resolved(self, ranges: Mapping[int, tuple[float, float]]) -> Finish:
        finish = self.finish
        scales = [resolve_scale(scale, ranges.get(at)) for at, scale in enumerate(finish.scales)]
        return Finish(
            finish.bands,
            scales,
            finish.dtype,
            mask_nodata=finish.mask_nodata,
            mask_alpha=finish.mask_alpha,
            drop_alpha=finish.drop_alpha,
        )


def missing(image_id: str) -> NotFound:
    """Return the error for an image that is not there, or not for this caller."""
    return NotFound(f"'{image_id}' does not exist in the catalog")


def _finish(request: RasterRequest, bands: Sequence[BandInfo], *, alpha_last: bool) -> Finish:
    if request.drop_alpha and len(bands) == 1:
        raise BadRequest(
            "drop_alpha would leave no band: bands has one member", parameter="drop_alpha"
        )
    kept = bands[:-1] if request.drop_alpha else bands
    if request.data_type is not None:
        dtype = np.dtype(NUMPY_TYPES[request.data_type])
    else:
        dtype = common_dtype([band.dtype for band in kept])
    return Finish(
        bands=bands,
        scales=request.scales or (None,) * len(bands),
        dtype=dtype,
        mask_nodata=request.mask_nodata,
        mask_alpha=alpha_last if request.mask_alpha is None else request.mask_alpha,
        drop_alpha=request.drop_alpha,
    )
