"""The objects of the catalog: products, their bands and images, and uploads on their way.

They name each other, so they are together; what they can do is in the modules that they build on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from swath.arguments import public
from swath.auth import read_claims
from swath.errors import AttributeValidationError, NotFoundError, UnsavedObjectError
from swath.geo import GeoContext
from swath.http import Client
from swath.progress import Bar, progress_bar

from ._area_search import AreaSearch
from ._collection_pixels import ReadableCollection
from ._deletion import DeletionTask
from ._enums import DocumentState
from ._expressions import properties
from ._generated import (
    BandAttributes,
    BandType,
    ClassBandAttributes,
    GenericBandAttributes,
    ImageUploadOptions,
    MaskBandAttributes,
    MicrowaveBandAttributes,
    OverviewResampler,
    ProductAttributes,
    SpectralBandAttributes,
)
from ._image_pixels import ReadableImage
from ._included import Included
from ._named import NamedObject
from ._object import CatalogObject
from ._reading import band_cache
from ._save_many import SavedInBulk, SaveReport, length, save_all
from ._search import Search
from ._upload import WatchedUpload, as_paths, total_size
from ._uploading import array_options, as_npy, check_array, declare, file_options, georeference

if TYPE_CHECKING:
    from numpy.typing import NDArray


@public
class Product(ProductAttributes, CatalogObject):
    """A collection of images that share the same bands.

    Only `id` and `name` are needed. The service puts the caller's organisation before the id, so
    the id is final after the first `save`.
    """

    _kind = "product"
    _collection = "products"

    def bands(self) -> Search[Band]:
        """Its bands, in their order."""
        search = Band.search(client=self._client)
        return search.filter(properties.product_id == self._saved_id()).sort("sort_order")

    def images(self) -> ImageSearch:
        """Its images."""
        search = Image.search(client=self._client)
        return search.filter(properties.product_id == self._saved_id())

    def image_uploads(self) -> Search[ImageUpload]:
        """The uploads of its images."""
        search = ImageUpload.search(client=self._client)
        return search.filter(properties.product_id == self._saved_id())

    def named_id(self, name: str) -> str:
        """The id of the band or image of this name in this product."""
        return f"{self._saved_id()}:{name}"

    def get_band(self, name: str) -> Band | None:
        """The band of this name, or None."""
        return Band.get(self.named_id(name), client=self._client)

    def get_image(self, name: str) -> Image | None:
        """The image of this name, or None."""
        return Image.get(self.named_id(name), client=self._client)

    def add_images(
        self,
        images: Iterable[Image | Mapping[str, Any]],
        *,
        chunk: int = 500,
        workers: int = 8,
        exist_ok: bool = False,
        ignore_failures: bool = False,
        progress: bool | None = None,
    ) -> SaveReport:
        """Save many new images of this product: Image objects, or mappings of their attributes.

        Options and errors are those of `Image.save_many`. The product of the images need not be
        set.
        """
        self._saved_id()
        mine = (self._adopted(each) for each in images)
        return save_all(
            Image, mine, chunk=chunk, workers=workers, exist_ok=exist_ok, total=length(images),
            ignore_failures=ignore_failures, progress=progress, client=self.client,
        )  # fmt: skip

    def _adopted(self, given: Image | Mapping[str, Any]) -> Image | Mapping[str, Any]:
        if isinstance(given, Mapping):
            return {"product": self, **given}
        if given.product_id is None:
            given.product = self
        return given

    def delete_related_objects(self) -> DeletionTask | None:
        """Delete all bands and images of the product, which stays itself.

        Returns the task that does it, to be waited for, or None when there is nothing to delete.
        Raises ConflictError when such a task is running.
        """
        with self._must_exist():
            body = self.client.catalog(
                "POST", self._deletion_path(), json={"data": {"type": "product_delete_task"}}
            )
        started = isinstance(body.get("data"), dict)
        return DeletionTask(self.id, body, self._deletion) if started else None

    def get_delete_status(self) -> DeletionTask:
        """How far the deletion of related objects has come."""
        return DeletionTask(self.id, self._deletion(), self._deletion)

    def _deletion(self) -> dict[str, Any]:
        with self._must_exist():
            return self.client.catalog("GET", self._deletion_path())

    def _deletion_path(self) -> str:
        return f"{self._path(self._saved_id())}/delete_related_objects"

    def user_is_owner(self) -> bool:
        """Whether the token's user may change and delete the product, judged here from `owners`."""
        return bool(self._subjects(admin=True) & set(self.owners))

    def user_can_write(self) -> bool:
        """Whether the token's user may change the product, judged here from its access lists."""
        return self.user_is_owner() or bool(self._subjects() & set(self.writers))

    def user_can_read(self) -> bool:
        """Whether the token's user may read the product, judged here from its access lists."""
        return self.user_can_write() or bool(self._subjects() & set(self.readers))

    def _subjects(self, *, admin: bool = False) -> set[str]:
        return read_claims(self.client.tokens.token()).subjects(admin=admin)

    @classmethod
    def _find(cls, id: str, **options: Any) -> Product:
        """Like `get`, for callers that cannot go on without."""
        found = cls.get(id, **options)
        if found is None:
            raise NotFoundError(f"there is no product {id!r}, or it is not yours to see")
        return found


