"""The use cases of raster: a caller's request to a raster, ready to be streamed or drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from swath_core.access import Caller, may_read
from swath_core.catalog import RemoteBuckets
from swath_core.definitions import NUMPY_TYPES
from swath_core.documents import Document, finite
from swath_core.errors import BadRequest, NotFound
from swath_core.settings import Settings, settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.images import ImageStore
from swath_core.store.s3 import s3_client

from ._canvas import Strip
from ._cutline import Cutline
from ._derive import Derivation, derivation, derived_bands
from ._files import FilePool, FileUnreadable
from ._grid import Grid, target_grid
from ._mosaic import NEVER, Deadline, Mosaic, MosaicPlan
from ._output import OutputConversion, raster_metadata, resolve_scale, value_ranges
from ._request import RasterRequest
from ._sources import (
    BandInfo,
    BucketStorage,
    ImageSource,
    PlanOptions,
    Product,
    common_dtype,
    find_band,
    plan_image,
)
from ._statistics import STATISTICS, statistic_band
from ._stream import Part, Raster, ResultsBucket


class CatalogReader:
    """What raster reads of the catalog, from the tables."""

    def __init__(self, where: Settings) -> None:
        self._images = ImageStore(where)
        self._catalog = CatalogStore(where)

    def images(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Return the images that exist, by id."""
        return self._images.get_many(ids)

    def product(self, product_id: str) -> Product | None:
        """Return a product and its bands."""
        return self._catalog.product_with_bands(product_id)


@dataclass(frozen=True, slots=True)
class RequestedImages:
    """The images of a request, in its order, and their products by id."""

    images: tuple[Document, ...]
    products: dict[str, Product]


class RasterService:
    """Rasters of catalogued images for callers who may read them."""

    def __init__(self, catalog: CatalogReader, storage: BucketStorage, pool: FilePool) -> None:
        self._catalog, self._storage, self._pool = catalog, storage, pool

    def find(self, caller: Caller, ids: Sequence[str]) -> RequestedImages:
        """Return images and products. Raises NotFound for one that is not there for the caller."""
        images = self._catalog.images(list(dict.fromkeys(ids)))
        products: dict[str, Product] = {}
        for id in ids:
            image = images.get(id)
            if image is None or not self._readable(caller, image, products):
                raise image_not_found(id)
        return RequestedImages(tuple(images[id] for id in ids), products)

    def _readable(self, caller: Caller, image: Document, products: dict[str, Product]) -> bool:
        product_id = str(image.get("product_id"))
        if product_id not in products:
            product = self._catalog.product(product_id)
            if product is None or not may_read(caller, product[0]):
                return False
            products[product_id] = product
        return True

    def product(self, caller: Caller, product_id: str) -> Product:
        """Return a product and its bands. Raises NotFound, also where it is not the caller's."""
        product = self._catalog.product(product_id)
        if product is None or not may_read(caller, product[0]):
            raise NotFound(f"'{product_id}' does not exist in the catalog")
        return product

    @property
    def reads_remote(self) -> bool:
        """Whether there are buckets of others whose files are read."""
        return bool(self._storage.remote.names)

    def reads(self, image: Document) -> bool:
        """Return whether the files of an image are where pixels are read from."""
        return self._storage.reads(image)

    def raster(self, caller: Caller, request: RasterRequest, deadline: Deadline = NEVER) -> Raster:
        """Return the raster that a request asks for; its pixels are read as its parts are consumed.

        Raises NotFound for an image that does not exist for the caller or cannot be read,
        BadRequest for what cannot be computed, or not before the deadline.
        """
        return self.compute(self.find(caller, request.ids), request, deadline)

    def compute(
        self, found: RequestedImages, request: RasterRequest, deadline: Deadline = NEVER
    ) -> Raster:
        """Return the raster of images that were found."""
        return self.rasterized(self.prepare(found, request, deadline))

    def compute_readable(
        self, found: RequestedImages, request: RasterRequest, lost: set[str]
    ) -> Raster | None:
        """Return the raster of those images that can be read, None where none can.

        The ids of the others are added to ``lost``, of some only as the pixels are read.
        """
        derived = derivation(found.products, request)
        kept = [image for image in found.images if self._is_there(image, found, derived, request)]
        lost |= {image.id for image in found.images} - {image.id for image in kept}
        if not kept:
            return None
        prepared = self.prepare(replace(found, images=tuple(kept)), request)
        return self.rasterized(replace(prepared, plan=replace(prepared.plan, lost=lost)))

    def _is_there(
        self,
        image: Document,
        found: RequestedImages,
        derived: Derivation,
        request: RasterRequest,
    ) -> bool:
        """Return whether an image has files for what is read, and says or they say where it is."""
        try:
            (source,) = self._images(replace(found, images=(image,)), derived, request)
            self._grid(source)
        except NotFound:
            return False
        return True

    def rasterized(self, prepared: PreparedRaster) -> Raster:
        """Return a raster that was prepared."""
        plan, conversion = prepared.plan, prepared.conversion
        shape = (conversion.count, plan.target.height, plan.target.width)
        bands = plan.bands[: conversion.count]
        metadata = raster_metadata(prepared.images, bands, plan.target, conversion.dtype)
        return Raster(metadata, shape, conversion.dtype, prepared.parts())

    def prepare(
        self, found: RequestedImages, request: RasterRequest, deadline: Deadline = NEVER
    ) -> PreparedRaster:
        """Return everything about a request that can be said without reading pixels."""
        derived = derivation(found.products, request)
        bands = [
            statistic_band(band, request.selection) if request.selection in STATISTICS else band
            for band in derived_bands(derived, request.bands)
        ]
        images = self._images(found, derived, request)
        grids = [self._grid(image) for image in images]
        target = target_grid(request, grids, max(len(bands), len(derived.inputs)))
        alpha_last = bands[-1].is_alpha or bool(request.mask_alpha)
        cutline = (
            Cutline(request.cutline, target, all_touched=request.all_touched)
            if request.cutline
            else None
        )
        plan = MosaicPlan(
            images=_in_order(images, found, request.selection),
            bands=bands,
            target=target,
            derivation=derived,
            selection=request.selection,
            alpha_last=alpha_last,
            cutline=cutline,
            deadline=deadline,
        )
        conversion = _conversion(request, bands, alpha_last=alpha_last)
        return PreparedRaster(self._pool, plan, conversion, images)

    def _images(
        self, found: RequestedImages, derived: Derivation, request: RasterRequest
    ) -> list[ImageSource]:
        """Return where the bands that are read are, image by image."""
        options = PlanOptions(self._storage, request.resampling, request.processing_level)
        of_products = {
            id: [find_band(product, band.name) for band in derived.inputs]
            for id, product in found.products.items()
        }
        return [
            plan_image(image, id, of_products[id], options=options)
            for image in found.images
            for id in [str(image.get("product_id"))]
        ]

    def _grid(self, image: ImageSource) -> Grid:
        if image.grid is not None:
            return image.grid
        try:
            return self._pool.info(image.files[0].path).grid
        except FileUnreadable as error:
            raise image_not_found(image.id) from error


