"""Areas in whatever form people have them, as GeoJSON in longitude and latitude."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_GEOMETRIES = frozenset({
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection",
})  # fmt: skip
_KINDS = _GEOMETRIES | {"Feature", "FeatureCollection"}


def as_geojson(value: Any) -> dict[str, Any]:
    """GeoJSON of a mapping, a string (GeoJSON or WKT) or an object with `__geo_interface__`.

    Raises ValueError when it is none of these.
    """
    if isinstance(value, str):
        return _from_text(value)
    if not isinstance(value, Mapping):
        value = getattr(value, "__geo_interface__", value)
    if isinstance(value, Mapping) and value.get("type") in _KINDS:
        return dict(value)
    shown = repr(value)[:80]
    raise ValueError(f"{shown} is no GeoJSON, no WKT and has no __geo_interface__")


def as_shape(value: Any) -> Any:
    """The shapely geometry of anything that `as_geojson` takes; collections become their union."""
    import shapely
    from shapely.geometry import shape

    if isinstance(value, shapely.Geometry):
        return value
    geojson = as_geojson(value)
    if geojson["type"] == "Feature":
        return as_shape(geojson.get("geometry") or {})
    if geojson["type"] == "FeatureCollection":
        return shapely.union_all([as_shape(feature) for feature in geojson.get("features", [])])
    try:
        return shape(geojson)
    except (KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ValueError(f"the GeoJSON {geojson['type']} has no valid coordinates") from error


def shape_mapping(geometry: Any) -> dict[str, Any]:
    """The GeoJSON of a shapely geometry, in lists as JSON has them."""
    from shapely.geometry import mapping

    plain: dict[str, Any] = json.loads(json.dumps(mapping(geometry)))
    return plain


def _from_text(text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        try:
            return as_geojson(json.loads(text))
        except json.JSONDecodeError as error:
            raise ValueError(f"not GeoJSON: {error}") from None
    import shapely

    try:
        return shape_mapping(shapely.from_wkt(text))
    except shapely.errors.ShapelyError as error:
        raise ValueError(f"not WKT: {error}") from None