class InProduct(NamedObject):
    """An object that belongs to a product.

    The product is given as `product=` (a saved Product or its id) or as `product_id=`.
    """

    _product: Product | None

    def __init__(
        self,
        *,
        product: Product | str | None = None,
        client: Client | None = None,
        **attributes: Any,
    ) -> None:
        self.__dict__["_product"] = None
        super().__init__(client=client, **attributes)
        if product is not None:
            self.product = product

    @property
    def product(self) -> Product | None:
        """The product it belongs to; requested when it did not come along."""
        if self._product is None and self.product_id is not None:
            self.__dict__["_product"] = Product.get(self.product_id, client=self._client)
        return self._product

    @product.setter
    def product(self, value: Product | str) -> None:
        if isinstance(value, str):
            self.product_id = value
            return
        if not isinstance(value, Product):
            raise AttributeValidationError(f"'product' must be a Product or its id, not {value!r}")
        if value.id is None or value.state == DocumentState.UNSAVED:
            raise UnsavedObjectError("save the product first: its id is only final then")
        self.product_id = value.id
        self.__dict__["_product"] = value
        if self._client is None:
            self.__dict__["_client"] = value._client

    def _take(self, resource: dict[str, Any], included: Included) -> None:
        super()._take(resource, included)
        self.__dict__.setdefault("_product", None)
        sent = included.get("product", self.product_id)
        if sent is not None:
            self.__dict__["_product"] = Product._from_resource(sent, self._client, included)


