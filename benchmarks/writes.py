"""What writing images costs in write units, by DynamoDB's rules, and which key takes most of it.

The transactions that the writer would send are taken apart here and nothing is sent. An item costs
a unit for every 1 KB that is begun, twice that inside a transaction, where conditions cost as much.
A day's dirty mark is one more, once a minute. Footprints are tilted squares spread over the earth;
images have what real ones have (angles, fractions, files).
"""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks._report import finish, report
from benchmarks._search_catalog import square
from benchmarks.crud import UNIT_WRITE, item_bytes

from swath_core.catalog import planned_change
from swath_core.definitions import IMAGE
from swath_core.documents import INDEX_VERSION, Document, StoredImage, StoredProduct
from swath_core.geo import normalise_footprint
from swath_core.store.images import add_change
from swath_core.store.tables import ImageItem, PostingItem

CREATE_BARS = {0.5: 57, 5.0: 49, 24.0: 54, 110.0: 52, 185.0: 57, 400.0: 45, 1200.0: 47}
"""Kilometres of a footprint's side, and the units that a new image may cost.

45 is what is wanted. Fewer cells would give it to every size, but a point query then reads more
than the 2.5 postings per match that the search benchmark allows (docs/search.md has the figures).
"""
PERMIT, MARK = 2, 1
"""Units of the permit that a new image depends on, and of the mark of its day."""
SIDES = tuple(CREATE_BARS)

IMAGES = 24
POSTING_BAR, HOT_BAR = 1023, 0.3
PLAIN_BAR = 9
HOT_IMAGES, SHARDS = 320, 8
Json = dict[str, Any]


def image(product: str, name: str, geometry: Json, **more: Any) -> Json:
    """Return the attributes of an image as satellites' metadata fill them."""
    files = [
        {
            "href": f"s3://elsewhere/{name}/B{i}.tif",
            "size_bytes": 61_234_567 + i,
            "hash": f"{i:032x}",
        }
        for i in range(1, 8)
    ]
    return {
        "name": name,
        "product_id": product,
        "geometry": geometry,
        "acquired": "2020-01-02T03:04:05.678901Z",
        "acquired_end": "2020-01-02T03:04:31.123456Z",
        "published": "2020-01-02T09:31:12.000000Z",
        "cs_code": "EPSG:32633",
        "geotrans": [428385, 30, 0, 5546115, 0, -30],
        "x_pixels": 7821,
        "y_pixels": 7951,
        "area": 34512.75,
        "azimuth_angle": 98.2513,
        "bright_fraction": 0.0213,
        "cloud_fraction": 0.1234,
        "fill_fraction": 0.6789,
        "incidence_angle": 1.2345,
        "roll_angle": -0.001,
        "solar_azimuth_angle": 163.5812,
        "solar_elevation_angle": 24.9123,
        "view_angle": 2.345,
        "processing_pipeline_id": "LPGS_16.2.0",
        "satellite_id": "LANDSAT_8",
        "provider_id": "LC08_L1TP_193024_20200102_20200824_02_T1",
        "tags": ["tier1", "collection2"],
        "files": files,
        **more,
    }


def places(dice: random.Random, number: int) -> Iterator[tuple[float, float]]:
    """Yield points spread evenly over the land-bearing latitudes."""
    for _ in range(number):
        yield dice.uniform(-179, 179), math.degrees(math.asin(dice.uniform(-0.85, 0.85)))


@dataclass
class Sent:
    """Stands for a transaction: the items that it would write, in DynamoDB's form."""

    items: list[tuple[type[object], Json]] = field(default_factory=list)

    def save(self, item: ImageItem | PostingItem, condition: object = None) -> None:
        """Take a put."""
        del condition
        self.items.append((type(item), item.serialize()))

    def delete(self, item: ImageItem | PostingItem, condition: object = None) -> None:
        """Take a delete: it costs what the deleted item would."""
        self.save(item, condition)

    @property
    def units(self) -> int:
        """Its write units."""
        return sum(2 * math.ceil(item_bytes(item) / UNIT_WRITE) for _, item in self.items)

    @property
    def postings(self) -> list[Json]:
        """The postings among its items."""
        return [item for kind, item in self.items if kind is PostingItem]


