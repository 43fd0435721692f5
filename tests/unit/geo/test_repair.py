"""Repair of crossing rings: what is counted, what is refused, and what the rest costs."""

from __future__ import annotations

import json
import math
import time
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon, box

from swath_core.errors import BadRequest
from swath_core.geo import merged, normalise_footprint, query_geometry, repaired
from swath_core.geo._plane import MOST_CROSSINGS, check_edges

SECONDS = 5.0
"""What a refusal may take here: many times what it takes on an idle machine."""


def star(points: int, radius: float = 1.0) -> list[tuple[float, float]]:
    """Return a star of an odd number of points, each edge of which crosses all but two others."""
    step = points // 2 * 2 * math.pi / points
    return [(radius * math.cos(step * n), radius * math.sin(step * n)) for n in range(points)]


def comb(teeth: int) -> list[tuple[float, float]]:
    """Return a valid ring of slanting teeth: the box of each edge overlaps all others'."""
    ring: list[tuple[float, float]] = []
    for tooth in range(teeth):
        x = tooth * 1e-3 / teeth
        ring += [(x, 0), (x + 1, 1)] if tooth % 2 == 0 else [(x + 1, 1), (x, 0)]
    return [*ring, (ring[-1][0], -0.1), (0, -0.1)]


def hub(spikes: int) -> list[tuple[float, float]]:
    """Return spikes that all begin at one place."""
    ring: list[tuple[float, float]] = []
    for spike in range(spikes):
        angle = math.pi / 2 * spike / spikes
        ring += [(0, 0), (math.cos(angle), math.sin(angle))]
        ring += [(math.cos(angle + 1e-5), math.sin(angle + 1e-5))]
    return ring


def crossings(polygons: list[Polygon]) -> int:
    """Return the number of pairs of edges that meet elsewhere than in ends, one by one."""
    rings = [ring for polygon in polygons for ring in shapely.get_rings(polygon)]
    edges = [
        shapely.LineString(pair)
        for ring in rings
        for pair in pairwise(ring.coords)
        if pair[0] != pair[1]
    ]
    found = 0
    for number, one in enumerate(edges):
        for other in edges[number + 1 :]:
            ends = set(one.coords) & set(other.coords)
            meeting = one.intersection(other)
            if len(ends) < 2:  # edges that are the same need no division
                found += not meeting.is_empty and (meeting.length > 0 or not ends)
    return found


@pytest.mark.parametrize(
    "polygons",
    [
        [Polygon(star(2_001))],
        [Polygon(star(20_001))],
        [Polygon(star(200_001))],
        [Polygon(comb(2_000))],
        [Polygon(comb(50_000))],
        [Polygon(hub(5_000))],
        [Polygon([(0, 0) if n % 2 else (n, n) for n in range(4_000)] + [(1, 0)])],
        [box(0, n, 100, n + 0.5) for n in range(100)]
        + [box(n, 0, n + 0.5, 100) for n in range(100)],
        [box(0, 0, 1, 1)] * 3_000,
    ],
    ids=["star", "large-star", "huge-star", "comb", "huge-comb", "hub", "line", "lattice", "same"],
)
def test_what_would_take_long_is_refused_at_once(polygons: list[Polygon]) -> None:
    before = time.process_time()
    with pytest.raises(ValueError, match=r"places or more|or more places") as refused:
        repaired(polygons)
    assert time.process_time() - before < SECONDS
    assert "at most" in str(refused.value)


@pytest.mark.parametrize(
    "polygons",
    [
        [Polygon(star(99))],
        [Polygon(comb(200))],
        [box(0, n, 30, n + 0.5) for n in range(30)] + [box(n, 0, n + 0.5, 30) for n in range(30)],
        [box(x, y, x + 1, y + 1) for x in range(50) for y in range(50)],
        [shapely.Point(0, 0).buffer(1, quad_segs=20_000)],
    ],
    ids=["star", "comb", "lattice", "cells", "circle"],
)
def test_what_is_accepted_is_repaired_in_bounded_time(polygons: list[Polygon]) -> None:
    before = time.process_time()
    whole = merged([piece for pieces in repaired(polygons) for piece in pieces])
    assert time.process_time() - before < SECONDS
    assert whole.is_valid
    assert whole.area > 0


def test_crossings_are_counted_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(7)
    for case in (
        [Polygon(star(21))],
        [Polygon(generator.integers(0, 6, (12, 2))) for _ in range(3)],
        [Polygon(generator.normal(size=(40, 2)))],
        [box(0, 0, 2, 2), box(0, 0, 2, 2), box(1, 0, 3, 2), box(2, 2, 3, 3)],
    ):
        expected = crossings(case)
        monkeypatch.setattr("swath_core.geo._plane._FEW_EDGES", 0)
        monkeypatch.setattr("swath_core.geo._plane.MOST_CROSSINGS", expected)
        check_edges(case)
        monkeypatch.setattr("swath_core.geo._plane.MOST_CROSSINGS", expected - 1)
        if expected:
            with pytest.raises(ValueError, match=f"at {expected} or more"):
                check_edges(case)


def test_a_star_is_refused_wherever_it_comes_from() -> None:
    ring = [list(place) for place in star(401, 10.0)]
    geojson = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    line = {"type": "LineString", "coordinates": ring}
    more = f"or more places, but at most {MOST_CROSSINGS} are accepted"
    with pytest.raises(ValueError, match=more):
        normalise_footprint(geojson)
    for area in (geojson, json.dumps(geojson), line, shapely.Polygon(ring).wkt):
        with pytest.raises(BadRequest, match=more):
            query_geometry(area)
    moved = [[x + 180, y] for x, y in ring]  # half of it on the other side
    with pytest.raises(BadRequest, match=more):
        query_geometry({"type": "Polygon", "coordinates": [[*moved, moved[0]]]})


def test_pieces_that_meet_only_once_they_are_on_the_map_are_counted() -> None:
    across = [[[150, y], [210, y], [210, y + 0.1], [150, y + 0.1], [150, y]] for y in range(80)]
    down = [
        [[x, -1], [x + 0.1, -1], [x + 0.1, 81], [x, 81], [x, -1]]
        for x in np.linspace(-179, -151, 80)
    ]
    area = {"type": "MultiPolygon", "coordinates": [[ring] for ring in across + down]}
    with pytest.raises(BadRequest, match="cross each other"):
        query_geometry(area)


@pytest.mark.parametrize("text", ["GEOMETRYCOLLECTION(" * 90_000, "POLYGON" + "(" * 1_000_000])
def test_text_that_is_nested_too_deep_ends_no_process(text: str) -> None:
    with pytest.raises(BadRequest, match="brackets within each other"):
        query_geometry(text)
