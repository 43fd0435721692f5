"""Footprints of images."""

from __future__ import annotations

from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from ._parse import Ring, parse_geojson
from ._plane import planar_polygons

LONGEST_FOOTPRINT = 2_000
"""Positions of a footprint; each posting of the image carries a copy of it (16 bytes each)."""


def normalise_footprint(value: object) -> dict[str, Any]:
    """Return the GeoJSON Polygon or MultiPolygon that the catalog stores for a footprint.

    Crossings of the antimeridian are split, poles are closed, self-intersections repaired.
    Raises ValueError with the reason where there is no area to speak of, or too many positions.
    """
    parts = parse_geojson(value)
    if parts.lines or parts.points or not parts.polygons:
        message = "a footprint has to be a Polygon or a MultiPolygon"
        raise ValueError(message)
    if parts.vertices() > LONGEST_FOOTPRINT:
        message = (
            f"the footprint has {parts.vertices()} positions, but at most {LONGEST_FOOTPRINT} "
            "are stored: simplify it"
        )
        raise ValueError(message)
    return to_geojson(planar_polygons(parts.polygons))


def footprint(geojson: dict[str, Any]) -> Polygon | MultiPolygon:
    """Return the shapely geometry of a stored (normalised) footprint."""
    coordinates = geojson["coordinates"]
    if geojson["type"] == "Polygon":
        return Polygon(coordinates[0], coordinates[1:])
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in coordinates])


def to_geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """Return a polygon or multi-polygon as GeoJSON with plain lists."""
    if geometry.geom_type == "Polygon":
        return {"type": "Polygon", "coordinates": _rings(geometry)}
    polygons = [_rings(polygon) for polygon in shapely.get_parts(geometry)]
    return {"type": "MultiPolygon", "coordinates": polygons}


def _rings(polygon: BaseGeometry) -> list[Ring]:
    rings = shapely.get_rings(polygon)
    return [shapely.get_coordinates(ring).tolist() for ring in rings]