def product(shards: int = 1) -> StoredProduct:
    """Return a product with so many shards."""
    return StoredProduct("product", "acme:landsat", version=1, index=INDEX_VERSION, shards=shards)


def document(attributes: Mapping[str, Any]) -> Document:
    """Return an image as it is stored."""
    values = IMAGE.validate_create(attributes)
    values["geometry"] = normalise_footprint(values["geometry"])
    values |= {"created": values["published"], "modified": values["published"]}
    return Document("image", f"{values['product_id']}:{values['name']}", values, 1, "r" * 32)


def sent(before: StoredImage | None, after: Document, shards: int = 1) -> tuple[Sent, StoredImage]:
    """Return what a write sends, and the image after it."""
    change = planned_change(before, after, product(shards)).change
    write = Sent()
    add_change(write, change)  # type: ignore[arg-type]  # save and delete are all that is called
    assert change.after is not None  # noqa: S101 - nothing is deleted here
    return write, change.after


def measure_side(side: float) -> None:
    """Report what images of one size cost: new, and changed in two ways."""
    dice = random.Random(str(side))
    created: list[int] = []
    clouds: list[int] = []
    plain: list[int] = []
    sizes: list[int] = []
    rows: list[int] = []
    for number, (x, y) in enumerate(places(dice, IMAGES)):
        name = f"LC08_L1TP_193024_20200102_20200824_02_T1-{number:04d}"
        new = document(image("acme:landsat", name, square(x, y, side, 12)))
        write, stored = sent(None, new)
        created.append(write.units + PERMIT + MARK)
        sizes += map(item_bytes, write.postings)
        rows.append(len(write.postings))
        for sums, changes in ((clouds, {"cloud_fraction": 0.5}), (plain, {"x_pixels": 9})):
            moment = {"modified": "2020-02-02T09:31:12.000000Z"}
            changed = stored.next_version(stored.attributes | moment | changes, "r" * 32)
            sums.append(sent(stored, changed)[0].units + MARK)
    case = f"{side:g}km"
    report("writes", case, "postings", statistics.fmean(rows), "1")
    report("writes", case, "create", statistics.fmean(created), "WU", CREATE_BARS[side])
    report("writes", case, "create_most", max(created), "WU")
    report("writes", case, "update_cloud_fraction", statistics.fmean(clouds), "WU")
    report("writes", case, "update_not_indexed", statistics.fmean(plain), "WU", PLAIN_BAR)
    report("writes", case, "posting_bytes_mean", statistics.fmean(sizes), "B")
    report("writes", case, "posting_bytes_most", max(sizes), "B", POSTING_BAR)


def measure_long_values() -> None:
    """Report the largest posting of an image whose every text and list is as long as may be."""
    long = {
        "processing_pipeline_id": "p" * 250,
        "satellite_id": "s" * 250,
        "provider_id": "q" * 250,
        "tags": ["t" * 20] * 10,
    }
    new = document(image("acme:landsat", "n" * 100, square(10, 47, 185, 12), **long))
    most = max(map(item_bytes, sent(None, new)[0].postings))
    report("writes", "long values", "posting_bytes_most", most, "B", POSTING_BAR)


def measure_hottest(shards: int, bar: float | None) -> None:
    """Report the units per image of the key that takes most: one month, one part of the earth."""
    dice = random.Random(5)
    per_key: Counter[str] = Counter()
    for number in range(HOT_IMAGES):
        x, y = dice.uniform(-5, 35), dice.uniform(36, 60)
        new = document(image("acme:landsat", f"i{number:04d}", square(x, y, 185, 12)))
        for item in sent(None, new, shards)[0].postings:
            per_key[item["pk"]["S"]] += 2 * math.ceil(item_bytes(item) / UNIT_WRITE)
    hottest, taken = per_key.most_common(1)[0]
    case = f"{shards} shards, {hottest}"
    report("writes", case, "hottest_key", taken / HOT_IMAGES, "WU/image", bar)


def main() -> None:
    """Measure every size, the longest values and the hottest keys."""
    for side in SIDES:
        measure_side(side)
    measure_long_values()
    measure_hottest(1, None)
    measure_hottest(SHARDS, HOT_BAR)
    finish()


if __name__ == "__main__":
    main()
