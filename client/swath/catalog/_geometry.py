"""Footprints."""

from __future__ import annotations

from typing import Any

from swath.shapes import as_shape, shape_mapping

from ._attribute import Attribute


class GeometryAttribute(Attribute[Any, Any]):
    """A shapely geometry in longitude and latitude; GeoJSON, WKT and the like may be assigned."""

    def coerce(self, value: Any) -> Any:
        """Polygons with an area only: a footprint has one."""
        try:
            found = as_shape(value)
        except ValueError as error:
            raise self.wrong(value, f"a polygon ({error})") from None
        if found.geom_type not in {"Polygon", "MultiPolygon"} or not found.area > 0:
            raise self.wrong(value, "a polygon or multipolygon with an area")
        return found

    def load(self, wire: Any) -> Any:
        """The geometry of GeoJSON."""
        return None if wire is None else as_shape(wire)

    def dump(self, value: Any) -> dict[str, Any]:
        """GeoJSON."""
        return shape_mapping(value)

    def differs(self, value: Any, wire: Any) -> bool:
        """Coordinate by coordinate."""
        known = self.load(wire) if isinstance(wire, dict) else None
        if value is None or known is None:
            return value is not known
        return not bool(value.equals_exact(known, 0.0))
