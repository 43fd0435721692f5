"""Pixels of one image."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from swath.arguments import public
from swath.geo import AOI, GeoContext
from swath.raster import area_statistics, point_values, values_query
from swath.shapes import as_shape, shape_mapping

from ._enums import DownloadFileFormat
from ._generated import BandAttributes, DataType, ImageAttributes
from ._named import NamedObject
from ._reading import (
    ArrayArguments,
    Bands,
    FileArguments,
    Reading,
    ReadOptions,
    adjusted,
    destination,
    own_grid,
    plan,
    split_bands,
    takes_array,
    takes_file,
)
from ._scaling import Ranges, scaling_parameters
from ._xarray import image_to_xarray

if TYPE_CHECKING:
    from numpy.typing import NDArray


@public
class ReadableImage(ImageAttributes, NamedObject):
    """The part of Image that knows its grid and reads pixels."""

    @property
    def geocontext(self) -> AOI:
        """The image's own grid: its extent, CRS and pixels.

        Raises ValueError when the catalog does not know it. Of a rotated image it is the upright
        box around it, with pixels of the same size.
        """
        crs = self.cs_code or self.projection
        if not (self.geotrans and self.x_pixels and self.y_pixels and crs):
            raise ValueError(
                f"image {self.id} has no grid of its own (geotrans, x_pixels, y_pixels, cs_code): "
                "give a geocontext"
            )
        return own_grid(self.geotrans, self.x_pixels, self.y_pixels, crs)

    def coverage(self, area: Any) -> float:
        """The share of `area` that the footprint covers, 0 to 1, in longitude and latitude."""
        whole = as_shape(area)
        if self.geometry is None or not whole.area > 0:
            return 0.0
        return float(self.geometry.intersection(whole).area / whole.area)

    @overload
    def ndarray(
        self, bands: Bands, geocontext: GeoContext | None = ...,
        *, raster_info: Literal[False] = ..., **options: Unpack[ArrayArguments],
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def ndarray(
        self, bands: Bands, geocontext: GeoContext | None = ...,
        *, raster_info: Literal[True], **options: Unpack[ArrayArguments],
    ) -> tuple[NDArray[Any], dict[str, Any]]: ...  # fmt: skip
    @takes_array
    def ndarray(
        self,
        bands: Bands,
        geocontext: GeoContext | None = None,
        *,
        raster_info: bool = False,
        **options: Unpack[ArrayArguments],
    ) -> Any:
        """Pixels as an array (bands, rows, columns), or with the bands where `bands_axis` says.

        `bands`: names in a list, or in one string with spaces. `geocontext`: where; by default the
        image's own grid. `crs`, `resolution`, `all_touched`: changes to it. `options`:

        - `mask_nodata` (True): mask pixels that equal the band's nodata;
        - `mask_alpha` (None): mask where the alpha band is 0; by default if there is one named
          `alpha`; a string names another;
        - `resampler` ("near"), `processing_level`, `data_type`;
        - `scaling`: "raw", "auto", "display", "physical", or per band (see `_scaling`);
        - `expressions`: names that are among `bands`, and what the service computes for them from
          the image's bands: `{"ndvi": "(nir - red) / (nir + red)"}`; no mode of `scaling` touches
          them;
        - `mask`: a condition that hides pixels where it is true: `"(qa & 8) != 0"`;
        - `progress`: whether a bar shows how much has arrived; by default on terminals.

        A masked array, unless both masks are off; pixels that the image does not cover are masked.
        With `raster_info`, the array and its metadata (geotransform, CRS, ...). Raises ValueError
        for bands that are not there.
        """
        context = adjusted(geocontext or self.geocontext, options)
        reading = self._plan(context, ReadOptions.of(bands, options))
        pixels = reading.pixels()
        array = reading.array(pixels, options.get("bands_axis", 0))
        return (array, pixels.info) if raster_info else array

    @takes_file
    def download(
        self,
        bands: Bands,
        geocontext: GeoContext | None = None,
        *,
        dest: str | Path | None = None,
        format: DownloadFileFormat | str | None = None,
        nodata: float | None = None,
        **options: Unpack[FileArguments],
    ) -> str:
        """Write pixels to a file and return its path. Needs rasterio.

        `dest`: the file, whose ending decides the format, or a folder. `nodata`: the value of
        masked pixels. Otherwise like `ndarray`, without masks.
        """
        context = adjusted(geocontext or self.geocontext, options)
        reading = self._plan(context, ReadOptions.of(bands, options, as_file=True))
        path, kind = destination(dest, format, f"{self.id}-{'-'.join(split_bands(bands))}")
        return reading.download(path, kind, nodata)

    @takes_array
    def to_xarray(
        self,
        bands: Bands,
        geocontext: GeoContext | None = None,
        **options: Unpack[ArrayArguments],
    ) -> Any:
        """Pixels as an xarray.DataArray (band, y, x) with coordinates and CRS. Needs xarray.

        With dask installed it is computed when it is used. Options as of `ndarray`.
        """
        context = adjusted(geocontext or self.geocontext, options)
        return image_to_xarray(self, self._plan(context, ReadOptions.of(bands, options)))

    def point(
        self,
        lon: float,
        lat: float,
        bands: Bands | None = None,
        *,
        expression: str | None = None,
        mask: str | None = None,
        processing_level: str | None = None,
    ) -> dict[str, float | int | None]:
        """What the image has at a longitude and latitude: a value for each band, None if masked.

        `bands`: by default all. `expression`: one more value, called as it reads. `mask`: as of
        `ndarray`. Raises NotFoundError where the image has no pixel.
        """
        query = values_query(bands and split_bands(bands), expression, mask, processing_level)
        return point_values(self.client, str(self.id), {**query, "lon": lon, "lat": lat})

    def statistics(
        self,
        geometry: Any = None,
        bands: Bands | None = None,
        *,
        expression: str | None = None,
        mask: str | None = None,
        resolution: float | None = None,
        processing_level: str | None = None,
    ) -> dict[str, dict[str, float | int | None]]:
        """Statistics of the image's pixels, by band; computed by the service.

        `count` and `masked` pixels, and `min`, `max`, `mean`, `std`, `sum`, `percentile_2`,
        `percentile_50` and `percentile_98` of the unmasked ones, None where there are none.
        `geometry`: the pixels whose centres lie in it, in any form that a search takes; by default
        the whole image. `bands`: by default all, or none with an `expression`, which is called as
        it reads. `mask`: as of `ndarray`. `resolution`: coarser pixels, which larger areas need.
        Raises BadRequestError for an area of more than about 8 million values.
        """
        names = split_bands(bands) if bands else [] if expression else list(self._bands())
        area = None if geometry is None else json.dumps(shape_mapping(as_shape(geometry)))
        request = {
            "ids": [str(self.id)],
            "bands": names if expression is None else [*names, expression],
            "expressions": None if expression is None else {expression: expression},
            "shape": area,
            "mask": mask,
            "resolution": resolution,
            "processing_level": processing_level,
        }
        given = {name: value for name, value in request.items() if value is not None}
        (found,) = area_statistics(self.client, given)
        of_bands: dict[str, dict[str, float | int | None]] = found["statistics"]
        return of_bands

    def scaling_parameters(
        self, bands: Bands, *, scaling: Any = None, data_type: DataType | str | None = None
    ) -> tuple[list[Any] | None, DataType | None]:
        """The scales and the output type that these arguments of `ndarray` mean."""
        known = self._bands()
        ranges = [Ranges.of(name, known[name]) for name in split_bands(bands)]
        return scaling_parameters(ranges, scaling, data_type)

    def _plan(self, context: GeoContext, options: ReadOptions) -> Reading:
        known = {str(self.product_id): self._bands()}
        return plan(known, context, options, self.client).of([self.id])

    @abstractmethod
    def _bands(self) -> Mapping[str, BandAttributes]:
        """The bands of the product, by name."""
