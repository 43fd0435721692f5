"""Pictures for maps: XYZ tiles and previews of images and products, and TileJSON.

Besides what its parent loads, this package loads the search, which finds a tile's images.
"""

from ._maps import Extent, map_service
from ._renderer import Picture
from ._tiles import tilejson

__all__ = [
    "Extent",
    "Picture",
    "map_service",
    "tilejson",
]
