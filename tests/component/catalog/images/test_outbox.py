"""What a write makes unreachable is noted with it, and goes whatever fails afterwards."""

from __future__ import annotations

from typing import Any
from unittest import mock

import boto3
import pytest
from tests.component.catalog.images.conftest import PRODUCT, SETTINGS, attributes

from swath_core.catalog import ImageWriter
from swath_core.errors import Conflict
from swath_core.store.objects import Objects
from swath_core.store.outbox import AT_ONCE
from swath_core.store.tables import CatalogItem

KEYS = [f"images/acme/p/2020/02/03/a/v{number}/a.tif" for number in (1, 2)]
LATER = "2999-01-01T00:00:00.000000Z"


def file(key: str) -> dict[str, Any]:
    return {"href": f"s3://data/{key}", "size_bytes": 1, "hash": "0" * 32}


@pytest.fixture
def bucket(tables: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket="data")
    for key in KEYS:
        client.put_object(Bucket="data", Key=key, Body=b"x")
    return client


def stored(bucket: Any) -> list[str]:
    return [each["Key"] for each in bucket.list_objects_v2(Bucket="data").get("Contents", ())]


def broken(*_: object) -> None:
    raise RuntimeError("InternalError")


def swept(catalog: ImageWriter) -> int:
    notes = catalog.unreachable(LATER, 100)
    for note in notes:
        catalog.clear(note)
    return len(notes)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("change", ["delete", "update"])
def test_objects_go_though_s3_fails_when_the_rows_are_gone(
    catalog: ImageWriter, bucket: Any, change: str, *, fails: bool
) -> None:
    catalog.create(attributes(files=[file(KEYS[0])]), PRODUCT)
    if change == "delete":
        saved = catalog.delete("acme:p:a")
    else:
        saved = catalog.update("acme:p:a", {"files": [file(KEYS[1])]}, PRODUCT)
    assert stored(bucket) == KEYS
    if fails:
        with mock.patch.object(Objects, "delete", broken):
            catalog.clear_now(saved.note)  # answered as though nothing had been
    else:
        catalog.clear_now(saved.note)
    assert stored(bucket) == (KEYS if fails else KEYS[1:])
    assert swept(catalog) == fails
    assert stored(bucket) == KEYS[1:]
    assert catalog.unreachable(LATER, 100) == []


def test_a_write_that_is_refused_notes_nothing(catalog: ImageWriter, bucket: Any) -> None:
    image = catalog.create(attributes(files=[file(KEYS[0])]), PRODUCT)
    catalog.update("acme:p:a", {"cloud_fraction": 0.5}, PRODUCT)
    with pytest.raises(Conflict):
        catalog.delete("acme:p:a", stored=image)
    with pytest.raises(Conflict):
        catalog.update("acme:p:a", {"files": []}, PRODUCT, stored=image)
    assert catalog.unreachable(LATER, 100) == []


def test_what_an_image_refers_to_again_stays(catalog: ImageWriter, bucket: Any) -> None:
    catalog.create(attributes(files=[file(KEYS[0])]), PRODUCT)
    catalog.delete("acme:p:a")  # and the function dies
    catalog.create(attributes(files=[file(KEYS[0])]), PRODUCT)
    assert swept(catalog) == 1
    assert stored(bucket) == KEYS
    assert catalog.unreachable(LATER, 100) == []


def test_notes_are_due_later_and_postponed_to_later_still(
    catalog: ImageWriter, bucket: Any
) -> None:
    catalog.create(attributes(files=[file(KEYS[0])]), PRODUCT)
    note = catalog.delete("acme:p:a").note
    assert note is not None
    assert catalog.unreachable("2020-01-01T00:00:00.000000Z", 100) == []
    assert catalog.unreachable(note.due, 100) == [note]
    catalog.postpone(note, 10 * AT_ONCE)
    assert catalog.unreachable(note.due, 100) == []
    (later,) = catalog.unreachable(LATER, 100)
    assert (later.keys, later.image_id) == (note.keys, note.image_id)
    assert later.due > note.due
    rows = [item for item in CatalogItem.scan() if item.pk.startswith("!outbox")]
    assert len(rows) == 1


def test_many_notes_come_in_turns(catalog: ImageWriter, bucket: Any) -> None:
    for number in range(40):
        key = f"images/acme/p/2020/02/03/n{number}/v1/a.tif"
        given = attributes(f"n{number}", files=[file(key)])
        catalog.create({k: v for k, v in given.items() if k != "geometry"}, PRODUCT)
        catalog.delete(f"acme:p:n{number}")
    seen = 0
    for _ in range(60):
        found = catalog.unreachable(LATER, 20)
        assert len(found) <= 20
        seen += len(found)
        for note in found:
            catalog.clear(note)
    assert seen == 40
    assert SETTINGS.data_bucket == "data"
