"""The deployed local stack with very many images in its tables, for the explorer's benchmark.

The emulator's own DynamoDB looks at a whole partition for every Query, so the functions are given
dynoxide, the second store of the tests. It takes images as AWS does a table's import: they are
written as a DynamoDB export, from what the product's own index and models make of each, since two
million writes would take an hour. Product, rollups and mirror are made by the product's own
code on the running stack, the schedule's as if hours had gone by.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import os
import random
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from benchmarks._search_catalog import square
from tests.strict_store import PROGRAM, free_port, served
from tests.summary_stack import tables_of

from swath_core.definitions import IMAGE
from swath_core.documents import INDEX_VERSION, Document
from swath_core.index import (
    IndexState,
    encode_attributes,
    key_of,
    postings_of,
    time_partition,
)
from swath_core.mirror import Mirror, MirrorContext, MirrorFiles
from swath_core.store.catalog import CatalogStore
from swath_core.store.images import ImageStore
from swath_core.store.manifests import ManifestStore
from swath_core.store.objects import Objects
from swath_core.store.rollups import RollupStore
from swath_core.store.tables import ImageItem, PostingItem
from swath_core.summaries import LiveCounter, Rollup
from swath_core.times import format_timestamp
from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud

IMAGES = int(os.environ.get("SWATH_BENCH_IMAGES", "100000"))
VISITS = 20
"""Images of each place: months apart from one another, at places all over the earth."""
PRODUCT = "acme:earth"
SIDE_KM = 110.0

_START = datetime(2021, 1, 1, tzinfo=UTC)
_DAYS = 5 * 365
_TILT = 10.0
_ANY = "{partition}"
_SECONDS = 3600.0


@contextmanager
def stack(state: Path) -> Iterator[Deployed]:
    """Yield a stack whose tables hold the images; a folder that was filled before is used again."""
    port = free_port()
    variables = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}"}
    cloud = LocalCloud(state / "cloud", free_port(), variables=variables)
    try:
        _, deployed = cloud.bring_up({"RequestsPerCaller": "1000000", "Anonymous": "true"})
        tables = _tables(cloud)
        file = state / "tables.db"
        index = None if file.exists() else _import(deployed, tables, file)
        with (
            served(port, "--db-path", str(file), seconds=30.0),
            mock.patch.dict("os.environ", cloud.environment | variables),
        ):
            if index is not None:
                _create(tables)
                _settle(deployed, index)
            yield deployed
    finally:
        cloud.stop()


# ---- tables


def _tables(cloud: LocalCloud) -> list[dict[str, Any]]:
    """Return the stack's tables as CreateTable takes them."""
    client = cloud.session.client("dynamodb")
    names = client.list_tables()["TableNames"]
    return [_definition(client.describe_table(TableName=name)["Table"]) for name in names]


