"""The raster function's routes: arrays, and pictures for maps, under ``/raster/v2``."""

from __future__ import annotations

from ._route import Route, RouteTable

_LOOK = ("bands", "of_picture", "mask", "range", "colormap", "resampling")
_VALUES = ("of_bands", "expression", "mask", "processing_level")
_TIMES = ("start", "end", "filter", "order", "pixel_selection")
_JSON = "application/json"
_PICTURES = ("image/png", "image/webp")
_UNCHANGED = {304: "The browser has the picture already."}
_EMPTY = {204: "No image touches the tile.", **_UNCHANGED}
_IMAGE, _PRODUCT = "/images/{id}", "/products/{id}"
_TILE = "/tiles/{z}/{x}/{y}.{format}"

RASTER = RouteTable(
    function="raster",
    package="swath_raster",
    base="/raster/v2",
    request_type=_JSON,
    refusals=(400, 401, 404, 429, 503),
    routes=(
        Route("POST", "/npz", "arrays:npz", "getArray",
              "Stream the array of one image, or of the mosaic of several.", "RasterRequest",
              "RasterStream", others={303: "A larger array is at the address of Location."},
              media_types=("application/octet-stream",), reads=True),
        Route("POST", "/statistics", "values:statistics", "getStatistics",
              "Compute statistics of several images over an area, each by itself.",
              "StatisticsRequest", "StatisticsOfImages", media_types=(_JSON,), reads=True),
        Route("GET", _IMAGE + "/statistics", "values:image_statistics", "getImageStatistics",
              "Compute statistics of an image, or of an area of it.", None, "StatisticsOfImage",
              parameters=(*_VALUES, "shape", "resolution"), media_types=(_JSON,)),
        Route("GET", _IMAGE + "/point", "values:point", "getImagePoint",
              "Read what an image has at a point.", None, "PointValues",
              parameters=("lon", "lat", *_VALUES), media_types=(_JSON,)),
        Route("GET", _IMAGE + _TILE, "maps:image_tile", "getImageTile",
              "Draw an XYZ tile of one image.", None, "Picture",
              parameters=_LOOK, others=_UNCHANGED, media_types=_PICTURES, ticket="image"),
        Route("GET", _PRODUCT + _TILE, "maps:product_tile", "getProductTile",
              "Draw an XYZ tile of a product's images.", None, "Picture",
              parameters=(*_LOOK, *_TIMES), others=_EMPTY, media_types=_PICTURES,
              ticket="product"),
        Route("GET", _IMAGE + "/preview.{format}", "maps:preview", "getPreview",
              "Draw a whole image in its own CRS.", None, "Picture",
              parameters=("size", *_LOOK), others=_UNCHANGED, media_types=_PICTURES,
              ticket="image"),
        Route("GET", _IMAGE + "/tilejson.json", "maps:image_tilejson", "getImageTileJson",
              "Describe the tiles of an image, with a ticket for them.", None, "TileJson",
              parameters=("format", *_LOOK), media_types=(_JSON,), ticket="image"),
        Route("GET", _PRODUCT + "/tilejson.json", "maps:product_tilejson", "getProductTileJson",
              "Describe the tiles of a product, with a ticket for them.", None, "TileJson",
              parameters=("format", *_LOOK, *_TIMES), media_types=(_JSON,), ticket="product"),
    ),
)  # fmt: skip
