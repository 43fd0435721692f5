"""A catalog of very many images whose every day files of the mirror tell.

Objects are files in a folder behind the bucket's interface, written by the product's own writer
from postings that its own encoding made. Manifests, months and the product's index state stand in
memory for DynamoDB's: each Query of them is counted as a request. Nothing is dirty, so that no
posting is read; one that were would be refused.
"""

from __future__ import annotations

import math
import os
import pickle
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from benchmarks._report import report
from benchmarks._search_catalog import square

from swath_core.documents import Document
from swath_core.geo import footprint, normalise_footprint
from swath_core.index import IndexState, encode_row, key_of, postings_of
from swath_core.mirror import MirrorFiles, days_in, write_file
from swath_core.store.mirrored_months import Group, Manifest, MirrorFile
from swath_core.store.objects import Objects
from swath_core.store.postings import PostingPage, PostingRow, RangeRead
from swath_core.store.rollups import RollupState, Row, Tally
from swath_core.times import format_timestamp

IMAGES = int(os.environ.get("SWATH_SCALE", "1000000"))
PRODUCT = "bench:scale"
SIDE_KM = 110.0

_START = datetime(2019, 1, 1, tzinfo=UTC)
_DAYS = 37 * 30
_FILE_ROWS = 50_000
_TILT = 10.0
_BYTES = 1_000_000
_SAMPLES = 2_000
_BATCH = 10_000
_NEAR_THE_EDGE = 175.0
_WRITTEN_BAR = 2_000


