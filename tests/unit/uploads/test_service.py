"""The use cases of uploads: who may do what, and what is said about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.ingest_world import PRODUCT, World, band, raster

from swath_core.access import Caller
from swath_core.documents import Document
from swath_core.errors import (
    BadRequest,
    Conflict,
    Errors,
    Forbidden,
    Invalid,
    NotFound,
    SwathError,
)
from swath_core.settings import Settings
from swath_core.times import parse_timestamp
from swath_core.uploads import UploadService, UploadView

WRITER = Caller("writer", "acme")
READER = Caller("reader", "other")
STRANGER = Caller("stranger", "nowhere")


class Objects:
    """Presigned URLs, and uploads in parts."""

    def __init__(self) -> None:
        self.finished: list[str] = []

    def urls_hold(self) -> int:
        return 900

    def put_url(self, key: str) -> str:
        return f"https://bucket/{key}?signed"

    def begin_parts(self, key: str) -> str:
        return "parts-1"

    def part_urls(self, key: str, upload: str, size: int) -> list[str]:
        return [f"https://bucket/{key}?part={n}" for n in range(1, -(-size // 2**29) + 1)]

    def finish_parts(self, key: str, upload: str) -> bool:
        self.finished.append(key)
        return True


@pytest.fixture
def world() -> World:
    world = World()
    _, bands = world.products.items[PRODUCT]
    access = {"owners": ["org:acme"], "writers": ["org:acme"], "readers": ["org:other"]}
    world.products.items[PRODUCT] = (Document("product", PRODUCT, access, 1), bands)
    return world


@pytest.fixture
def objects() -> Objects:
    return Objects()


@pytest.fixture
def service(world: World, objects: Objects) -> UploadService:
    return UploadService(
        Settings.from_environment({}),
        uploads=world.uploads,
        catalog=world.products,
        objects=objects,  # type: ignore[arg-type]
        awaited=world.awaited,
    )


def body(name: str = "a", **options: Any) -> dict[str, Any]:
    return {
        "image": {
            "data": {
                "type": "image",
                "id": f"{PRODUCT}:{name}",
                "attributes": {"name": name, "product_id": PRODUCT, "acquired": "2020-02"},
            }
        },
        "image_id": f"{PRODUCT}:{name}",
        "image_upload_options": {
            "upload_type": "file",
            "image_files": ["folder/a b.tif"],
            **options,
        },
    }


def test_declared_with_one_url_per_file(service: UploadService, world: World) -> None:
    world.define(band("one", file=0), band("two", file=1))
    world.products.items[PRODUCT][0].attributes["owners"] = ["user:" + WRITER.user]
    shown = service.declare(body(image_files=["C:\\x\\b.tif", "dir/c.tif"]), WRITER)
    upload = shown.upload
    assert upload.status == "transferring"
    assert [part.name for part in upload.parts] == ["b.tif", "c.tif"]
    assert shown.document.get("resumable_urls") == [
        f"https://bucket/uploads/{upload.id}/0/b.tif?signed",
        f"https://bucket/uploads/{upload.id}/1/c.tif?signed",
    ]
    assert shown.document.get("product_id") == PRODUCT
    assert shown.document.get("image_id") == f"{PRODUCT}:a"
    assert upload.image["acquired"] == "2020-02-01T00:00:00.000000Z"
    # whoever declared it can go on in another process
    urls = service.get(upload.id, WRITER).document.get("resumable_urls")
    assert urls == shown.document.get("resumable_urls")


def test_urls_say_until_when_they_hold_and_only_while_there_are_any(service: UploadService) -> None:
    def left(shown: UploadView) -> float:
        until = parse_timestamp(shown.document.get("resumable_urls_expire"))
        return (until - datetime.now(UTC)).total_seconds()

    shown = service.declare(body(), WRITER)
    assert 890 < left(shown) <= 900
    again = service.get(shown.upload.id, WRITER)
    assert 890 < left(again) <= 900
    assert left(again) >= left(shown)
    canceled = service.change(shown.upload.id, {"status": "canceled"}, WRITER)
    assert canceled.document.get("resumable_urls_expire") is None


def test_the_same_request_finds_its_upload(service: UploadService, world: World) -> None:
    first = service.declare(body(), WRITER, "r1").upload
    assert service.declare(body(), WRITER, "r1").upload.id == first.id
    assert service.declare(body(), WRITER, "r2").upload.id != first.id
    assert service.declare(body("b"), WRITER, "r1").upload.id != first.id
    assert len(world.uploads.items) == 3


@pytest.mark.parametrize(
    ("caller", "error"), [(READER, Forbidden), (STRANGER, NotFound)], ids=["reader", "stranger"]
)
def test_only_writers_declare(
    service: UploadService, caller: Caller, error: type[SwathError]
) -> None:
    with pytest.raises(error):
        service.declare(body(), caller)


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"image_id": "nocolon"}, Invalid, "PRODUCT_ID:NAME"),
        ({"image_id": f"{PRODUCT}:other"}, Invalid, "image_id says"),
        ({"image_upload_options": None}, Invalid, "image_upload_options"),
        ({"image_upload_options": {"upload_type": "file"}}, Invalid, "image_files"),
        (
            {"image_upload_options": {"upload_type": "file", "image_files": ["a", "b"]}},
            Invalid,
            "2 files were declared",
        ),
        ({"image": {"data": 3}}, Invalid, "image: expected"),
        ({"image_id": "acme:none:x", "image": None}, NotFound, "acme:none"),
    ],
)
def test_wrong_declarations_say_what_is_wrong(
    service: UploadService, change: dict[str, Any], error: type[SwathError], word: str
) -> None:
    with pytest.raises(error) as raised:
        service.declare(body() | change, WRITER)
    assert word in str(raised.value)


def test_wrong_image_attributes_are_all_named(service: UploadService) -> None:
    wrong = body()
    wrong["image"]["data"]["attributes"] |= {
        "cloud_fraction": "much",
        "nonsense": 1,
        "created": "2",
    }
    with pytest.raises(Errors) as raised:
        service.declare(wrong, WRITER)
    assert {str(error.pointer).rpartition("/")[2] for error in raised.value} == {
        "cloud_fraction",
        "nonsense",
        "created",
    }


def test_pending_and_canceled(service: UploadService) -> None:
    upload = service.declare(body(), WRITER).upload
    shown = service.change(upload.id, {"status": "pending"}, WRITER)
    assert shown.upload.status == "pending"
    assert [event.get("event_type") for event in shown.events] == ["queue"]
    assert service.change(upload.id, {"status": "pending"}, WRITER).upload == shown.upload
    assert service.change(upload.id, {"status": "canceled"}, WRITER).upload.status == "canceled"
    with pytest.raises(Conflict):
        service.change(upload.id, {"status": "pending"}, WRITER)
    with pytest.raises(BadRequest):
        service.change(upload.id, {"status": "success"}, WRITER)
    with pytest.raises(BadRequest):
        service.change(upload.id, {"user": "me"}, WRITER)


def test_pending_after_the_image_is_there_changes_nothing(
    service: UploadService, world: World
) -> None:
    upload = service.declare(body(), WRITER).upload
    world.deliver(*world.send(upload, raster()))
    assert service.change(upload.id, {"status": "pending"}, WRITER).upload.status == "success"
    with pytest.raises(Conflict, match="success"):
        service.change(upload.id, {"status": "canceled"}, WRITER)


def test_a_canceled_upload_takes_no_files(service: UploadService, world: World) -> None:
    upload = service.declare(body(), WRITER).upload
    service.change(upload.id, {"status": "canceled"}, WRITER)
    world.deliver(*world.send(upload, raster()))
    assert world.images.items == {}
    assert world.orphans() == []


def test_uploads_are_seen_by_who_declared_them_and_by_writers(
    service: UploadService, world: World
) -> None:
    upload = service.declare(body(), WRITER).upload
    assert service.get(upload.id, Caller("another", "acme")).upload == upload
    for caller in (READER, STRANGER):
        with pytest.raises(NotFound):
            service.get(upload.id, caller)
    with pytest.raises(NotFound):
        service.get("none", WRITER)
    assert [each.upload.id for each in service.of_product(PRODUCT, WRITER)] == [upload.id]
    assert list(service.of_product(PRODUCT, READER)) == []
    assert list(service.of_product(PRODUCT, STRANGER)) == []


def test_a_file_too_big_for_one_request_gets_urls_for_its_parts(
    service: UploadService, objects: Objects
) -> None:
    shown = service.declare(body(upload_size=6 * 1024**3), WRITER)
    assert len(shown.document.get("part_urls")["0"]) == 12
    service.change(shown.upload.id, {"status": "pending"}, WRITER)
    assert objects.finished == [shown.upload.parts[0].key]


def test_a_revoked_writer_gets_no_urls_and_cannot_say_that_all_is_sent(
    service: UploadService, world: World, objects: Objects
) -> None:
    upload = service.declare(body(upload_size=6 * 2**30), WRITER).upload
    assert service.get(upload.id, WRITER).urls
    product, _ = world.products.items[PRODUCT]
    product.attributes.update(owners=["user:owner"], writers=[], readers=["org:acme"])
    shown = service.get(upload.id, WRITER)
    assert shown.urls is None
    assert shown.parts is None
    with pytest.raises(Forbidden, match=f"you may not upload images to {PRODUCT}"):
        service.change(upload.id, {"status": "pending"}, WRITER)
    assert objects.finished == []
    assert service.change(upload.id, {"status": "canceled"}, WRITER).upload.status == "canceled"


def test_the_record_holds_who_declared_it_and_shows_nobody(
    service: UploadService, world: World
) -> None:
    caller = Caller("writer", "acme", frozenset({"acme:b", "acme:a"}), "w@acme.example")
    view = service.declare(body(), caller)
    stored = world.uploads.items[view.upload.id].declared_by
    assert stored is not None
    assert Caller.from_json(stored) == caller
    assert "w@acme.example" not in str(view.document)
    assert "acme:a" not in str(view.document)
