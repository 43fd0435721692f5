"""Scenes: images as arrays. `Scene` is one image, `SceneCollection` several of an area."""

from swath.geo import AOI, DLTile, GeoContext, XYZTile
from swath.scenes._display import display
from swath.scenes._scene import Scene
from swath.scenes._scene_collection import SceneCollection
from swath.scenes._search import search

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
