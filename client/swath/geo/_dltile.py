"""Square tiles on the grids of UTM."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from swath.arguments import public
from swath.shapes import as_shape

from ._geocontext import GeoContext, request_params
from ._tiling import touched
from ._utm import central_meridian, to_lonlat, to_utm, zone_of

_ZONES = 60
_MERIDIAN = 500000.0  # easting of a zone's central meridian, where tile column 0 begins


@public
class DLTile(GeoContext):
    """A tile of `tilesize` pixels of `resolution` metres, with `pad` more pixels on each side.

    Written `tilesize:pad:resolution:zone:ti:tj`; `ti` counts tiles from the zone's central meridian
    to the east, `tj` from the equator to the north.
    """

    def __init__(
        self,
        tilesize: int,
        pad: int,
        resolution: float,
        zone: int,
        ti: int,
        tj: int,
        *,
        all_touched: bool = False,
    ) -> None:
        super().__init__(all_touched=all_touched)
        if tilesize <= 0 or pad < 0 or not (resolution > 0 and math.isfinite(resolution)):
            raise ValueError("a tile has tilesize > 0, pad >= 0 and resolution > 0")
        if not 1 <= zone <= _ZONES:
            raise ValueError(f"a UTM zone is 1 to {_ZONES}, not {zone}")
        self.tilesize, self.pad, self.resolution = int(tilesize), int(pad), float(resolution)
        self.zone, self.ti, self.tj = int(zone), int(ti), int(tj)

    # -- making them --------------------------------------------------------------------------

    @classmethod
    def from_key(cls, dltile_key: str, *, all_touched: bool = False) -> DLTile:
        """The tile of a key. Raises ValueError when it is none."""
        try:
            size, margin, pixel, *place = dltile_key.split(":")
            tilesize, pad, resolution = int(size), int(margin), float(pixel)
            zone, ti, tj = map(int, place)
        except ValueError:
            raise ValueError(
                f"{dltile_key!r} is no tile key: tilesize:pad:resolution:zone:ti:tj"
            ) from None
        return cls(tilesize, pad, resolution, zone, ti, tj, all_touched=all_touched)

    @classmethod
    def from_latlon(
        cls,
        lat: float,
        lon: float,
        resolution: float,
        tilesize: int,
        pad: int,
        *,
        all_touched: bool = False,
    ) -> DLTile:
        """The tile, without its pad, that holds a point. Raises ValueError off Earth."""
        if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):  # noqa: PLR2004
            raise ValueError(f"latitude {lat} or longitude {lon} is not on Earth")
        zone = zone_of(lon)
        x, y = to_utm(lon, lat, zone)
        side = resolution * tilesize
        ti, tj = math.floor((x - _MERIDIAN) / side), math.floor(y / side)
        return cls(tilesize, pad, resolution, zone, ti, tj, all_touched=all_touched)

    @classmethod
    def from_shape(
        cls,
        shape: Any,
        resolution: float,
        tilesize: int,
        pad: int,
        *,
        keys_only: bool = False,
        all_touched: bool = False,
    ) -> list[Any]:
        """All tiles that a shape in longitude and latitude touches, or their keys."""
        found = cls.iter_from_shape(shape, resolution, tilesize, pad, all_touched=all_touched)
        return [tile.key if keys_only else tile for tile in found]

    @classmethod
    def iter_from_shape(
        cls,
        shape: Any,
        resolution: float,
        tilesize: int,
        pad: int,
        *,
        all_touched: bool = False,
    ) -> Iterator[DLTile]:
        """Like `from_shape`, one tile after the other: zone by zone, row by row."""
        side = resolution * tilesize
        for zone, ti, tj in touched(as_shape(shape), side):
            yield cls(tilesize, pad, resolution, zone, ti, tj, all_touched=all_touched)

    # -- what they are ------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """`tilesize:pad:resolution:zone:ti:tj`."""
        return f"{self.tilesize}:{self.pad}:{self.resolution}:{self.zone:02d}:{self.ti}:{self.tj}"

    @property
    def crs(self) -> str:
        """The zone's EPSG code; that of the north in both hemispheres."""
        return f"EPSG:{32600 + self.zone}"

    @property
    def bounds_crs(self) -> str:
        """That of the pixels."""
        return self.crs

    @property
    def tile_extent(self) -> int:
        """Rows and columns with both pads."""
        return self.tilesize + 2 * self.pad

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(minx, miny, maxx, maxy) in metres, with the pad."""
        side, margin = self.tilesize * self.resolution, self.pad * self.resolution
        left, bottom = _MERIDIAN + self.ti * side, self.tj * side
        return left - margin, bottom - margin, left + side + margin, bottom + side + margin

    @property
    def geotrans(self) -> tuple[float, float, float, float, float, float]:
        """The geotransform, in GDAL's order."""
        left, _, _, top = self.bounds
        return left, self.resolution, 0.0, top, 0.0, -self.resolution

    @property
    def proj4(self) -> str:
        """The CRS as a PROJ string."""
        return f"+proj=utm +zone={self.zone} +datum=WGS84 +units=m +no_defs "

    @property
    def wkt(self) -> str:
        """The CRS as WKT 1."""
        return _WKT.format(zone=self.zone, lon=central_meridian(self.zone), code=32600 + self.zone)

    @property
    def geometry(self) -> Any:
        """The padded tile in longitude and latitude, a shapely polygon of its four corners."""
        from shapely.geometry import Polygon

        left, bottom, right, top = self.bounds
        ring = ((left, bottom), (right, bottom), (right, top), (left, top), (left, bottom))
        return Polygon([to_lonlat(x, y, self.zone) for x, y in ring])

    @property
    def raster_params(self) -> dict[str, Any]:
        """The members of a raster request."""
        return request_params(
            bounds=self.bounds,
            bounds_crs=None,
            crs=self.crs,
            resolution=self.resolution,
            all_touched=self.all_touched,
        )

    # -- from one to another ------------------------------------------------------------------

    def assign(self, *, pad: int | None = None, all_touched: bool | None = None) -> DLTile:
        """The same tile with another pad."""
        return DLTile(
            self.tilesize,
            self.pad if pad is None else pad,
            self.resolution,
            self.zone,
            self.ti,
            self.tj,
            all_touched=self.all_touched if all_touched is None else all_touched,
        )

    def subtile(
        self, subdivide: int, *, resolution: float | None = None, pad: int | None = None
    ) -> list[DLTile]:
        """The tile cut into `subdivide` x `subdivide`, from the north-west.

        Raises ValueError where the pieces would not have whole pixels.
        """
        resolution = resolution or self.resolution
        pixels = self.tilesize * self.resolution / (subdivide * resolution)
        if subdivide < 1 or not pixels.is_integer():
            raise ValueError(f"{self.key} cannot be cut into {subdivide} with whole pixels")
        pad = self.pad if pad is None else pad
        left, top = self.ti * subdivide, (self.tj + 1) * subdivide - 1
        return [
            DLTile(int(pixels), pad, resolution, self.zone, left + i, top - j)
            for j in range(subdivide)
            for i in range(subdivide)
        ]

    def rowcol_to_latlon(self, row: float, col: float) -> tuple[float, float]:
        """Latitude and longitude of a pixel's centre."""
        left, size, _, top, _, _ = self.geotrans
        lon, lat = to_lonlat(left + (col + 0.5) * size, top - (row + 0.5) * size, self.zone)
        return lat, lon

    def latlon_to_rowcol(self, lat: float, lon: float) -> tuple[int, int]:
        """Row and column, from 0, of the pixel that holds a point; outside the tile too."""
        x, y = to_utm(lon, lat, self.zone)
        left, size, _, top, _, _ = self.geotrans
        return math.floor((top - y) / size), math.floor((x - left) / size)

    def _facts(self) -> dict[str, Any]:
        names = ("key", "resolution", "tilesize", "pad", "crs", "bounds", "geometry")
        return {name: getattr(self, name) for name in names}


_WKT = (
    'PROJCS["WGS 84 / UTM zone {zone}N",GEOGCS["WGS 84",DATUM["WGS_1984",'
    'SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",{lon:g}],PARAMETER["scale_factor",0.9996],'
    'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],'
    'UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AXIS["Northing",NORTH],'
    'AUTHORITY["EPSG","{code}"]]'
)