@public
class Band(BandAttributes, InProduct):
    """One layer of the pixels of every image of a product; create one of the five classes below it.

    `Band.get` and `Band.search` find bands of all types, those of a subclass its own type only.
    """

    _kind = "band"
    _collection = "bands"
    _type: ClassVar[BandType | None] = None
    _classes: ClassVar[dict[str, type[Band]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls._type is not None:
            Band._classes[str(cls._type)] = cls

    def __init__(self, **attributes: Any) -> None:
        if self._type is None:
            raise TypeError("a band is a SpectralBand, MicrowaveBand, MaskBand, ClassBand, ...")
        super().__init__(**attributes)
        self.type = self._type

    @classmethod
    def search(
        cls, *, client: Client | None = None, request_params: dict[str, Any] | None = None
    ) -> Search[Self]:
        """A search over the bands of this class; of all types when the class is Band."""
        search = super().search(client=client, request_params=request_params)
        return search if cls._type is None else search.filter(properties.type == cls._type)

    @classmethod
    def _class_of(cls, resource: dict[str, Any]) -> type[Self]:
        """By the type of the band, whichever class asks."""
        kind = Band._classes.get(resource.get("attributes", {}).get("type"), GenericBand)
        return cast("type[Self]", kind)

    def _send(self, *request: Any) -> None:
        super()._send(*request)
        band_cache.forget(self.product_id)


class SpectralBand(SpectralBandAttributes, Band):
    """A band of the visible or infrared spectrum."""

    _type = BandType.SPECTRAL


class MicrowaveBand(MicrowaveBandAttributes, Band):
    """A band of a radar or a passive microwave sensor."""

    _type = BandType.MICROWAVE


class MaskBand(MaskBandAttributes, Band):
    """A band of zeros (masked) and ones; its ranges are [0, 1] without being set."""

    _type = BandType.MASK


class ClassBand(ClassBandAttributes, Band):
    """A band whose values name categories."""

    _type = BandType.CLASS


class GenericBand(GenericBandAttributes, Band):
    """A band of anything else, temperature or angles for example."""

    _type = BandType.GENERIC


@public
class Image(ReadableImage, SavedInBulk, InProduct):
    """An image: where, when, of which product, and its files.

    Made of files or arrays by `upload` and `upload_ndarray`; `save` alone registers an image whose
    files are elsewhere.
    """

    _kind = "image"
    _collection = "images"

    @classmethod
    def search(
        cls, *, client: Client | None = None, request_params: dict[str, Any] | None = None
    ) -> ImageSearch:
        """A search over all images."""
        return ImageSearch(cls, client=client, request_params=request_params)

    @property
    def date(self) -> datetime | None:
        """When it was taken."""
        return self.acquired

    def image_uploads(self) -> Search[ImageUpload]:
        """The uploads of this image."""
        found = ImageUpload.search(client=self._client)
        of_product = properties.product_id == self.product_id
        return found.filter(of_product, properties.image_id == self.id)

    def upload(
        self,
        files: str | Path | Sequence[str | Path],
        *,
        upload_options: ImageUploadOptions | None = None,
        overwrite: bool = False,
        progress: bool | None = None,
    ) -> ImageUpload:
        """Upload one file, or several in the order of the bands' `file_index`.

        Attributes that are set win over what the files say; `acquired` must be set where
        they say nothing of it. `overwrite`
        replaces an image of this name. Files are streamed, in parallel, and tried again when the
        network fails. Returns the upload, to be waited for. Raises UploadError when files do not
        arrive, ValueError when the image exists.
        """
        paths = as_paths(files)
        bar = progress_bar(total_size(paths), str(self.name), "B", show=progress)
        try:
            return self._upload_files(paths, upload_options, overwrite=overwrite, bar=bar)
        finally:
            bar.close()

    upload_image = upload

    def upload_ndarray(
        self,
        ndarray: NDArray[Any] | Sequence[NDArray[Any]],
        *,
        upload_options: ImageUploadOptions | None = None,
        raster_meta: Mapping[str, Any] | None = None,
        overviews: Sequence[int] | None = None,
        overview_resampler: OverviewResampler | str | None = None,
        overwrite: bool = False,
        progress: bool | None = None,
    ) -> ImageUpload:
        """Upload an array (rows, columns) or (bands, rows, columns), or one per `file_index`.

        `geotrans` and `cs_code` (or `projection`) must be set, or come from `raster_meta`, the
        `raster_info` of pixels that were read. Masked pixels are written as their fill value.
        Otherwise like `upload`.
        """
        import numpy as np

        arrays = [ndarray] if isinstance(ndarray, np.ndarray) else list(ndarray)
        georeference(self, raster_meta or {})
        for array in arrays:
            check_array(self, array)
        options = array_options(arrays, upload_options)
        if overviews is not None:
            options.overviews = overviews
        if overview_resampler is not None:
            options.overview_resampler = overview_resampler
        with as_npy(arrays) as paths:
            options.image_files = [str(path) for path in paths]
            bar = progress_bar(total_size(paths), str(self.name), "B", show=progress)
            try:
                return self._upload_as(options, paths, overwrite=overwrite, bar=bar)
            finally:
                bar.close()

    def _upload_files(
        self, paths: list[Path], options: ImageUploadOptions | None, *, overwrite: bool, bar: Bar
    ) -> ImageUpload:
        return self._upload_as(file_options(paths, options), paths, overwrite=overwrite, bar=bar)

    def _upload_as(
        self, options: ImageUploadOptions, paths: list[Path], *, overwrite: bool, bar: Bar
    ) -> ImageUpload:
        upload = declare(self, options, ImageUpload, overwrite=overwrite)
        upload.__dict__["_image"] = self
        upload._send_files(paths, bar)
        return upload

    def _adopt(self) -> None:
        """Become the image that an upload made."""
        self.__dict__["_state"] = DocumentState.SAVED
        self.reload()

    def _bands(self) -> Mapping[str, BandAttributes]:
        product_id = str(self.product_id)

        def load() -> dict[str, BandAttributes]:
            search = Band.search(client=self.client).filter(properties.product_id == product_id)
            return {str(band.name): band for band in search}

        return band_cache.bands(product_id, self.client, load)

    def _shown(self) -> list[tuple[str, object]]:
        shown = super()._shown()
        taken = self.acquired and self.acquired.strftime("%Y-%m-%d %H:%M:%S UTC")
        return [*shown[:2], ("acquired", taken), *shown[2:]]


class ImageCollection(ReadableCollection[Image]):
    """Images to be stacked, mosaicked and downloaded over one area, `geocontext`."""


@public
class ImageSearch(AreaSearch[Image]):
    """A search for images."""

    def collect(self, geocontext: GeoContext | None = None) -> ImageCollection:
        """All images at once, ready to be stacked and mosaicked.

        The collection reads over `geocontext`, or over the searched area where that is one.
        """
        context = geocontext or (self._area if isinstance(self._area, GeoContext) else None)
        return ImageCollection(self, geocontext=context)


class ImageUpload(WatchedUpload):
    """An upload: made by `Image.upload` and its relatives, watched here."""

    _image: Image | None

    @property
    def image(self) -> Image | None:
        """The image, once the upload has succeeded; the object that `upload` was called on."""
        if self._image is None and self.image_id is not None:
            self.__dict__["_image"] = Image.get(self.image_id, client=self._client)
        return self._image

    def _succeeded(self) -> None:
        if self._image is not None:
            self._image._adopt()

    def _take(self, resource: dict[str, Any], included: Included) -> None:
        super()._take(resource, included)
        self.__dict__.setdefault("_image", None)
