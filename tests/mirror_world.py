"""A mirror of images in memory: rollups and manifests in moto's table, time by hand.

Writers mark a day before they change it, as the catalog's do, and may end long after.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from moto import mock_aws
from tests.component.catalog.images.conftest import SETTINGS, create_tables
from tests.memory_postings import MemoryPostings

from swath_core.definitions import Extras as Declared
from swath_core.definitions import ImageResource, extra, extra_value
from swath_core.documents import Document, StoredImage
from swath_core.filters import values_of
from swath_core.geo import footprint, normalise_footprint
from swath_core.index import IndexState, postings_of, split_key
from swath_core.mirror import (
    Extras,
    Mirror,
    MirrorColumns,
    MirrorContext,
    MirrorFiles,
    MirrorReader,
    Policy,
)
from swath_core.search import ImageQuery, ImageSearch, MirrorSource, SearchProduct
from swath_core.store import rollups
from swath_core.store.manifests import ManifestStore
from swath_core.store.objects import Found, ObjectGone, Objects
from swath_core.store.postings import PostingRow
from swath_core.store.rollups import MEMORY, SETTLED_SECONDS, SKEW_SECONDS, Memory, RollupStore
from swath_core.store.tables import RollupItem
from swath_core.summaries import LiveCounter, Rollup

PRODUCT = "acme:p"
TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "txt": "text/plain",
}


class CrashedError(Exception):
    """The process ended here."""


class Clock:
    def __init__(self) -> None:
        self.now = 1_600_000_000.0

    def __call__(self) -> float:
        return self.now


class MemoryObjects(Objects):
    """A bucket in memory; ``before`` and ``after`` run around the next write."""

    def __init__(self, clock: Clock) -> None:
        self.bucket = "mirror-bucket"
        self.clock = clock
        self.held: dict[str, tuple[bytes, float]] = {}
        self.links: dict[str, str] = {}
        self.lists: dict[str, dict[str, list[str]]] = {}
        self.reset()
        self.before: Any = None
        self.after: Any = None

    def reset(self) -> None:
        """Forget what was read."""
        self.reads = 0
        self.ranges: list[tuple[int, int]] = []

    def write(self, key: str, data: bytes, content_type: str) -> None:
        assert content_type == TYPES[key.rpartition(".")[2]]
        if content_type == "application/json":
            self.lists[key] = json.loads(data)
            return
        if content_type == "text/plain":
            self.links[key] = data.decode()
            return
        before, self.before = self.before, None
        if before:
            before()
        self.held[key] = data, self.clock.now
        after, self.after = self.after, None
        if after:
            after()

    def read(self, key: str, most: int) -> bytes:
        self.reads += 1
        if key not in self.held:
            raise ObjectGone(key)
        return self.held[key][0][: most + 1]

    def read_range(self, key: str, start: int, end: int, size: int) -> bytes:
        self.reads += 1
        self.ranges.append((start, end))
        data, _ = self.held.get(key, (b"", 0.0))
        if len(data) != size:
            raise ObjectGone(key)
        return data[start:end]

    def under(self, prefix: str) -> Iterator[Found]:
        for key, (data, moment) in list(self.held.items()):
            if key.startswith(prefix):
                text = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                yield Found(key, "", len(data), text)

    def delete(self, keys: Any) -> None:
        for key in keys:
            for kind in (self.held, self.links, self.lists):
                kind.pop(key, None)


class MirrorWorld:
    """One product, what is stored of it, and everything that keeps and reads its mirror."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.clock = Clock()
        self.objects = MemoryObjects(self.clock)
        self.files = MirrorFiles(self.objects)
        self.postings = MemoryPostings()
        self.images: dict[str, Document] = {}
        self.state = IndexState()
        self.rollups = RollupStore(SETTINGS, memory=Memory(0))
        self.manifests = ManifestStore(SETTINGS)
        self.ahead = {"writer": 0.0, "rollup": 0.0, "mirror": 0.0, "reader": 0.0}
        self.reader = MirrorReader(self.manifests, self.files, clock=self.clock_of("reader"))
        self.policy = policy or Policy(file_rows=4)
        self.declared: dict[str, str] = {}
        self.rollup = Rollup(
            self.rollups, LiveCounter(self.postings), clock=self.clock_of("rollup")
        )

    def clock_of(self, function: str) -> Callable[[], float]:
        """Return the clock of a function, which may be ahead."""
        return lambda: self.clock.now + self.ahead[function]

    @property
    def mirror(self) -> Mirror:
        """The schedule's use case, as a new process makes it."""
        return Mirror(self.context)

    @property
    def context(self) -> MirrorContext:
        """What the mirror is kept with."""
        return MirrorContext(
            self.rollups,
            self.manifests,
            self.postings,
            self.files,
            extras=lambda _: self.extras,
            documents=self,
            clock=self.clock_of("mirror"),
            policy=self.policy,
        )

    @property
    def extras(self) -> Extras:
        """What the product declares."""
        return tuple(sorted(self.declared.items()))

    def get_many(self, ids: Any) -> dict[str, Document]:
        return {each: self.images[each] for each in ids if each in self.images}

    # ---- writers

    def mark(self, *moments: str) -> None:
        self.rollups.mark(PRODUCT, {moment[:10] for moment in moments})

    def put(self, name: str, acquired: str, **more: Any) -> None:
        """Store an image, in place of what it was; its days are marked before."""
        image_id = f"{PRODUCT}:{name}"
        before = self.images.get(image_id)
        self.mark(acquired, *([before.attributes["acquired"]] if before else []))
        self.apply(name, acquired, **more)

    def apply(self, name: str, acquired: str, **more: Any) -> None:
        """Apply a write whose days were marked."""
        image_id = f"{PRODUCT}:{name}"
        before = self.images.get(image_id)
        self.remove(name)
        values = {"name": name, "product_id": PRODUCT, "acquired": acquired, **more}
        if "geometry" in values:
            values["geometry"] = normalise_footprint(values["geometry"])
            footprint(values["geometry"])
        version = before.version + 1 if before else 1
        held = tuple(sorted(self.declared))
        self.put_as(StoredImage("image", image_id, values, version, held=held))

    def put_as(self, image: StoredImage) -> None:
        """Store an image as it is."""
        self.images[image.id] = image
        found = postings_of(image)
        self.state = self.state.union(found.state)
        for row in found.rows:
            self.postings.put(row.partition, row.sort_key, row.payload)

    def delete_product(self) -> None:
        """Delete all images, as when a product is deleted."""
        self.mark(*(image.attributes["acquired"] for image in self.images.values()))
        for image in list(self.images.values()):
            self.remove(image.attributes["name"])

    def remove(self, name: str) -> None:
        """Remove an image whose day was marked, if it is there."""
        image = self.images.pop(f"{PRODUCT}:{name}", None)
        for row in postings_of(image).rows if image else ():
            self.postings.delete(row.partition, row.sort_key)

    # ---- readers

    @property
    def search(self) -> ImageSearch:
        """The search, which reads files whenever it can."""
        return ImageSearch(
            postings=self.postings,
            documents=self,
            months=self.rollups,
            signing_key=lambda: b"key",
            mirror=MirrorSource(self.reader, least=0, least_area=0.0, least_told=0.0),
        )

    @property
    def searched(self) -> SearchProduct:
        """The product as a search is told of it."""
        return SearchProduct(PRODUCT, self.state, extras=self.extras)

    def query(self, *more: dict[str, Any], **members: Any) -> ImageQuery:
        given = [{"op": "eq", "name": "product_id", "val": PRODUCT}, *more]
        resource = ImageResource.with_extras(Declared.of([(PRODUCT, self.declared)]))
        return ImageQuery.from_body({"filter": json.dumps(given), **members}, resource)

    def found(self, query: ImageQuery) -> list[Document]:
        """Return what a query without an area has to find."""
        return [i for i in self.images.values() if query.expression.matches(values_of(i))]

    # ---- the schedule

    def settle(self) -> None:
        """Let everything be recounted and mirrored."""
        self.clock.now += SETTLED_SECONDS + SKEW_SECONDS + 1
        self.rollup.run(60)
        self.clock.now += self.policy.longest + SKEW_SECONDS + 1
        report = self.mirror.run(60)
        assert report.failures == []

    @contextmanager
    def slowly(self, seconds: float) -> Iterator[None]:
        """Let every object take so long to be written."""
        write = self.objects.write

        def slow(key: str, data: bytes, content_type: str) -> None:
            write(key, data, content_type)
            self.clock.now += seconds if key.endswith(".parquet") else 0

        with mock.patch.object(self.objects, "write", slow):
            yield

    def drafts(self) -> set[str]:
        """Return the months that a draft is stored of."""
        rows = RollupItem.query(PRODUCT, RollupItem.sk.startswith("4#"), consistent_read=True)
        return {row.sk[2:] for row in rows}

    # ---- what is promised

    def expected(self, day: str) -> dict[str, tuple[object, ...]]:
        partition = f"{PRODUCT}|t|{day[:7]}|0"
        rows = [row for name, row in self.postings.rows() if name == partition]
        return {row.key: content(row) for row in rows if row.key.startswith(day)}

    def check_files(self) -> set[str]:
        """Compare every day that files tell with the postings; return these days."""
        told: set[str] = set()
        parts = self.reader.parts(PRODUCT, self.rollups.state(PRODUCT))
        for part, found in self.reader.read(parts):
            if found is None:
                continue
            for number in part.days:
                day = f"{part.month}-{number}"
                assert day not in told
                rows = rows_of(found, part.month, number)
                assert plain(rows) == plain(self.expected(day)), day
                for key, content in rows.items():
                    self._check_extras(key, content[1], part.group.extras)
                told.add(day)
        return told

    def _check_extras(self, key: str, found: Any, extras: Extras) -> None:
        """Compare what a file tells of extra properties with the document."""
        attributes = self.images[split_key(key)[1]].attributes
        for name, type_name in extras:
            stored = "+" + name
            if stored in found.get("?", ()):
                assert stored not in found
                assert type_name == "integer"
                continue
            attribute = extra(name, type_name)
            expected = attribute.of({attribute.name: extra_value(attributes, name)})
            assert found[stored] == expected, (name, found)


