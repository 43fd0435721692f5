"""Swath: a catalog of georeferenced images.

`swath.catalog` holds products, bands, images and searches, `swath.scenes` arrays and mosaics,
`swath.geo` the areas they are read over.
"""

from swath._version import __version__
from swath.http import Client, configure, default_client, set_default_client

__all__ = ["Client", "__version__", "configure", "default_client", "set_default_client"]
