"""The areas over which images are read: any AOI, or a tile of a fixed grid."""

from ._aoi import AOI
from ._dltile import DLTile
from ._geocontext import GeoContext
from ._xyztile import XYZTile

__all__ = ["AOI", "DLTile", "GeoContext", "XYZTile"]
