"""Where pictures lie: XYZ tiles in Web Mercator, previews, and the TileJSON that describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyproj import CRS

from swath_core.definitions import PIXEL_SELECTIONS
from swath_core.errors import BadRequest
from swath_core.raster import WGS84, Bounds, Grid, RasterRequest, transform_bounds

from ._style import Style

TileIndex = tuple[int, int, int]
"""Zoom, column and row of a tile."""

MERCATOR = CRS.from_epsg(3857)
HALF_WORLD = 20_037_508.342789244
"""Metres from the middle of the Web Mercator square to its edge."""
TILE = 256
MAX_ZOOM = 24
PREVIEW = 512
MAX_PREVIEW = 2_048


def tile_bounds(z: int, x: int, y: int) -> Bounds:
    """Return the box of an XYZ tile in Web Mercator metres. Raises BadRequest."""
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise BadRequest(
            f"there is no tile {z}/{x}/{y}: zooms go from 0 to {MAX_ZOOM}, and x and y from 0 to "
            "2^zoom - 1"
        )
    side = 2 * HALF_WORLD / 2**z
    left, top = -HALF_WORLD + x * side, HALF_WORLD - y * side
    return left, top - side, left + side, top


def tile_area(z: int, x: int, y: int) -> dict[str, Any]:
    """Return a tile's outline in longitude and latitude, as GeoJSON."""
    left, bottom, right, top = transform_bounds(MERCATOR, WGS84, tile_bounds(z, x, y))
    ring = [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]
    return {"type": "Polygon", "coordinates": [ring]}


def tile_request(
    ids: Sequence[str], style: Style, tile: TileIndex, selection: str = PIXEL_SELECTIONS[0]
) -> RasterRequest:
    """Return the raster of a tile (zoom, column, row) over images, by default the last on top."""
    return RasterRequest(
        ids=tuple(ids),
        bands=style.bands,
        scales=style.scales,
        data_type="Byte",
        crs="EPSG:3857",
        bounds=tile_bounds(*tile),
        size=(TILE, TILE),
        resampling=style.resampling,
        mask_alpha=False,
        expressions=style.expressions,
        mask=style.mask,
        selection=selection,
    )


def preview_request(image_id: str, native: Grid, style: Style, longest: int) -> RasterRequest:
    """Return the raster of a whole image with its longer side of at most so many pixels."""
    factor = min(1.0, longest / max(native.width, native.height))
    size = max(1, round(native.width * factor)), max(1, round(native.height * factor))
    return RasterRequest(
        ids=(image_id,),
        bands=style.bands,
        scales=style.scales,
        data_type="Byte",
        size=size,
        resampling=style.resampling,
        mask_alpha=False,
        expressions=style.expressions,
        mask=style.mask,
    )


def tilejson(name: str, url: str, bounds: Bounds) -> dict[str, Any]:
    """Return a TileJSON 3.0 document of one tile address (with ``{z}``, ``{x}`` and ``{y}``).

    A TileJSON's box may not cross the antimeridian: one that does goes around the globe.
    """
    left, bottom, right, top = bounds
    middle = ((left + right) / 2 + 180) % 360 - 180
    if left < -180 or right > 180:  # noqa: PLR2004 - degrees
        left, right = -180.0, 180.0
    return {
        "tilejson": "3.0.0",
        "name": name,
        "scheme": "xyz",
        "tiles": [url],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": [left, bottom, right, top],
        "center": [middle, (bottom + top) / 2, 8],
    }


def image_bounds(native: Grid) -> Bounds:
    """Return the box of an image in longitude and latitude; beyond 180 where it crosses that."""
    if native.crs == WGS84:
        return native.bounds
    try:
        return transform_bounds(native.crs, WGS84, native.bounds)
    except ValueError as error:
        raise BadRequest(f"the image has no extent on the globe: {error}") from error
