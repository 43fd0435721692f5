"""Writers, crashes, replays, searches and rollup runs at any moment, against plain dictionaries.

Every step is followed by the two promises of the catalog: the index holds what the documents
say, and summaries equal a brute-force count.
"""

import dataclasses
import types
from collections.abc import Callable
from typing import Any
from unittest import mock

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from moto import mock_aws
from tests.component.catalog.images.conftest import PRODUCT, SETTINGS, create_tables
from tests.component.catalog.images.reader import TableReader

from swath_core.catalog import ImageWriter, expire_images
from swath_core.errors import Conflict, NotFound
from swath_core.index import IndexState, postings_of
from swath_core.search import ImageQuery, ImageSearch, SearchProduct
from swath_core.store import images, rollups
from swath_core.store.requests import Changes, transact
from swath_core.store.rollups import (
    COVERS_SECONDS,
    LONGEST_WRITE_SECONDS,
    MEMORY,
    SETTLED_SECONDS,
    Memory,
    RollupStore,
    Tally,
)
from swath_core.store.tables import CatalogItem, ImageItem, PostingItem
from swath_core.summaries import Interval, LiveCounter, Rollup, RollupSummary, TimeRange
from swath_core.summaries._rollup_summary import DAILY

MOMENTS = [
    "2019-12-31T23:59:59.999999Z",
    "2020-01-01T00:00:00.000000Z",
    "2020-01-01T12:00:00.000000Z",
    "2020-01-02T00:00:00.000000Z",
    "2020-01-31T23:59:59.999999Z",
    "2020-02-29T10:00:00.000000Z",
    "2021-07-05T00:00:00.000001Z",
]
PAST, FUTURE = "2021-01-01T00:00:00.000000Z", "2090-01-01T00:00:00.000000Z"
OF_P = {"product_id": "acme:p", "storage_state": "remote"}
_BUDGET = settings().max_examples
names = st.sampled_from("abcdef")
moments = st.sampled_from(MOMENTS)
sizes = st.integers(0, 3).map(lambda n: [_file(i) for i in range(n)])
corners = st.tuples(st.sampled_from([-179.99, 10.0, 179.9]), st.sampled_from([-89.9, 0.0, 45.0]))


def _file(number: int) -> dict[str, Any]:
    return {"href": f"https://example.com/{number}", "size_bytes": 10 + number, "hash": "0" * 32}


