"""The in-memory reader against the deployed table, call for call, on a catalog of 1,000 images."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from benchmarks._search_catalog import SATELLITES, Catalog, build, square

from swath_core.search import ImageQuery, ImageSearch
from swath_core.store.fast import DynamoClient
from swath_core.store.postings import DynamoPostings, PostingReader, RangeRead
from swath_dev.cloud import Deployed

pytestmark = pytest.mark.stack

IMAGES = 1000


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return build(SATELLITES[1], IMAGES)


@pytest.fixture(scope="module")
def table(stack: Deployed, catalog: Catalog) -> Iterator[DynamoPostings]:
    """Store the catalog's postings in the stack's table and read them as the API does."""
    name = stack.outputs["PostingsTable"]
    written = stack.session.resource("dynamodb").Table(name)
    with written.batch_writer() as batch:
        for partition, row in catalog.postings.rows():
            item: dict[str, Any] = {"pk": partition, "sk": row.key, "a": row.attributes}
            batch.put_item(Item=item | {"g": row.footprint, "b": row.bytes, "v": row.version})
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in stack.cloud.environment.items():
            patch.setenv(variable, value)
        yield DynamoPostings(name, DynamoClient())


def search(catalog: Catalog, reader: PostingReader) -> ImageSearch:
    return ImageSearch(
        postings=reader,
        documents=catalog.documents,
        months=catalog.months,
        signing_key=lambda: b"secret",
    )


def test_reads_are_the_same_call_for_call(catalog: Catalog, table: DynamoPostings) -> None:
    dice = random.Random(4)
    rows = list(catalog.postings.rows())
    requests = []
    for _ in range(200):
        (partition, row), (_, other) = dice.sample(rows, 2)
        low, high = sorted([row.key, other.key[: dice.randrange(5, 60)]])
        limit, descending = dice.choice([None, 1, 13, 100]), dice.random() < 0.5
        requests.append(
            RangeRead(partition, low, high, limit, descending, dice.random() < 0.5, limit != 1)
        )
    for request, ours, theirs in zip(
        requests, catalog.postings.read(requests), table.read(requests), strict=True
    ):
        assert ours.rows == theirs.rows, request
        assert theirs.exhausted or not ours.exhausted
        assert ours.exhausted == theirs.exhausted or len(ours.rows) == request.limit
        if request.footprints and request.attributes:
            assert ours.read_units == theirs.read_units


@pytest.mark.parametrize("width", [0, 10, 100, 500, None])
@pytest.mark.parametrize("sort", ["acquired", "-acquired", "cloud_fraction"])
def test_searches_are_the_same_page_for_page(
    catalog: Catalog, table: DynamoPostings, width: int | None, sort: str
) -> None:
    where = None if width is None else square(10.1, 47.2, width, 0)
    body: dict[str, object] = {"sort": sort, "intersects": where} if width else {"sort": sort}
    if width == 0:
        body["intersects"] = {"type": "Point", "coordinates": [10.1, 47.2]}
    query, products = ImageQuery.from_body(body), [catalog.product]
    readers: tuple[PostingReader, ...] = (catalog.postings, table)
    tokens: list[str | None] = [None, None]
    for _ in range(4):
        pages = [
            search(catalog, reader).page(query, products, token)
            for reader, token in zip(readers, tokens, strict=True)
        ]
        assert [d.id for d in pages[0].documents] == [d.id for d in pages[1].documents]
        assert pages[0].cost.postings == pages[1].cost.postings
        assert pages[0].cost.rounds == pages[1].cost.rounds
        tokens = [page.token for page in pages]
        assert tokens[0] == tokens[1]
        if tokens[0] is None:
            break
