"""Query geometries in every form, and what is refused."""

import json
from typing import Any

import pytest
import shapely

from swath_core.errors import BadRequest
from swath_core.geo import LONGEST_QUERY, query_geometry

TRIANGLE = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [0.0, 0.0]]
POLYGON: dict[str, Any] = {"type": "Polygon", "coordinates": [TRIANGLE]}
FEATURE = {"type": "Feature", "properties": {}, "geometry": POLYGON}
POINT = {"type": "Point", "coordinates": [5, 5, 100]}
WKT = "POLYGON ((0 0, 2 0, 0 2, 0 0))"


@pytest.mark.parametrize(
    "given",
    [
        POLYGON,
        FEATURE,
        {"type": "FeatureCollection", "features": [FEATURE]},
        {"type": "GeometryCollection", "geometries": [POLYGON]},
        {"type": "MultiPolygon", "coordinates": [[TRIANGLE]]},
        json.dumps(POLYGON),
        json.dumps(json.dumps(POLYGON)),
        WKT,
        json.dumps(WKT),
        "  polygon z ((0 0 1, 2 0 1, 0 2 1, 0 0 1))",
        {"type": "Polygon", "coordinates": [TRIANGLE[:-1]]},  # not closed: closed for the caller
    ],
)
def test_every_form_is_the_same_area(given: object) -> None:
    assert shapely.equals(query_geometry(given), shapely.from_wkt(WKT))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (POINT, "Point"),
        ("LINESTRING (0 0, 1 1)", "LineString"),
        ("MULTIPOINT (0 0, 1 1)", "MultiPoint"),
        ("MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))", "MultiLineString"),
        ({"type": "FeatureCollection", "features": [FEATURE, {**FEATURE, "geometry": POINT}]},
         "GeometryCollection"),
    ],
)  # fmt: skip
def test_lines_points_and_mixtures(given: object, kind: str) -> None:
    assert query_geometry(given).geom_type == kind


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "neither GeoJSON nor WKT"),
        ("nonsense", "neither GeoJSON nor WKT"),
        ("{", "not JSON"),
        ("[" * 100_000, "recursion|not JSON"),
        (json.dumps(json.dumps(json.dumps(json.dumps(WKT)))), "text within text"),
        (5, "not a GeoJSON object"),
        ([1, 2], "not a GeoJSON object"),
        ({}, "type None is none of Polygon"),
        ({"type": "Circle", "coordinates": [0, 0]}, "type 'Circle' is none of Polygon"),
        ({"type": "Feature", "geometry": None}, "None is not a GeoJSON object"),
        ({"type": "FeatureCollection", "features": []}, "is empty"),
        ({"type": "FeatureCollection", "features": 5}, "features: 5 is not an array"),
        ({"type": "Polygon"}, "None is not an array"),
        ({"type": "Polygon", "coordinates": []}, "no ring"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "3 positions"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}, "no area"),
        ({"type": "LineString", "coordinates": [[0, 0]]}, "1 positions"),
        ({"type": "Point", "coordinates": ["a", 0]}, "finite numbers"),
        ({"type": "Point", "coordinates": [True, 0]}, "finite numbers"),
        ({"type": "Point", "coordinates": [float("nan"), 0]}, "finite numbers"),
        ({"type": "Point", "coordinates": [10**400, 0]}, "finite numbers"),
        ({"type": "Point", "coordinates": [0]}, r"is not \[longitude, latitude\]"),
        ({"type": "Point", "coordinates": [0, 91]}, "latitude 91.0 is outside"),
        ({"type": "Point", "coordinates": [1000, 0]}, "longitude 1000.0 is outside"),
        ("POLYGON EMPTY", "is empty"),
        ("POINT (nan nan)", "empty|finite"),
        ("CURVEPOLYGON ((0 0, 1 0, 1 1, 0 0))", "Nonlinear"),
        ("POINT (0 \ud800)", "neither"),
        ("POINT (0 \0)", "neither"),
    ],
)
def test_what_is_refused_says_why(given: object, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason) as caught:
        query_geometry(given)
    assert caught.value.parameter == "intersects"
    assert "accepted is a GeoJSON geometry" in caught.value.detail


def test_too_many_positions_are_refused() -> None:
    ring = [[x / LONGEST_QUERY, (x % 2) / 10] for x in range(LONGEST_QUERY + 1)]
    with pytest.raises(BadRequest, match="at most 20000 are accepted: simplify it"):
        query_geometry({"type": "LineString", "coordinates": ring})


def test_a_nested_collection_has_an_end() -> None:
    nested: dict[str, Any] = POLYGON
    for _ in range(20):
        nested = {"type": "GeometryCollection", "geometries": [nested]}
    with pytest.raises(BadRequest, match="nested more than"):
        query_geometry(nested)


def test_overlapping_polygons_become_one_valid_area() -> None:
    shifted = [[x + 0.5, y] for x, y in TRIANGLE]
    found = query_geometry({"type": "MultiPolygon", "coordinates": [[TRIANGLE], [shifted]]})
    assert found.is_valid
    assert found.area == pytest.approx(4 - 1.125)
