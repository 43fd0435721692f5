"""Several images, read together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from swath.catalog._collection import Collection
from swath.catalog._enums import DataType, DownloadFileFormat
from swath.catalog._image import Image
from swath.catalog._image_reading import adjusted, destination
from swath.catalog._reading import (
    Reading,
    ReadOptions,
    for_download,
    plan,
    split_bands,
    to_array,
    without_mask,
)
from swath.progress import track

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from swath.geo import GeoContext
    from swath.http import Client
    from swath.raster import Pixels

_WORKERS = 8
_STACKED = 4  # dimensions of a stack
Key = Callable[[Image], Any] | str


class ImageCollection(Collection[Image]):
    """Images to be stacked, mosaicked and downloaded over one area, `geocontext`."""

    def __init__(
        self, items: Iterable[Image] = (), *, geocontext: GeoContext | None = None
    ) -> None:
        super().__init__(items)
        self.geocontext = geocontext

    def _like(self, items: Iterable[Image]) -> Self:
        return type(self)(items, geocontext=self.geocontext)

    # -- choosing ------------------------------------------------------------------------------

    def filter_coverage(self, area: Any, minimum_coverage: float = 1.0) -> Self:
        """The images whose footprints cover at least this share of `area`."""
        return self.filter(lambda image: image.coverage(area) >= minimum_coverage)

    def to_geojson(self) -> dict[str, Any]:
        """A GeoJSON FeatureCollection of the footprints."""
        from swath.catalog._features import feature_collection

        return feature_collection(self)

    def to_geopandas(self) -> Any:
        """A GeoDataFrame of the footprints and attributes. Needs geopandas."""
        from swath.catalog._features import to_geopandas

        return to_geopandas(self)

    # -- pixels --------------------------------------------------------------------------------

    @overload
    def mosaic(
        self, bands: str | Sequence[str], geocontext: GeoContext | None = ...,
        *, raster_info: Literal[False] = ..., **options: Any,
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def mosaic(
        self, bands: str | Sequence[str], geocontext: GeoContext | None = ...,
        *, raster_info: Literal[True], **options: Any,
    ) -> tuple[NDArray[Any], dict[str, Any]]: ...  # fmt: skip
    def mosaic(
        self,
        bands: str | Sequence[str],
        geocontext: GeoContext | None = None,
        *,
        bands_axis: int = 0,
        raster_info: bool = False,
        crs: str | None = None,
        resolution: float | None = None,
        all_touched: bool | None = None,
        **options: Any,
    ) -> Any:
        """All images as one array, later ones over earlier ones; otherwise like `Image.ndarray`.

        With an alpha band last, an image covers earlier ones only where its alpha is not 0.
        """
        import numpy as np

        context = self._context(geocontext, crs, resolution, all_touched)
        reading = self._plan(context, ReadOptions(bands=bands, **options))
        pixels = self._read(reading, list(self))
        array = np.moveaxis(to_array(reading, pixels), 0, bands_axis)
        return (array, pixels.info) if raster_info else array

    @overload
    def stack(
        self, bands: str | Sequence[str], geocontext: GeoContext | None = ...,
        *, raster_info: Literal[False] = ..., **options: Any,
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def stack(
        self, bands: str | Sequence[str], geocontext: GeoContext | None = ...,
        *, raster_info: Literal[True], **options: Any,
    ) -> tuple[NDArray[Any], list[dict[str, Any]]]: ...  # fmt: skip
    def stack(  # noqa: PLR0913 - the known form
        self,
        bands: str | Sequence[str],
        geocontext: GeoContext | None = None,
        *,
        bands_axis: int = 1,
        flatten: Key | Sequence[Key] | None = None,
        raster_info: bool = False,
        crs: str | None = None,
        resolution: float | None = None,
        all_touched: bool | None = None,
        max_workers: int | None = None,
        progress: bool | None = None,
        **options: Any,
    ) -> Any:
        """One array (images, bands, rows, columns), read in parallel.

        `flatten`: keys as in `groupby`; images that share them become one mosaic. Otherwise like
        `Image.ndarray`. Raises ValueError when an image's array has another shape than the others,
        as happens without a common resolution.
        """
        import numpy as np

        if bands_axis % _STACKED == 0:
            raise ValueError("the first axis of a stack holds the images: bands_axis is 1, 2 or 3")
        context = self._context(geocontext, crs, resolution, all_touched)
        reading = self._plan(context, ReadOptions(bands=bands, **options))
        found = self._read_groups(reading, self._groups(flatten), max_workers, progress)
        shapes = {pixels.data.shape for pixels in found}
        if len(shapes) > 1:
            raise ValueError(f"the images' arrays differ in shape: {sorted(shapes)}")
        data = np.stack([pixels.data for pixels in found])
        stacked: NDArray[Any] = data
        if reading.masked:
            stacked = np.ma.MaskedArray(data, np.stack([pixels.mask for pixels in found]))
        stacked = np.moveaxis(stacked, 1, bands_axis)
        return (stacked, [pixels.info for pixels in found]) if raster_info else stacked

    def download(  # noqa: PLR0913 - the known form
        self,
        bands: str | Sequence[str],
        geocontext: GeoContext | None = None,
        *,
        dest: str | Path | Sequence[str | Path] | None = None,
        format: DownloadFileFormat | str | None = None,
        nodata: float | None = None,
        crs: str | None = None,
        resolution: float | None = None,
        all_touched: bool | None = None,
        max_workers: int | None = None,
        progress: bool | None = None,
        **options: Any,
    ) -> list[str]:
        """Write every image to a file of its own and return the paths, in order. Needs rasterio.

        `dest`: a folder, or one path per image.
        """
        from swath.raster._files import download

        context = self._context(geocontext, crs, resolution, all_touched)
        request = for_download(
            self._plan(context, without_mask(ReadOptions(bands=bands, **options)))
        )
        several = isinstance(dest, Sequence) and not isinstance(dest, str)
        places = list(dest) if several else [dest or "."] * len(self)  # type: ignore[arg-type]
        if len(places) != len(self):
            raise ValueError(f"{len(places)} paths for {len(self)} images")
        names = "-".join(split_bands(bands))
        targets = [
            destination(place, format, f"{image.id}-{names}")  # type: ignore[arg-type]
            for place, image in zip(places, self, strict=True)
        ]
        client = self._client()

        def one(job: tuple[Image, tuple[Path, str]]) -> str:
            image, (path, kind) = job
            body = {**request, "ids": [image.id]}
            return str(download(client, body, path, format=kind, nodata=nodata))

        with ThreadPoolExecutor(max_workers or _WORKERS) as pool:
            done = pool.map(one, zip(self, targets, strict=True))
            return list(track(done, len(self), "download", "image", show=progress))

    def download_mosaic(  # noqa: PLR0913 - the known form
        self,
        bands: str | Sequence[str],
        geocontext: GeoContext | None = None,
        *,
        dest: str | Path | None = None,
        format: DownloadFileFormat | str | None = None,
        nodata: float | None = None,
        crs: str | None = None,
        resolution: float | None = None,
        all_touched: bool | None = None,
        **options: Any,
    ) -> str:
        """Write the mosaic of all images to one file and return its path. Needs rasterio."""
        from swath.raster._files import download

        context = self._context(geocontext, crs, resolution, all_touched)
        request = for_download(
            self._plan(context, without_mask(ReadOptions(bands=bands, **options)))
        )
        path, kind = destination(dest, format, f"mosaic-{'-'.join(split_bands(bands))}")
        body = {**request, "ids": [image.id for image in self]}
        return str(download(self._client(), body, path, format=kind, nodata=nodata))

    def to_xarray(
        self, bands: str | Sequence[str], geocontext: GeoContext | None = None, **options: Any
    ) -> Any:
        """The stack as an xarray.DataArray (time, band, y, x). Needs xarray.

        With dask installed every image is read when it is used.
        """
        from swath.catalog._xarray import collection_to_xarray

        return collection_to_xarray(self, bands, geocontext, **options)

    def scaling_parameters(
        self,
        bands: str | Sequence[str],
        *,
        scaling: Any = None,
        data_type: DataType | str | None = None,
    ) -> tuple[list[Any] | None, DataType | None]:
        """The scales and the output type that these arguments of `stack` mean."""
        self._not_empty()
        return self[0].scaling_parameters(bands, scaling=scaling, data_type=data_type)

    # -- inside --------------------------------------------------------------------------------

    def _not_empty(self) -> None:
        if not self:
            raise ValueError("the collection holds no images")

    def _client(self) -> Client:
        self._not_empty()
        return self[0].client

    def _context(
        self,
        context: GeoContext | None,
        crs: str | None,
        resolution: float | None,
        all_touched: bool | None,  # noqa: FBT001
    ) -> GeoContext:
        self._not_empty()
        chosen = context or self.geocontext
        if chosen is None and len(self) == 1:
            chosen = self[0].geocontext
        if chosen is None:
            raise ValueError("several images are read over one area: give a geocontext")
        return adjusted(chosen, crs, resolution, all_touched)

    def _plan(self, context: GeoContext, options: ReadOptions) -> Reading:
        return plan([str(image.product_id) for image in self], context, options, self._client())

    def _groups(self, flatten: Key | Sequence[Key] | None) -> list[list[Image]]:
        if flatten is None:
            return [[image] for image in self]
        keys = [flatten] if callable(flatten) or isinstance(flatten, str) else list(flatten)
        return [list(group) for _, group in self.groupby(*keys)]

    def _read(self, reading: Reading, images: list[Image]) -> Pixels:
        from swath.raster import read_pixels

        return read_pixels(
            self._client(), {**reading.request, "ids": [image.id for image in images]}
        )

    def _read_groups(
        self,
        reading: Reading,
        groups: list[list[Image]],
        max_workers: int | None,
        progress: bool | None,  # noqa: FBT001
    ) -> list[Pixels]:
        with ThreadPoolExecutor(max_workers or min(_WORKERS, len(groups))) as pool:
            done = pool.map(lambda group: self._read(reading, group), groups)
            return list(track(done, len(groups), "stack", "image", show=progress))

    def _facts(self) -> list[str]:
        dates = sorted(image.acquired for image in self if image.acquired)
        lines = []
        if dates:
            lines.append(f"  * Dates: {dates[0]:%b %d, %Y} to {dates[-1]:%b %d, %Y}")
        counts: dict[str, int] = {}
        for image in self:
            counts[str(image.product_id)] = counts.get(str(image.product_id), 0) + 1
        if counts:
            listed = ", ".join(f"{product}: {count}" for product, count in counts.items())
            lines.append(f"  * Products: {listed}")
        return lines
