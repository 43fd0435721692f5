"""Objects as GeoJSON features and as a GeoDataFrame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from swath.errors import MissingExtraError

from ._resource import Resource


def feature(item: Resource) -> dict[str, Any]:
    """A GeoJSON Feature (RFC 7946): footprint or null, and the attributes that are set."""
    attributes = item.to_dict()
    return {
        "type": "Feature",
        "id": item.id,
        "geometry": attributes.pop("geometry", None),
        "properties": attributes,
    }


def feature_collection(items: Iterable[Resource]) -> dict[str, Any]:
    """A GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": [feature(item) for item in items]}


def to_geopandas(items: Iterable[Resource]) -> Any:
    """A GeoDataFrame in EPSG:4326: one row per object, its id the index, times as times."""
    try:
        import geopandas
    except ImportError:
        raise MissingExtraError("this needs geopandas: pip install 'swath[geopandas]'") from None
    rows, shapes, ids = [], [], []
    for item in items:
        attributes = dict.fromkeys(item.to_dict())
        rows.append({n: getattr(item, n) for n in attributes if n not in {"geometry", "id"}})
        shapes.append(getattr(item, "geometry", None))
        ids.append(item.id)
    frame = geopandas.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326", index=ids)
    return frame.rename_axis("id")
