"""How images get to where the index has them today; tests/properties has every interleaving."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from tests.component.catalog.images.conftest import PRODUCT, SETTINGS, attributes
from tests.component.catalog.images.reader import TableReader

from swath_core.catalog import ImageWriter, Outcome, Reindex, Sweep, _reindex
from swath_core.documents import SHARDS, StoredImage, StoredProduct
from swath_core.errors import NotFound
from swath_core.index import Placement, postings_of, shard_of
from swath_core.store import images
from swath_core.store.catalog import CatalogStore
from swath_core.store.requests import Changes, transact
from swath_core.store.tables import CatalogItem, ImageItem, PostingItem
from swath_core.summaries import LiveCounter, TimeRange

OLD = StoredProduct("product", "acme:p", PRODUCT.attributes, 1, index=1)


class KilledError(Exception):
    """The process ended here."""


class Clock:
    """Time passes only in sleep."""

    def __init__(self) -> None:
        self.now = 1_600_000_000.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def old(catalog: ImageWriter) -> ImageWriter:
    item = CatalogItem.get("acme:p", "product")
    item.index = None
    item.save()
    return catalog


def sweeps(clock: Clock) -> Iterator[Sweep]:
    return Reindex(SETTINGS, clock=clock.time, sleep=clock.sleep, threads=1).run("acme:p")


def counts(clock: Clock) -> list[dict[str, int]]:
    """Move the product and return what each sweep did."""
    found: list[Sweep] = []
    for sweep in sweeps(clock):
        if not found or found[-1] is not sweep:
            found.append(sweep)
    return [{outcome.value: number for outcome, number in sweep.items()} for sweep in found]


def product() -> StoredProduct:
    found = CatalogStore(SETTINGS).product("acme:p")
    assert found is not None
    return found


def add_shards(shards: int) -> None:
    before = product()
    values = before.attributes | {"extra_properties": {SHARDS: shards}}
    CatalogStore(SETTINGS).replace_product(
        dataclasses.replace(before, attributes=values, version=before.version + 1)
    )


def stored(catalog: ImageWriter, name: str = "a") -> StoredImage:
    found = catalog.get(f"acme:p:{name}")
    assert isinstance(found, StoredImage)
    return found


def partitions(name: str = "a") -> set[str]:
    return {item.pk for item in PostingItem.scan() if item.sk.endswith(f":{name}")}


def wanted(image: StoredImage, place: Placement) -> set[str]:
    return {row.partition for row in postings_of(image, place).rows}


def test_an_image_is_in_both_places_until_no_search_can_miss_it(
    old: ImageWriter, clock: Clock
) -> None:
    old.create(attributes(), OLD)
    moving = sweeps(clock)
    assert next(moving) == {Outcome.ADDED: 1}
    image = stored(old)
    before, after = wanted(image, Placement(1)), wanted(image, Placement(2))
    assert partitions() == before | after
    assert (product().index, product().also) == (2, 1)

    clock.slept.clear()
    assert next(moving) == {Outcome.FINISHED: 1}
    assert clock.slept == [_reindex.SETTLE_SECONDS]
    assert partitions() == after

    assert next(moving, None) is None
    assert (product().index, product().also) == (2, None)
    assert stored(old).version == image.version  # nothing that a caller sees


def test_what_is_in_its_place_is_left_alone(catalog: ImageWriter, clock: Clock) -> None:
    catalog.create(attributes(), product())
    with mock.patch.object(images, "transact", side_effect=AssertionError):
        assert counts(clock) == [{"there": 1}]


def test_images_that_do_not_record_their_place_move_too(old: ImageWriter, clock: Clock) -> None:
    old.create(attributes(), OLD)
    item = ImageItem.get("acme:p:a")
    item.posted = item.index = item.indexed = None
    item.save()
    assert counts(clock) == [{"added": 1}, {"finished": 1}]
    assert partitions() == wanted(stored(old), Placement(2))


def test_images_spread_over_shards_that_were_added(catalog: ImageWriter, clock: Clock) -> None:
    for name in "abcd":
        catalog.create(attributes(name), product())
    add_shards(4)
    assert counts(clock)[-1].keys() <= {"there", "finished"}
    for name in "abcd":
        image = stored(catalog, name)
        assert partitions(name) == wanted(image, Placement(2, shard_of(image.id, 4)))


def test_an_image_in_two_shards_is_counted_once(catalog: ImageWriter, clock: Clock) -> None:
    names = [name for name in "abcd" if shard_of(f"acme:p:{name}", 4)]
    for name in names:
        catalog.create(attributes(name), product())
    add_shards(4)
    next(sweeps(clock))
    assert all(len([p for p in partitions(name) if "|t|" in p]) == 2 for name in names)
    month = TimeRange("2020-02-01T00:00:00.000000Z", "2020-03-01T00:00:00.000000Z")
    counted = LiveCounter(TableReader()).tally("acme:p", [month], None, shards=4)
    assert counted[""].count == len(names) > 0


def test_postings_of_other_code_are_written_again(catalog: ImageWriter, clock: Clock) -> None:
    catalog.create(attributes(), product())
    item = ImageItem.get("acme:p:a")
    item.index = 1
    item.save()
    for posting in PostingItem.scan():
        posting.a = "{}"
        posting.save()
    assert counts(clock) == [{"finished": 1}]
    assert all("satellite" in p.a or p.a != "{}" for p in PostingItem.scan())
    assert stored(catalog).index == 2


def test_a_move_that_other_code_began_is_taken_back(old: ImageWriter, clock: Clock) -> None:
    old.create(attributes(), OLD)
    next(sweeps(clock))
    item = ImageItem.get("acme:p:a")
    names = item.target.split()
    PostingItem(f"acme:p|{names[-1]}", item_key()).delete()
    item.target = " ".join(names[:-1])
    item.save()
    assert counts(clock) == [{"left": 1}, {"added": 1}, {"finished": 1}]
    assert partitions() == wanted(stored(old), Placement(2))


def item_key() -> str:
    return next(iter(PostingItem.scan())).sk


def killing(after: int) -> Callable[..., None]:
    """Return a transact that dies with its so-manieth transaction, which is applied."""
    left = [after]

    def dying(changes: Changes, **options: Any) -> None:
        transact(changes, **options)
        left[0] -= 1
        if not left[0]:
            raise KilledError

    return dying


@pytest.mark.parametrize("after", range(1, 7))
def test_killed_at_any_transaction_it_goes_on(old: ImageWriter, clock: Clock, after: int) -> None:
    for name in "abc":
        old.create(attributes(name), OLD)
    with (
        mock.patch.object(images, "transact", killing(after)),
        pytest.raises(KilledError),
    ):
        counts(clock)
    counts(clock)
    for name in "abc":
        assert partitions(name) == wanted(stored(old, name), Placement(2))
    assert product().also is None


def test_an_image_in_two_places_can_be_moved_though_it_is_large(
    old: ImageWriter, clock: Clock
) -> None:
    def side(x: float) -> dict[str, Any]:
        ring = [[x, 47], [x + 2.4, 47], [x + 2.4, 48.7], [x, 48.7], [x, 47]]
        return {"type": "Polygon", "coordinates": [ring]}

    old.create(attributes(geometry=side(10)), OLD)
    next(sweeps(clock))
    assert len(partitions()) > images.MOST_ITEMS // 2  # too many to be replaced at once
    old.update("acme:p:a", {"geometry": side(40)}, product())
    assert partitions() == wanted(stored(old), Placement(1))
    assert counts(clock) == [{"added": 1}, {"finished": 1}]
    assert partitions() == wanted(stored(old), Placement(2))


def test_a_writer_whom_the_move_overtakes_tries_again(old: ImageWriter, clock: Clock) -> None:
    old.create(attributes(), OLD)
    pending = [lambda: next(sweeps(clock))]

    def overtaken(changes: Changes, **options: Any) -> None:
        if pending:
            pending.pop()()
        transact(changes, **options)

    with mock.patch.object(images, "transact", overtaken):
        old.update("acme:p:a", {"cloud_fraction": 0.5}, OLD)
    image = stored(old)
    assert (image.get("cloud_fraction"), image.version) == (0.5, 2)
    assert partitions() == wanted(image, Placement(1)) | wanted(image, Placement(2))
    assert {int(item.v) for item in PostingItem.scan()} == {2}


def test_a_move_whom_a_writer_overtakes_comes_back(old: ImageWriter, clock: Clock) -> None:
    old.create(attributes(), OLD)
    pending = [lambda: old.update("acme:p:a", {"cloud_fraction": 0.5}, OLD)]
    done: list[types.SimpleNamespace] = []

    def overtaken(changes: Changes, **options: Any) -> None:
        if pending:
            pending.pop()()
            done.append(types.SimpleNamespace())
        transact(changes, **options)

    with mock.patch.object(images, "transact", overtaken):
        assert counts(clock) == [{"left": 1}, {"added": 1}, {"finished": 1}]
    assert done
    assert stored(old).get("cloud_fraction") == 0.5


def test_a_product_that_is_not_there(tables: None, clock: Clock) -> None:
    del tables
    with pytest.raises(NotFound, match="acme:none"):
        next(Reindex(SETTINGS, sleep=clock.sleep).run("acme:none"))
