"""A catalog in memory for tests of the search: documents, postings and months, kept together."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from tests.memory_postings import MemoryPostings

from swath_core.definitions import IMAGE
from swath_core.documents import INDEX_VERSION, Document
from swath_core.filters import sort_documents, values_of
from swath_core.geo import footprint, normalise_footprint
from swath_core.index import IndexState, Placement, Postings, postings_of, shard_of
from swath_core.mirror import Extras
from swath_core.search import ImageQuery, ImageSearch, MirrorSource, SearchProduct
from swath_core.store.rollups import Marker, RollupState, Row, Tally

PRODUCTS = ("acme:a", "acme:b")


def rollups(counts: Mapping[str, int], dirty: Iterable[str] = ()) -> RollupState:
    """Return what the rollups tell of a product: images by month, and dirty days."""
    years: dict[str, Row] = {}
    for month, count in counts.items():
        years.setdefault(month[:4], Row()).parts[month[5:]] = Tally(count)
    return RollupState(dict.fromkeys(dirty, Marker("t", 0.0)), years)


@dataclass
class World:
    """What ImageWriter and the stores keep, without their tables."""

    documents: dict[str, Document] = field(default_factory=dict)
    postings: MemoryPostings = field(default_factory=MemoryPostings)
    states: dict[str, IndexState] = field(default_factory=dict)
    shards: int = 1
    dirty: bool = False
    version: int = INDEX_VERSION
    mirror: MirrorSource | None = None
    extras: dict[str, Extras] = field(default_factory=dict)

    def _postings(self, document: Document) -> Postings:
        place = Placement(self.version, shard_of(document.id, self.shards))
        return postings_of(document, place)

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return {each: self.documents[each] for each in ids if each in self.documents}

    def states_of(self, product_ids: Sequence[str]) -> dict[str, RollupState]:
        return {each: self.state(each) for each in product_ids}

    def state(self, product_id: str) -> RollupState:
        months = Counter(
            document.attributes["acquired"][:7]
            for document in self.documents.values()
            if document.get("product_id") == product_id
        )
        if self.dirty:  # not counted yet
            return rollups({}, [f"{month}-01" for month in months])
        return rollups(months)

    def put(self, document: Document) -> None:
        """Save an image as ImageWriter does: postings of before removed, those of after put."""
        self.remove(document.id)
        after = self._postings(document)
        product = document.attributes["product_id"]
        self.states[product] = self.states.get(product, IndexState()).union(after.state)
        for row in after.rows:
            self.postings.put(row.partition, row.sort_key, row.payload)
        self.documents[document.id] = document

    def remove(self, image_id: str) -> None:
        before = self.documents.pop(image_id, None)
        if before is not None:
            for row in self._postings(before).rows:
                self.postings.delete(row.partition, row.sort_key)

    @property
    def products(self) -> list[SearchProduct]:
        return [
            SearchProduct(
                each,
                self.states.get(each, IndexState()),
                self.shards,
                self.version,
                extras=self.extras.get(each, ()),
            )
            for each in PRODUCTS
        ]

    def search(self) -> ImageSearch:
        return ImageSearch(
            postings=self.postings,
            documents=self,
            months=self,
            signing_key=lambda: b"secret",
            mirror=self.mirror,
        )

    def expected(self, query: ImageQuery) -> list[Document]:
        """Return what a search has to find, by looking at every document."""
        found = [each for each in self.documents.values() if self._matches(query, each)]
        return sort_documents(found, query.sort, IMAGE)

    @staticmethod
    def _matches(query: ImageQuery, document: Document) -> bool:
        if not query.expression.matches(values_of(document)):
            return False
        if query.area is None:
            return True
        geometry = document.get("geometry")
        if geometry is None:
            return query.or_without_area
        return bool(shapely.intersects(query.area, footprint(geometry)))


def image(name: str, product: str = PRODUCTS[0], **attributes: Any) -> Document:
    """Return a document with what every image has, geometry as it would be stored."""
    given = {"acquired": "2021-05-31T10:20:30.000000Z", "storage_state": "available"} | attributes
    if given.get("geometry") is not None:
        given["geometry"] = normalise_footprint(given["geometry"])
    given |= {"name": name, "product_id": product}
    present = {key: value for key, value in given.items() if value is not None}
    return Document("image", f"{product}:{name}", present, 1)


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def page_through(
    search: ImageSearch, query: ImageQuery, products: list[SearchProduct]
) -> list[str]:
    """Return the ids of all pages."""
    ids: list[str] = []
    token = None
    while True:
        page = search.page(query, products, token)
        ids += [document.id for document in page.documents]
        token = page.token
        if token is None:
            return ids
        assert page.documents, "clients stop at an empty page, whatever link it has"


# ---- random shapes


def blob(dice: random.Random, x: float, y: float, km: float) -> list[list[float]]:
    """Return a ring of 3 to 9 corners around a point; it may be concave or cross itself."""
    half, corners = km / 222.0, dice.choice([3, 4, 4, 5, 9])
    turn, rough = dice.uniform(0, 7), dice.choice([0.0, 0.0, 0.5, 1.0])
    stretch = dice.choice([1.0, 1.0, 0.01, 30.0])
    ring = []
    for number in range(corners):
        angle = turn + 2 * math.pi * number / corners
        radius = half * (1 + dice.uniform(-rough, rough))
        east = radius * math.cos(angle) * stretch / max(0.02, math.cos(math.radians(y)))
        north = min(90.0, max(-90.0, y + radius * math.sin(angle)))
        ring.append([min(539.0, max(-539.0, x + east)), north])
    return [*ring, ring[0]]


def place(dice: random.Random) -> tuple[float, float]:
    """Return a place on the globe; the seams of the plane come up often."""
    kind = dice.random()
    if kind < 0.2:
        return dice.choice([-180.0, 180.0]) + dice.uniform(-3, 3), dice.uniform(-85, 85)
    if kind < 0.35:
        return dice.uniform(-180, 180), dice.choice([-1, 1]) * dice.uniform(80, 90)
    if kind < 0.45:
        return float(dice.randint(-180, 180)), float(dice.randint(-89, 89))
    return dice.uniform(-180, 180), math.degrees(math.asin(dice.uniform(-1, 1)))


def near(dice: random.Random, centre: tuple[float, float] | None) -> tuple[float, float]:
    if centre is None or dice.random() < 0.1:
        return place(dice)
    y = min(89.99, max(-89.99, centre[1] + dice.gauss(0, 4)))
    return centre[0] + dice.gauss(0, 6), y


def area(dice: random.Random, x: float, y: float, km: float) -> dict[str, Any]:
    """Return a polygon, perhaps with a hole, or several."""
    rings = [blob(dice, x, y, km)]
    kind = dice.random()
    if kind < 0.15:
        rings.append(blob(dice, x, y, km / 4))
    if kind > 0.85:
        others = [near(dice, (x, y)) for _ in range(dice.randint(1, 2))]
        polygons = [rings, *([blob(dice, *other, km / 2)] for other in others)]
        return {"type": "MultiPolygon", "coordinates": polygons}
    return {"type": "Polygon", "coordinates": rings}


def corners_of(geometry: BaseGeometry) -> list[list[float]]:
    corners: list[list[float]] = shapely.get_coordinates(geometry).tolist()
    return corners