@dataclass(frozen=True, slots=True)
class PreparedRaster:
    """A mosaic and how its values become the output; ``images`` are as they were asked for."""

    pool: FilePool
    plan: MosaicPlan
    conversion: OutputConversion
    images: Sequence[ImageSource]

    def parts(self) -> Iterator[Part]:
        """Yield the converted parts; automatic scales are resolved in a pass of its own before."""
        mosaic = Mosaic(self.pool, self.plan)
        automatic = [at for at, scale in enumerate(self.conversion.scales) if scale == ()]
        kept: list[Strip] = []
        strips: Iterator[Strip] | list[Strip] = kept
        ranges: dict[int, tuple[float, float]] = {}
        if automatic and len(mosaic.windows) == 1:
            kept.extend(mosaic.strips())
            ranges = value_ranges(self.conversion, kept, automatic)
        else:
            if automatic:
                ranges = value_ranges(self.conversion, mosaic.strips(), automatic)
            strips = mosaic.strips()
        conversion = self._resolved(ranges)
        for strip in strips:
            data, mask = conversion.apply(strip)
            yield Part(strip.window, data, mask)

    def inside(self) -> np.ndarray[Any, Any]:
        """Return which pixels of the raster lie inside the cutline, (rows, columns)."""
        cutline, target = self.plan.cutline, self.plan.target
        if cutline is None:
            return np.ones((target.height, target.width), bool)
        return cutline.inside(target.window)

    def _resolved(self, ranges: Mapping[int, tuple[float, float]]) -> OutputConversion:
        scales = [
            resolve_scale(scale, ranges.get(at)) for at, scale in enumerate(self.conversion.scales)
        ]
        return replace(self.conversion, scales=scales)


def image_not_found(image_id: str) -> NotFound:
    """Return the error for an image that is not there, or not for this caller."""
    return NotFound(f"'{image_id}' does not exist in the catalog")


def _in_order(
    images: Sequence[ImageSource], found: RequestedImages, selection: str
) -> list[ImageSource]:
    """Return images in the order in which they lie, the last on top.

    Of equally cloudy ones, the later is on top; those whose clouds are not known are below all.
    """
    if selection == "first":
        return list(reversed(images))
    if selection != "least_cloudy":
        return list(images)
    clouds = [finite(document.get("cloud_fraction")) for document in found.images]
    order = sorted(
        range(len(images)),
        key=lambda at: -math.inf if (share := clouds[at]) is None else -share,
    )
    return [images[at] for at in order]


def _conversion(
    request: RasterRequest, bands: Sequence[BandInfo], *, alpha_last: bool
) -> OutputConversion:
    if request.drop_alpha and len(bands) == 1:
        raise BadRequest(
            "drop_alpha would leave no band: bands has one member", parameter="drop_alpha"
        )
    kept = bands[:-1] if request.drop_alpha else bands
    if request.data_type is not None:
        dtype = np.dtype(NUMPY_TYPES[request.data_type])
    else:
        dtype = common_dtype([band.dtype for band in kept])
    return OutputConversion(
        bands=bands,
        scales=request.scales or (None,) * len(bands),
        dtype=dtype,
        mask_nodata=request.mask_nodata,
        mask_alpha=alpha_last if request.mask_alpha is None else request.mask_alpha,
        drop_alpha=request.drop_alpha,
    )


@cache
def raster_service() -> RasterService:
    """Return the raster service of this process, on the deployed stack."""
    where = settings()
    storage = BucketStorage(where.need("data_bucket"), _s3, RemoteBuckets.of(where))
    return RasterService(CatalogReader(where), storage, _pool_on(storage))


def _pool_on(storage: BucketStorage) -> FilePool:
    return FilePool(exists=storage.exists, options_of=storage.options)


@cache
def signing_key() -> bytes:
    """Return the catalog's key, with which tickets are signed."""
    return CatalogStore(settings()).signing_key()


@cache
def results_bucket() -> ResultsBucket:
    """Return the bucket of results that are too big for a response."""
    return ResultsBucket(_s3(), settings().need("results_bucket"))


@cache
def _s3() -> Any:
    return s3_client()
