"""Drops whose product is not there: a failure that is found, and taken up once it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.ingest_world import PRODUCT, MemoryAwaited, World, band, raster

from swath_core.documents import Document
from swath_core.ingest import ObjectCreated, objects_created, sweep
from swath_core.ingest._context import _created_body
from swath_core.uploads import Part, Upload

DROP = "drop/acme/scenes/a.tif"
SIDECAR = json.dumps({"acquired": "2020-05-01"}).encode()


@pytest.fixture
def world() -> World:
    """A world whose product is not there yet."""
    world = World()
    world.products.items.clear()
    return world


def only(world: World) -> Upload:
    (upload,) = world.uploads.items.values()
    return upload


def drop(world: World, key: str = DROP, body: bytes | None = None) -> ObjectCreated:
    """Put a sidecar and a file, and tell of both."""
    sidecar = world.put(f"{key.rpartition('.')[0]}.json", SIDECAR)
    created = world.put(key, raster() if body is None else body)
    world.deliver(sidecar, created)
    return created


def create_product(world: World, *bands: Document) -> None:
    """Create the product at this moment."""
    world.define(*bands)
    product, _ = world.products.items[PRODUCT]
    product.attributes["modified"] = world.clock()
    for each in bands:
        each.attributes["modified"] = world.clock()


def run_schedule(world: World, **span: Any) -> int:
    """Let time pass and the schedule run, then the ingest of what it announces."""
    world.clock.pass_(**span)
    swept = sweep(world.context)
    assert swept.problems == ()
    announced, world.queue = world.queue, []
    world.deliver(*announced)
    return len(announced)


def test_a_drop_without_a_product_fails_and_is_taken_up(world: World) -> None:
    drop(world)
    failed = only(world)
    assert (failed.status, failed.awaits_product) == ("failure", True)
    assert failed.events[-1].message == (
        "there is no product acme:scenes; expected drop/ORG/PRODUCT/NAME. The file stays until "
        "2026-01-02T00:00:00.000000Z and is taken up once the product has bands"
    )
    assert world.bus.kinds() == ["swath.upload.failed"]
    assert sweep(world.context).awaited == 1

    world.clock.pass_(hours=5)
    create_product(world)
    assert run_schedule(world, minutes=2) == 0, "it has no bands"
    create_product(world, band("one"))
    assert run_schedule(world, seconds=30) == 0, "further bands may be about to come"
    assert run_schedule(world, seconds=31) == 1
    done = only(world)
    assert (done.status, done.awaits_product) == ("success", False)
    assert done.created == failed.created
    said = [event.message for event in done.events]
    assert said[0] == failed.events[0].message
    assert said[1] == "waiting to be processed: its product is there now"
    assert len({event.id for event in done.events}) == len(done.events)
    assert world.images.items[f"{PRODUCT}:a"].get("acquired").startswith("2020-05-01")
    assert world.orphans() == []
    assert run_schedule(world, minutes=1) == 0
    assert world.awaited.items == {}


def test_files_that_wait_too_long_go_and_the_failure_stays(world: World) -> None:
    drop(world)
    world.clock.pass_(hours=24, seconds=1)
    assert sweep(world.context).awaited == 0
    assert world.objects.content == {}
    create_product(world, band("one"))
    assert run_schedule(world, minutes=5) == 0
    assert only(world).status == "failure"
    assert only(world).awaits_product, "who may create the product may still read why"


def test_a_manifest_waits_with_its_files(world: World) -> None:
    manifest = json.dumps({"files": ["one.tif"], "attributes": {"acquired": "2020-05-01"}})
    sent = world.put("drop/acme/scenes/m.json", manifest.encode())
    world.deliver(sent, world.put("drop/acme/scenes/m/one.tif", raster()))
    assert only(world).awaits_product
    create_product(world, band("one"))
    assert run_schedule(world, minutes=2) == 1
    assert only(world).status == "success"
    assert world.orphans() == []


@pytest.mark.parametrize("again", [1, 2])
def test_deliveries_before_and_after_the_product_change_nothing_else(
    world: World, again: int
) -> None:
    created = drop(world)
    before = only(world)
    for _ in range(again):
        world.deliver(created)
    assert only(world) == before
    assert world.bus.kinds() == ["swath.upload.failed"]
    create_product(world, band("one"))
    world.deliver(created)  # S3 tells of it once more, before the schedule has seen the product
    assert only(world).status == "success"
    assert world.images.writes == 1
    run_schedule(world, minutes=2)
    world.deliver(created)
    assert world.images.writes == 1
    assert world.orphans() == []


def test_what_is_wrong_beside_the_product_is_said_when_it_is_there(world: World) -> None:
    world.put("drop/acme/scenes/a.json", b"[]")
    world.deliver(world.put(DROP, raster()))
    assert only(world).awaits_product
    create_product(world, band("one"))
    run_schedule(world, minutes=2)
    assert (only(world).status, only(world).awaits_product) == ("failure", False)
    assert "expected a JSON object" in world.why(only(world))
    assert run_schedule(world, minutes=1) == 0, "that is final"


def test_a_message_that_is_lost_is_sent_again(world: World) -> None:
    drop(world)
    create_product(world, band("one"))
    world.clock.pass_(minutes=2)
    sweep(world.context)
    world.queue.clear()
    assert run_schedule(world, minutes=1) == 1
    assert only(world).status == "success"


def test_a_schedule_that_cannot_announce_says_so_and_keeps_the_rest(world: World) -> None:
    class Broken(MemoryAwaited):
        def listed(self, prefix: str = "") -> Any:
            raise RuntimeError("throttled")

    world.awaited = Broken()
    assert sweep(world.context).problems == ("awaited products: RuntimeError: throttled",)


def test_objects_are_announced_in_the_form_that_is_understood() -> None:
    part = Part("drop/acme/a b+c/ä%.tif", "ä%.tif", "etag", 12, "2026")
    (created,) = objects_created(_created_body(part))
    assert created == ObjectCreated(part.key, 12, "etag", "2026")


def test_many_files_are_announced_run_by_run(world: World) -> None:
    from swath_core.ingest._awaiting import take_up_awaited

    for index in range(5):
        drop(world, f"drop/acme/scenes/a{index}.tif", raster() + bytes([index]))
        world.clock.pass_(seconds=1)
    create_product(world, band("one"))
    world.clock.pass_(minutes=2)
    take_up_awaited(world.context, most=3)
    assert len(world.queue) == 3
    world.deliver(*world.queue)
    world.queue.clear()
    assert run_schedule(world, minutes=1) == 2
    assert {upload.status for upload in world.uploads.items.values()} == {"success"}
    assert run_schedule(world, minutes=10) == 0
    assert world.awaited.items == {}