def plain(rows: dict[str, Any]) -> dict[str, Any]:
    """Return rows without their extra properties."""
    found = {}
    for key, (footprint_, attributes, *rest) in rows.items():
        own = {name: each for name, each in attributes.items() if not name.startswith("+")}
        omitted = [name for name in own.pop("?", ()) if not name.startswith("+")]
        found[key] = (footprint_, own, omitted, *rest)
    return found


def rows_of(found: list[MirrorColumns], month: str, day: str) -> dict[str, tuple[object, ...]]:
    rows = [row for each in found for row in each.rows(each.places_of_days(month, {day}))]
    assert len({row.key for row in rows}) == len(rows)
    return {row.key: content(row) for row in rows}


def content(row: PostingRow) -> tuple[object, ...]:
    return row.footprint, json.loads(row.attributes or "{}"), row.bytes, row.version


@contextmanager
def mirror_world(policy: Policy | None = None) -> Iterator[MirrorWorld]:
    with mock_aws():
        MEMORY.forget()
        create_tables()
        world = MirrorWorld(policy)
        with (
            mock.patch.object(rollups, "time", mock.Mock(time=world.clock_of("writer"))),
            mock.patch("swath_core.mirror._files.NEAR_BYTES", 0),  # ranges of however small files
        ):
            yield world
