"""The mirror on moto: what is written when, and what independent readers find in the files."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import duckdb
import numpy as np
import pytest
import shapely
from tests.component.catalog.images.conftest import SETTINGS
from tests.mirror_world import PRODUCT, MirrorWorld, content, mirror_world

from swath_core.definitions import IMAGE
from swath_core.errors import BadRequest, Unavailable
from swath_core.filters import sort_documents
from swath_core.mirror import (
    COLUMNS,
    Mirror,
    MirrorColumns,
    MirrorContext,
    MirrorFiles,
    MirrorReport,
    Policy,
    write_file,
)
from swath_core.mirror._audit import Audit
from swath_core.mirror._schema import column_of
from swath_core.search import ImageQuery, ImageSearch, MirrorSource
from swath_core.search._query import sign
from swath_core.search._streams import SECONDS
from swath_core.stac._properties import SHOWN
from swath_core.store.mirrored_months import SCHEMA, Due, MirrorFile
from swath_core.store.objects import Objects
from swath_core.store.rollups import SETTLED_SECONDS
from swath_core.store.tables import RollupItem

DAY = "2020-02-03T04:05:06.000007Z"


@pytest.fixture
def world() -> Iterator[MirrorWorld]:
    with mirror_world() as found:
        yield found


def square(x: float, y: float) -> dict[str, Any]:
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def fill(world: MirrorWorld, number: int, month: str = "2020-02") -> None:
    dice = random.Random(number)
    world.mark(*(f"{month}-{day:02}" for day in range(1, 29)))
    for count in range(number):
        x, y = dice.uniform(-179, 178), dice.uniform(-80, 79)
        more = {"geometry": square(x, y)} if count % 4 else {}
        moment = f"{month}-{count % 28 + 1:02}T10:00:{count % 60:02}.000001Z"
        fraction = round(dice.random(), 3)
        world.apply(f"i{count}", moment, cloud_fraction=fraction, satellite_id="S1", **more)


def file_of(world: MirrorWorld, folder: Path) -> Path:
    rows = [row for name, row in world.postings.rows() if "|t|" in name]
    path = folder / "file.parquet"
    path.write_bytes(write_file(PRODUCT, rows))
    return path


# ---- files


def test_a_file_holds_what_the_postings_hold(world: MirrorWorld) -> None:
    fill(world, 50)
    world.put(
        "odd", DAY, tags=["a", "ö"], provider_id="x" * 400, published="0001-01-01T00:00:00.000000Z"
    )
    world.put("west", DAY, geometry=square(179.5, 10))
    rows = [row for name, row in world.postings.rows() if "|t|" in name]
    columns = MirrorColumns(PRODUCT, write_file(PRODUCT, rows))
    found = list(
        columns.rows(columns.places_of_days("2020-02", [f"{day:02}" for day in range(1, 30)]))
    )
    assert {row.key: content(row) for row in found} == {row.key: content(row) for row in rows}
    assert {row.attributes for row in found} == {row.attributes for row in rows}


def test_an_independent_reader_finds_typed_columns(world: MirrorWorld, tmp_path: Path) -> None:
    fill(world, 60)
    path = file_of(world, tmp_path)
    found = duckdb.execute(
        'SELECT id, "datetime" AT TIME ZONE \'UTC\', "eo:cloud_cover", platform, bbox.xmin, '
        "collection FROM read_parquet(?)",
        [str(path)],
    ).fetchall()
    assert len(found) == 60
    for image_id, moment, cover, platform, west, collection in found:
        image = world.images[image_id]
        assert f"{moment.isoformat(timespec='microseconds')}Z" == image.get("acquired")
        assert cover == pytest.approx(image.get("cloud_fraction") * 100)
        assert (platform, collection) == ("S1", PRODUCT)
        geometry = image.get("geometry")
        assert west == (shapely.from_geojson(json.dumps(geometry)).bounds[0] if geometry else None)


def test_files_are_geoparquet_1_1(world: MirrorWorld, tmp_path: Path) -> None:
    fill(world, 60)
    path = file_of(world, tmp_path)
    (text,) = duckdb.execute(
        "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = 'geo'", [str(path)]
    ).fetchone() or ("{}",)
    geo = json.loads(text)
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    column = geo["columns"]["geometry"]
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["Polygon"])
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    shapes = [
        shapely.from_geojson(json.dumps(i.get("geometry")))
        for i in world.images.values()
        if i.get("geometry")
    ]
    assert column["bbox"] == pytest.approx(shapely.total_bounds(shapes))


def test_row_groups_tell_their_bounds(
    world: MirrorWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swath_core.mirror._write.GROUP_ROWS", 50)
    fill(world, 400)
    path = file_of(world, tmp_path)
    groups = duckdb.execute(
        "SELECT row_group_id, path_in_schema, stats_min_value::DOUBLE, stats_max_value::DOUBLE "
        "FROM parquet_metadata(?) WHERE path_in_schema LIKE 'bbox, %'",
        [str(path)],
    ).fetchall()
    widths = {group: 0.0 for group, *_ in groups}
    for group, name, low, high in groups:
        assert low is not None or group >= 6, "the last are those without a footprint"
        if name == "bbox, xmin" and low is not None:
            widths[group] = high - low
    assert len(widths) == 8
    assert sorted(widths.values())[3] < 200, "images close on earth are close in the file"


def test_columns_are_called_as_stac_calls_them() -> None:
    for name in COLUMNS:
        stac = {"acquired_end": "end_datetime"}.get(name) or SHOWN[name].name
        if name == "cloud_fraction":
            assert (column_of(name), stac) == ("swath:cloud_fraction", "eo:cloud_cover")
        else:
            assert column_of(name) == stac
    assert {each.name for each in IMAGE if each.filterable} >= COLUMNS.keys()


# ---- when


def test_a_quiet_month_is_written_once(world: MirrorWorld) -> None:
    world.put("a", DAY)
    world.clock.now += 500
    world.rollup.run(60)
    assert world.mirror.run(60).months == 0
    assert world.check_files() == set()
    world.clock.now += world.policy.quiet
    report = world.mirror.run(60)
    assert (report.months, report.images) == (1, 1)
    assert len(world.check_files()) == 29
    world.clock.now += world.policy.longest
    assert world.mirror.run(60).months == 0


def test_a_busy_month_is_written_seldom(world: MirrorWorld) -> None:
    world.policy = Policy()
    fill(world, 20)
    world.settle()
    written = 0
    for minute in range(0, 12 * 60, 10):
        world.put(f"m{minute}", f"2020-02-{1 + minute % 3:02}T00:{minute // 60:02}:00.000000Z")
        world.clock.now += 600
        world.rollup.run(60)
        written += world.mirror.run(60).months
    assert written == 1, "every six hours while there is no quarter of an hour of quiet"
    world.settle()
    assert len(world.check_files()) == 29


def test_large_files_wait_for_their_size(world: MirrorWorld) -> None:
    fill(world, 20)
    world.settle()
    stored = sum(len(data) for data, _ in world.objects.held.values())
    world.policy = replace(world.policy, bytes_per_second=stored / 50_000)
    world.put("late", DAY)
    world.clock.now += 500
    world.rollup.run(60)
    world.clock.now += 30_000 - 500 - 10
    assert world.mirror.run(60).months == 0
    world.clock.now += 20_011
    assert world.mirror.run(60).months == 1


def test_only_what_has_changed_is_written_again(world: MirrorWorld) -> None:
    fill(world, 112)
    world.settle()
    assert len(world.objects.held) == 28
    report = world.mirror.run(60)
    assert report.images == 0
    world.put("more", DAY)
    world.clock.now += 500
    world.rollup.run(60)
    world.clock.now += 30_000
    assert world.mirror.run(60).images == 5
    assert len(world.check_files()) == 29


def test_a_long_month_is_written_in_turns(world: MirrorWorld) -> None:
    fill(world, 112)
    world.clock.now += 500
    world.rollup.run(60)
    world.clock.now += 30_000
    runs: list[int] = []
    while not runs or len(world.check_files()) < 29:
        world.clock.now += 1
        runs.append(world.mirror.run(-0.5 if len(runs) > 40 else 0.0).images)
        assert len(runs) < 60
    assert sum(runs) >= 112


def test_months_older_than_the_mirror_are_found(world: MirrorWorld) -> None:
    fill(world, 3)
    world.clock.now += 500
    world.rollup.run(60)
    for product_id, month, due in world.manifests.listed(None, 10):
        assert world.manifests.relist(product_id, month, due, None)
    world.mirror.run(60)
    assert [month for _, month, _ in world.manifests.listed(None, 10)] == ["2020-02"]


def test_old_objects_are_removed_after_the_grace(world: MirrorWorld) -> None:
    fill(world, 3)
    world.settle()
    old = set(world.objects.held)
    world.put("more", DAY)
    world.settle()
    assert old < set(world.objects.held)
    world.clock.now += world.policy.grace + 2
    assert world.mirror.run(60).removed == len(old)
    assert old.isdisjoint(world.objects.held)
    assert world.manifests.listed(None, 10) == []


# ---- faults


@pytest.mark.parametrize("hook", ["before", "after"])
def test_a_file_whose_writer_was_overtaken_is_removed(world: MirrorWorld, hook: str) -> None:
    def overtake() -> None:
        world.put("b", DAY)
        world.settle()

    world.put("a", DAY)
    setattr(world.objects, hook, overtake)
    world.settle()
    world.clock.now += world.policy.grace + 2
    world.mirror.run(60)
    manifests = world.manifests.manifests(PRODUCT, "2020-02", "2020-02").values()
    assert set(world.objects.held) == {file.key for each in manifests for file in each.files}
    assert DAY[:10] in world.check_files()


@pytest.mark.parametrize("kind", ["lost", "cut", "long", "foreign"])
def test_a_file_that_is_not_as_written_is_written_again(world: MirrorWorld, kind: str) -> None:
    fill(world, 3)
    world.settle()
    (key,) = world.objects.held
    data, moment = world.objects.held.pop(key)
    if kind != "lost":
        spoilt = {"cut": data[:-1], "long": data + b"x", "foreign": b"P" * len(data)}[kind]
        world.objects.held[key] = spoilt, moment
    assert world.check_files() == set()
    assert world.check_files() == set(), "the days are not asked for again"
    world.clock.now += 1
    report = world.mirror.run(60)
    assert (report.lost, report.images) == ([f"{PRODUCT} 2020-02"], 3)
    assert len(world.check_files()) == 29


def test_the_audit_finds_a_day_that_differs(world: MirrorWorld) -> None:
    fill(world, 1)
    world.settle()
    world.apply("behind-the-marker", "2020-02-01T00:00:00.000000Z")  # a restored table, a bug
    reports = []
    for day in ("02", "01"):
        report = world.mirror.run(-1)
        chosen = ("2020-02", day)
        with mock.patch("swath_core.mirror._audit.random.choice", return_value=chosen) as choice:
            world.mirror.audit(report)
            world.mirror.audit(report)  # the product after the last one: none
        assert chosen in choice.call_args.args[0]
        reports += report.drifted
    assert reports == [f"{PRODUCT} 2020-02-01"]
    world.clock.now += 1
    world.mirror.run(60)
    assert len(world.check_files()) == 29


def test_one_month_that_cannot_be_written_keeps_no_other(world: MirrorWorld) -> None:
    world.put("a", "2020-01-05T00:00:00.000000Z")
    world.put("b", DAY)

    def fail() -> None:
        raise ValueError("no room")

    world.objects.before = fail
    world.clock.now += 500
    world.rollup.run(60)
    world.clock.now += 30_000
    report = world.mirror.run(60)
    assert [str(each) for each in report.failures] == ["no room"]
    assert report.months == 1
    world.clock.now += 60
    assert world.mirror.run(60).months == 1


# ---- a product that is deleted


@pytest.mark.parametrize("hook", ["before", "after"])
@pytest.mark.parametrize("settles", [True, False])
def test_nothing_is_left_of_a_product_deleted_while_it_is_written(
    world: MirrorWorld, hook: str, settles: bool
) -> None:
    """By the time another mirror has written what is left, or before."""
    fill(world, 5)
    world.settle()
    assert world.objects.held
    assert world.objects.lists
    assert world.objects.links
    world.put("more", DAY)
    world.clock.now += SETTLED_SECONDS + 1
    world.rollup.run(60)
    world.clock.now += 30_000

    def delete() -> None:
        world.delete_product()
        if settles:
            world.settle()

    setattr(world.objects, hook, delete)
    world.mirror.run(60)
    for _ in range(3):
        world.settle()
        world.clock.now += world.policy.grace + 2
    world.mirror.audit(MirrorReport())

    left = (world.objects.held, world.objects.lists, world.objects.links)
    assert left == ({}, {}, {})
    items = boto3.client("dynamodb").scan(TableName="rollups")["Items"]
    keys = {(item["pk"]["S"], item["sk"]["S"]) for item in items}
    of_product = {key for key in keys if key[0] != "!rollup"}  # where the runs go on
    assert of_product == {(PRODUCT, "1#2020"), (PRODUCT, "2#2020-02"), ("!known", PRODUCT)}
    world.put("again", DAY)
    world.settle()
    assert world.check_files() >= {DAY[:10]}


def test_files_of_a_deleted_product_stay_for_readers_that_are_still_at_it(
    world: MirrorWorld,
) -> None:
    fill(world, 3)
    world.settle()
    files = set(world.objects.held)
    world.clock.now += 10 * world.policy.longest
    world.delete_product()
    world.settle()
    report = MirrorReport()
    for _ in range(3):  # the audit of the same minute
        world.mirror.audit(report)
    assert (report.removed, set(world.objects.held)) == (0, files)
    assert world.objects.lists == {}
    world.clock.now += world.policy.grace + 2
    assert world.mirror.run(60).removed == len(files)
    assert world.objects.held == {}
    assert world.manifests.month(PRODUCT, "2020-02").manifest.version == 0
    assert world.manifests.listed(None, 10) == []


# ---- what nobody names


def test_the_audit_removes_objects_that_no_manifest_has_named_for_long(world: MirrorWorld) -> None:
    fill(world, 5)
    world.settle()
    named = set(world.objects.held)
    strays = [
        f"mirror/v1/product={PRODUCT}/month={m}/stray.parquet" for m in ("2020-02", "2011-07")
    ]
    for key in strays:
        world.objects.write(key, b"of a run that ended early", "application/vnd.apache.parquet")

    def audited() -> MirrorReport:
        report = MirrorReport()
        for _ in range(2):  # products, and from the beginning again
            world.mirror.audit(report)
        return report

    world.clock.now += world.policy.grace - 60
    assert audited().removed == 0
    assert set(world.objects.held) == {*named, *strays}
    world.clock.now += 120
    found = audited()
    assert (found.removed, found.drifted) == (2, [])
    assert set(world.objects.held) == named
    assert len(world.check_files()) == 29


# ---- a page in the order of the index


@pytest.mark.parametrize("sort", ["acquired", "-acquired"])
def test_a_page_with_few_matches_goes_on_in_files(world: MirrorWorld, sort: str) -> None:
    for month in ("2020-01", "2020-02", "2020-03"):
        fill(world, 60, month)  # of the same names: only those of the last month are there
    world.mark(*(f"2020-0{month}-{day:02}" for month in (1, 2) for day in range(1, 29)))
    for number in range(120):
        fraction = 0.0 if number % 29 == 3 else 0.5
        day = f"2020-0{number % 2 + 1}-{number % 28 + 1:02}"
        world.apply(f"m{number}", f"{day}T00:00:00.000000Z", cloud_fraction=fraction)
    world.settle()
    world.put("late", "2020-02-10T00:00:00.000000Z", cloud_fraction=0.0)  # and its day is dirty
    source = MirrorSource(world.reader, least=30, least_area=0.0, least_told=0.0)
    search = ImageSearch(
        postings=world.postings,
        documents=world,
        months=world.rollups,
        signing_key=lambda: b"key",
        mirror=source,
    )
    clear = {"op": "eq", "name": "cloud_fraction", "val": 0}
    query = replace(world.query(clear, sort=sort), page_size=6)
    found: list[str] = []
    kinds: list[str] = []
    token = None
    while token is not None or not found:
        page = search.page(query, [world.searched], token)
        assert len(page.documents) <= 6
        found += [document.id for document in page.documents]
        kinds += [each["index"] for each in page.plan["products"]]
        token = page.token
    expected = sort_documents(world.found(query), query.sort, IMAGE)
    assert found == [document.id for document in expected]
    assert len(found) > 5
    assert "mirror" in kinds


def test_files_with_the_columns_of_another_version_are_written_again(world: MirrorWorld) -> None:
    fill(world, 6)
    world.settle()
    state = world.manifests.month(PRODUCT, "2020-02")
    assert world.manifests.commit(
        PRODUCT, "2020-02", state, replace(state.manifest, schema=SCHEMA - 1)
    )
    assert world.check_files() == set()
    for _ in range(4):  # products are gone through, and what was found is written
        world.clock.now += 30_000
        world.mirror.run(60)
    assert len(world.check_files()) == 29
    assert world.manifests.month(PRODUCT, "2020-02").manifest.schema == SCHEMA


# ---- pages in another order


def pages_of(world: MirrorWorld, query: ImageQuery) -> list[str]:
    found: list[str] = []
    token = None
    while token is not None or not found:
        page = world.search.page(query, [world.searched], token)
        found += [document.id for document in page.documents]
        token = page.token
        if not page.documents:
            break
    return found


@pytest.mark.parametrize("sort", ["cloud_fraction", "-cloud_fraction", "published", "-published"])
def test_pages_go_on_behind_more_equal_values_than_a_page_has(
    world: MirrorWorld, sort: str
) -> None:
    world.policy = Policy()
    world.mark(DAY)
    moments = [None, "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999998Z",
               "9999-12-31T23:59:59.999999Z"]  # fmt: skip
    for number in range(40):
        values: dict[str, Any] = {
            "cloud_fraction": [0.5, 0.0, None, 1.0][number // 10],
            "published": moments[number // 10],
        }
        more = {name: value for name, value in values.items() if value is not None}
        world.apply(f"i{number * 7 % 40}", DAY, **more)
    world.settle()
    query = replace(world.query(sort=sort), page_size=3)
    expected = [each.id for each in sort_documents(world.found(query), query.sort, IMAGE)]
    assert pages_of(world, query) == expected
    assert world.objects.reads > 0


def test_the_last_month_there_is_has_its_images(world: MirrorWorld) -> None:
    """December 9999, behind which there is no month of four digits."""
    for number in range(3):
        world.put(f"i{number}", f"9999-12-31T23:59:59.99999{number}Z", cloud_fraction=0.5)
    world.put("first", "0001-01-01T00:00:00.000000Z", cloud_fraction=0.5)
    plain = ImageSearch(
        postings=world.postings,
        documents=world,
        months=world.rollups,
        signing_key=lambda: b"key",
    )
    cloudy = {"op": "gt", "name": "cloud_fraction", "val": 0}
    late = {"op": "gt", "name": "acquired", "val": "9999-12-31T23:59:59.999990Z"}
    for settled in (False, True):
        if settled:
            world.settle()
        for search in (plain, world.search):
            for asked, count in (([], 4), ([cloudy], 4), ([late], 2), ([cloudy, late], 2)):
                query = world.query(*asked)
                assert search.count(query, [world.searched])[0] == count
                assert len(search.page(query, [world.searched]).documents) == count


# ---- files that do not come, or not in time


def clocked(world: MirrorWorld) -> ImageSearch:
    """Return a search whose time is the world's."""
    return ImageSearch(
        postings=world.postings,
        documents=world,
        months=world.rollups,
        signing_key=lambda: b"key",
        clock=world.clock,
        mirror=MirrorSource(world.reader, least=0, least_area=0.0, least_told=0.0),
    )


