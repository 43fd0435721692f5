"""The one table of routes: a row for each method of each path of every function.

A row is data; the function that answers it is imported when it is first asked for, so that a cold
start pays only for what its request needs. The OpenAPI description follows from the rows.
"""

from ._catalog import CATALOG
from ._operations import OPERATIONS
from ._public import PUBLIC
from ._raster import RASTER
from ._route import Route, RouteTable
from ._stac import STAC

TABLES = (CATALOG, STAC, PUBLIC, OPERATIONS, RASTER)

__all__ = ["CATALOG", "OPERATIONS", "PUBLIC", "RASTER", "STAC", "TABLES", "Route", "RouteTable"]
