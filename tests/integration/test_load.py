"""Many clients at once, worker processes killed and the cloud restarted in between.

By default 6 clients for 10 seconds; SWATH_LOAD=50x60 (or make load) is 50 clients for 60 seconds.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.test_durability import free_port
from tests.load_check import Evidence, check
from tests.load_client import Client, Tally
from tests.load_faults import play, warm

from swath_dev.api import Api
from swath_dev.cloud import LocalCloud

pytestmark = pytest.mark.stack

CLIENTS, SECONDS = map(int, os.environ.get("SWATH_LOAD", "6x10").split("x"))
KILL_EVERY = 1.5
LOG = "/swath/swath/api"
_ENDED = (
    "Worker process died",
    "Worker process exited immediately",
    "Worker returned no response",
    "Broken pipe",
    "Task timed out",
)
"""What the emulator says of a request whose worker process ended."""


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    cloud = LocalCloud(tmp_path / "state", free_port())
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.stop()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc")
def test_what_was_acknowledged_is_found_whatever_died(own_cloud: LocalCloud) -> None:
    own_cloud.deploy()
    token = own_cloud.token(org="acme")
    api = Api(own_cloud.api_url, token)
    product, other = (api.save("product", name, {"name": name}) for name in ("load", "warm"))
    tally, warming = Tally(), Tally()
    clients = [Client(each, own_cloud.api_url, token, product, tally) for each in range(CLIENTS)]
    idle = Client(CLIENTS, own_cloud.api_url, token, other, warming)
    killed, warmed, took = list[int](), list[int](), list[float]()
    for half in range(2):
        if half:
            own_cloud.stop()
            own_cloud.start()
            own_cloud.deploy()
        warmed.append(warm(own_cloud, idle, CLIENTS))
        began = time.monotonic()
        killed += play(own_cloud, clients, SECONDS / 2, KILL_EVERY)
        took.append(time.monotonic() - began)
    figures = report(tally, sum(took)) | {"workers": warmed, "killed": len(killed)}
    evidence = Evidence.of(own_cloud.session.client("logs"), LOG)
    began = time.monotonic()
    images = check([*clients])
    figures |= {
        "failures": failures(tally, evidence),
        "images": images,
        "checked in": round(time.monotonic() - began, 1),
    }
    print(json.dumps(figures, indent=1))
    assert killed
    assert images
    for kind in ("create", "create many", "change", "delete"):
        assert tally.acknowledged(kind), f"no {kind} was acknowledged"
    assert unexplained(tally, evidence) == []


def unexplained(tally: Tally, evidence: Evidence) -> list[str]:
    """Return the failures that are neither an ended worker's nor logged by the API as passing.

    What the emulator answers for a worker that was killed (before, while or after it began) or took
    too long says so, and then the API has logged no failure of its own.
    """
    wrong = [f"logged by the API: {line}" for line in evidence.failures()]
    for failure in tally.failures:
        reason = evidence.reason(failure.request)
        passing = failure.detail.startswith("503") and reason is not None
        ended = failure.source == "emulator" and any(each in failure.detail for each in _ENDED)
        if not (passing if failure.source == "function" else ended):
            wrong.append(f"{failure.source}: {failure.detail} (logged: {reason})")
    return wrong


def failures(tally: Tally, evidence: Evidence) -> dict[str, int]:
    """Return how often each failure came, with what the function logged about its own."""
    return Counter(
        f"{each.source}: {each.detail}"
        + (f" (logged: {evidence.reason(each.request)})" if each.request else "")
        for each in tally.failures
    )


def report(tally: Tally, seconds: float) -> dict[str, object]:
    """Return the figures of the load that there was for so many seconds."""
    times = sorted(tally.seconds)
    return {
        "clients": CLIENTS,
        "seconds": round(seconds, 1),
        "requests": len(times),
        "a second": round(len(times) / seconds, 1),
        "p50": round(times[len(times) // 2], 3),
        "p99": round(times[len(times) * 99 // 100], 3),
        "given up": tally.unanswered,
        "statuses": {f"{kind} {status}": n for (kind, status), n in sorted(tally.statuses.items())},
    }
