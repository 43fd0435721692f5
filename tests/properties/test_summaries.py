"""Summaries equal a brute-force count, whichever way the planner takes.

Rollups are made by hand, wrong on purpose wherever a day is dirty: what is dirty is counted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import hypothesis.strategies as st
from hypothesis import given
from tests.memory_mirror import MemoryMirror
from tests.memory_postings import MemoryPostings

from swath_core.definitions import IMAGE
from swath_core.documents import Document
from swath_core.filters import parse_filter, values_of
from swath_core.index import IndexState, encode_row, postings_of
from swath_core.search import ImageQuery, ImageSearch, MirrorSource, SearchProduct
from swath_core.store.rollups import Marker, RollupState, Row, Tally
from swath_core.summaries import (
    DateField,
    Interval,
    RequestedRange,
    Summaries,
    Summary,
    cells_of,
)

PRODUCTS = ("acme:a", "acme:b", "other:c")
MOMENTS = [
    "2019-12-30T00:00:00.000000Z",
    "2019-12-31T23:59:59.999999Z",
    "2020-01-01T00:00:00.000000Z",
    "2020-01-01T00:00:00.000001Z",
    "2020-01-15T12:30:00.000000Z",
    "2020-02-29T23:00:00.000000Z",
    "2020-03-01T00:00:00.000000Z",
    "2021-06-30T10:20:30.400000Z",
]


@dataclass
class World:
    """Images of some products, indexed in memory, and their rollups."""

    images: dict[str, Document] = field(default_factory=dict)
    postings: MemoryPostings = field(default_factory=MemoryPostings)
    dirty: dict[str, set[str]] = field(default_factory=dict)
    state_of: dict[str, IndexState] = field(default_factory=dict)
    mirror: MirrorSource | None = None

    def add(self, image: Document) -> None:
        self.images[image.id] = image
        found = postings_of(image)
        for row in found.rows:
            self.postings.put(row.partition, row.sort_key, row.payload)
        product = image.get("product_id")
        self.state_of[product] = self.state_of.get(product, IndexState()).union(found.state)

    def get_many(self, ids: Any) -> dict[str, Document]:
        return {each: self.images[each] for each in ids if each in self.images}

    def _days(self, product_id: str) -> dict[str, Tally]:
        days = {day: Tally(99, 99) for day in self.dirty.get(product_id, ())}
        for image in self.images.values():
            day = image.get("acquired")[:10]
            if image.get("product_id") == product_id and day not in self.dirty.get(product_id, ()):
                days[day] = days.get(day, Tally()) + Tally(1, _size(image))
        return days

    def states_of(self, product_ids: Sequence[str]) -> dict[str, RollupState]:
        return {each: self.state(each) for each in product_ids}

    def state(self, product_id: str) -> RollupState:
        years: dict[str, dict[str, Tally]] = {}
        for day, tally in self._days(product_id).items():
            months = years.setdefault(day[:4], {})
            months[day[5:7]] = months.get(day[5:7], Tally()) + tally
        marks = {day: Marker("t", 0.0) for day in self.dirty.get(product_id, ())}
        return RollupState(marks, {year: Row(months, 1) for year, months in years.items()})

    def month_rows(self, product_id: str, first: str, last: str) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for day, tally in self._days(product_id).items():
            if first <= day[:7] <= last:
                rows.setdefault(day[:7], Row({}, 1)).parts[day[8:]] = tally
        return rows

    @property
    def products(self) -> list[SearchProduct]:
        return [SearchProduct(each, self.state_of.get(each, IndexState())) for each in PRODUCTS[:2]]

    @property
    def summaries(self) -> Summaries:
        search = ImageSearch(
            postings=self.postings,
            documents=self,
            months=self,
            signing_key=lambda: b"k",
            mirror=self.mirror,
        )
        return Summaries(rollups=self, postings=self.postings, search=search)  # type: ignore[arg-type]


def _size(image: Document) -> int:
    return sum(each["size_bytes"] for each in image.get("files", ()))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World()
    for number in range(draw(st.integers(0, 12))):
        product = draw(st.sampled_from(PRODUCTS))
        values: dict[str, Any] = {
            "name": f"i{number}",
            "product_id": product,
            "acquired": draw(st.sampled_from(MOMENTS)),
            "created": draw(st.sampled_from(MOMENTS)),
            "modified": draw(st.sampled_from(MOMENTS)),
            "files": [{"size_bytes": draw(st.integers(0, 5))}],
        }
        if draw(st.booleans()):
            values["published"] = draw(st.sampled_from(MOMENTS))
        if draw(st.booleans()):
            values["tags"] = ["x"]
        if draw(st.booleans()):
            x = draw(st.sampled_from([0.0, 5.0, 170.0]))
            ring = [[x, 0.0], [x + 1, 0.0], [x + 1, 1.0], [x, 1.0], [x, 0.0]]
            values["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        world.add(Document("image", f"{product}:i{number}", values, 1))
    for product in PRODUCTS:
        days = st.sampled_from([moment[:10] for moment in MOMENTS])
        world.dirty[product] = draw(st.sets(days, max_size=4))
    if draw(st.booleans()):
        reader = MemoryMirror(world.postings, draw(st.integers(0, 99)))
        world.mirror = MirrorSource(reader, least=0, least_area=0.0, least_told=0.0)
    return world


conditions = st.one_of(
    st.builds(
        lambda op, val: {"op": op, "name": "acquired", "val": val},
        st.sampled_from(["gt", "gte", "lt", "lte", "eq", "ne"]),
        st.sampled_from([*MOMENTS, "2020", "2020-02"]),
    ),
    st.builds(
        lambda op, val: {"op": op, "name": "product_id", "val": val},
        st.sampled_from(["eq", "ne", "prefix"]),
        st.sampled_from(PRODUCTS),
    ),
    st.just({"op": "eq", "name": "tags", "val": "x"}),
    st.just({"op": "isnotnull", "name": "published"}),
    st.just({"op": "eq", "name": "id", "val": ["acme:a:i0", "acme:b:i1", "other:c:i2"]}),
)
filters = st.lists(
    conditions
    | st.builds(lambda parts: {"or": parts}, st.lists(conditions, min_size=1, max_size=3))
    | st.builds(lambda parts: {"and": parts}, st.lists(conditions, min_size=1, max_size=3)),
    max_size=3,
)
areas = st.none() | st.just(
    {"type": "Polygon", "coordinates": [[[-1, -1], [3, -1], [3, 3], [-1, 3], [-1, -1]]]}
)


def _query(given_filter: list[Any], area: dict[str, Any] | None) -> ImageQuery:
    body = {"filter": json.dumps(given_filter)}
    return ImageQuery.from_body(body if area is None else body | {"intersects": json.dumps(area)})


def _matching(world: World, given_filter: list[Any], area: dict[str, Any] | None) -> list[Document]:
    expression = parse_filter(json.dumps(given_filter), IMAGE)
    found = []
    for image in world.images.values():
        if image.get("product_id") not in PRODUCTS[:2]:
            continue
        geometry = image.get("geometry")
        touches = geometry is not None and geometry["coordinates"][0][0][0] == 0.0
        if expression.matches(values_of(image)) and (area is None or touches):
            found.append(image)
    return found


def _summed(images: list[Document]) -> Summary:
    return Summary(
        len(images), sum(map(_size, images)), tuple(sorted({i.get("product_id") for i in images}))
    )


@given(worlds(), filters, areas)
def test_totals_equal_a_count(
    world: World, given_filter: list[Any], area: dict[str, Any] | None
) -> None:
    found = world.summaries.total(_query(given_filter, area), world.products)
    assert found == _summed(_matching(world, given_filter, area))


@given(
    worlds(),
    filters,
    areas,
    st.sampled_from(list(DateField)),
    st.sampled_from([each for each in Interval if each is not Interval.MINUTE]),
    st.sampled_from(["", *MOMENTS]),
    st.sampled_from(["", *MOMENTS]),
)
def test_series_equal_a_count(
    world: World,
    given_filter: list[Any],
    area: dict[str, Any] | None,
    date_field: DateField,
    interval: Interval,
    start: str,
    end: str,
) -> None:
    if start and end and start > end:
        start, end = end, start
    asked = RequestedRange.parse({"_start": start, "_end": end})
    query = _query(given_filter, area)
    series = world.summaries.series(query, world.products, date_field, interval, asked)
    expected: dict[str, list[Document]] = {}
    for image in _matching(world, given_filter, area):
        moment = image.get(date_field)
        if moment is not None and asked.range().holds(moment):
            expected.setdefault(interval.start(moment), []).append(image)
    assert {key: each for key, each in series.items() if each.count} == {
        key: _summed(images) for key, images in expected.items()
    }
    assert list(series) == sorted(series)
    if start and end:
        assert set(interval.series(start, end)) - set(series) <= {end}


@given(worlds(), filters, areas, st.integers(0, 5))
def test_cells_equal_a_count(
    world: World, given_filter: list[Any], area: dict[str, Any] | None, resolution: int
) -> None:
    found = world.summaries.cells(_query(given_filter, area), world.products, resolution)
    matching = _matching(world, given_filter, area)
    placed = [image for image in matching if image.get("geometry") is not None]
    footprints = [encode_row(image)["g"] for image in placed]
    expected: dict[str, list[Document]] = {}
    for cell, image in zip(cells_of(footprints, resolution), placed, strict=True):
        expected.setdefault(cell, []).append(image)
    assert found.cells == {cell: _summed(images) for cell, images in expected.items()}
    assert found.without_footprint == len(matching) - len(placed)


def test_a_product_of_whose_files_nothing_matches_is_not_in_the_sum() -> None:
    world = World()
    values = {"name": "i", "product_id": "acme:a", "acquired": MOMENTS[0], "cloud_fraction": 0.5}
    world.add(Document("image", "acme:a:i", values, 1))
    reader = MemoryMirror(world.postings, 1, whole=True)
    world.mirror = MirrorSource(reader, least=0, least_area=0.0, least_told=0.0)
    query = _query([{"op": "gt", "name": "cloud_fraction", "val": 0.5}], None)
    assert world.summaries.total(query, world.products) == Summary()
    assert reader.told == 1


def test_postings_in_cells_do_not_hold_when_an_image_was_changed() -> None:
    world = World()
    ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    values = {
        "name": "i",
        "product_id": "acme:a",
        "acquired": MOMENTS[0],
        "modified": MOMENTS[4],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    world.add(Document("image", "acme:a:i", values, 1))
    query = _query([], {"type": "Point", "coordinates": [0.5, 0.5]})
    asked = RequestedRange.parse({})
    with mock.patch("swath_core.search._plan.time_ratio", return_value=1e9):
        series = world.summaries.series(
            query, world.products, DateField.MODIFIED, Interval.MONTH, asked
        )
    assert series == {"2020-01-01T00:00:00.000000Z": Summary(1, 0, ("acme:a",))}