def _square(corner: tuple[float, float]) -> dict[str, Any]:
    x, y = corner
    ring = [[x, y], [x + 0.05, y], [x + 0.05, y + 0.05], [x, y + 0.05], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


class CrashedError(Exception):
    """The process ended here."""


class Clock:
    def __init__(self) -> None:
        self.now = 1_600_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclasses.dataclass
class Paging:
    """A search under way: what there was when it began, and what it has seen so far."""

    query: ImageQuery
    began: dict[str, dict[str, Any]]
    token: str | None = None
    seen: list[str] = dataclasses.field(default_factory=list)


class CatalogMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.stack = mock_aws()
        self.stack.start()
        self.clock = Clock()
        fake = types.SimpleNamespace(time=self.clock)
        self.patches: list[Any] = [
            mock.patch.object(rollups, "time", fake),
            mock.patch("swath_core.catalog._image_writes._BULK_THREADS", 1),  # moto's limit
            mock.patch("swath_core.catalog._expiry._THREADS", 1),
            mock.patch("swath_core.search._pages.PAGE_IMAGES", 2),
        ]
        for patch in self.patches:
            patch.start()
        MEMORY.forget()
        create_tables()
        self.writers = [ImageWriter(SETTINGS), ImageWriter(SETTINGS)]
        for writer in self.writers:
            writer._commits.rollups = RollupStore(SETTINGS, memory=Memory())
        self.store = RollupStore(SETTINGS, memory=Memory(0))
        self.reader = TableReader()
        self.search = ImageSearch(
            postings=self.reader,
            documents=self.writers[0],
            months=RollupStore(SETTINGS),
            signing_key=lambda: b"key",
        )
        self.paging: Paging | None = None
        self.model: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, tuple[str, dict[str, Any]]] = {}
        self.number = 0

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            for patch in self.patches:
                patch.stop()
            self.stack.stop()

    # ---- writes

    def _token(self) -> str:
        self.number += 1
        return f"request-{self.number}"

    def _during(self, moment: Callable[[], None]) -> Any:
        """Run something between the marks of the next write and its transaction."""
        pending = [moment]

        def interrupted(
            changes: Changes, *, before_each: Callable[[], None] = lambda: None
        ) -> None:
            def before() -> None:
                before_each()
                if pending:
                    pending.pop()()

            transact(changes, before_each=before)

        return mock.patch.object(images, "transact", interrupted)

    @rule(
        writer=st.integers(0, 1),
        name=names,
        acquired=moments,
        files=sizes,
        corner=st.none() | corners,
        delay=st.sampled_from([0, 1, LONGEST_WRITE_SECONDS]),
    )
    def create(
        self,
        writer: int,
        name: str,
        acquired: str,
        files: list[Any],
        corner: tuple[float, float] | None,
        delay: float,
    ) -> None:
        given: dict[str, Any] = OF_P | {"name": name, "acquired": acquired, "files": files}
        if corner is not None:
            given["geometry"] = _square(corner)
        token = self._token()
        with self._during(lambda: self._pass_time_and_roll(delay)):
            try:
                image = self.writers[writer].create(given, PRODUCT, request=token)
            except Conflict:
                assert f"acme:p:{name}" in self.model
                return
        assert image.id not in self.model
        self.model[image.id] = image.attributes
        self.requests[image.id] = (token, given)

    @precondition(lambda self: self.model)
    @rule(writer=st.integers(0, 1), data=st.data(), acquired=moments, files=sizes, corner=corners)
    def update(
        self,
        writer: int,
        data: st.DataObject,
        acquired: str,
        files: list[Any],
        corner: tuple[float, float],
    ) -> None:
        image_id = data.draw(st.sampled_from(sorted(self.model)))
        everything = {
            "acquired": acquired,
            "files": files,
            "geometry": data.draw(st.just(_square(corner)) | st.none()),
            "cloud_fraction": 0.5,
            "expires": data.draw(st.sampled_from([PAST, FUTURE, None])),
        }
        chosen = data.draw(st.sets(st.sampled_from(sorted(everything)), min_size=1))
        changes = {name: everything[name] for name in chosen}
        delay = data.draw(st.sampled_from([0, COVERS_SECONDS, LONGEST_WRITE_SECONDS]))
        with self._during(lambda: self._pass_time_and_roll(delay)):
            image = self.writers[writer].update(image_id, changes, PRODUCT, request=self._token())
        self.model[image_id] = image.attributes
        self.requests.pop(image_id, None)

    @precondition(lambda self: self.model)
    @rule(writer=st.integers(0, 1), data=st.data(), acquired=moments, files=sizes)
    def replace(self, writer: int, data: st.DataObject, acquired: str, files: list[Any]) -> None:
        image_id = data.draw(st.sampled_from([*sorted(self.model), "acme:p:new"]))
        given = OF_P | {"name": image_id.split(":")[-1], "acquired": acquired}
        image = self.writers[writer].replace(given | {"files": files}, PRODUCT)
        self.model[image_id] = image.attributes
        self.requests.pop(image_id, None)

    @precondition(lambda self: self.model)
    @rule(writer=st.integers(0, 1), data=st.data())
    def delete(self, writer: int, data: st.DataObject) -> None:
        image_id = data.draw(st.sampled_from(sorted(self.model)))
        self.writers[writer].delete(image_id)
        del self.model[image_id]
        self.requests.pop(image_id, None)

    @rule(writer=st.integers(0, 1), acquired=moments, chosen=st.lists(names, max_size=4))
    def bulk(self, writer: int, acquired: str, chosen: list[str]) -> None:
        items = [
            OF_P | {"name": name, "acquired": acquired if i % 2 == 0 else "soon"}
            for i, name in enumerate(chosen)
        ]
        for item, result in zip(
            items, self.writers[writer].bulk(items, PRODUCT, request=self._token()), strict=True
        ):
            image_id = f"acme:p:{item['name']}"
            assert (result.image is None) is (result.error is not None)
            if result.image is not None:
                assert image_id not in self.model
                self.model[image_id] = result.image.attributes
            else:
                assert image_id in self.model or item["acquired"] == "soon"

    @rule(delay=st.sampled_from([0, 1000]))
    def expire(self, delay: float) -> None:
        expired = [id_ for id_, values in self.model.items() if values.get("expires") == PAST]
        self.clock.now += delay
        done = expire_images(SETTINGS, 30)
        assert (done.deleted, done.problems) == (len(expired), [])
        for image_id in expired:
            del self.model[image_id]
            self.requests.pop(image_id, None)

    # ---- what goes wrong

    @precondition(lambda self: self.requests)
    @rule(writer=st.integers(0, 1), data=st.data())
    def replay(self, writer: int, data: st.DataObject) -> None:
        image_id = data.draw(st.sampled_from(sorted(self.requests)))
        token, given = self.requests[image_id]
        image = self.writers[writer].create(given, PRODUCT, request=token)
        assert image.attributes == self.model[image_id]

    @rule(writer=st.integers(0, 1), name=names, acquired=moments)
    def crash_between_mark_and_write(self, writer: int, name: str, acquired: str) -> None:
        def crash() -> None:
            raise CrashedError

        given = OF_P | {"name": name, "acquired": acquired}
        with self._during(crash):
            try:
                self.writers[writer].replace(given, PRODUCT)
            except CrashedError:
                self.writers[writer]._commits.rollups = RollupStore(SETTINGS, memory=Memory())

    @precondition(lambda self: self.model)
    @rule(data=st.data(), acquired=moments)
    def two_writers_at_once(self, data: st.DataObject, acquired: str) -> None:
        image_id = data.draw(st.sampled_from(sorted(self.model)))

        def overtake() -> None:
            image = self.writers[1].update(image_id, {"acquired": acquired}, PRODUCT)
            self.model[image_id] = image.attributes
            self.requests.pop(image_id, None)

        with self._during(overtake):
            try:
                self.writers[0].update(image_id, {"cloud_fraction": 0.1}, PRODUCT)
            except Conflict:
                return
        raise AssertionError("the second of two writers was not told")

    @rule(name=names)
    def change_what_is_not_there(self, name: str) -> None:
        if f"acme:p:{name}" in self.model:
            return
        changes: list[Callable[[], object]] = [
            lambda: self.writers[0].update(f"acme:p:{name}", {"tags": []}, PRODUCT),
            lambda: self.writers[0].delete(f"acme:p:{name}"),
        ]
        for change in changes:
            try:
                change()
            except NotFound:
                continue
            raise AssertionError("changed an image that is not there")

    # ---- paged searches, with writes between the pages

    @rule(order=st.sampled_from(["acquired", "-acquired", "id", "-cloud_fraction"]))
    def begin_a_search(self, order: str) -> None:
        filter_ = '[{"op":"eq","name":"product_id","val":"acme:p"}]'
        query = ImageQuery.from_body({"filter": filter_, "sort": order})
        self.paging = Paging(query, dict(self.model))

    @precondition(lambda self: self.paging is not None)
    @rule()
    def read_a_page(self) -> None:
        paging = self.paging
        if paging is None:
            return
        product = SearchProduct("acme:p", _index_state())
        page = self.search.page(paging.query, [product], paging.token)
        for document in page.documents:
            assert document.attributes == self.model[document.id]
        paging.seen += [document.id for document in page.documents]
        paging.token = page.token
        if page.token is None:
            stayed = [id_ for id_, at in paging.began.items() if self.model.get(id_) is at]
            assert [paging.seen.count(image_id) for image_id in stayed] == [1] * len(stayed)
            if stayed == sorted(paging.began) == sorted(self.model):
                assert sorted(paging.seen) == stayed
            self.paging = None

    # ---- rollup

    def _rollup(self) -> Rollup:
        return Rollup(self.store, LiveCounter(self.reader), clock=self.clock)

    def _pass_time_and_roll(self, seconds: float) -> None:
        self.clock.now += seconds
        self._rollup().run(60)

    @rule(seconds=st.sampled_from([0, 30, 121, 1000]))
    def roll(self, seconds: float) -> None:
        self._pass_time_and_roll(seconds)

    @rule(seconds=st.sampled_from([121, 1000]))
    def roll_without_time(self, seconds: float) -> None:
        self.clock.now += seconds
        self._rollup().run(-1)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), acquired=moments, delay=st.sampled_from([0, 130]))
    def write_and_roll_while_a_rollup_counts(
        self, data: st.DataObject, acquired: str, delay: float
    ) -> None:
        image_id = data.draw(st.sampled_from(sorted(self.model)))
        moment = self.model[image_id]["acquired"]
        pending = [True]

        def overtaken(
            product_id: str, ranges: Any, interval: Any, shards: int = 1
        ) -> dict[str, Tally]:
            counted = LiveCounter(self.reader).tally(product_id, ranges, interval, shards)
            if pending and any(each.holds(moment) for each in ranges):
                pending.clear()
                image = self.writers[1].update(image_id, {"acquired": acquired}, PRODUCT)
                self.model[image_id] = image.attributes
                self.requests.pop(image_id, None)
                self._pass_time_and_roll(delay)
            return counted

        self.store.mark("acme:p", [moment[:10]])  # so that the rollup counts the image's day
        self.clock.now += SETTLED_SECONDS + 1
        counter = LiveCounter(self.reader)
        with mock.patch.object(counter, "tally", overtaken):
            Rollup(self.store, counter, clock=self.clock).run(60)
        assert not pending

    @rule()
    def audit_finds_nothing(self) -> None:
        report = dataclasses.replace(self._rollup().run(-1))
        self._rollup().audit(report, buckets=40)
        assert report.drifted == []

    # ---- the promises

    @invariant()
    def index_equals_documents(self) -> None:
        if not hasattr(self, "model"):
            return
        stored = {item.id: item for item in ImageItem.scan()}
        assert {id_: item.document for id_, item in stored.items()} == self.model
        wanted = {
            (posting.partition, posting.sort_key): posting.payload
            for image in self.writers[0].get_many(self.model).values()
            for posting in postings_of(image).rows
        }
        found = {(item.pk, item.sk): _payload(item) for item in PostingItem.scan()}
        assert found == wanted

    @invariant()
    def summaries_equal_counts(self) -> None:
        if not hasattr(self, "model"):
            return
        summary = RollupSummary(RollupStore(SETTINGS), LiveCounter(self.reader))
        ranges = [TimeRange()]
        ranges += [TimeRange(a, b) for a, b in zip(MOMENTS[1:3], MOMENTS[4:6], strict=True)]
        for asked in ranges:
            assert summary.tally("acme:p", asked, None).get("", Tally()) == self._brute(
                asked, None
            ).get("", Tally())
        self.number += 1
        interval = sorted(DAILY)[self.number % len(DAILY)]
        for asked in ranges:
            assert summary.tally("acme:p", asked, interval) == self._brute(asked, interval)

    def _brute(self, asked: TimeRange, interval: Interval | None) -> dict[str, Tally]:
        sums: dict[str, Tally] = {}
        for attributes in self.model.values():
            if not asked.holds(attributes["acquired"]):
                continue
            key = interval.start(attributes["acquired"]) if interval else ""
            stored = sum(file["size_bytes"] for file in attributes.get("files", ()))
            sums[key] = sums.get(key, Tally()) + Tally(1, stored)
        return sums


def _index_state() -> IndexState:
    row = CatalogItem.get("acme:p", "product", consistent_read=True)
    return IndexState(frozenset(map(int, row.rungs or ())), frozenset(map(int, row.extent or ())))


def _payload(item: PostingItem) -> dict[str, Any]:
    row = {"a": item.a, "b": int(item.b), "v": int(item.v)}
    return row if item.g is None else row | {"g": item.g}


TestCatalog = CatalogMachine.TestCase
TestCatalog.settings = settings(
    max_examples=max(10, _BUDGET // 4), stateful_step_count=25, deadline=None
)
