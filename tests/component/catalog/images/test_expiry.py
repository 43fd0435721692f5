"""Images whose time is over go with postings, objects and sums; all others stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from tests.component.catalog.images.conftest import PRODUCT, SETTINGS, attributes
from tests.component.catalog.images.reader import TableReader

from swath_core import times
from swath_core.catalog import Expired, ImageWriter, expire_images
from swath_core.documents import StoredImage
from swath_core.errors import Conflict
from swath_core.index import postings_of
from swath_core.store.catalog import CatalogStore
from swath_core.store.expiry import ExpiryStore
from swath_core.store.objects import Objects
from swath_core.store.rollups import MEMORY, RollupStore, Tally
from swath_core.store.tables import ImageItem, PostingItem, RollupItem
from swath_core.summaries import LiveCounter, RollupSummary, TimeRange

PAST, FUTURE = "2021-01-01T00:00:00Z", "2090-01-01T00:00:00Z"
LATER = "2999-01-01T00:00:00.000000Z"


@pytest.fixture
def bucket(tables: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket="data")
    return client


@pytest.fixture(autouse=True)
def one_at_a_time() -> Iterator[None]:
    """moto is not made for several threads."""
    with mock.patch("swath_core.catalog._expiry._THREADS", 1):
        yield


def put(catalog: ImageWriter, bucket: Any, name: str, **more: Any) -> None:
    key = f"images/acme/p/2020/02/03/{name}/v1/a.tif"
    bucket.put_object(Bucket="data", Key=key, Body=b"x")
    file = {"href": f"s3://data/{key}", "size_bytes": 1, "hash": "0" * 32}
    catalog.create(attributes(name, files=[file], **more), PRODUCT)


def names() -> list[str]:
    return sorted(item.id.rpartition(":")[2] for item in ImageItem.scan())


def check(bucket: Any, catalog: ImageWriter) -> None:
    """Assert that documents, postings, objects and sums are of the same images."""
    images = catalog.get_many(item.id for item in ImageItem.scan()).values()
    wanted = {(p.partition, p.sort_key) for each in images for p in postings_of(each).rows}
    assert {(item.pk, item.sk) for item in PostingItem.scan()} == wanted
    keys = sorted(file["href"][10:] for each in images for file in each.get("files"))
    stored = bucket.list_objects_v2(Bucket="data").get("Contents", ())
    assert [each["Key"] for each in stored] == keys
    assert catalog.unreachable(LATER, 100) == []
    summary = RollupSummary(RollupStore(SETTINGS), LiveCounter(TableReader()))
    total = summary.tally("acme:p", TimeRange(), None).get("", Tally())
    assert (total.count, total.bytes) == (len(keys), len(keys))


def run(**span: Any) -> Expired:
    done = expire_images(SETTINGS, span.get("seconds", 30))
    assert done.problems == []
    return done


def at(moment: str) -> Any:
    return mock.patch("swath_core.times.now", return_value=times.canonical_timestamp(moment))


def rows() -> int:
    return sum(item.pk.startswith("!expiry") for item in RollupItem.scan())


def test_an_expired_image_goes_whole_and_the_others_stay(catalog: ImageWriter, bucket: Any) -> None:
    put(catalog, bucket, "old", expires=PAST)
    put(catalog, bucket, "later", expires=FUTURE)
    put(catalog, bucket, "kept")
    assert run().deleted == 1
    assert names() == ["kept", "later"]
    check(bucket, catalog)
    assert rows() == 1
    assert run().deleted == 0
    with at("2090-01-01T00:00:01Z"):
        assert run().deleted == 1
    assert names() == ["kept"]
    check(bucket, catalog)
    assert rows() == 0


@pytest.mark.parametrize("to", [None, FUTURE])
def test_what_counts_is_what_the_image_says_now(
    catalog: ImageWriter, bucket: Any, to: str | None
) -> None:
    put(catalog, bucket, "a", expires=PAST)
    catalog.update("acme:p:a", {"expires": to}, PRODUCT)
    assert run().deleted == 0
    assert names() == ["a"]
    catalog.update("acme:p:a", {"expires": PAST}, PRODUCT)
    assert run().deleted == 1
    check(bucket, catalog)


def test_rows_without_their_image_wait_for_a_slow_write(catalog: ImageWriter, bucket: Any) -> None:
    notes = ExpiryStore(SETTINGS)
    notes.put("acme:p:a", PAST)  # a writer begins, and the schedule is faster
    assert run().deleted == 0
    put(catalog, bucket, "a", expires=PAST)
    assert run().deleted == 1
    notes.put("acme:p:b", PAST)  # and here the writer died
    (note,) = notes.due(LATER)
    with at(LATER):
        run()
    assert note.is_left_over(LATER)
    assert rows() == 0


def test_an_image_that_is_written_meanwhile_stays(catalog: ImageWriter, bucket: Any) -> None:
    put(catalog, bucket, "a", expires=PAST)
    real = ImageWriter.get_many

    def then_changed(writer: ImageWriter, ids: Any) -> dict[str, StoredImage]:
        found = real(writer, ids)
        with mock.patch.object(ImageWriter, "get_many", real):
            catalog.update("acme:p:a", {"expires": None}, PRODUCT)
        return found

    with mock.patch.object(ImageWriter, "get_many", then_changed):
        assert run().deleted == 0
    assert names() == ["a"]
    check(bucket, catalog)


class KilledError(BaseException):
    """The process is gone."""


def killed_by(owner: object, name: str, *, after: bool) -> Any:
    """Let the process die at a call, before or after it did its work."""
    real: Callable[..., Any] = getattr(owner, name)

    def dies(*arguments: Any, **named: Any) -> None:
        if after:
            real(*arguments, **named)
        raise KilledError

    return mock.patch.object(owner, name, dies)


@pytest.mark.parametrize(("rule", "after"), [(False, False), (False, True), (True, True)])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (RollupStore, "mark"),
        (ImageWriter, "delete"),
        (Objects, "delete"),
        (ImageWriter, "clear"),
        (ExpiryStore, "remove"),
    ],
)
def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(
    catalog: ImageWriter, bucket: Any, owner: object, name: str, *, after: bool, rule: bool
) -> None:
    more = {} if rule else {"expires": PAST}
    for each in "abc":
        put(catalog, bucket, each, **more)
    if rule:
        retain(30)
    MEMORY.forget()
    if not (rule and owner is ExpiryStore):
        with killed_by(owner, name, after=after), pytest.raises(KilledError):
            expire_images(SETTINGS, 30)
    MEMORY.forget()
    run()
    for note in catalog.unreachable(LATER, 100):  # as the sweep does
        catalog.clear(note)
    assert names() == []
    check(bucket, catalog)


def retain(days: object) -> None:
    stored = CatalogStore(SETTINGS).product("acme:p")
    assert stored is not None
    values = {**stored.attributes, "extra_properties": {"swath.retention_days": days}}
    CatalogStore(SETTINGS).replace_product(stored.next_version(values, None))


def test_a_product_keeps_its_images_for_so_many_days(catalog: ImageWriter, bucket: Any) -> None:
    put(catalog, bucket, "old", acquired="2020-01-31T23:59:59Z")
    put(catalog, bucket, "month", acquired="2020-02-20T00:00:00Z")
    put(catalog, bucket, "edge", acquired="2020-03-01T00:00:00Z")
    put(catalog, bucket, "own", acquired="2020-01-01", expires=FUTURE)
    with at("2020-03-31"):
        assert run().deleted == 0
    retain(30)
    with at("2020-03-31T00:30:00Z"):
        assert run().deleted == 0, "products are looked at once an hour"
    with at("2020-03-31T01:00:00Z"):
        assert run().deleted == 3
    assert names() == ["own"]
    check(bucket, catalog)


def test_what_is_younger_than_the_rule_stays(catalog: ImageWriter, bucket: Any) -> None:
    for day in (1, 15, 29):
        put(catalog, bucket, f"d{day}", acquired=f"2020-02-{day:02}")
    retain(14.5)
    with at("2020-02-29T12:00:00Z"):
        assert run().deleted == 1
    assert names() == ["d15", "d29"]
    check(bucket, catalog)


def test_without_time_nothing_is_done_and_the_next_run_goes_on(
    catalog: ImageWriter, bucket: Any
) -> None:
    put(catalog, bucket, "a", acquired="2020-01-01")
    put(catalog, bucket, "b", expires=PAST)
    retain(1)
    for _ in range(2):
        done = run(seconds=-1)
        assert (done.deleted, done.finished) == (0, False)
    assert names() == ["a", "b"]
    assert run().deleted == 2
    check(bucket, catalog)


def test_one_that_cannot_be_deleted_is_named_and_does_not_keep_the_others(
    catalog: ImageWriter, bucket: Any
) -> None:
    for name in "ab":
        put(catalog, bucket, name, expires=PAST)
    real = ImageWriter.remove

    def fails(writer: ImageWriter, image_id: str, **named: Any) -> None:
        if image_id == "acme:p:a":
            raise RuntimeError("InternalError")
        if image_id == "acme:p:c":
            raise Conflict(image_id)
        real(writer, image_id, **named)

    with mock.patch.object(ImageWriter, "remove", fails):
        done = expire_images(SETTINGS, 30)
    assert (done.deleted, done.problems) == (1, ["acme:p:a: RuntimeError: InternalError"])
    assert run().deleted == 1
    check(bucket, catalog)
