"""Writers, replays, failed writes and paged searches in any order: the index is the documents."""

import dataclasses
import random
from unittest import mock

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.search.world import PRODUCTS, World, area, box, image, page_through

from swath_core.documents import Document
from swath_core.index import postings_of
from swath_core.search import ImageQuery, Page, _pages
from swath_core.store.postings import PostingRow

NAMES = [f"i{number}" for number in range(12)]
DAYS = [f"2021-0{month}-01T00:00:00.000000Z" for month in (1, 2, 2, 3)]
BODIES = [
    {},
    {"sort": "-acquired"},
    {"sort": "cloud_fraction"},
    {"intersects": box(178, -2, 182, 2)},
    {"intersects": box(-180, -90, 180, 90), "sort": "-acquired"},
    {"intersects": {"type": "Point", "coordinates": [180, 0]}, "intersects_none": True},
    {"filter": '[{"name":"cloud_fraction","op":"lt","val":0.5}]'},
]
names = st.sampled_from(NAMES)
products = st.sampled_from(PRODUCTS)
seeds = st.integers(0, 500)


def random_image(name: str, product: str, seed: int) -> Document:
    """Return an image around the antimeridian and the equator, of any size."""
    dice = random.Random(seed)
    shape = area(dice, 180 + dice.uniform(-2, 2), dice.uniform(-2, 2), 10 ** dice.uniform(-1, 4))
    attributes = {"acquired": dice.choice(DAYS), "cloud_fraction": dice.choice([None, 0.2, 0.7])}
    try:
        return image(name, product, geometry=shape if seed % 7 else None, **attributes)
    except ValueError:  # the shape has no area
        return image(name, product, **attributes)


class Searches(RuleBasedStateMachine):
    """A world, and one search whose pages are asked for while the world changes."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.page: Page | None = None
        self.query = ImageQuery()
        self.seen: list[str] = []
        self.throughout: set[str] = set()

    def _touched(self, image_id: str) -> None:
        self.throughout.discard(image_id)

    @rule(name=names, product=products, seed=seeds)
    def save(self, name: str, product: str, seed: int) -> None:
        """Create or update: geometry, time and attributes may all change."""
        saved = random_image(name, product, seed)
        before = self.world.documents.get(saved.id)
        version = 1 if before is None else before.version + 1
        self._touched(saved.id)
        self.world.put(dataclasses.replace(saved, version=version))

    @rule(name=names, product=products)
    def replay(self, name: str, product: str) -> None:
        """Save again exactly what is there, as a replayed request does."""
        document = self.world.documents.get(f"{product}:{name}")
        if document is not None:
            self.world.put(document)

    @rule(name=names, product=products)
    def delete(self, name: str, product: str) -> None:
        self._touched(f"{product}:{name}")
        self.world.remove(f"{product}:{name}")

    @rule(name=names, product=products, seed=seeds)
    def fail(self, name: str, product: str, seed: int) -> None:
        """Record the index state of a write whose transaction then fails: nothing else changes."""
        state = postings_of(random_image(name, product, seed)).state
        before = self.world.states.get(product)
        self.world.states[product] = state if before is None else before.union(state)

    @precondition(lambda self: self.page is None)
    @rule(body=st.sampled_from(BODIES), limit=st.sampled_from([None, 1, 5, 50]))
    def first_page(self, body: dict[str, object], limit: int | None) -> None:
        self.query = ImageQuery.from_body({**body, **({"limit": limit} if limit else {})})
        self.throughout = {document.id for document in self.world.expected(self.query)}
        self.seen = []
        self._read(None)

    @precondition(lambda self: self.page is not None)
    @rule()
    def next_page(self) -> None:
        assert self.page is not None
        self._read(self.page.token)

    def _read(self, token: str | None) -> None:
        with mock.patch.object(_pages, "PAGE_IMAGES", 3):
            self.page = self.world.search().page(self.query, self.world.products, token)
        self.seen += [document.id for document in self.page.documents]
        assert self.page.documents or self.page.token is None
        matching = {document.id for document in self.world.expected(self.query)}
        assert {document.id for document in self.page.documents} <= matching
        if self.page.token is None:
            self._ended()
            self.page = None

    def _ended(self) -> None:
        """Check that what was there throughout came once, unless the limit came first."""
        limit = self.query.limit
        if limit is None or len(self.seen) < limit:
            assert self.throughout <= set(self.seen)
        else:
            assert len(self.seen) == limit
        for image_id in self.throughout:
            assert self.seen.count(image_id) <= 1

    @invariant()
    def the_index_is_the_documents(self) -> None:
        expected = {
            (row.partition, PostingRow.of(row.sort_key, row.payload))
            for document in self.world.documents.values()
            for row in postings_of(document).rows
        }
        assert set(self.world.postings.rows()) == expected

    @invariant()
    def a_search_finds_every_document(self) -> None:
        with mock.patch.object(_pages, "PAGE_IMAGES", 5):
            found = page_through(self.world.search(), ImageQuery(), self.world.products)
        assert sorted(found) == sorted(self.world.documents)


TestSearches = Searches.TestCase
TestSearches.settings = settings(max_examples=30, stateful_step_count=25)