@contextmanager
def slow_postings(world: MirrorWorld, seconds: float) -> Iterator[None]:
    read = world.postings.read

    def slow(requests: Any) -> Any:
        world.clock.now += seconds
        return read([replace(each, limit=1) for each in requests])

    with mock.patch.object(world.postings, "read", slow):
        yield


def test_postings_and_files_together_have_the_time_of_a_request(world: MirrorWorld) -> None:
    fill(world, 40)
    world.settle()
    for number in range(6):
        world.put(f"late{number}", f"2020-02-03T10:10:0{number}.000000Z")
    read = world.objects.read_range

    def slow(*given: Any) -> bytes:
        world.clock.now += 4
        return read(*given)

    with mock.patch.object(world.objects, "read_range", slow), slow_postings(world, 2):
        began = world.clock.now
        with pytest.raises(BadRequest, match="is not done"):
            clocked(world).count(world.query(), [world.searched])
        # files are fetched ahead, six at a time
        assert world.clock.now - began < SECONDS + 2 * 6 * 4


@pytest.mark.parametrize("asked", [{}, {"sort": "cloud_fraction"}])
def test_days_of_a_lost_file_are_read_in_time_or_not_at_all(
    world: MirrorWorld, asked: dict[str, Any]
) -> None:
    world.policy = Policy()
    fill(world, 60)
    world.settle()
    world.objects.held.clear()
    query = world.query({"op": "gt", "name": "cloud_fraction", "val": -1}, **asked)
    search, began = clocked(world), world.clock.now
    with slow_postings(world, 1), pytest.raises(BadRequest, match="is not done"):
        search.page(query, [world.searched]) if asked else search.count(query, [world.searched])
    assert world.clock.now - began < SECONDS + 2


