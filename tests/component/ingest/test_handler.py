"""The function: events as S3 and SQS send them, and what is delivered again."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from tests.ingest_world import World, raster

from swath_core.ingest import Busy, IngestContext, Message, objects_created

ROOT = Path(__file__).parents[3]


@pytest.fixture
def handler() -> ModuleType:
    path = ROOT / "functions" / "ingest" / "handler.py"
    spec = importlib.util.spec_from_file_location("ingest_handler", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def world(handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()

    @contextmanager
    def context(settings: object, message: object) -> Iterator[IngestContext]:
        yield world.context

    monkeypatch.setattr(handler, "message_context", context)
    return world


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / name).read_text())
    return event


CONTEXT = SimpleNamespace(function_name="ingest", memory_limit_in_mb=128)


def test_s3s_test_event_is_no_arrival(handler: ModuleType, world: World) -> None:
    assert handler.lambda_handler(sample("s3-test.json"), CONTEXT) == {"batchItemFailures": []}


def test_a_drop_arrives(handler: ModuleType, world: World) -> None:
    world.objects.put("drop/acme/weather/scene.tif", raster())
    assert handler.lambda_handler(sample("s3-drop.json"), CONTEXT) == {"batchItemFailures": []}
    (upload,) = world.uploads.items.values()
    assert upload.image_id == "acme:weather:scene"
    assert "there is no product acme:weather" in world.why(upload)


def test_keys_come_encoded(handler: ModuleType, world: World) -> None:
    (arrival,) = objects_created(sample("s3-upload.json")["Records"][0]["body"])
    assert arrival.key.endswith("/0/scene(1) red.tif")


def test_one_message_fails_without_its_neighbours(
    handler: ModuleType, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[float] = []
    monkeypatch.setattr(
        Message, "extend_visibility_timeout", lambda _, seconds: hidden.append(seconds)
    )

    busy_with = world.declare()

    def ingest(_: object, created: Any) -> None:
        if "uploads/" in created.key:
            raise Busy(busy_with)

    monkeypatch.setattr(handler, "ingest", ingest)
    good, busy = sample("s3-drop.json"), sample("s3-upload.json")
    busy["Records"][0]["attributes"]["ApproximateReceiveCount"] = "3"
    both = {"Records": [*busy["Records"], *good["Records"]]}
    answer = handler.lambda_handler(both, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": busy["Records"][0]["messageId"]}]}
    assert hidden == [140]


def test_a_poison_message_fails_alone(handler: ModuleType, world: World) -> None:
    good, poison = sample("s3-drop.json"), sample("s3-upload.json")
    poison["Records"][0]["body"] = "no JSON at all"
    alone = handler.lambda_handler(poison, CONTEXT)
    assert len(alone["batchItemFailures"]) == 1
    both = {"Records": [*poison["Records"], *good["Records"]]}
    answer = handler.lambda_handler(both, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": poison["Records"][0]["messageId"]}]}
