"""Images: georeferenced pixels of a place at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swath.catalog._attributes import (
    Enumerated,
    ExtraProperties,
    ListOf,
    Number,
    Text,
    Timestamp,
)
from swath.catalog._enums import DocumentState, OverviewResampler, StorageState
from swath.catalog._file import File
from swath.catalog._geometry import GeometryAttribute
from swath.catalog._image_reading import ReadableImage
from swath.catalog._image_upload import ImageUpload, ImageUploadOptions, as_paths, total_size
from swath.catalog._structure import StructureAttribute
from swath.http import Client
from swath.progress import progress_bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from swath.catalog._image_search import ImageSearch
    from swath.catalog._search import Search


class Image(ReadableImage):
    """An image: where, when, of which product, and its files.

    Made of files or arrays by `upload` and `upload_ndarray`; `save` alone registers an image whose
    files are elsewhere.
    """

    _kind = "image"
    _collection = "images"

    geometry = GeometryAttribute(doc="Footprint in longitude and latitude, a shapely geometry.")
    acquired = Timestamp(doc="When it was taken, or when taking it began.")
    acquired_end = Timestamp(doc="When taking it ended.")
    published = Timestamp(doc="When the provider published it.")
    storage_state = Enumerated(StorageState, doc="Stored in the catalog, or known to be elsewhere.")
    files: ListOf[File] = ListOf(StructureAttribute(File), doc="The files, in `file_index` order.")
    area = Number(doc="Area of the footprint, in square kilometres.")
    azimuth_angle = Number(doc="Of the sensor, in degrees.")
    bits_per_pixel: ListOf[float] = ListOf(Number(), doc="Stored bits per pixel, band by band.")
    bright_fraction = Number(doc="Share of bright pixels, 0 to 1.")
    brightness_temperature_k1_k2: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="Constants K1 and K2, band by band."
    )
    c6s_dlsr: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="6S coefficients of surface reflectance."
    )
    cloud_fraction = Number(doc="Share of clouds, 0 to 1.")
    confidence_dlsr = Number(doc="Confidence in the surface reflectance, 0 to 1.")
    alt_cloud_fraction = Number(doc="Share of clouds by another method, 0 to 1.")
    fill_fraction = Number(doc="Share of pixels with data, 0 to 1.")
    incidence_angle = Number(doc="Of the sensor, in degrees.")
    radiance_gain_bias: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="Gain and bias to radiance, band by band."
    )
    reflectance_gain_bias: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="Gain and bias to reflectance, band by band."
    )
    temperature_gain_bias: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="Gain and bias to temperature, band by band."
    )
    reflectance_scale: ListOf[float] = ListOf(Number(), doc="To reflectance, band by band.")
    roll_angle = Number(doc="Of the platform, in degrees.")
    solar_azimuth_angle = Number(doc="In degrees.")
    solar_elevation_angle = Number(doc="In degrees.")
    view_angle = Number(doc="Of the sensor, in degrees.")
    satellite_id = Text(doc="Which satellite.")
    processing_pipeline_id = Text(doc="What made the image.")
    provider_id = Text(doc="The provider's name for it.")
    provider_url = Text(doc="The provider's page about it.")
    preview_url = Text(doc="A picture of it.")
    preview_file = Text(doc="A picture among its files.")
    tags: ListOf[str] = ListOf(Text(), doc="Up to 32 words to find it by.")
    extra_properties = ExtraProperties(doc="Up to 50 more facts: strings and numbers.")

    @classmethod
    def search(
        cls, *, client: Client | None = None, request_params: dict[str, Any] | None = None
    ) -> ImageSearch:
        """A search over all images."""
        from swath.catalog._image_search import ImageSearch

        return ImageSearch(cls, client=client, request_params=request_params)

    @property
    def date(self) -> datetime | None:
        """When it was taken."""
        return self.acquired

    def coverage(self, area: Any) -> float:
        """The share of `area` that the footprint covers, 0 to 1, in longitude and latitude."""
        from swath.geo._shapes import as_shape

        whole = as_shape(area)
        if self.geometry is None or not whole.area > 0:
            return 0.0
        return float(self.geometry.intersection(whole).area / whole.area)

    def image_uploads(self) -> Search[ImageUpload]:
        """The uploads of this image."""
        from swath.catalog._expressions import properties

        found = ImageUpload.search(client=self._client)
        of_product = properties.product_id == self.product_id
        return found.filter(of_product, properties.image_id == self.id)

    # -- becoming an image ---------------------------------------------------------------------

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
        from swath.catalog._uploading import file_options, start_upload

        paths = as_paths(files)
        bar = progress_bar(total_size(paths), str(self.name), "B", show=progress)
        try:
            options = file_options(paths, upload_options)
            return start_upload(self, paths, options, overwrite=overwrite, bar=bar)
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

        from swath.catalog._enums import ImageUploadType
        from swath.catalog._uploading import as_npy, check_array, georeference, start_upload

        arrays = [ndarray] if isinstance(ndarray, np.ndarray) else list(ndarray)
        georeference(self, raster_meta or {})
        for array in arrays:
            check_array(self, array)
        options = ImageUploadOptions.from_wire(upload_options.to_wire() if upload_options else {})
        options.upload_type = ImageUploadType.NDARRAY
        options.upload_size = sum(array.nbytes for array in arrays)
        if overviews is not None:
            options.overviews = overviews
        if overview_resampler is not None:
            options.overview_resampler = overview_resampler
        with as_npy(arrays) as paths:
            options.image_files = [str(path) for path in paths]
            bar = progress_bar(total_size(paths), str(self.name), "B", show=progress)
            try:
                return start_upload(self, paths, options, overwrite=overwrite, bar=bar)
            finally:
                bar.close()

    def _adopt(self) -> None:
        """Become the image that an upload made."""
        self.__dict__["_state"] = DocumentState.SAVED
        self.reload()

    def _shown(self) -> list[tuple[str, object]]:
        shown = super()._shown()
        taken = self.acquired and self.acquired.strftime("%Y-%m-%d %H:%M:%S UTC")
        return [*shown[:2], ("acquired", taken), *shown[2:]]
