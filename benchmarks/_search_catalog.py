"""Catalogs for the search benchmark: the grids of three satellites over three years."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.memory_postings import MemoryPostings

from swath_core.documents import ALL_SPANS, Document
from swath_core.geo import normalise_footprint
from swath_core.index import IndexState, encode_row, key_of, postings_of, time_partition
from swath_core.search import SearchProduct
from swath_core.store.postings import PostingRow
from swath_core.store.rollups import RollupState, Row, Tally
from swath_core.times import format_timestamp

KM = 111.195
"""Kilometres of a degree of latitude."""

START = datetime(2019, 1, 1, tzinfo=UTC)
DAYS = 3 * 365
CENTRE = (10.0, 47.0)


@dataclass(frozen=True, slots=True)
class Satellite:
    """A grid of footprints: their side, the grid's steps (degrees), and days between visits."""

    name: str
    side_km: float
    step_x: float
    step_y: float
    tilt: float
    revisit_days: float
    jitter: float = 0.0


def _degrees(km: float, latitude: float) -> float:
    return km / (KM * math.cos(math.radians(latitude)))


SATELLITES = (
    Satellite("landsat", 185, 360 / 233, 1.44, 12.0, 16),
    Satellite("sentinel2", 109.8, _degrees(100, 47), 100 / KM, 1.5, 20),
    Satellite("planetscope", 24, _degrees(22, 47), 22 / KM, 10.0, 30, jitter=0.2),
)


@dataclass(slots=True)
class Months:
    """The months of one product, as the rollups tell them."""

    years: dict[str, Row] = field(default_factory=dict)

    def add(self, month: str) -> None:
        """Count an image."""
        parts = self.years.setdefault(month[:4], Row()).parts
        parts[month[5:]] = parts.get(month[5:], Tally()) + Tally(1)

    def states_of(self, product_ids: Sequence[str]) -> dict[str, RollupState]:
        """Return the months of each product."""
        return {each: self.state(each) for each in product_ids}

    def state(self, product_id: str) -> RollupState:
        """Return the months: there is one product."""
        del product_id
        return RollupState({}, self.years)


@dataclass(slots=True)
class Documents:
    """Whole images, kept as the JSON text that the Images table holds and decoded when read."""

    texts: dict[str, str] = field(default_factory=dict)

    def put(self, image: Document) -> None:
        """Keep an image."""
        self.texts[image.id] = json.dumps(image.attributes, separators=(",", ":"))

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Return the documents by id."""
        return {each: Document("image", each, json.loads(self.texts[each]), 1) for each in ids}


def _of_new_product() -> IndexState:
    """Return the state that the catalog makes products with."""
    return IndexState(spans=frozenset({ALL_SPANS}))


@dataclass(slots=True)
class Catalog:
    """One product's images, with everything that a search reads."""

    satellite: Satellite
    postings: MemoryPostings = field(default_factory=MemoryPostings)
    documents: Documents = field(default_factory=Documents)
    months: Months = field(default_factory=Months)
    state: IndexState = field(default_factory=_of_new_product)
    posted: int = 0
    scenes: list[tuple[float, float]] = field(default_factory=list)

    @property
    def product(self) -> SearchProduct:
        """The product as a search is told of it."""
        return SearchProduct(self.product_id, self.state)

    @property
    def product_id(self) -> str:
        """The product's id."""
        return f"bench:{self.satellite.name}"


def square(x: float, y: float, side_km: float, tilt: float) -> dict[str, Any]:
    """Return the GeoJSON of a square around a point; ``tilt`` in degrees."""
    half = side_km / 2 / KM
    sine, cosine = math.sin(math.radians(tilt)), math.cos(math.radians(tilt))
    ring = []
    for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)):
        east, north = half * (a * cosine - b * sine), half * (a * sine + b * cosine)
        latitude = max(-90.0, min(90.0, y + north))
        ring.append([x + east / math.cos(math.radians(y)), latitude])
    return {"type": "Polygon", "coordinates": [ring]}


def scenes(satellite: Satellite, number: int) -> Iterator[tuple[float, float]]:
    """Yield the centres of a grid's scenes, outwards from its middle."""
    around = range(-math.isqrt(number) - 1, math.isqrt(number) + 2)
    places = sorted(
        ((i, j) for i in around for j in around), key=lambda ij: (max(map(abs, ij)), ij)
    )
    dice = random.Random(7)
    for i, j in places[:number]:
        shift_x, shift_y = (dice.uniform(-1, 1) * satellite.jitter for _ in range(2))
        x = CENTRE[0] + (i + shift_x) * satellite.step_x
        yield x, CENTRE[1] + (j + shift_y) * satellite.step_y


def build(satellite: Satellite, images: int, visits: int | None = None) -> Catalog:
    """Return a catalog of so many images; ``visits`` to each scene, by default for three years.

    A scene is the same in every catalog that has it. Covers are computed once for each.
    """
    catalog = Catalog(satellite)
    visits = visits or int(DAYS / satellite.revisit_days)
    for number, (x, y) in enumerate(scenes(satellite, math.ceil(images / visits))):
        geometry = normalise_footprint(square(x, y, satellite.side_km, satellite.tilt))
        dice = random.Random(f"{satellite.name} {number}")
        phase = dice.uniform(0, satellite.revisit_days)
        partitions: list[str] = []
        for visit in range(min(visits, images - number * visits)):
            day = START + timedelta(days=phase + visit * satellite.revisit_days)
            image = _image(catalog, f"s{number:05d}v{visit:03d}", geometry, day, dice)
            if not partitions:
                postings = postings_of(image)
                partitions = [row.partition for row in postings.rows[1:]]
                catalog.state = catalog.state.union(postings.state)
            _post(catalog, image, partitions)
        catalog.scenes.append((x, y))
    return catalog


def _image(
    catalog: Catalog, name: str, geometry: dict[str, Any], day: datetime, dice: random.Random
) -> Document:
    saved = format_timestamp(day + timedelta(hours=9, minutes=dice.randrange(600)))
    attributes = {
        "name": name,
        "product_id": catalog.product_id,
        "geometry": geometry,
        "acquired": format_timestamp(day),
        "published": saved,
        "created": saved,
        "modified": saved,
        "storage_state": "available",
        "satellite_id": catalog.satellite.name,
        "cloud_fraction": round(dice.random(), 4),
        "fill_fraction": 1.0,
        "solar_azimuth_angle": round(dice.uniform(120, 180), 3),
        "solar_elevation_angle": round(dice.uniform(20, 65), 3),
        "cs_code": "EPSG:32632",
        "geotrans": [300000.0, 30.0, 0.0, 5300000.0, 0.0, -30.0],
        "x_pixels": 6200,
        "y_pixels": 6200,
        "files": [
            {"href": f"s3://bench/{name}/{band}.tif", "size_bytes": 61_234_567, "hash": "0" * 32}
            for band in range(4)
        ],
    }
    return Document("image", f"{catalog.product_id}:{name}", attributes, 1)


def _post(catalog: Catalog, image: Document, partitions: list[str]) -> None:
    acquired = image.attributes["acquired"]
    row = PostingRow.of(key_of(acquired, image.id), encode_row(image))
    catalog.postings.put_row(time_partition(catalog.product_id, acquired[:7], 0), row)
    for partition in partitions:
        catalog.postings.put_row(partition, row)
    catalog.posted += 1 + len(partitions)
    catalog.documents.put(image)
    catalog.months.add(acquired[:7])
