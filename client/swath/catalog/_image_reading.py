"""Pixels of one image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from swath.catalog._attributes import Integer, Text, TupleOf
from swath.catalog._enums import DataType, DownloadFileFormat, ResampleAlgorithm
from swath.catalog._named import NamedCatalogObject
from swath.catalog._reading import (
    Reading,
    ReadOptions,
    for_download,
    plan,
    split_bands,
    to_array,
    without_mask,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from swath.geo import AOI, GeoContext

_NEAR = ResampleAlgorithm.NEAR


class ReadableImage(NamedCatalogObject):
    """The part of Image that knows its grid and reads pixels."""

    cs_code = Text(doc="CRS of the pixels, like `EPSG:32615`.")
    projection = Text(doc="CRS of the pixels as PROJ string or WKT, where it has no code.")
    geotrans = TupleOf(6, doc="Geotransform, in GDAL's order.")
    x_pixels = Integer(doc="Columns.")
    y_pixels = Integer(doc="Rows.")

    @property
    def geocontext(self) -> AOI:
        """The image's own grid: its extent, CRS and pixels.

        Raises ValueError when the catalog does not know it. Of a rotated image it is the upright
        box around it, with pixels of the same size.
        """
        from swath.geo import AOI

        crs = self.cs_code or self.projection
        if not (self.geotrans and self.x_pixels and self.y_pixels and crs):
            raise ValueError(
                f"image {self.id} has no grid of its own (geotrans, x_pixels, y_pixels, cs_code): "
                "give a geocontext"
            )
        bounds = grid_bounds(self.geotrans, self.x_pixels, self.y_pixels)
        if self.geotrans[2] == 0 and self.geotrans[4] == 0:
            shape = (self.y_pixels, self.x_pixels)
            return AOI(
                None, None, crs, align_pixels=False, bounds=bounds, bounds_crs=crs, shape=shape
            )
        size = math.sqrt(abs(_determinant(self.geotrans)))
        return AOI(None, size, crs, align_pixels=False, bounds=bounds, bounds_crs=crs)

    @overload
    def ndarray(
        self, bands: str | Sequence[str], geocontext: GeoContext | None = ...,
        *, raster_info: Literal[False] = ..., **options: Any,
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def ndarray(
        self, bands: str | Sequence[str], geocontext: GeoContext | None = ...,
        *, raster_info: Literal[True], **options: Any,
    ) -> tuple[NDArray[Any], dict[str, Any]]: ...  # fmt: skip
    def ndarray(
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
        """Pixels as an array (bands, rows, columns), or with the bands where `bands_axis` says.

        `bands`: names in a list, or in one string with spaces. `geocontext`: where; by default the
        image's own grid. `crs`, `resolution`, `all_touched`: changes to it. `options`:

        - `mask_nodata` (True): mask pixels that equal the band's nodata;
        - `mask_alpha` (None): mask where the alpha band is 0; by default if there is one named
          `alpha`; a string names another;
        - `resampler`, `processing_level`, `data_type`;
        - `scaling`: "raw", "auto", "display", "physical", or per band (see `_scaling`).

        A masked array, unless both masks are off; pixels that the image does not cover are masked.
        With `raster_info`, the array and its metadata (geotransform, CRS, ...). Raises ValueError
        for bands that are not there.
        """
        import numpy as np

        context = adjusted(geocontext or self.geocontext, crs, resolution, all_touched)
        reading = plan(
            [str(self.product_id)], context, ReadOptions(bands=bands, **options), self.client
        )
        pixels = self._read(reading)
        array = np.moveaxis(to_array(reading, pixels), 0, bands_axis)
        return (array, pixels.info) if raster_info else array

    def download(  # noqa: PLR0913 - the known form
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
        """Write pixels to a file and return its path. Needs rasterio.

        `dest`: the file, whose ending decides the format, or a folder. `nodata`: the value of
        masked pixels. Otherwise like `ndarray`, without masks.
        """
        from swath.raster._files import download

        context = adjusted(geocontext or self.geocontext, crs, resolution, all_touched)
        wanted = without_mask(ReadOptions(bands=bands, **options))
        reading = plan([str(self.product_id)], context, wanted, self.client)
        path, kind = destination(dest, format, f"{self.id}-{'-'.join(split_bands(bands))}")
        request = {**for_download(reading), "ids": [self.id]}
        return str(download(self.client, request, path, format=kind, nodata=nodata))

    def to_xarray(
        self,
        bands: str | Sequence[str],
        geocontext: GeoContext | None = None,
        **options: Any,
    ) -> Any:
        """Pixels as an xarray.DataArray (band, y, x) with coordinates and CRS. Needs xarray.

        With dask installed it is computed when it is used.
        """
        from swath.catalog._xarray import image_to_xarray

        return image_to_xarray(self, bands, geocontext, **options)

    def scaling_parameters(
        self,
        bands: str | Sequence[str],
        *,
        scaling: Any = None,
        data_type: DataType | str | None = None,
    ) -> tuple[list[Any] | None, DataType | None]:
        """The scales and the output type that these arguments of `ndarray` mean."""
        from swath.catalog._reading import band_cache
        from swath.catalog._scaling import scaling_parameters

        known = band_cache.bands(str(self.product_id), self.client)
        return scaling_parameters([known[name] for name in split_bands(bands)], scaling, data_type)

    def _read(self, reading: Reading) -> Any:
        from swath.raster import read_pixels

        return read_pixels(self.client, {**reading.request, "ids": [self.id]})


def adjusted(
    context: GeoContext,
    crs: str | None,
    resolution: float | None,
    all_touched: bool | None,  # noqa: FBT001
) -> GeoContext:
    """The context with the given changes. Raises ValueError for tiles, which are fixed."""
    given = {"crs": crs, "resolution": resolution, "all_touched": all_touched}
    changes: dict[str, Any] = {name: v for name, v in given.items() if v is not None}
    if not changes:
        return context
    from swath.geo import AOI

    if not isinstance(context, AOI):
        raise ValueError(  # noqa: TRY004 - a wrong combination, not a wrong type
            f"{', '.join(changes)} can only be changed on an AOI: a tile is fixed"
        )
    return context.assign(**changes)


def destination(
    dest: str | Path | None, format: DownloadFileFormat | str | None, stem: str
) -> tuple[Path, str]:
    """The path of a download and its format, "tif" where neither says anything else."""
    path = None if dest is None else Path(dest)
    ending = path.suffix.removeprefix(".").lower() if path else ""
    ending = {"tiff": "tif", "jpeg": "jpg"}.get(ending, ending)
    kinds = {str(kind) for kind in DownloadFileFormat}
    kind = str(DownloadFileFormat(format)) if format else (ending if ending in kinds else "tif")
    name = f"{stem.replace(':', '_').replace('/', '_')}.{kind}"
    if path is None:
        return Path(name), kind
    if path.is_dir() or not path.suffix:
        return path / name, kind
    if ending != kind:
        raise ValueError(f"{path} does not end like a {kind} file")
    return path, kind


def grid_bounds(
    geotrans: Sequence[float], columns: int, rows: int
) -> tuple[float, float, float, float]:
    """(minx, miny, maxx, maxy) of a grid in its CRS, whichever way it is turned."""
    left, dx, rx, top, ry, dy = geotrans
    corners = [
        (left + i * dx + j * rx, top + i * ry + j * dy) for i in (0, columns) for j in (0, rows)
    ]
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _determinant(geotrans: Sequence[float]) -> float:
    return geotrans[1] * geotrans[5] - geotrans[2] * geotrans[4]