def test_a_page_that_comes_to_a_lost_file_has_what_was_found_in_time(world: MirrorWorld) -> None:
    world.policy = Policy()
    fill(world, 60)
    world.mark("2020-01-05")
    world.apply("early", "2020-01-05T00:00:00.000000Z", cloud_fraction=0.5)
    world.settle()
    (lost,) = world.manifests.month(PRODUCT, "2020-02").manifest.files
    del world.objects.held[lost.key]
    query = replace(world.query({"op": "gt", "name": "cloud_fraction", "val": -1}), page_size=50)
    state = {"n": 0, "k": "2019", "f": 1, "q": query.digest}
    with slow_postings(world, 1):
        page = clocked(world).page(query, [world.searched], sign(state, b"key"))
    assert [each.id for each in page.documents] == [f"{PRODUCT}:early"]
    rest = clocked(world).page(query, [world.searched], page.token)
    assert len(rest.documents) >= 12


def test_files_that_were_not_begun_are_not_fetched_when_one_fails(world: MirrorWorld) -> None:
    world.mark(DAY)
    for number in range(60):
        world.apply(f"i{number}", DAY, cloud_fraction=0.5)
    world.settle()
    assert len(world.objects.held) == 15
    query = world.query({"op": "gt", "name": "cloud_fraction", "val": 0})
    calls: list[str] = []

    def throttled(key: str, *_: Any) -> bytes:
        calls.append(key)
        time.sleep(0.05)
        raise Unavailable("the object store is busy just now: send the request again")

    with mock.patch.object(world.objects, "read_range", throttled), pytest.raises(Unavailable):
        world.search.count(query, [world.searched])
    assert len(calls) <= 12
    assert world.search.count(query, [world.searched])[0] == 60


