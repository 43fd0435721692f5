"""Swath: a catalog of georeferenced images.

`swath.catalog` holds products, bands, images and searches, `swath.scenes` arrays and mosaics,
`swath.geo` the areas they are read over; `swath.open` makes one lazy array of many images.
"""

# Everywhere in this package numpy, shapely, requests and the libraries of the extras are imported
# by the function that needs them: the import of the client alone takes half as long so, and a
# command that reads no pixels never loads them (benchmarks/client_import.py).

from ._version import __version__
from .catalog import open_images as open  # noqa: A004
from .http import Client, configure, default_client, set_default_client

__all__ = ["Client", "__version__", "configure", "default_client", "open", "set_default_client"]
