"""One product of the size in the user's guide: 490,473 images over eight years, 57 TB declared."""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks._search_catalog import SATELLITES, scenes, square
from tests.memory_postings import MemoryPostings

from swath_core.documents import Document
from swath_core.geo import normalise_footprint
from swath_core.index import IndexState, Posting, key_of, postings_of, time_partition
from swath_core.search import SearchProduct
from swath_core.store.postings import PostingRow
from swath_core.store.rollups import Tally
from swath_core.times import format_timestamp

IMAGES = 490_473
BYTES = 57_212_159_637_881
PRODUCT = "landsat:LC08:01:T1:TOAR"
START = datetime(2013, 4, 1, tzinfo=UTC)
DAYS = 8 * 365
REVISIT_DAYS = 16
_SAMPLE = datetime(2013, 4, 1, tzinfo=UTC)


@dataclass(slots=True)
class Scene:
    """A place of the grid: what all its images share."""

    footprint: bytes
    centre: tuple[float, float]
    partitions: tuple[str, ...]


@dataclass(slots=True)
class Truth:
    """The sums counted by hand while the catalog is made."""

    days: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def over(self, first: str, last: str, length: int) -> dict[str, Tally]:
        """Return the tallies of ``first <= day < last`` by the first ``length`` characters."""
        found: dict[str, Tally] = defaultdict(Tally)
        for day, tally in self.days.items():
            if first <= day < last:
                found[day[:length]] += tally
        return dict(found)


@dataclass(slots=True)
class SummaryCatalog:
    """The product's postings by time and in the cells that the benchmark's query opens."""

    scenes: list[Scene]
    state: IndexState
    postings: MemoryPostings = field(default_factory=MemoryPostings)
    truth: Truth = field(default_factory=Truth)

    @property
    def product(self) -> SearchProduct:
        """The product as a search is told of it."""
        return SearchProduct(PRODUCT, self.state)

    def images(self) -> Iterator[tuple[Scene, str, str, str, int]]:
        """Yield (scene, name, acquired, created, bytes) of every image; always the same ones."""
        dice = random.Random(8)
        visits = DAYS // REVISIT_DAYS
        sizes = BYTES // IMAGES
        for number in range(IMAGES):
            scene, visit = divmod(number, visits)
            day = START + timedelta(
                days=scene % REVISIT_DAYS + visit * REVISIT_DAYS, seconds=dice.randrange(80_000)
            )
            created = day + timedelta(days=2, seconds=dice.randrange(80_000))
            size = sizes if number else BYTES - sizes * (IMAGES - 1)
            name = f"LC08_{scene:05d}_{day:%Y%m%d}"
            yield self.scenes[scene], name, format_timestamp(day), format_timestamp(created), size

    def load(self, cells: frozenset[str]) -> None:
        """Post every image by time, and in those cell partitions that a query will open."""
        for scene, name, acquired, created, size in self.images():
            payload = {"g": scene.footprint, "a": attributes(created), "b": size, "v": 1}
            row = PostingRow.of(key_of(acquired, f"{PRODUCT}:{name}"), payload)
            self.postings.put_row(time_partition(PRODUCT, acquired[:7], 0), row)
            for partition in scene.partitions:
                if partition in cells:
                    self.postings.put_row(partition, row)
            self.truth.days[acquired[:10]] += Tally(1, size)


def attributes(created: str) -> str:
    """Return the JSON of a posting's attributes, of a Landsat image's length."""
    values: dict[str, Any] = {
        "acquired_end": created,
        "published": created,
        "storage_state": "available",
        "cloud_fraction": 0.1234,
        "fill_fraction": 0.6789,
        "solar_azimuth_angle": 143.123,
        "solar_elevation_angle": 45.678,
        "satellite_id": "LANDSAT_8",
        "created": created,
        "modified": created,
    }
    return json.dumps(values, separators=(",", ":"))


def grid() -> SummaryCatalog:
    """Return the product without its images: scenes, and what its index has ever held."""
    visits = DAYS // REVISIT_DAYS
    landsat = SATELLITES[0]
    state = IndexState()
    found: list[Scene] = []
    for east, north in scenes(landsat, math.ceil(IMAGES / visits)):
        # the grid is wider than the earth: wrap it, and keep to where Landsat looks
        x, y = (east + 180) % 360 - 180, max(-78.0, min(78.0, north))
        geometry = normalise_footprint(square(x, y, landsat.side_km, landsat.tilt))
        postings = postings_of(_sample(geometry))
        state = state.union(postings.state)
        found.append(_scene(postings.rows, (x, y)))
    return SummaryCatalog(found, state)


def _sample(geometry: dict[str, Any]) -> Document:
    values = {"name": "s", "product_id": PRODUCT, "acquired": format_timestamp(_SAMPLE)}
    return Document("image", f"{PRODUCT}:s", values | {"geometry": geometry}, 1)


def _scene(rows: Iterable[Posting], centre: tuple[float, float]) -> Scene:
    first, *cells = rows
    return Scene(first.payload["g"], centre, tuple(row.partition for row in cells))
