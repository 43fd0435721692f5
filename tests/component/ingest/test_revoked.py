"""Whoever declared an upload is asked again when it is published: rights end with the product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.ingest_world import DECODER, PRODUCT, World, ramp, raster

from swath_core.access import Caller
from swath_core.documents import Document
from swath_core.ingest import ingest, sweep
from swath_core.pixels import DecoderProcess, FileResult, FileTask
from swath_core.uploads import Upload

WRITERS = {
    "user": Caller("ann", "acme"),
    "org": Caller("ann", "acme"),
    "email": Caller("ann", None, frozenset(), "Ann@acme.example"),
    "group": Caller("ann", "acme", frozenset({"acme:writers"})),
}
LISTS = {
    "user": "user:" + WRITERS["user"].user,
    "org": "org:acme",
    "email": "email:ann@acme.example",
    "group": "group:acme:writers",
}


def allow(world: World, *writers: str) -> None:
    product, bands = world.products.items[PRODUCT]
    lists = {"owners": ["user:owner"], "writers": list(writers), "readers": ["org:acme"]}
    world.products.items[PRODUCT] = (
        Document("product", PRODUCT, product.attributes | lists, product.version + 1),
        bands,
    )


def declared(world: World, caller: Caller) -> Upload:
    upload = world.declare()
    return world.uploads.save(replace(upload, declared_by=caller.to_json()), upload)


class Meanwhile(DecoderProcess):
    """Does something while the file is decoded."""

    def __init__(self, moment: Callable[[], None]) -> None:
        super().__init__()
        self.moment = moment

    def process(self, task: FileTask) -> FileResult:
        result = DECODER.process(task)
        self.moment()
        return result


@pytest.mark.parametrize("how", WRITERS)
def test_a_writer_publishes_and_a_revoked_one_fails(how: str) -> None:
    world = World()
    allow(world, LISTS[how])
    good, bad = declared(world, WRITERS[how]), declared(world, WRITERS[how])
    world.deliver(*world.send(good, raster()))
    assert world.now(good).status == "success"
    image = world.images.items[f"{PRODUCT}:a"]

    allow(world)
    world.deliver(*world.send(bad, raster(ramp() + 1)))
    assert world.now(bad).status == "failure"
    assert world.why(bad) == f"whoever declared the upload may not write {PRODUCT} any more"
    assert world.images.items[f"{PRODUCT}:a"] == image
    assert world.orphans() == []
    assert "swath.upload.failed" in world.bus.kinds()


@pytest.mark.parametrize("gone", [False, True], ids=["revoked", "product deleted"])
def test_revoked_while_its_file_is_decoded(*, gone: bool) -> None:
    world = World()
    allow(world, "org:acme")
    upload = declared(world, WRITERS["org"])

    def moment() -> None:
        if gone:
            del world.products.items[PRODUCT]
        else:
            allow(world)

    (created,) = world.send(upload, raster())
    ingest(replace(world.context, decoder=Meanwhile(moment)), created)
    assert world.now(upload).status == "failure"
    expected: dict[bool, Any] = {True: "there is no product", False: "may not write"}
    assert expected[gone] in world.why(upload)
    sweep(world.context)
    assert world.images.items == {}
    assert world.objects.content == {}
