"""The whole ingest on a bucket that fails: from every request on, for longer than is repeated.

The bucket is moto's, reached as the deployed function reaches it; tables and catalog are in
memory. However S3 failed, in the end everything is as if it had not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
from tests.component.catalog.images.conftest import SETTINGS
from tests.component.ingest import test_crashes as crashes
from tests.component.store.test_s3_faults import FAULTS, Network, network
from tests.ingest_world import BUCKET, Clock, World

from swath_core.errors import Unavailable
from swath_core.ingest import Busy, Interrupted, ObjectCreated, ingest
from swath_core.store.objects import Found, Objects
from swath_core.store.s3 import s3_client

__all__ = ["network"]  # a fixture

_DROP = re.compile("drop-[0-9a-f]{32}")
"""The uploads of dropped files are named by when the files came, too."""
MORE_THAN_REPEATED = 12
"""Requests in a row that fail: all repetitions of one, and some of what would follow."""


class StoredObjects(Objects):
    """The bucket as deployed, with what the tests' own one offers."""

    client: ClassVar[Any] = None
    """One for all worlds of a test: to make one takes longer than an ingest."""

    def __init__(self, _: Clock) -> None:
        super().__init__(replace(SETTINGS, data_bucket=BUCKET))
        if self.client is not None:
            self.__dict__["_s3"] = self.client

    def put(self, key: str, body: bytes) -> Found:
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        found = self.head(key)
        assert found is not None
        return found

    @property
    def content(self) -> dict[str, bytes]:
        listed = self._s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        keys = [each["Key"] for each in listed]
        return {key: self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cogs")


def world_on(network: Network, folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a world on an empty bucket; its clock is the bucket's."""
    network.reset("500", lambda _: False)
    crashes._cog()  # made in a world of its own, in memory
    if StoredObjects.client is None:
        monkeypatch.setattr(StoredObjects, "client", s3_client())
        monkeypatch.setattr("tests.ingest_world.MemoryObjects", StoredObjects)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
    StoredObjects(Clock()).delete(list(StoredObjects(Clock()).content))
    world = World()
    world.clock.moment = datetime.now(UTC)
    world.quick = crashes.QuickDecoder(folder)  # type: ignore[attr-defined]
    return world


def deliver(world: World, arrivals: list[ObjectCreated]) -> int:
    """Deliver until every message was handled, as SQS does; return how often one came again."""
    waiting, again = list(arrivals), 0
    for _ in range(8):
        failed = []
        for arrival in waiting:
            context = replace(world.context, decoder=world.quick)  # type: ignore[attr-defined]
            try:
                ingest(context, arrival)
            except (Unavailable, Busy, Interrupted):
                failed.append(arrival)
        if not failed:
            return again
        again += len(failed)
        world.clock.pass_(seconds=40)
        waiting = failed
    pytest.fail(f"still not handled: {waiting}")


def at_rest(world: World, network: Network) -> dict[str, Any]:
    """Return everything that may not depend on what went wrong on the way."""
    network.reset("500", lambda _: False)
    found: dict[str, Any] = json.loads(_DROP.sub("drop-", json.dumps(crashes.outcome(world))))
    return found


def between(first: int, last: int) -> Callable[[int], bool]:
    return lambda number: first <= number <= last


@pytest.mark.parametrize("fault", ["refused", "cut"])
@pytest.mark.parametrize("scenario", crashes.SCENARIOS, ids=lambda each: each.__name__)
def test_a_bucket_that_fails_changes_nothing_in_the_end(
    scenario: Callable[[World], list[ObjectCreated]],
    fault: str,
    network: Network,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def play(fails: Callable[[int], bool]) -> tuple[dict[str, Any], int, int]:
        world = world_on(network, folder, monkeypatch)
        arrivals = scenario(world)
        network.reset("cut", fails)
        if fault == "refused":
            network.fault = lambda _: FAULTS["500" if network.seen % 2 else "503"](None)
        again = deliver(world, arrivals)
        seen = network.seen
        return at_rest(world, network), seen, again

    expected, requests, again = play(lambda _: False)
    assert again == 0
    assert requests >= 3
    delivered_again = 0
    for at in range(1, requests + 1):
        found, _, again = play(between(at, at + MORE_THAN_REPEATED))
        assert found == expected, f"{fault} from request {at} on"
        delivered_again += again
    assert delivered_again
