"""The antimeridian, the poles, and rings that are not simple."""

from typing import Any

import antimeridian
import pytest
import shapely

from swath_core.geo import (
    LONGEST_FOOTPRINT,
    footprint,
    normalise_footprint,
    query_geometry,
    to_geojson,
)


def polygon(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in (*corners, corners[0])]]}


ACROSS = shapely.union(shapely.box(178, 10, 180, 12), shapely.box(-180, 10, -177, 12))


@pytest.mark.parametrize(
    "given",
    [
        polygon((178, 10), (-177, 10), (-177, 12), (178, 12)),
        polygon((178, 12), (-177, 12), (-177, 10), (178, 10)),  # the other way round
        polygon((178, 10), (183, 10), (183, 12), (178, 12)),
        polygon((-182, 10), (-177, 10), (-177, 12), (-182, 12)),
        polygon((538, 10), (540, 10), (540, 12), (538, 12)),
    ],
)
def test_across_the_antimeridian(given: dict[str, Any]) -> None:
    found = query_geometry(given)
    assert found.is_valid
    whole = ACROSS if given["coordinates"][0][0][0] != 538 else shapely.box(178, 10, 180, 12)
    assert shapely.equals(found, whole)


def test_a_hole_crosses_with_its_polygon() -> None:
    given = polygon((170, 0), (-170, 0), (-170, 20), (170, 20))
    given["coordinates"].append([[-175, 5], [-172, 5], [-172, 8], [-175, 8], [-175, 5]])
    given["coordinates"].append([[179, 10], [-179, 10], [-179, 12], [179, 12], [179, 10]])
    found = query_geometry(given)
    assert found.is_valid
    assert found.area == pytest.approx(20 * 20 - 9 - 4)
    assert not found.contains(shapely.Point(-173, 6))
    assert not found.contains(shapely.Point(179.5, 11))


@pytest.mark.parametrize(
    ("given", "bounds", "size"),
    [
        (polygon((-180, -90), (180, -90), (180, 90), (-180, 90)), (-180, -90, 180, 90), 64800),
        (polygon((-100, -50), (100, -50), (100, 50), (-100, 50)), (-100, -50, 100, 50), 20000),
        (polygon((-179.9, -85), (179.9, -85), (179.9, 85), (-179.9, 85)),
         (-179.9, -85, 179.9, 85), 359.8 * 170),
        (polygon((100, -50), (-100, -50), (-100, 50), (100, 50)), (-180, -50, 180, 50), 16000),
    ],
)  # fmt: skip
def test_more_than_half_the_world(
    given: dict[str, Any], bounds: tuple[float, ...], size: float
) -> None:
    found = query_geometry(given)
    assert found.bounds == pytest.approx(bounds)
    assert found.area == pytest.approx(size)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("order", [1, -1])
def test_over_a_pole(sign: int, order: int) -> None:
    corners = [(x, sign * 80.0) for x in (-135, -45, 45, 135)][::order]
    found = query_geometry(polygon(*corners))
    assert found.is_valid
    assert found.area == pytest.approx(3600)
    assert shapely.intersects(found, shapely.Point(100, sign * 90))
    assert not shapely.intersects(found, shapely.Point(100, sign * 79))


def test_a_wide_triangle_is_no_polar_cap() -> None:
    found = query_geometry(polygon((-170, 0), (170, 0), (0, 50)))
    assert found.area == pytest.approx(340 * 50 / 2)


@pytest.mark.parametrize(
    ("corners", "size"),
    [
        ([(0, 0), (2, 2), (2, 0), (0, 2)], 2.0),  # a bow tie: both halves
        ([(0, 0), (4, 0), (4, 4), (2, 4), (2, 4), (0, 4)], 16.0),  # a corner twice
        ([(0, 0), (4, 0), (4, 4), (4, 6), (4, 4), (0, 4)], 16.0),  # a spike
    ],
)
def test_repair(corners: list[tuple[float, float]], size: float) -> None:
    stored = footprint(normalise_footprint(polygon(*corners)))
    assert stored.is_valid
    assert stored.area == pytest.approx(size)


def test_a_good_footprint_stays_as_it_is() -> None:
    given = polygon((10, 40), (12, 40.5), (11.5, 42), (9.5, 41.5))
    assert normalise_footprint(given) == given
    assert normalise_footprint(normalise_footprint(ACROSS.__geo_interface__)) == (
        normalise_footprint(ACROSS.__geo_interface__)
    )


def test_normalising_is_idempotent_and_exact_in_json() -> None:
    once = normalise_footprint(polygon((178, 10.1), (-177, 10.2), (-177, 12.3), (178, 12.4)))
    assert normalise_footprint(once) == once
    assert to_geojson(footprint(once)) == once


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"type": "Point", "coordinates": [0, 0]}, "Polygon or a MultiPolygon"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "Polygon or a MultiPolygon"),
        ({"type": "FeatureCollection", "features": []}, "Polygon or a MultiPolygon"),
        (polygon((0, 0), (1, 1), (2, 2)), "no area"),
        (None, "not a GeoJSON object"),
    ],
)
def test_footprints_that_are_refused(given: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        normalise_footprint(given)


def test_a_footprint_has_a_most_of_positions() -> None:
    circle = shapely.Point(0, 0).buffer(1, quad_segs=LONGEST_FOOTPRINT // 4)
    with pytest.raises(ValueError, match="2001 positions, but at most 2000"):
        normalise_footprint(circle.__geo_interface__)
    good = shapely.Point(0, 0).buffer(1, quad_segs=100)
    assert footprint(normalise_footprint(good.__geo_interface__)).area == pytest.approx(good.area)


@pytest.mark.parametrize(
    "corners",
    [
        [(178, 10), (-177, 10), (-177, 12), (178, 12)],
        [(170, -60), (-160, -62), (-165, -40), (172, -42)],
        [(-135, 80), (-45, 82), (45, 81), (135, 83)],
        [(135, -80), (45, -82), (-45, -81), (-135, -83)],
        [(179.99, 0), (-179.99, 0.01), (-179.98, 0.03), (179.98, 0.02)],
    ],
)
def test_the_antimeridian_package_agrees(corners: list[tuple[float, float]]) -> None:
    ring = shapely.Polygon(corners)
    theirs = shapely.geometry.shape(
        antimeridian.fix_polygon(ring, great_circle=False).__geo_interface__
    )
    assert (
        shapely.symmetric_difference(query_geometry(polygon(*corners)), theirs).area < 1e-5
    )  # they round to 1e-7
