"""Of large files only ranges are fetched: fewer bytes, the same answers, every fault noticed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import numpy as np
import pytest
from moto import mock_aws
from tests.component.catalog.images.conftest import SETTINGS
from tests.mirror_world import PRODUCT, MirrorWorld, mirror_world

from swath_core.definitions import IMAGE
from swath_core.filters import sort_documents
from swath_core.mirror import MirrorColumns, Policy, Wanted
from swath_core.mirror._content import FileContent, LostFileError
from swath_core.mirror._footer import split_tail
from swath_core.search import ImageQuery
from swath_core.store.mirrored_months import MirrorFile
from swath_core.store.objects import ObjectGone, Objects
from swath_core.summaries import DateField, Interval, RequestedRange, Summaries

AREA = json.dumps(
    {"type": "Polygon", "coordinates": [[[0, 0], [20, 0], [20, 20], [0, 20], [0, 0]]]}
)


@pytest.fixture
def world() -> Iterator[MirrorWorld]:
    """Return a world of one file with four row groups, of which ranges are fetched."""
    with (
        mirror_world(Policy(file_rows=1000)) as found,
        mock.patch("swath_core.mirror._write.GROUP_ROWS", 25),
    ):
        dice = random.Random(5)
        found.mark(*(f"2020-02-{day:02}" for day in range(1, 29)))
        for number in range(100):
            x, y = dice.uniform(-179, 178), dice.uniform(-80, 79)
            if number % 10 == 0:
                x, y = dice.uniform(1, 18), dice.uniform(1, 18)
            ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
            found.apply(
                f"i{number}",
                f"2020-02-{number % 28 + 1:02}T10:00:00.000001Z",
                geometry={"type": "Polygon", "coordinates": [ring]},
                created=f"2020-03-{number % 28 + 1:02}T10:00:00.000000Z",
                cloud_fraction=round(dice.random(), 3),
            )
        found.settle()
        found.objects.reset()
        yield found


def file_of(world: MirrorWorld) -> MirrorFile:
    (file,) = world.manifests.manifests(PRODUCT, "2020-02", "2020-02")["2020-02"].files
    return file


def count(world: MirrorWorld, query: ImageQuery) -> int:
    return world.search.count(query, [world.searched])[0]


def cells(world: MirrorWorld, resolution: int) -> int:
    summaries = Summaries(rollups=world.rollups, postings=world.postings, search=world.search)
    found = summaries.cells(world.query(), [world.searched], resolution)
    return sum(each.count for each in found.cells.values())


def by_created(world: MirrorWorld) -> int:
    summaries = Summaries(rollups=world.rollups, postings=world.postings, search=world.search)
    asked = (world.query(), [world.searched], DateField.CREATED, Interval.DAY, RequestedRange())
    return sum(each.count for each in summaries.series(*asked).values())


def least_cloudy(world: MirrorWorld) -> int:
    query = world.query(sort="cloud_fraction", limit=10)
    page = world.search.page(query, [world.searched])
    assert page.documents == sort_documents(world.found(query), query.sort, IMAGE)[:10]
    return len(page.documents)


CLOUDY = {"op": "gte", "name": "cloud_fraction", "val": 0.0}
QUESTIONS: dict[str, tuple[Callable[[MirrorWorld], int], int, int]] = {
    # what is asked, what is answered, and how many ranges that takes
    "count": (lambda world: count(world, world.query(CLOUDY)), 100, 1),
    "series": (by_created, 100, 1),
    "sort": (least_cloudy, 10, 1),
    "cells of the file": (lambda world: cells(world, 2), 100, 1),
    "cells of centroids": (lambda world: cells(world, 7), 100, 1),
    "area": (lambda world: count(world, world.query(intersects=AREA)), 10, 2),
}


def test_a_question_fetches_the_end_of_the_file_and_what_an_area_touches(
    world: MirrorWorld,
) -> None:
    file = file_of(world)
    centroids, attributes, tail = file.starts
    assert 0 < centroids < attributes < tail < file.bytes
    for question, (ask, answer, ranges) in QUESTIONS.items():
        world.objects.reset()
        assert ask(world) >= answer
        spans = world.objects.ranges
        assert len(spans) == ranges
        first = centroids if question == "cells of centroids" else attributes
        assert spans[0] == (first, file.bytes)
        assert all(end <= centroids for _, end in spans[1:])
        assert sum(end - start for start, end in spans) < file.bytes


def test_an_area_that_no_file_touches_fetches_nothing(world: MirrorWorld) -> None:
    file = file_of(world)
    assert file.bounds is not None
    parts = world.reader.parts(PRODUCT, world.rollups.state(PRODUCT))
    ((_, found),) = world.reader.read(parts, (179.5, 85.0, 180.0, 90.0))
    assert (found, world.objects.ranges) == ([], [])


def spoilt(world: MirrorWorld, place: int) -> None:
    (key,) = world.objects.held
    data, moment = world.objects.held[key]
    changed = bytes([data[place] ^ 0x55])
    world.objects.held[key] = data[:place] + changed + data[place + 1 :], moment


def column_in(world: MirrorWorld, name: str) -> int:
    """Return the place of a byte of a column."""
    index, _ = split_tail(world.objects.held[file_of(world).key][0])
    start, end = index.groups[1].chunks[name].data
    return (start + end) // 2


@pytest.mark.parametrize(
    ("question", "column", "noticed"),
    [
        ("area", "bbox", True),
        ("area", "geometry", True),
        ("cells of centroids", "proj:centroid", True),
        ("cells of the file", "swath:h3_2", True),
        ("series", "created", True),
        ("series", "swath:bytes", True),
        ("sort", "swath:cloud_fraction", True),
        ("sort", "id", True),
        ("series", "geometry", False),
        ("count", "proj:centroid", False),
    ],
)
def test_a_changed_byte_is_noticed_where_it_is_read(
    world: MirrorWorld, question: str, column: str, noticed: bool
) -> None:
    ask, _, _ = QUESTIONS[question]
    whole = ask(world)
    spoilt(world, column_in(world, column))

    assert ask(world) == whole, "by postings"
    manifest = world.manifests.manifests(PRODUCT, "2020-02", "2020-02")["2020-02"]
    assert manifest.lost == noticed
    world.objects.reset()
    assert ask(world) == whole
    assert (world.objects.ranges == []) == noticed


@pytest.mark.parametrize("kind", ["lost", "cut", "long", "foreign", "tail"])
def test_a_file_that_is_not_as_written_is_not_read(world: MirrorWorld, kind: str) -> None:
    whole = by_created(world)
    file = file_of(world)
    data, moment = world.objects.held.pop(file.key)
    spoilt = {
        "cut": data[:-9],
        "long": data + b"x",
        "foreign": b"P" * len(data),
        "tail": data[: file.starts[-1]] + b"x" + data[file.starts[-1] + 1 :],
    }
    if kind != "lost":
        world.objects.held[file.key] = spoilt[kind], moment

    assert by_created(world) == whole
    assert world.manifests.manifests(PRODUCT, "2020-02", "2020-02")["2020-02"].lost
    world.settle()
    assert len(world.check_files()) == 29


def test_no_byte_that_is_read_may_change(world: MirrorWorld) -> None:
    """Whichever byte it is: what is told is what was written, or the file is lost."""
    file = file_of(world)
    data, _ = world.objects.held[file.key]
    whole = list(MirrorColumns(PRODUCT, data).rows(np.arange(100)))
    dice = random.Random(3)
    lost = 0
    for _ in range(60):
        wanted = dice.choice([Wanted.ATTRIBUTES, Wanted.CENTROIDS, Wanted.EVERYTHING])
        place = dice.randrange(len(data))
        spoilt(world, place)
        try:
            columns = world.files.columns(PRODUCT, file, None, wanted)
            assert list(columns.rows(np.arange(100))) == whole
        except LostFileError:
            lost += 1
        spoilt(world, place)
    assert lost > 20


def test_a_file_that_is_lost_between_two_ranges_is_not_read(world: MirrorWorld) -> None:
    query = world.query(intersects=AREA)
    whole = count(world, query)
    read = world.objects.read_range
    seen: list[int] = []

    def lost_after_the_first(key: str, start: int, end: int, size: int) -> bytes:
        seen.append(start)
        if len(seen) > 1:
            raise ObjectGone(key)
        return read(key, start, end, size)

    with mock.patch.object(world.objects, "read_range", lost_after_the_first):
        assert count(world, query) == whole
    assert len(seen) == 2
    assert world.manifests.manifests(PRODUCT, "2020-02", "2020-02")["2020-02"].lost


def test_what_is_looked_at_later_is_fetched_then(world: MirrorWorld) -> None:
    file = file_of(world)
    columns = world.files.columns(PRODUCT, file, None, Wanted.ATTRIBUTES)
    whole = MirrorColumns(PRODUCT, world.objects.held[file.key][0])
    places = columns.places_of_days("2020-02", [f"{day:02}" for day in range(1, 30)])

    assert len(world.objects.ranges) == 1
    assert list(columns.rows(places)) == list(whole.rows(places))
    assert (columns.bounds == whole.bounds).all()
    assert (columns.centroids == whole.centroids).all()
    assert len(world.objects.ranges) > 1
    spoilt(world, file.starts[0] - 1)
    late = world.files.columns(PRODUCT, file, None, Wanted.ATTRIBUTES)
    with pytest.raises(LostFileError):
        _ = late.bounds


def test_a_filter_that_looks_at_footprints_falls_back(world: MirrorWorld) -> None:
    """A file found to be spoilt while matches are decided is not counted by half."""
    query = world.query(sort="cloud_fraction", limit=5, intersects=AREA)
    whole = [each.id for each in world.search.page(query, [world.searched]).documents]
    file = file_of(world)
    columns = world.files.columns

    def late(*asked: Any) -> MirrorColumns:
        return columns(asked[0], asked[1], asked[2], Wanted.ATTRIBUTES)

    spoilt(world, file.starts[0] - 1)
    with mock.patch.object(world.files, "columns", late):
        found = world.search.page(query, [world.searched])
    assert [each.id for each in found.documents] == whole
    assert world.manifests.manifests(PRODUCT, "2020-02", "2020-02")["2020-02"].lost


def test_near_ranges_are_fetched_as_one_and_far_ones_apart(world: MirrorWorld) -> None:
    (data, _) = world.objects.held[file_of(world).key]
    index, _ = split_tail(data)
    asked: list[tuple[int, int]] = []

    def fetch(start: int, end: int) -> bytes:
        asked.append((start, end))
        return data[start:end]

    first, *_, last = index.groups
    chunks = [first.chunks["geometry"], last.chunks["geometry"]]
    with mock.patch("swath_core.mirror._content.NEAR_BYTES", 10):
        apart = FileContent(len(data), fetch)
        apart.need(chunks)
        apart.need(chunks)
    assert asked == [each.data for each in chunks]
    asked.clear()
    with mock.patch("swath_core.mirror._content.NEAR_BYTES", len(data)):
        FileContent(len(data), fetch).need(chunks)
    assert asked == [(chunks[0].data[0], chunks[1].data[1])]


@mock_aws
def test_a_range_is_of_an_object_of_the_size_that_is_told() -> None:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=SETTINGS.need("data_bucket"))
    objects = Objects(SETTINGS)
    objects.write("a", b"0123456789", "text/plain")

    assert objects.read_range("a", 2, 5, 10) == b"234"
    assert objects.read_range("a", 0, 10, 10) == b"0123456789"
    for start, end, size in ((2, 5, 9), (2, 5, 11), (10, 12, 12), (20, 30, 30)):
        with pytest.raises(ObjectGone):
            objects.read_range("a", start, end, size)
    with pytest.raises(ObjectGone):
        objects.read_range("b", 0, 1, 1)
