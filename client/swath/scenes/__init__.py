"""Scenes: images as arrays. `Scene` is one image, `SceneCollection` several of an area."""

from swath.geo import AOI, DLTile, GeoContext, XYZTile

from ._display import display
from ._scene import Scene
from ._scene_collection import SceneCollection
from ._search import search

__all__ = [
    "AOI",
    "DLTile",
    "GeoContext",
    "Scene",
    "SceneCollection",
    "XYZTile",
    "display",
    "search",
]
