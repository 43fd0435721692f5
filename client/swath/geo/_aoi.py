"""An area of any shape, in any CRS, at any resolution."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from swath.arguments import public
from swath.shapes import as_shape, shape_mapping

from ._extent import extent
from ._geocontext import GeoContext, request_params

_LONLAT = "EPSG:4326"
Bounds = tuple[float, float, float, float]


class _Unchanged:
    def __repr__(self) -> str:
        return "unchanged"


UNCHANGED: Final[Any] = _Unchanged()


@public
class AOI(GeoContext):
    """An area of interest.

    `geometry`: cutline in longitude and latitude (GeoJSON, WKT, shapely); pixels outside of it are
    masked. `bounds`: (minx, miny, maxx, maxy) in `bounds_crs`; by default those of the geometry.
    `crs`: of the pixels. `resolution`: size of a pixel in units of `crs`, or `shape`: (rows,
    columns); not both. `align_pixels`: whether pixel edges fall on multiples of the resolution, as
    they do by default where there is one. Raises ValueError when these do not fit together.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the known form
        self,
        geometry: Any = None,
        resolution: float | None = None,
        crs: str | None = None,
        align_pixels: bool | None = None,  # noqa: FBT001
        bounds: Bounds | None = None,
        bounds_crs: str = _LONLAT,
        shape: tuple[int, int] | None = None,
        all_touched: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        super().__init__(all_touched=all_touched)
        self._geometry = None if geometry is None else as_shape(geometry)
        self._resolution = resolution
        self._crs = crs
        self._align_pixels = align_pixels
        self._bounds = None if bounds is None else _checked_bounds(bounds)
        self._bounds_crs = bounds_crs
        self._shape = None if shape is None else _checked_shape(shape)
        self._check()

    @property
    def geometry(self) -> Any:
        """The cutline in longitude and latitude, a shapely geometry, or None."""
        return self._geometry

    @property
    def resolution(self) -> float | None:
        """Size of a pixel, in units of `crs`."""
        return self._resolution

    @property
    def crs(self) -> str | None:
        """CRS of the pixels."""
        return self._crs

    @property
    def shape(self) -> tuple[int, int] | None:
        """Rows and columns."""
        return self._shape

    @property
    def align_pixels(self) -> bool:
        """Whether pixel edges fall on multiples of the resolution."""
        return self._resolution is not None if self._align_pixels is None else self._align_pixels

    @property
    def bounds(self) -> Bounds | None:
        """(minx, miny, maxx, maxy) in `bounds_crs`."""
        if self._bounds is None and self._geometry is not None:
            return tuple(self._geometry.bounds)
        return self._bounds

    @property
    def bounds_crs(self) -> str:
        """CRS of `bounds`."""
        return self._bounds_crs if self._bounds is not None else _LONLAT

    @property
    def raster_params(self) -> dict[str, Any]:
        """The members of a raster request. Raises ValueError when the area is not complete."""
        if self.bounds is None:
            raise ValueError("this AOI has neither bounds nor a geometry")
        if self._crs is None:
            raise ValueError("this AOI has no CRS: give it one with assign(crs=...)")
        if self._resolution is None and self._shape is None:
            raise ValueError("this AOI has neither resolution nor shape: assign one")
        return request_params(
            bounds=self.bounds,
            bounds_crs=self.bounds_crs,
            crs=self._crs,
            resolution=self._resolution,
            size=None if self._shape is None else (self._shape[1], self._shape[0]),
            cutline=self._cutline(),
            aligned=self.align_pixels,
            all_touched=self.all_touched,
        )

    def assign(  # noqa: PLR0913, PLR0917 - the known form
        self,
        geometry: Any = UNCHANGED,
        resolution: float | None = UNCHANGED,
        crs: str | None = UNCHANGED,
        align_pixels: bool | None = UNCHANGED,  # noqa: FBT001
        bounds: Bounds | str | None = UNCHANGED,
        bounds_crs: str = UNCHANGED,
        shape: tuple[int, int] | None = UNCHANGED,
        all_touched: bool = UNCHANGED,  # noqa: FBT001
    ) -> AOI:
        """A copy with some of it changed.

        A new resolution takes the place of a shape and a shape that of a resolution.
        `bounds="update"`: those of the geometry again.
        """
        if resolution is not UNCHANGED and resolution is not None and shape is UNCHANGED:
            shape = None
        if shape is not UNCHANGED and shape is not None and resolution is UNCHANGED:
            resolution = None
        given = {
            "geometry": geometry, "resolution": resolution, "crs": crs, "shape": shape,
            "align_pixels": align_pixels, "bounds_crs": bounds_crs, "all_touched": all_touched,
            "bounds": None if isinstance(bounds, str) and bounds == "update" else bounds,
        }  # fmt: skip
        changes = {name: value for name, value in given.items() if value is not UNCHANGED}
        kept = {name: getattr(self, f"_{name}") for name in given}
        return AOI(**{**kept, **changes})

    def _place(self) -> Any:
        if self._geometry is not None or self._bounds is None:
            return self._geometry
        return extent(self._bounds, self._bounds_crs)

    def _cutline(self) -> str | None:
        if self._geometry is None:
            return None
        return json.dumps(shape_mapping(self._geometry), separators=(",", ":"))

    def _check(self) -> None:
        if self._resolution is not None and self._shape is not None:
            raise ValueError("an AOI has a resolution or a shape, not both")
        if self._resolution is not None and not (
            self._resolution > 0 and math.isfinite(self._resolution)
        ):
            raise ValueError(f"a resolution is greater than zero, not {self._resolution}")
        if self._geometry is not None and self._bounds is None:
            _checked_bounds(self._geometry.bounds)

    def _facts(self) -> dict[str, Any]:
        names = ("geometry", "resolution", "crs", "align_pixels", "bounds", "bounds_crs", "shape")
        return {name: getattr(self, name) for name in (*names, "all_touched")}


def _checked_bounds(bounds: Any) -> Bounds:
    try:
        minx, miny, maxx, maxy = (float(value) for value in bounds)
    except (TypeError, ValueError):
        raise ValueError(f"bounds are (minx, miny, maxx, maxy), not {bounds!r}") from None
    if not (minx < maxx and miny < maxy):
        raise ValueError(f"bounds {tuple(bounds)} hold no area: minx < maxx and miny < maxy")
    return minx, miny, maxx, maxy


def _checked_shape(shape: Any) -> tuple[int, int]:
    try:
        rows, columns = (int(value) for value in shape)
    except (TypeError, ValueError):
        raise ValueError(f"a shape is (rows, columns), not {shape!r}") from None
    if rows <= 0 or columns <= 0:
        raise ValueError(f"a shape has at least one row and one column, not {shape!r}")
    return rows, columns
