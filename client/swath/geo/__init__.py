"""The areas over which images are read: any AOI, or a tile of a fixed grid."""

from swath.geo._aoi import AOI
from swath.geo._dltile import DLTile
from swath.geo._geocontext import GeoContext
from swath.geo._xyztile import XYZTile

__all__ = ["AOI", "DLTile", "GeoContext", "XYZTile"]
