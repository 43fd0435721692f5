"""Pixels with coordinates, as xarray holds them.

Conventions of rioxarray: dimensions y and x with coordinates of pixel centres, and a scalar
coordinate `spatial_ref` whose attributes hold the CRS (`crs_wkt`) and the `GeoTransform`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swath.errors import MissingExtraError
from swath.raster import Pixels

from ._named import NamedObject
from ._reading import Reading


def image_to_xarray(image: NamedObject, reading: Reading) -> Any:
    """(band, y, x). Without dask, or where the grid is not known beforehand, read at once."""
    xarray = need_xarray()
    grid = Grid.of_request(reading)
    if grid is None or dask_array() is None or reading.request["ot"] is None:
        pixels = reading.pixels()
        grid, data = Grid.of_info(pixels), filled(pixels, reading)
    else:
        data = _lazy(reading, (len(reading.bands), *grid.shape), result_type(reading))
    made = xarray.DataArray(
        data, dims=("band", "y", "x"), coords=grid.coords(reading), name=image.name
    )
    made = made.assign_coords(time=moment(image))
    return made.assign_attrs(id=image.id)


def collection_to_xarray(images: Sequence[NamedObject], reading: Reading) -> Any:
    """(time, band, y, x). The first image is read at once: it tells the grid of all."""
    import numpy as np

    xarray, dask = need_xarray(), dask_array()
    each = [reading.quiet().of([image.id]) for image in images]
    first = each[0].pixels()
    grid, shape = Grid.of_info(first), first.data.shape
    kind = _float_type(first.data.dtype, reading)
    parts = [filled(first, reading).astype(kind)]
    if dask is None:
        data = np.stack([*parts, *(_load(one, kind) for one in each[1:])])
    else:
        parts += [_lazy(one, shape, kind) for one in each[1:]]
        data = dask.stack([dask.asarray(part) for part in parts])
    coords = {"time": [moment(image) for image in images], **grid.coords(reading)}
    made = xarray.DataArray(data, dims=("time", "band", "y", "x"), coords=coords)
    return made.assign_coords(id=("time", [str(image.id) for image in images]))


class Grid:
    """A geotransform, the size of its grid and the WKT of its CRS."""

    def __init__(self, geotrans: Sequence[float], shape: tuple[int, int], wkt: str | None) -> None:
        self.geotrans, self.shape, self.wkt = tuple(geotrans), shape, wkt

    @classmethod
    def of_info(cls, pixels: Pixels) -> Grid:
        """What the service says of the pixels it sent."""
        system = pixels.info.get("coordinateSystem") or {}
        rows, columns = pixels.data.shape[-2:]
        return cls(pixels.info["geoTransform"], (rows, columns), system.get("wkt"))

    @classmethod
    def of_request(cls, reading: Reading) -> Grid | None:
        """What the request fixes: bounds and size in one CRS; None where the service decides."""
        asked = reading.request
        same = asked["outputBoundsSRS"] in {None, asked["srs"]}
        if not (same and asked["outsize"] and asked["outputBounds"]):
            return None
        wkt = wkt_of(asked["srs"])
        if wkt is None:
            return None
        left, bottom, right, top = asked["outputBounds"]
        columns, rows = asked["outsize"]
        geotrans = (left, (right - left) / columns, 0.0, top, 0.0, (bottom - top) / rows)
        return cls(geotrans, (rows, columns), wkt)

    def coords(self, reading: Reading) -> dict[str, Any]:
        """Centres of pixels, names of bands, and the CRS."""
        import numpy as np

        left, dx, _, top, _, dy = self.geotrans
        rows, columns = self.shape
        attributes = {"crs_wkt": self.wkt, "GeoTransform": " ".join(map(repr, self.geotrans))}
        return {
            "band": reading.bands,
            "y": top + (np.arange(rows) + 0.5) * dy,
            "x": left + (np.arange(columns) + 0.5) * dx,
            "spatial_ref": ((), 0, {k: v for k, v in attributes.items() if v}),
        }


def filled(pixels: Pixels, reading: Reading) -> Any:
    """Masked pixels as NaN, for which integers become floats: xarray has no masks."""
    import numpy as np

    if not reading.masked:
        return pixels.data
    data = pixels.data.astype(_float_type(pixels.data.dtype, reading))
    data[pixels.mask] = np.nan
    return data


def _lazy(reading: Reading, shape: tuple[int, ...], kind: Any) -> Any:
    from dask import array, delayed  # type: ignore[attr-defined]

    return array.from_delayed(delayed(_load)(reading, kind), shape, dtype=kind)  # type: ignore[no-untyped-call]


def _load(reading: Reading, kind: Any) -> Any:
    import numpy as np

    return np.asarray(filled(reading.pixels(), reading), dtype=kind)


def result_type(reading: Reading) -> Any:
    """The type of `filled`, before anything is read."""
    import numpy as np

    name = {"Byte": "uint8"}.get(reading.request["ot"], str(reading.request["ot"]).lower())
    return _float_type(np.dtype(name), reading)


def _float_type(stored: Any, reading: Reading) -> Any:
    """A type with NaN that holds every value of `stored`, where something may be masked."""
    import numpy as np

    if not reading.masked or stored.kind == "f":
        return stored
    return np.dtype(np.float64 if stored.itemsize > 2 else np.float32)  # noqa: PLR2004


def moment(image: NamedObject) -> Any:
    import numpy as np

    taken = getattr(image, "acquired", None)
    return (
        np.datetime64("NaT", "ns")
        if taken is None
        else np.datetime64(taken.replace(tzinfo=None), "ns")
    )


def need_xarray() -> Any:
    try:
        import xarray
    except ImportError:
        raise MissingExtraError("this needs xarray: pip install 'swath[xarray]'") from None
    return xarray


def dask_array() -> Any:
    try:
        import dask.array
    except ImportError:
        return None
    return dask.array


def wkt_of(crs: str) -> str | None:
    """The WKT of a CRS in any form, or None where no library is installed that knows it."""
    try:
        from pyproj import CRS
    except ImportError:
        return None
    return str(CRS.from_user_input(crs).to_wkt())