class Folder(Objects):
    """Objects as files in a folder, and how many were read."""

    def __init__(self, folder: Path) -> None:
        """Keep objects in a folder."""
        self._folder = folder
        self.reads = 0
        self.read_bytes = 0

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Keep an object."""
        del content_type
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def read(self, key: str, most: int) -> bytes:
        """Return an object."""
        with (self._folder / key).open("rb") as file:
            data = file.read(most + 1)
        self.reads += 1
        self.read_bytes += len(data)
        return data

    def read_range(self, key: str, start: int, end: int, size: int) -> bytes:
        """Return a range of an object."""
        del size
        with (self._folder / key).open("rb") as file:
            file.seek(start)
            data = file.read(end - start)
        self.reads += 1
        self.read_bytes += len(data)
        return data


@dataclass
class Catalog:
    """The product's manifests, months and index state."""

    manifests_of: dict[str, Manifest] = field(default_factory=dict)
    years: dict[str, Row] = field(default_factory=dict)
    state: IndexState = field(default_factory=IndexState)
    queries: int = 0

    def manifests(self, product_id: str, first: str, last: str) -> dict[str, Manifest]:
        """Return the manifests: one Query."""
        del product_id, first, last
        self.queries += 1
        return self.manifests_of

    def states_of(self, product_ids: Sequence[str]) -> dict[str, RollupState]:
        """Return markers and months: one Query."""
        self.queries += 1
        return {each: RollupState({}, self.years) for each in product_ids}

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Return documents: a batch."""
        self.queries += 1
        return {each: Document("image", each, {"name": each, "acquired": ""}, 1) for each in ids}

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        """Refuse: with nothing dirty no posting is read."""
        raise AssertionError(f"postings were read: {requests[:1]}")


@dataclass(frozen=True, slots=True)
class Image:
    """One made-up image; ``footprint`` is WKB."""

    name: str
    acquired: str
    created: str
    cloud: float | None
    footprint: bytes

    @property
    def id(self) -> str:
        """Its id."""
        return f"{PRODUCT}:{self.name}"

    def document(self, **more: Any) -> Document:
        """Return it as the catalog stores it, without its footprint."""
        values: dict[str, Any] = {
            "name": self.name,
            "product_id": PRODUCT,
            "acquired": self.acquired,
            "created": self.created,
            "modified": self.created,
            "published": self.acquired,
            "storage_state": "available",
            "satellite_id": "SENTINEL_2A" if self.name[-1] in "02468" else "SENTINEL_2B",
            "solar_elevation_angle": 40 + len(self.name) / 7,
        }
        if self.cloud is not None:
            values["cloud_fraction"] = self.cloud
        return Document("image", self.id, values | more, 1)

    def row(self) -> PostingRow:
        """Return its posting by time."""
        encoded = encode_row(self.document()) | {"g": self.footprint, "b": _BYTES}
        return PostingRow.of(key_of(self.acquired, self.id), encoded)


def images() -> Iterator[Image]:
    """Yield the images in the order of ``acquired``; always the same ones."""
    dice = random.Random(11)
    for start in range(0, IMAGES, _BATCH):
        numbers = range(start, min(start + _BATCH, IMAGES))
        middles = [
            (dice.uniform(-179, 179), math.degrees(math.asin(dice.uniform(-0.95, 0.95))))
            for _ in numbers
        ]
        for number, wkb in zip(numbers, footprints(middles), strict=True):
            moment = _START + number * (timedelta(days=_DAYS) / IMAGES)
            created = moment + timedelta(seconds=dice.randrange(86_400 * 40))
            cloud = round(dice.random(), 4) if number % 10 else None
            name = f"s{number:08}"
            yield Image(name, format_timestamp(moment), format_timestamp(created), cloud, wkb)


def footprints(middles: Sequence[tuple[float, float]]) -> list[bytes]:
    """Return squares as WKB; those at the antimeridian are split as the catalog does."""
    squares = [square(x, y, SIDE_KM, _TILT) for x, y in middles]
    found = shapely.polygons(np.array([each["coordinates"][0] for each in squares]))
    for place, (x, _) in enumerate(middles):
        if abs(x) > _NEAR_THE_EDGE:
            found[place] = footprint(normalise_footprint(squares[place]))
    return list(shapely.to_wkb(found, byte_order=1))


def build(folder: Path) -> None:
    """Write the catalog into a folder, files as the schedule writes them, and report."""
    bucket, catalog = Folder(folder), Catalog()
    files = MirrorFiles(bucket)
    held: dict[str, list[MirrorFile]] = {}
    rows: list[PostingRow] = []
    seconds, month = 0.0, ""

    def flush() -> None:
        nonlocal rows, seconds
        start = time.process_time()
        data = write_file(PRODUCT, rows)
        seconds += time.process_time() - start
        held.setdefault(month, []).append(files.put(PRODUCT, month, data, len(rows)))
        rows = []

    for number, image in enumerate(images()):
        if rows and (image.acquired[:7] != month or len(rows) == _FILE_ROWS):
            flush()
        month = image.acquired[:7]
        rows.append(image.row())
        if number % max(1, IMAGES // _SAMPLES) == 0:
            catalog.state = catalog.state.union(_posted(image))
    flush()
    for name, written in held.items():
        group = Group(frozenset(days_in(name)), tuple(written))
        catalog.manifests_of[name] = Manifest((group,), version=1)
        year = catalog.years.setdefault(name[:4], Row())
        year.parts[name[5:]] = Tally(group.rows, group.rows * _BYTES)
    (folder / "catalog").write_bytes(pickle.dumps(catalog))
    _report([file for written in held.values() for file in written], seconds)


def _posted(image: Image) -> IndexState:
    """Return in which cells an image is posted: some of all tell how large they are."""
    geometry = shapely.geometry.mapping(shapely.from_wkb(image.footprint))
    return postings_of(image.document(geometry=geometry)).state


def _report(files: Sequence[MirrorFile], seconds: float) -> None:
    stored = sum(file.bytes for file in files)
    report("scale", "files", "images", IMAGES, "images")
    report("scale", "files", "files", len(files), "files")
    report("scale", "files", "bytes per image", stored / IMAGES, "B", _WRITTEN_BAR)
    report("scale", "files", "CPU per image to write", seconds / IMAGES * 1e6, "us")


def opened(folder: Path) -> tuple[Catalog, Folder]:
    """Return a catalog that was built in a folder."""
    catalog: Catalog = pickle.loads((folder / "catalog").read_bytes())  # noqa: S301 - its own
    return catalog, Folder(folder)
