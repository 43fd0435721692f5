"""Pixels of several images, read together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack, overload

from swath.arguments import public
from swath.geo import GeoContext
from swath.http import Client
from swath.progress import track
from swath.raster import Pixels
from swath.shapes import as_shape, shape_mapping

from ._collection import Collection
from ._enums import DownloadFileFormat, PixelSelection, ResampleAlgorithm
from ._features import feature_collection, to_geopandas
from ._generated import DataType
from ._image_pixels import ReadableImage
from ._reading import (
    ArrayArguments,
    Bands,
    FileArguments,
    Reading,
    ReadOptions,
    adjusted,
    destination,
    plan,
    split_bands,
    takes_array,
    takes_file,
    takes_stack,
)
from ._timeseries import TimeSeries, statistic_name, timeseries
from ._xarray import collection_to_xarray

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORKERS = 8
_OWN_TYPES = {PixelSelection.COUNT: DataType.UINT16, PixelSelection.STD: DataType.FLOAT64}
_STACKED = 4  # dimensions of a stack
T = TypeVar("T", bound=ReadableImage)
Key = Callable[[Any], Any] | str


@public
class ReadableCollection(Collection[T]):
    """The part of ImageCollection that reads pixels over one area, `geocontext`."""

    def __init__(self, items: Iterable[T] = (), *, geocontext: GeoContext | None = None) -> None:
        super().__init__(items)
        self.geocontext = geocontext

    def _like(self, items: Iterable[T]) -> Self:
        return type(self)(items, geocontext=self.geocontext)

    # -- choosing ------------------------------------------------------------------------------

    def filter_coverage(self, area: Any, minimum_coverage: float = 1.0) -> Self:
        """The images whose footprints cover at least this share of `area`."""
        return self.filter(lambda image: image.coverage(area) >= minimum_coverage)

    def to_geojson(self) -> dict[str, Any]:
        """A GeoJSON FeatureCollection of the footprints."""
        return feature_collection(self)

    def to_geopandas(self) -> Any:
        """A GeoDataFrame of the footprints and attributes. Needs geopandas."""
        return to_geopandas(self)

    # -- pixels --------------------------------------------------------------------------------

    @overload
    def mosaic(
        self, bands: Bands, geocontext: GeoContext | None = ...,
        *, raster_info: Literal[False] = ..., **options: Unpack[ArrayArguments],
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def mosaic(
        self, bands: Bands, geocontext: GeoContext | None = ...,
        *, raster_info: Literal[True], **options: Unpack[ArrayArguments],
    ) -> tuple[NDArray[Any], dict[str, Any]]: ...  # fmt: skip
    @takes_array
    def mosaic(
        self,
        bands: Bands,
        geocontext: GeoContext | None = None,
        *,
        raster_info: bool = False,
        **options: Unpack[ArrayArguments],
    ) -> Any:
        """All images as one array, later ones over earlier ones; otherwise like `Image.ndarray`.

        With an alpha band last, an image covers earlier ones only where its alpha is not 0.
        """
        reading = self._plan(self._context(geocontext, options), ReadOptions.of(bands, options))
        pixels = reading.of(image.id for image in self).pixels()
        array = reading.array(pixels, options.get("bands_axis", 0))
        return (array, pixels.info) if raster_info else array

    @overload
    def composite(
        self, bands: Bands, geocontext: GeoContext | None = ...,
        *, method: PixelSelection | str = ..., raster_info: Literal[False] = ...,
        **options: Unpack[ArrayArguments],
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def composite(
        self, bands: Bands, geocontext: GeoContext | None = ...,
        *, method: PixelSelection | str = ..., raster_info: Literal[True],
        **options: Unpack[ArrayArguments],
    ) -> tuple[NDArray[Any], dict[str, Any]]: ...  # fmt: skip
    @takes_array
    def composite(
        self,
        bands: Bands,
        geocontext: GeoContext | None = None,
        *,
        method: PixelSelection | str = PixelSelection.MEDIAN,
        raster_info: bool = False,
        **options: Unpack[ArrayArguments],
    ) -> Any:
        """One array out of all images, pixel by pixel, computed by the service.

        `method`: a statistic ("mean", "median", "min", "max", "count", "std"), or which image is
        taken ("last", "first", "least_cloudy"). Pixels that `mask` hides do not take part:
        `composite("red green blue", method="median", mask="qa_cloud != 0")`. Means and medians are
        rounded to the bands' type; `data_type="Float64"` gives them as they are. Counts are
        UInt16 and deviations Float64, unless `data_type` or `scaling` says otherwise. Otherwise
        like `Image.ndarray`.
        """
        selection = PixelSelection(method)
        wanted = replace(ReadOptions.of(bands, options), pixel_selection=selection)
        if wanted.data_type is None and wanted.scaling is None:
            wanted = replace(wanted, data_type=_OWN_TYPES.get(selection))
        reading = self._plan(self._context(geocontext, options), wanted)
        pixels = reading.of(image.id for image in self).pixels()
        array = reading.array(pixels, options.get("bands_axis", 0))
        return (array, pixels.info) if raster_info else array

    def timeseries(  # noqa: PLR0913 - keywords, few of them needed at once
        self,
        geometry: Any,
        expression: str,
        statistic: str = "mean",
        *,
        mask: str | None = None,
        crs: str | None = None,
        resolution: float | None = None,
        resampler: ResampleAlgorithm | str = ResampleAlgorithm.NEAR,
        processing_level: str | None = None,
        all_touched: bool = False,
        progress: bool | None = None,
    ) -> TimeSeries:
        """A number per image: a statistic of a band or an expression in an area.

        Computed by the service, image by image, over the unmasked pixels whose centres lie in
        `geometry` (in any form that a search takes): `timeseries(field, "(nir - red) / (nir +
        red)", "mean", mask="qa_cloud != 0")`. `statistic`: "mean", "median", "min", "max", "std",
        "sum", "count", "masked", "percentile_2" or "percentile_98". The pixels are those of each
        image, unless `crs` and `resolution` choose others. Raises ValueError for another statistic,
        BadRequestError for an area of more than about 8 million pixels.
        """
        statistic_name(statistic)
        known = {name for image in self for name in image._bands()}
        request = {
            "bands": [expression],
            "shape": json.dumps(shape_mapping(as_shape(geometry))),
            "mask": mask,
            "srs": crs,
            "resolution": resolution,
            "resampleAlg": str(ResampleAlgorithm(resampler)),
            "processing_level": processing_level,
            "cutline_all_touched": all_touched,
            **({} if expression in known else {"expressions": {expression: expression}}),
        }
        ids = [str(image.id) for image in self]
        return timeseries(self._client(), ids, request, statistic, progress=progress)

    @overload
    def stack(
        self, bands: Bands, geocontext: GeoContext | None = ...,
        *, raster_info: Literal[False] = ..., flatten: Key | Sequence[Key] | None = ...,
        max_workers: int | None = ..., **options: Unpack[ArrayArguments],
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def stack(
        self, bands: Bands, geocontext: GeoContext | None = ...,
        *, raster_info: Literal[True], flatten: Key | Sequence[Key] | None = ...,
        max_workers: int | None = ..., **options: Unpack[ArrayArguments],
    ) -> tuple[NDArray[Any], list[dict[str, Any]]]: ...  # fmt: skip
    @takes_stack
    def stack(
        self,
        bands: Bands,
        geocontext: GeoContext | None = None,
        *,
        raster_info: bool = False,
        flatten: Key | Sequence[Key] | None = None,
        max_workers: int | None = None,
        **options: Unpack[ArrayArguments],
    ) -> Any:
        """One array (images, bands, rows, columns), read in parallel.

        `flatten`: keys as in `groupby`; images that share them become one mosaic. `bands_axis`: 1,
        2 or 3. Otherwise like `Image.ndarray`. Raises ValueError when an image's array has another
        shape than the others, as happens without a common resolution.
        """
        import numpy as np

        bands_axis = options.get("bands_axis", 1)
        if bands_axis % _STACKED == 0:
            raise ValueError("the first axis of a stack holds the images: bands_axis is 1, 2 or 3")
        reading = self._plan(self._context(geocontext, options), ReadOptions.of(bands, options))
        found = self._read_groups(reading, self._groups(flatten), max_workers)
        shapes = {pixels.data.shape for pixels in found}
        if len(shapes) > 1:
            raise ValueError(f"the images' arrays differ in shape: {sorted(shapes)}")
        data = np.stack([pixels.data for pixels in found])
        stacked: NDArray[Any] = data
        if reading.masked:
            stacked = np.ma.MaskedArray(data, np.stack([pixels.mask for pixels in found]))
        stacked = np.moveaxis(stacked, 1, bands_axis)
        return (stacked, [pixels.info for pixels in found]) if raster_info else stacked

    @takes_file
    def download(
        self,
        bands: Bands,
        geocontext: GeoContext | None = None,
        *,
        dest: str | Path | Sequence[str | Path] | None = None,
        format: DownloadFileFormat | str | None = None,
        nodata: float | None = None,
        max_workers: int | None = None,
        **options: Unpack[FileArguments],
    ) -> list[str]:
        """Write every image to a file of its own and return the paths, in order. Needs rasterio.

        `dest`: a folder, or one path per image.
        """
        reading = self._plan_file(bands, geocontext, options)
        targets = self._targets(dest, format, "-".join(split_bands(bands)))

        def one(job: tuple[T, tuple[Path, str]]) -> str:
            image, (path, kind) = job
            return reading.quiet().of([image.id]).download(path, kind, nodata)

        with ThreadPoolExecutor(max_workers or _WORKERS) as pool:
            done = pool.map(one, zip(self, targets, strict=True))
            return list(track(done, len(self), "download", "image", show=reading.progress))

    @takes_file
    def download_mosaic(
        self,
        bands: Bands,
        geocontext: GeoContext | None = None,
        *,
        dest: str | Path | None = None,
        format: DownloadFileFormat | str | None = None,
        nodata: float | None = None,
        **options: Unpack[FileArguments],
    ) -> str:
        """Write the mosaic of all images to one file and return its path. Needs rasterio."""
        reading = self._plan_file(bands, geocontext, options)
        path, kind = destination(dest, format, f"mosaic-{'-'.join(split_bands(bands))}")
        return reading.of(image.id for image in self).download(path, kind, nodata)

    @takes_array
    def to_xarray(
        self, bands: Bands, geocontext: GeoContext | None = None, **options: Unpack[ArrayArguments]
    ) -> Any:
        """The stack as an xarray.DataArray (time, band, y, x). Needs xarray.

        With dask installed every image is read when it is used. Options as of `Image.ndarray`.
        """
        context = self._context(geocontext, options)
        return collection_to_xarray(list(self), self._plan(context, ReadOptions.of(bands, options)))

    def scaling_parameters(
        self, bands: Bands, *, scaling: Any = None, data_type: DataType | str | None = None
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

    def _context(self, context: GeoContext | None, arguments: Any) -> GeoContext:
        self._not_empty()
        chosen = context or self.geocontext
        if chosen is None and len(self) == 1:
            chosen = self[0].geocontext
        if chosen is None:
            raise ValueError("several images are read over one area: give a geocontext")
        return adjusted(chosen, arguments)

    def _plan(self, context: GeoContext, options: ReadOptions) -> Reading:
        of_products = {str(image.product_id): image for image in self}
        known = {product: image._bands() for product, image in of_products.items()}
        return plan(known, context, options, self._client())

    def _plan_file(self, bands: Bands, geocontext: GeoContext | None, options: Any) -> Reading:
        wanted = ReadOptions.of(bands, options, as_file=True)
        return self._plan(self._context(geocontext, options), wanted)

    def _targets(
        self,
        dest: str | Path | Sequence[str | Path] | None,
        format: DownloadFileFormat | str | None,
        names: str,
    ) -> list[tuple[Path, str]]:
        one = dest is None or isinstance(dest, str | Path)
        places: list[str | Path] = [dest or "."] * len(self) if one else list(dest)  # type: ignore[list-item, arg-type]
        if len(places) != len(self):
            raise ValueError(f"{len(places)} paths for {len(self)} images")
        return [
            destination(place, format, f"{image.id}-{names}")
            for place, image in zip(places, self, strict=True)
        ]

    def _groups(self, flatten: Key | Sequence[Key] | None) -> list[list[T]]:
        if flatten is None:
            return [[image] for image in self]
        keys = [flatten] if callable(flatten) or isinstance(flatten, str) else list(flatten)
        return [list(group) for _, group in self.groupby(*keys)]

    def _read_groups(
        self, reading: Reading, groups: list[list[T]], max_workers: int | None
    ) -> list[Pixels]:
        each = [reading.quiet().of(image.id for image in group) for group in groups]
        with ThreadPoolExecutor(max_workers or min(_WORKERS, len(groups))) as pool:
            done = pool.map(Reading.pixels, each)
            return list(track(done, len(groups), "stack", "image", show=reading.progress))

    def _facts(self) -> list[str]:
        dates = sorted(image.acquired for image in self if image.acquired)
        lines = []
        if dates:
            lines.append(f"  * Dates: {dates[0]:%b %d, %Y} to {dates[-1]:%b %d, %Y}")
        counts = Counter(str(image.product_id) for image in self)
        if counts:
            listed = ", ".join(f"{product}: {count}" for product, count in counts.items())
            lines.append(f"  * Products: {listed}")
        return lines