def _definition(table: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("TableName", "KeySchema", "AttributeDefinitions")
    of_index = ("IndexName", "KeySchema", "Projection")
    found = table.get("GlobalSecondaryIndexes") or ()
    indexes = [{name: each[name] for name in of_index} for each in found]
    more = {"GlobalSecondaryIndexes": indexes} if indexes else {}
    return {name: table[name] for name in kept} | more | {"BillingMode": "PAY_PER_REQUEST"}


def _create(tables: list[dict[str, Any]]) -> None:
    """Make those tables that nothing was imported into."""
    store = boto3.client("dynamodb")
    there = set(store.list_tables()["TableNames"])
    for table in tables:
        if table["TableName"] not in there:
            store.create_table(**table)


# ---- images


@dataclass
class Scene:
    """A place, its footprint as WKB, and where its images are posted apart from their months."""

    geometry: dict[str, Any]
    footprint: bytes = b""
    partitions: tuple[str, ...] = ()


@dataclass
class Index:
    """What the product's index comes to hold: its state, and the days that have images."""

    state: IndexState = field(default_factory=IndexState)
    days: set[str] = field(default_factory=set)


def scenes() -> Iterator[Scene]:
    """Yield squares all over the earth but the poles; always the same ones."""
    dice = random.Random(3)
    for _ in range(math.ceil(IMAGES / VISITS)):
        x, y = dice.uniform(-178, 178), math.degrees(math.asin(dice.uniform(-0.95, 0.95)))
        yield Scene(square(x, y, SIDE_KM, _TILT))


def images(number: int, scene: Scene) -> Iterator[Document]:
    """Yield the images of a place, normalised as the API does it."""
    dice = random.Random(number)
    for visit in range(VISITS):
        day = _START + timedelta(days=(visit + dice.random()) * _DAYS / VISITS)
        name = f"s{number:05}v{visit}"
        given = {
            "name": name,
            "product_id": PRODUCT,
            "acquired": format_timestamp(day),
            "geometry": scene.geometry,
            "cloud_fraction": round(dice.random(), 4),
            "satellite_id": f"SENTINEL_2{'AB'[visit % 2]}",
            "storage_state": "remote",
        }
        saved = format_timestamp(day + timedelta(hours=9))
        attributes = IMAGE.validate_create(given) | {"created": saved, "modified": saved}
        yield Document("image", f"{PRODUCT}:{name}", attributes, 1)


def _import(deployed: Deployed, tables: list[dict[str, Any]], file: Path) -> Index:
    """Write images and postings as an export, and have the store import it."""
    export, schema = file.parent / "export", file.parent / "schema.json"
    schema.write_text(json.dumps([{"Table": table} for table in tables]))
    with (
        _exported(export / deployed.outputs["ImagesTable"]) as documents,
        _exported(export / deployed.outputs["PostingsTable"]) as postings,
    ):
        index = _write(documents, postings)
    source = ["--source", str(export), "--schema", str(schema), "--output", str(file)]
    subprocess.run([str(PROGRAM), "import", *source], check=True, stdout=subprocess.DEVNULL)
    return index


def _exported(table: Path) -> gzip.GzipFile:
    folder = table / "data"
    folder.mkdir(parents=True, exist_ok=True)
    return gzip.open(folder / "1.json.gz", "wb", compresslevel=1)


def _write(documents: gzip.GzipFile, postings: gzip.GzipFile) -> Index:
    index = Index()
    for number, scene in enumerate(scenes()):
        for image in images(number, scene):
            if not scene.partitions:  # a cover is computed once for each place
                found = postings_of(image)
                scene.partitions = tuple(row.partition for row in found.rows[1:])
                scene.footprint = found.rows[0].payload["g"]
                index.state = index.state.union(found.state)
            index.days.add(image.attributes["acquired"][:10])
            _write_image(image, scene, documents, postings)
    years = frozenset(int(day[:4]) for day in index.days)
    return replace(index, state=replace(index.state, years=years))


def _write_image(
    image: Document, scene: Scene, documents: gzip.GzipFile, postings: gzip.GzipFile
) -> None:
    """Write the items that saving an image writes (``swath_core.store.images``)."""
    acquired = image.attributes["acquired"]
    key, by_time = key_of(acquired, image.id), time_partition(PRODUCT, acquired[:7], 0)
    names = " ".join(each.partition("|")[2] for each in (by_time, *scene.partitions))
    how: dict[str, Any] = {"version": 1, "posted": names, "index": INDEX_VERSION, "indexed": 1}
    documents.write(_line(ImageItem(image.id, document=image.attributes, **how)))
    payload: dict[str, Any] = {"g": scene.footprint, "b": 0, "v": 1}
    told = encode_attributes(image, modified=True)
    postings.write(_line(PostingItem(by_time, key, a=told, **payload)))
    told = encode_attributes(image, modified=False)
    row = _line(PostingItem(_ANY, key, a=told, **payload))
    for partition in scene.partitions:
        postings.write(row.replace(_ANY.encode(), partition.encode()))


def _line(item: ImageItem | PostingItem) -> bytes:
    return json.dumps({"Item": item.serialize()}, default=_base64).encode() + b"\n"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


# ---- what follows a save


def _settle(deployed: Deployed, index: Index) -> None:
    """Make the product, say what its index holds, recount and mirror as the schedule does."""
    api = Api(deployed.api_url, deployed.token())
    about = {"name": "Images all over the earth", "readers": ["group:public"]}
    api.save("product", PRODUCT, about)
    with tables_of(deployed) as found:
        product = CatalogStore(found.settings).product(PRODUCT)
        assert product is not None  # noqa: S101 - it was just made
        ImageStore(found.settings).ensure_indexed(product, index.state)
        rollups, manifests = RollupStore(found.settings), ManifestStore(found.settings)
        rollups.mark(PRODUCT, index.days)
        files = MirrorFiles(Objects(found.settings, "mirror_bucket"))
        for hours in (1, 2):
            now = partial(_hours_later, hours)
            recounted = Rollup(rollups, LiveCounter(found.postings), clock=now).run(_SECONDS)
            context = MirrorContext(rollups, manifests, found.postings, files, clock=now)
            mirrored = Mirror(context).run(_SECONDS)
            if recounted.failures or mirrored.failures:
                raise ExceptionGroup("not settled", recounted.failures + mirrored.failures)


def _hours_later(hours: int) -> float:
    return time.time() + 3600 * hours
