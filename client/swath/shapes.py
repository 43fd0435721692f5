"""Areas in whatever form people have them, as GeoJSON in longitude and latitude."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_GEOMETRIES = frozenset({
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection",
})  # fmt: skip
_SIDES = 4
_KINDS = _GEOMETRIES | {"Feature", "FeatureCollection"}


def as_geojson(value: Any) -> dict[str, Any]:
    """GeoJSON of a place in any form.

    A mapping, a string (GeoJSON or WKT), four numbers (west, south, east, north), an object with
    `__geo_interface__` (shapely, areas of `swath.geo`, geopandas) or one with a `geometry` that has
    it (images, rows of a GeoDataFrame). Raises ValueError when it is none of these.
    """
    if isinstance(value, str):
        return _from_text(value)
    if _is_bounds(value):
        return shape_mapping(box_of(value))
    if not isinstance(value, Mapping):
        value = _interface(value)
    if isinstance(value, Mapping) and value.get("type") in _KINDS:
        return dict(value)
    shown = repr(value)[:80]
    raise ValueError(
        f"{shown} is no place: give GeoJSON, WKT, (west, south, east, north), a shapely geometry "
        "or something else with __geo_interface__"
    )


def box_of(bounds: Sequence[float]) -> Any:
    """The shapely box of (west, south, east, north) in degrees; west > east: across 180 degrees.

    Raises ValueError for latitudes beyond 90 degrees, longitudes beyond 180 and south > north.
    """
    from shapely import union_all
    from shapely.geometry import box

    west, south, east, north = map(float, bounds)
    lats = -90 <= south <= north <= 90  # noqa: PLR2004 - degrees
    lons = -180 <= west <= 180 and -180 <= east <= 180  # noqa: PLR2004
    if not (lats and lons):
        raise ValueError(
            f"{tuple(bounds)} is not (west, south, east, north) in degrees, south <= north"
        )
    if west <= east:
        return box(west, south, east, north)
    return union_all([box(west, south, 180, north), box(-180, south, east, north)])


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


def _is_bounds(value: Any) -> bool:
    if isinstance(value, Mapping) or not hasattr(value, "__len__") or len(value) != _SIDES:
        return False
    try:
        return all(not isinstance(side, str) and float(side) == side for side in value)
    except (TypeError, ValueError):
        return False


def _interface(value: Any) -> Any:
    """What an object says of its place, itself or by its `geometry`."""
    own = getattr(value, "__geo_interface__", None)
    if own is not None:
        return own
    return getattr(getattr(value, "geometry", None), "__geo_interface__", value)


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
