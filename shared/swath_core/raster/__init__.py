"""Pixels out of the catalog: grids, reading, warping, mosaics and the stream of arrays.

Importing this package loads GDAL and PROJ; the raster function does so inside of the routes that
need pixels. To read: ``_request``, ``_service``, ``_sources`` (bands and files), ``_derive`` (what
is computed from bands), ``_grid``, ``_mosaic``, ``_canvas``, ``_statistics``, ``_warp``,
``_output``, ``_stream``, ``_zones`` (numbers instead of arrays). Pictures for maps are in
:mod:`swath_core.raster.pictures`, which also loads the search.
"""

from ._crs import WGS84, transform_bounds
from ._files import gdal
from ._grid import Grid
from ._mosaic import Deadline
from ._request import Bounds, RasterRequest, Scale, parse_request
from ._service import (
    RasterService,
    RequestedImages,
    raster_service,
    results_bucket,
    signing_key,
)
from ._sources import Product, find_band, native_grid
from ._stream import CONTENT_TYPE, deliver, encode
from ._zones import point_values, refuse_members_of_arrays, zone_statistics

__all__ = [
    "CONTENT_TYPE",
    "WGS84",
    "Bounds",
    "Deadline",
    "Grid",
    "Product",
    "RasterRequest",
    "RasterService",
    "RequestedImages",
    "Scale",
    "deliver",
    "encode",
    "find_band",
    "gdal",
    "native_grid",
    "parse_request",
    "point_values",
    "raster_service",
    "refuse_members_of_arrays",
    "results_bucket",
    "signing_key",
    "transform_bounds",
    "zone_statistics",
]
