"""Pictures for maps: XYZ tiles and previews of images and products, TileJSON, and tickets.

Besides what its parent loads, this package loads the search, which finds a tile's images.
"""

from ._maps import Extent, map_service
from ._renderer import Picture
from ._tickets import issue_ticket, redeem_ticket
from ._tiles import tilejson

__all__ = [
    "Extent",
    "Picture",
    "issue_ticket",
    "map_service",
    "redeem_ticket",
    "tilejson",
]