def test_manifests_of_a_later_version_are_passed_over(world: MirrorWorld) -> None:
    """A deployment that was taken back finds what the later one has stored."""
    fill(world, 6)
    world.settle()
    row = RollupItem.get(PRODUCT, "3#2020-02", consistent_read=True)
    document = row.document
    document["schema"] = SCHEMA + 1
    document["more"] = "unknown"
    for group in document["groups"]:
        group["files"] = [[*file, "a member more"] for file in group["files"]]
    row.document = document
    row.save()
    cloudy = world.query({"op": "gte", "name": "cloud_fraction", "val": 0})
    assert world.search.count(cloudy, [world.searched])[0] == 6
    assert world.check_files() == set()
    for _ in range(4):
        world.clock.now += 30_000
        assert world.mirror.run(60).failures == []
    assert len(world.check_files()) == 29


# ---- on S3


def test_objects_of_a_bucket(world: MirrorWorld) -> None:
    boto3.client("s3").create_bucket(Bucket="mirror")
    world.files = MirrorFiles(Objects(replace(SETTINGS, mirror_bucket="mirror"), "mirror_bucket"))
    fill(world, 3)
    world.clock.now += 500
    world.rollup.run(60)
    world.clock.now = 4e9  # after the objects' own time, which is the real one
    world.manifests.list_month(PRODUCT, "2020-02", Due(1.0, 2.0))
    context = MirrorContext(
        world.rollups,
        world.manifests,
        world.postings,
        world.files,
        clock=world.clock,
        policy=Policy(grace=1e10),
    )
    mirror = Mirror(context)
    assert mirror.run(60).images == 3
    s3 = boto3.client("s3")
    (linked,) = s3.list_objects_v2(Bucket="mirror", Prefix="mirror/links/")["Contents"]
    listed, found = sorted(
        s3.list_objects_v2(Bucket="mirror", Prefix="mirror/v1/")["Contents"],
        key=lambda each: "_files.json" not in each["Key"],
    )
    assert linked["Key"] == f"mirror/links/product={PRODUCT}/month=2020-02/symlink.txt"
    links = s3.get_object(Bucket="mirror", Key=linked["Key"])["Body"].read().decode()
    assert links == f"s3://mirror/{found['Key']}\n"
    text = s3.get_object(Bucket="mirror", Key=listed["Key"])["Body"].read()
    days = [f"{day:02}" for day in range(1, 30)]
    assert json.loads(text) == {"files": [found["Key"].rpartition("/")[2]], "days": days}
    assert found["Key"].startswith(f"mirror/v1/product={PRODUCT}/month=2020-02/")
    named = {file.key for file in world.manifests.month(PRODUCT, "2020-02").manifest.files}
    assert named == {found["Key"]}
    assert list(world.files.unnamed(PRODUCT, "2020-02", named)) == []
    ((key, moment),) = world.files.unnamed(PRODUCT, "2020-02", set())
    assert (key, moment) == (found["Key"], found["LastModified"].timestamp())


