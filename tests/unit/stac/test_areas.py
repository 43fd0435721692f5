"""``bbox`` and ``intersects``, and the boxes of footprints."""

from __future__ import annotations

import random
from typing import Any

import pytest
import shapely

from swath_core.errors import BadRequest
from swath_core.geo import footprint, normalise_footprint
from swath_core.stac._areas import bounds_of, box_area, intersects_area, parse_box


@pytest.mark.parametrize(
    ("given", "box"),
    [
        ([1, 2, 3, 4], (1, 2, 3, 4)),
        ([1, 2, -9, 3, 4, 9], (1, 2, 3, 4)),
        ([170, -10, -170, 10], (170, -10, -170, 10)),
        ([0, 0, 0, 0], (0, 0, 0, 0)),
    ],
)
def test_boxes(given: list[float], box: tuple[float, ...]) -> None:
    assert parse_box(given) == box


@pytest.mark.parametrize(
    "given",
    [
        [1, 2, 3],
        [1, 2, 3, 4, 5],
        [1, 5, 3, 4],
        [1, 2, 9, 3, 4, 8],
        [1, 2, "x", 4],
        [1, 2, None, 4],
        [True, 2, 3, 4],
        [-181, 0, 0, 1],
        [0, 0, 1, 91],
        [0, 0, float("nan"), 1],
        "1,2,3,4",
        {},
    ],
)
def test_what_is_no_box_is_refused(given: Any) -> None:
    with pytest.raises(BadRequest, match="bbox"):
        parse_box(given)


def test_a_box_whose_west_is_greater_crosses_the_antimeridian() -> None:
    area = box_area((170, -10, -170, 10))
    assert area.is_valid
    assert area.area == pytest.approx(20 * 20)
    assert area.intersects(shapely.Point(180, 0))
    assert area.intersects(shapely.Point(-175, 0))
    assert not area.intersects(shapely.Point(0, 0))


@pytest.mark.parametrize(
    ("box", "kind"),
    [((1, 2, 1, 2), "Point"), ((1, 2, 1, 3), "LineString"), ((1, 2, 3, 2), "LineString")],
)
def test_a_box_without_area_still_is_somewhere(box: Any, kind: str) -> None:
    area = box_area(box)
    assert area.geom_type == kind
    assert area.intersects(shapely.Point(1, 2))


@pytest.mark.parametrize("given", ["{", "POINT (1 2)", "[]", 5, {"type": []}, {"coordinates": []}])
def test_what_is_no_geojson_is_refused(given: Any) -> None:
    with pytest.raises(BadRequest, match="intersects"):
        intersects_area(given)


def test_the_box_of_a_footprint_holds_it() -> None:
    dice = random.Random(7)
    for _ in range(500):
        west, south = dice.uniform(-179, 179), dice.uniform(-85, 80)
        width, height = dice.uniform(0.1, 30), dice.uniform(0.1, 5)
        ring = [
            [west, south],
            [west + width, south],
            [west + width, south + height],
            [west, south + height],
            [west, south],
        ]
        stored = normalise_footprint({"type": "Polygon", "coordinates": [ring]})
        box = bounds_of(stored)
        assert box_area(tuple(box)).buffer(1e-9).contains(footprint(stored))  # type: ignore[arg-type]
        span = (box[2] - box[0]) % 360
        assert span == pytest.approx(width)
        assert (box[0] > box[2]) == (west + width > 180)
