"""Pixels with coordinates, as xarray holds them.

Conventions of rioxarray: dimensions y and x with coordinates of pixel centres, and a scalar
coordinate `spatial_ref` whose attributes hold the CRS (`crs_wkt`) and the `GeoTransform`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from swath.catalog._image_reading import adjusted
from swath.catalog._reading import Reading, ReadOptions, plan
from swath.errors import MissingExtraError

if TYPE_CHECKING:
    from swath.catalog._image_collection import ImageCollection
    from swath.catalog._image_reading import ReadableImage
    from swath.geo import GeoContext
    from swath.raster import Pixels


def image_to_xarray(
    image: ReadableImage, bands: str | Sequence[str], geocontext: GeoContext | None, **options: Any
) -> Any:
    """(band, y, x). Without dask, or where the size is not known beforehand, read at once."""
    xarray = _xarray()
    context, wanted = _wanted(geocontext or image.geocontext, bands, options)
    reading = plan([str(image.product_id)], context, wanted, image.client)
    grid = _Grid.of_request(reading)
    if grid is None or _dask() is None or reading.request["ot"] is None:
        pixels = image._read(reading)
        grid, data = _Grid.of_info(pixels), _filled(pixels, reading)
    else:
        data = _lazy(image, reading, (len(reading.bands), *grid.shape))
    made = xarray.DataArray(
        data, dims=("band", "y", "x"), coords=grid.coords(reading), name=image.name
    )
    made = made.assign_coords(time=_moment(image))
    return made.assign_attrs(id=image.id)


def collection_to_xarray(
    images: ImageCollection,
    bands: str | Sequence[str],
    geocontext: GeoContext | None,
    **options: Any,
) -> Any:
    """(time, band, y, x). The first image is read at once: it tells the grid of all."""
    xarray = _xarray()
    context, wanted = _wanted(images._context(geocontext, None, None, None), bands, options)
    reading = images._plan(context, wanted)
    first = images[0]._read(reading)
    grid, shape = _Grid.of_info(first), first.data.shape
    dask, kind = _dask(), _float_type(first.data.dtype, reading)
    parts = [_filled(first, reading).astype(kind)]
    for image in images[1:]:
        if dask is None:
            parts.append(_filled(image._read(reading), reading).astype(kind))
        else:
            parts.append(_lazy(image, reading, shape, kind))
    if dask is None:
        import numpy as np

        data: Any = np.stack(parts)
    else:
        data = dask.stack([dask.asarray(part) for part in parts])
    coords = {"time": [_moment(image) for image in images], **grid.coords(reading)}
    made = xarray.DataArray(data, dims=("time", "band", "y", "x"), coords=coords)
    return made.assign_coords(id=("time", [str(image.id) for image in images]))


class _Grid:
    """A geotransform, the size of its grid and its CRS."""

    def __init__(self, geotrans: Sequence[float], shape: tuple[int, int], crs: str | None) -> None:
        self.geotrans, self.shape, self.crs = tuple(geotrans), shape, crs

    @classmethod
    def of_info(cls, pixels: Pixels) -> _Grid:
        """What the service says of the pixels it sent."""
        system = pixels.info.get("coordinateSystem") or {}
        rows, columns = pixels.data.shape[-2:]
        return cls(pixels.info["geoTransform"], (rows, columns), system.get("wkt"))

    @classmethod
    def of_request(cls, reading: Reading) -> _Grid | None:
        """What the request fixes: bounds and size in one CRS; None where the service decides."""
        asked = reading.request
        same = asked["outputBoundsSRS"] in {None, asked["srs"]}
        if not (same and asked["outsize"] and asked["outputBounds"]):
            return None
        left, bottom, right, top = asked["outputBounds"]
        columns, rows = asked["outsize"]
        geotrans = (left, (right - left) / columns, 0.0, top, 0.0, (bottom - top) / rows)
        return cls(geotrans, (rows, columns), asked["srs"])

    def coords(self, reading: Reading) -> dict[str, Any]:
        """Centres of pixels, names of bands, and the CRS."""
        import numpy as np

        left, dx, _, top, _, dy = self.geotrans
        rows, columns = self.shape
        attributes = {"crs_wkt": self.crs, "GeoTransform": " ".join(map(repr, self.geotrans))}
        return {
            "band": reading.bands,
            "y": top + (np.arange(rows) + 0.5) * dy,
            "x": left + (np.arange(columns) + 0.5) * dx,
            "spatial_ref": ((), 0, {k: v for k, v in attributes.items() if v}),
        }


def _wanted(
    context: GeoContext, bands: str | Sequence[str], options: dict[str, Any]
) -> tuple[GeoContext, ReadOptions]:
    changes = [options.pop(name, None) for name in ("crs", "resolution", "all_touched")]
    return adjusted(context, *changes), ReadOptions(bands=bands, **options)


def _filled(pixels: Pixels, reading: Reading) -> Any:
    """Masked pixels as NaN, for which integers become floats: xarray has no masks."""
    import numpy as np

    if not reading.masked:
        return pixels.data
    data = pixels.data.astype(_float_type(pixels.data.dtype, reading))
    data[pixels.mask] = np.nan
    return data


def _lazy(image: ReadableImage, reading: Reading, shape: tuple[int, ...], dtype: Any = None) -> Any:
    import numpy as np
    from dask import array, delayed  # type: ignore[attr-defined]

    kind = dtype or _result_type(reading)

    def load() -> Any:
        return np.asarray(_filled(image._read(reading), reading), dtype=kind)

    return array.from_delayed(delayed(load)(), shape, dtype=kind)  # type: ignore[no-untyped-call]


def _result_type(reading: Reading) -> Any:
    """The type of `_filled`, before anything is read."""
    import numpy as np

    name = {"Byte": "uint8"}.get(reading.request["ot"], str(reading.request["ot"]).lower())
    return _float_type(np.dtype(name), reading)


def _float_type(stored: Any, reading: Reading) -> Any:
    """A type with NaN that holds every value of `stored`, where something may be masked."""
    import numpy as np

    if not reading.masked or stored.kind == "f":
        return stored
    return np.dtype(np.float64 if stored.itemsize > 2 else np.float32)  # noqa: PLR2004


def _moment(image: ReadableImage) -> Any:
    import numpy as np

    taken = getattr(image, "acquired", None)
    return (
        np.datetime64("NaT", "ns")
        if taken is None
        else np.datetime64(taken.replace(tzinfo=None), "ns")
    )


def _xarray() -> Any:
    try:
        import xarray
    except ImportError:
        raise MissingExtraError("this needs xarray: pip install 'swath[xarray]'") from None
    return xarray


def _dask() -> Any:
    try:
        import dask.array
    except ImportError:
        return None
    return dask.array