# ---- days that are too large for a run


def test_a_day_of_many_files_is_written_in_turns(world: MirrorWorld) -> None:
    for number in range(19):
        world.put(f"i{number}", DAY)
    world.put("other", "2020-03-01T00:00:00.000000Z")
    world.clock.now += SETTLED_SECONDS + 1
    world.rollup.run(60)
    world.clock.now += world.policy.longest
    written: list[int] = []
    with world.slowly(61):
        while not written or len(written) < 5:
            before = len(world.objects.held)
            assert world.mirror.run(60).failures == []
            written.append(len(world.objects.held) - before)
            assert len(world.drafts()) == (len(written) < 5)
            if len(written) == 2:  # a write of another month does not undo what there is
                world.put("more", "2020-03-02T00:00:00.000000Z")
                world.rollup.run(60)
    assert written == [1] * 5  # a file takes the time of a run
    assert DAY[:10] in world.check_files()
    world.settle()
    files = world.manifests.month(PRODUCT, "2020-02").manifest.files
    assert [file.rows for file in files] == [4, 4, 4, 4, 3]
    assert world.objects.held.keys() >= {file.key for file in files}


@pytest.mark.parametrize("what", ["recount", "declaration", "age", "lost"])
def test_a_draft_that_does_not_hold_any_more_is_begun_again(world: MirrorWorld, what: str) -> None:
    for number in range(11):
        world.put(f"i{number}", DAY)
    world.clock.now += SETTLED_SECONDS + 1
    world.rollup.run(60)
    world.clock.now += world.policy.longest
    with world.slowly(61):
        world.mirror.run(60)
    assert world.drafts() == {"2020-02"}
    (first,) = world.objects.held
    if what == "recount":
        world.put("i3", DAY, cloud_fraction=0.5)
    elif what == "declaration":
        world.declared = {"gsd": "number"}
    elif what == "age":
        world.clock.now += world.policy.draft_seconds + 1
    else:
        world.objects.held.clear()
        world.clock.now += world.policy.draft_seconds + 1
    world.settle()
    assert world.drafts() == set()
    assert DAY[:10] in world.check_files()
    assert first not in {
        file.key for file in world.manifests.month(PRODUCT, "2020-02").manifest.files
    }


