"""Tiles of web maps."""

from __future__ import annotations

import math
from typing import Any

from swath.arguments import public

from ._geocontext import GeoContext, request_params

_HALF = math.pi * 6378137.0  # half the width of the world in EPSG:3857, metres
_SIZE = 256
_MOST = 30


@public
class XYZTile(GeoContext):
    """A tile of 256 x 256 pixels of a web map (EPSG:3857): column, row from the north, zoom."""

    def __init__(self, x: int, y: int, z: int, *, all_touched: bool = False) -> None:
        super().__init__(all_touched=all_touched)
        if not 0 <= z <= _MOST:
            raise ValueError(f"a zoom is 0 to {_MOST}, not {z}")
        if not (0 <= x < 2**z and 0 <= y < 2**z):
            raise ValueError(f"at zoom {z} x and y are 0 to {2**z - 1}, not {x} and {y}")
        self.x, self.y, self.z = int(x), int(y), int(z)

    @property
    def resolution(self) -> float:
        """Size of a pixel in metres of EPSG:3857."""
        return float(2 * _HALF / _SIZE / 2**self.z)

    @property
    def crs(self) -> str:
        """EPSG:3857."""
        return "EPSG:3857"

    @property
    def tilesize(self) -> int:
        """Rows and columns: 256."""
        return _SIZE

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(minx, miny, maxx, maxy) in EPSG:3857."""
        side = 2 * _HALF / 2**self.z
        left, top = -_HALF + self.x * side, _HALF - self.y * side
        return left, top - side, left + side, top

    @property
    def bounds_crs(self) -> str:
        """EPSG:3857."""
        return self.crs

    @property
    def geometry(self) -> Any:
        """The tile in longitude and latitude, a shapely polygon."""
        from shapely.geometry import box

        west, east = (360.0 * x / 2**self.z - 180.0 for x in (self.x, self.x + 1))
        north, south = (self._latitude(y) for y in (self.y, self.y + 1))
        return box(west, south, east, north)

    @property
    def raster_params(self) -> dict[str, Any]:
        """The members of a raster request."""
        return request_params(
            bounds=self.bounds,
            bounds_crs=self.bounds_crs,
            crs=self.crs,
            resolution=self.resolution,
            all_touched=self.all_touched,
        )

    def parent(self) -> XYZTile:
        """The tile that holds this one, one zoom up. Raises ValueError at zoom 0."""
        return XYZTile(self.x // 2, self.y // 2, self.z - 1, all_touched=self.all_touched)

    def children(self) -> list[XYZTile]:
        """The four tiles that make up this one, one zoom down."""
        corners = ((0, 0), (1, 0), (1, 1), (0, 1))
        return [
            XYZTile(2 * self.x + i, 2 * self.y + j, self.z + 1, all_touched=self.all_touched)
            for i, j in corners
        ]

    def _latitude(self, y: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / 2**self.z))))

    def _facts(self) -> dict[str, Any]:
        return {"x": self.x, "y": self.y, "z": self.z, "all_touched": self.all_touched}
