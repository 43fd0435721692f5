"""A product's images move in its index while they are written and searched, and the move is killed.

Writers may have read the product long before, a search has other things happen between any two of
its reads, a step of the move between its decision and its transaction. Whatever happens: what was
saved is found, once, and nothing else; what items record is where their postings are.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import types
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import hypothesis.strategies as st
import shapely
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from moto import mock_aws
from tests.component.catalog.images.conftest import SETTINGS, create_tables
from tests.component.catalog.images.reader import TableReader

from swath_core.catalog import ImageWriter, Outcome, Reindex, Sweep, _reindex
from swath_core.documents import INDEX_VERSION, SHARDS, StoredProduct
from swath_core.errors import Conflict, NotFound, Unavailable
from swath_core.geo import footprint, query_geometry
from swath_core.search import ImageQuery, ImageSearch, SearchProduct
from swath_core.store import images, permits, requests, rollups
from swath_core.store.catalog import CatalogStore
from swath_core.store.postings import PostingPage, RangeRead
from swath_core.store.requests import Changes, transact
from swath_core.store.rollups import RollupStore
from swath_core.store.tables import CatalogItem, ImageItem, PostingItem
from swath_core.summaries import LiveCounter, TimeRange

_BUDGET = settings().max_examples
PRODUCT = "acme:p"
MOMENTS = ["2020-01-31T12:00:00.000000Z", "2020-02-01T12:00:00.000000Z"]
PLACES = [(10.0, 47.0), (10.8, 47.3), (-3.0, 5.0)]
SIDES = [0.05, 1.9]  # of the larger ones, two placements are too much for one transaction
KINDS = ["create", "update", "delete", "legacy", "shards", "step", "kill"]

names = st.sampled_from("abc")
places = st.none() | st.tuples(st.sampled_from(PLACES), st.sampled_from(SIDES))
actions = st.tuples(st.sampled_from(KINDS), names, places, st.sampled_from(MOMENTS), st.booleans())
meanwhile = st.lists(actions, max_size=4)
moving = st.integers(2, 8).map(lambda number: [("step", "a", None, MOMENTS[0], False)] * number)

Place = tuple[tuple[float, float], float] | None
Action = tuple[str, str, Place, str, bool]


class KilledError(Exception):
    """The process that moved the images ended here."""


def square(place: Place) -> dict[str, Any] | None:
    if place is None:
        return None
    (x, y), side = place
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


QUERIES: list[dict[str, Any]] = [
    {},
    {"intersects": square(((9.9, 46.9), 0.2))},
    {"intersects": square(((9.0, 46.0), 4.0)), "intersects_none": True},
    {"intersects": {"type": "Point", "coordinates": [10.02, 47.02]}},
]


class InterruptedReader(TableReader):
    """Reads one range after another, in any order, and lets something happen in between."""

    def __init__(self, dice: random.Random, moment: int, during: Callable[[], None]) -> None:
        self.dice, self.left, self.during = dice, moment, during

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        order = list(range(len(requests)))
        self.dice.shuffle(order)
        pages = {}
        for number in order:
            if self.left == 0:
                self.during()
            self.left -= 1
            pages[number] = self._page(requests[number])
        return [pages[number] for number in range(len(requests))]


class ReindexMachine(RuleBasedStateMachine):
    @initialize(
        is_old=st.sampled_from([True, True, False]),
        first=st.lists(st.tuples(places, st.sampled_from(MOMENTS)), min_size=2, max_size=3),
    )
    def begin(self, is_old: bool, first: list[tuple[Place, str]]) -> None:
        self.stack = contextlib.ExitStack()
        self.stack.enter_context(mock_aws())
        self.now = 1_600_000_000.0
        clock = types.SimpleNamespace(time=lambda: self.now)
        for module in (rollups, permits):
            self.stack.enter_context(mock.patch.object(module, "time", clock))
        self.stack.enter_context(mock.patch.object(requests, "FIRST_PAUSE", 0))
        self.stack.enter_context(mock.patch.object(_reindex, "_PAGE", 1))
        rollups.MEMORY.forget()
        permits.forget()
        create_tables()
        item = CatalogItem.get(PRODUCT, "product")
        item.index = None if is_old else INDEX_VERSION
        item.save()
        self.store = CatalogStore(SETTINGS)
        self.writers = [ImageWriter(SETTINGS), ImageWriter(SETTINGS)]
        self.model: dict[str, dict[str, Any]] = {}
        self.touched: set[str] = set()
        self.stale = self.product()
        self.move: Iterator[Sweep] | None = None
        self.may_sleep = True
        self.moved = 0
        for name, (place, moment) in zip("abc", first, strict=False):
            self.create(name, place, moment, self.product())

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def product(self) -> StoredProduct:
        found = self.store.product(PRODUCT)
        assert found is not None
        return found

    # ---- what happens

    def act(self, action: Action) -> None:
        kind, name, place, moment, is_stale = action
        product = self.stale if is_stale else self.product()
        image_id = f"{PRODUCT}:{name}"
        with contextlib.suppress(Conflict, NotFound, Unavailable):
            if kind == "create":
                self.touched.add(image_id)
                self.create(name, place, moment, product)
            elif kind == "update":
                self.update(image_id, place, moment, product)
            elif kind == "delete":
                self.touched.add(image_id)
                self.writers[0].delete(image_id)
                del self.model[image_id]
            elif kind == "legacy":
                self.forget_record(image_id)
            elif kind == "shards":
                self.add_shards()
            elif kind == "step":
                self.step(lambda: None, dies=False)
            else:
                self.move = None

    def create(self, name: str, place: Place, moment: str, product: StoredProduct) -> None:
        given = {"name": name, "product_id": PRODUCT, "acquired": moment, "geometry": square(place)}
        saved = self.writers[0].create({k: v for k, v in given.items() if v is not None}, product)
        self.model[saved.id] = saved.attributes

    def update(self, image_id: str, place: Place, moment: str, product: StoredProduct) -> None:
        """Change where and when an image is, or, without a place, nothing that its keys tell."""
        changes: dict[str, Any] = {"cloud_fraction": 0.5}
        if place is not None:
            changes = {"geometry": square(place), "acquired": moment}
            self.touched.add(image_id)
        saved = self.writers[1].update(image_id, changes, product)
        self.model[image_id] = saved.attributes

    def forget_record(self, image_id: str) -> None:
        """Let an image be one that was saved before items recorded where it is posted."""
        product, stored = self.product(), self.writers[0].get(image_id)
        if stored is None or product.index != 1 or product.shards > 1:
            return
        item = ImageItem.get(image_id)
        item.posted = item.index = item.indexed = None
        item.save()

    def add_shards(self) -> None:
        product = self.product()
        if product.shards < 4:
            extra = {SHARDS: product.shards * 2}
            values = product.attributes | {"extra_properties": extra}
            self.store.replace_product(
                dataclasses.replace(product, attributes=values, version=product.version + 1)
            )

    def sleep(self, seconds: float) -> None:
        if not self.may_sleep:
            raise KilledError  # or a search would take longer than one may
        self.now += seconds

    def step(self, during: Callable[[], None], *, dies: bool) -> None:
        """Let the move do something; whatever else happens, before its transaction."""
        if self.move is None:
            move = Reindex(SETTINGS, clock=lambda: self.now, sleep=self.sleep, threads=1)
            self.move = move.run(PRODUCT)
        pending = [during]

        def interrupted(
            changes: Changes, *, before_each: Callable[[], None] = lambda: None
        ) -> None:
            if pending:
                pending.pop()()
            transact(changes, before_each=before_each)
            if dies:
                raise KilledError

        going, self.move = self.move, None
        try:
            with mock.patch.object(images, "transact", interrupted):
                sweep = next(going, None)
        except KilledError:
            return
        if sweep is None:
            self.ended()
        else:
            self.move = going
            self.moved += sweep[Outcome.FINISHED]

    def ended(self) -> None:
        product = self.product()
        assert (product.index, product.also) == (INDEX_VERSION, None)
        for item in ImageItem.scan():
            assert item.target is None
            assert "f|" not in item.posted.split("|")[0]

    # ---- the rules

    @rule(action=actions, inside=meanwhile, dies=st.sampled_from([False, False, True]))
    def happens(self, action: Action, inside: list[Action], dies: bool) -> None:
        kind = action[0]
        if kind == "step":
            self.step(lambda: self.all_of(inside), dies=dies)
        else:
            self.act(action)

    @rule(number=st.integers(1, 6), inside=meanwhile)
    def images_move(self, number: int, inside: list[Action]) -> None:
        for _ in range(number):
            self.step(lambda: self.all_of(inside), dies=False)

    @rule()
    def the_product_is_read_by_somebody(self) -> None:
        self.stale = self.product()

    @rule(seconds=st.sampled_from([1, 61, 2000]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.model)
    @rule(
        query=st.sampled_from(QUERIES),
        inside=meanwhile | moving,
        moment=st.integers(0, 12),
        seed=st.integers(0, 99),
    )
    def is_searched(
        self, query: dict[str, Any], inside: list[Action], moment: int, seed: int
    ) -> None:
        """Search and count while other things happen: what nobody changes is found once."""
        self.touched, self.may_sleep = set(), False
        before = dict(self.model)
        reader = InterruptedReader(random.Random(seed), moment, lambda: self.all_of(inside))
        found = self.search(reader, query)
        self.may_sleep = True
        assert len(found) == len(set(found))
        expected = self.matching(before, query)
        assert set(found) - self.touched == expected - self.touched

    @rule(inside=meanwhile | moving, moment=st.integers(0, 4), seed=st.integers(0, 99))
    def is_counted(self, inside: list[Action], moment: int, seed: int) -> None:
        self.touched, self.may_sleep = set(), False
        reader = InterruptedReader(random.Random(seed), moment, lambda: self.all_of(inside))
        self.counter_agrees(dict(self.model), reader)
        self.may_sleep = True

    def all_of(self, todo: Sequence[Action]) -> None:
        for action in todo:
            self.act(action)

    # ---- the promises

    def search(self, reader: TableReader, query: dict[str, Any]) -> list[str]:
        search = ImageSearch(
            postings=reader,
            documents=self.writers[0],
            months=RollupStore(SETTINGS, memory=rollups.Memory(0)),
            signing_key=lambda: b"key",
        )
        products = [SearchProduct.of(self.product())]
        batches = search.matches(ImageQuery.from_body(query), products)
        return [match.id for batch in batches for match in batch]

    def matching(self, model: dict[str, dict[str, Any]], query: dict[str, Any]) -> set[str]:
        area = query.get("intersects")
        if area is None:
            return set(model)
        wanted, found = query_geometry(area), set()
        for image_id, attributes in model.items():
            geometry = attributes.get("geometry")
            if geometry is None:
                matches = bool(query.get("intersects_none"))
            else:
                matches = bool(shapely.intersects(wanted, footprint(geometry)))
            if matches:
                found.add(image_id)
        return found

    def counter_agrees(self, before: dict[str, dict[str, Any]], reader: TableReader) -> None:
        counter, shards = LiveCounter(reader), self.product().shards
        for month in ("2020-01", "2020-02"):
            after = f"2020-{int(month[5:]) + 1:02d}"
            within = TimeRange(f"{month}-01T00:00:00.000000Z", f"{after}-01T00:00:00.000000Z")
            rows = Counter(row.key.split("#")[1] for row in counter.rows(PRODUCT, [within], shards))
            there = {i for i, values in before.items() if values["acquired"].startswith(month)}
            assert set(rows) - self.touched == there - self.touched
            assert all(number == 1 for image_id, number in rows.items() if image_id in there)

    @invariant()
    def what_was_saved_is_found(self) -> None:
        if not hasattr(self, "model"):
            return
        self.touched = set()
        reader = TableReader()
        for query in QUERIES:
            assert sorted(self.search(reader, query)) == sorted(self.matching(self.model, query))
        self.counter_agrees(self.model, reader)

    @invariant()
    def postings_are_where_items_say(self) -> None:
        if not hasattr(self, "model"):
            return
        recorded: set[tuple[str, str]] = set()
        bare: set[str] = set()
        for item in ImageItem.scan():
            if item.posted is None:
                bare.add(item.id)
            suffixes = {*(item.posted or "").split(), *(item.target or "").split()}
            recorded |= {(f"{PRODUCT}|{suffix}", item.id) for suffix in suffixes}
        there = [(item.pk, item.sk.split("#", 1)[1]) for item in PostingItem.scan()]
        assert {key for key in there if key[1] not in bare} == recorded
        assert len(there) == len(set(there))


TestReindex = ReindexMachine.TestCase
TestReindex.settings = settings(
    max_examples=max(15, _BUDGET // 3), stateful_step_count=10, deadline=None
)