def test_a_file_ends_where_its_postings_are_large(world: MirrorWorld) -> None:
    world.policy = replace(world.policy, file_rows=1000, file_bytes=2000)
    for number in range(20):
        world.put(f"i{number}", DAY, provider_id="x" * 200, geometry=square(number, number))
    world.settle()
    files = world.manifests.month(PRODUCT, "2020-02").manifest.files
    assert len(files) > 2
    assert sum(file.rows for file in files) == 20
    assert max(file.rows for file in files) < 10
    assert DAY[:10] in world.check_files()
    world.put("late", "2020-02-05T00:00:00.000000Z")
    world.settle()
    left = world.manifests.month(PRODUCT, "2020-02").manifest.files
    assert set(files) <= set(left), "large ones stay as they are"


def test_a_large_day_is_compared_in_part(
    world: MirrorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swath_core.mirror._audit.MOST_COMPARED", 3)
    for number in range(12):
        world.put(f"i{number:02}", f"2020-02-03T{number // 2:02}:00:00.000000Z")
    world.settle()
    audit, report, dice = Audit(world.context), MirrorReport(), random.Random(3)

    def chosen(given: Any) -> Any:  # the day, and of it any file and image
        return (
            dice.choice(given)
            if isinstance(given[0], MirrorFile | np.integer)
            else ("2020-02", "03")
        )

    with mock.patch("swath_core.mirror._audit.random.choice", chosen):
        for _ in range(8):
            audit.product(PRODUCT, report)
        assert report.drifted == []
        world.apply("i07", "2020-02-03T03:00:00.000000Z", cloud_fraction=0.5)  # without a mark
        for _ in range(40):
            audit.product(PRODUCT, report)
            if report.drifted:
                break
    assert report.drifted == [f"{PRODUCT} 2020-02-03"]


# ---- products without images


def test_rows_of_counts_of_a_product_that_is_gone_are_removed_after_an_hour(
    world: MirrorWorld,
) -> None:
    fill(world, 5)
    fill(world, 5, "1969-12")
    world.settle()
    world.delete_product()
    for _ in range(3):
        world.settle()
        world.clock.now += world.policy.grace + 2
    report = MirrorReport()

    def rows() -> set[tuple[str, str]]:
        for _ in range(2):  # products, and from the beginning again
            world.mirror.audit(report)
        items = boto3.client("dynamodb").scan(TableName="rollups")["Items"]
        keys = {(item["pk"]["S"], item["sk"]["S"]) for item in items}
        return {key for key in keys if key[0] != "!rollup"}

    assert len(rows()) == 5
    world.clock.now += world.policy.grace - 60
    assert len(rows()) == 5
    world.put("again", DAY)  # and gone at once
    world.delete_product()
    for _ in range(2):
        world.settle()
    world.clock.now += 60
    assert len(rows()) >= 5, "something has changed meanwhile"
    world.clock.now += 2 * world.policy.grace
    rows()
    world.clock.now += 2 * world.policy.grace
    assert rows() == set()
    world.put("a", DAY)
    world.settle()
    assert world.check_files() >= {DAY[:10]}
    assert (PRODUCT, "1#2020") in rows()
