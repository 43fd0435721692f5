"""Geometry: footprints and query areas in WGS 84, normalised onto one plane.

The plane is longitude -180 to 180 by latitude -90 to 90. Whatever crosses the antimeridian is
split there, whatever holds a pole is carried up to it, and everything is valid: from then on
shapely's planar predicates are the meaning of ``intersects``.
"""

from ._centroids import centroids_of
from ._parse import Parts, parse_geometry
from ._plane import (
    LONGEST_FOOTPRINT,
    LONGEST_QUERY,
    footprint,
    merged,
    normalise_footprint,
    polygons_of,
    query_geometry,
    repaired,
    to_geojson,
)

__all__ = [
    "LONGEST_FOOTPRINT",
    "LONGEST_QUERY",
    "Parts",
    "centroids_of",
    "footprint",
    "merged",
    "normalise_footprint",
    "parse_geometry",
    "polygons_of",
    "query_geometry",
    "repaired",
    "to_geojson",
]
