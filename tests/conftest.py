"""Shared by all suites: hypothesis budgets, credentials that reach nothing real, a local cloud.

With several workers (``pytest -n``) everything that needs the local cloud runs in one of them, so
that there is one cloud; the others run the rest meanwhile, each file in one of them, so that what a
file sets up once is set up once.
"""

import functools
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:  # unit tests start without boto3
    from swath_dev.cloud import Deployed, LocalCloud

# Unit tests must never find a developer's own account.
os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")

# moto makes a new session for every test; each would parse the descriptions of services anew.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

TESTS = Path(__file__).parent
DECISIONS = "decisions.jsonl"
"""Where the session's local cloud notes what it decides about the functions' rights."""

REMOTE_BUCKETS = ("others-images", "others-more")
"""Buckets of others that the deployed stack may read; tests make them."""

# SWATH_EXAMPLES=20000 runs the property tests with that many examples each.
settings.register_profile(
    "swath",
    max_examples=int(os.environ.get("SWATH_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("swath")


FIRST = ("contract", "integration", "properties", "component", "client", "unit")
"""Folders by how long their files take: what begins late must end soon."""


def pytest_configure(config: pytest.Config) -> None:
    """Have the workers begin with what comes first below, not with the largest files."""
    config.option.loadscopereorder = False


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return how many workers ``-n auto`` starts: one more than cores where one has the cloud.

    That one mostly waits: for a browser, for queues, for what its functions' processes do.
    """
    if config.option.dist != "loadgroup" or "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    usable = getattr(os, "sched_getaffinity", None)
    return (len(usable(0)) if usable else os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put all tests on the cloud in one worker, those that look back at the whole session last.

    They begin first, because they take longest. And before other plugins: the one that distributes
    tests looks at their groups in the same hook.
    """
    for item in items:
        if {"cloud", "stack"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("cloud"))
        elif item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))

    def place(item: pytest.Item) -> tuple[bool, bool, int]:
        group = item.get_closest_marker("xdist_group")
        folder = item.path.relative_to(TESTS).parts[0]
        return (
            item.get_closest_marker("last") is not None,
            group is None or group.args[0] != "cloud",
            FIRST.index(folder) if folder in FIRST else len(FIRST),
        )

    items.sort(key=place)


@pytest.fixture(scope="session")
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["LocalCloud"]:
    """A local cloud of this test session's own: free port, temporary state."""
    if getattr(request.config.option, "loadgroup", False):  # or each worker has a cloud of its own
        assert any(item.nodeid.endswith("@cloud") for item in request.session.items)
    from swath_dev.cloud import LocalCloud

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    state = tmp_path_factory.mktemp("cloud")
    recorder = TESTS / "recorded_cloud.py"
    own = LocalCloud(state, port, (str(recorder), str(state / DECISIONS)))
    yield own
    own.stop()


@pytest.fixture(scope="session")
def stack(cloud: "LocalCloud") -> "Deployed":
    """The deployed template; work whose process was killed is tried again within seconds.

    Requests are counted for a quota that no test comes near.
    """
    quick = {"IngestRetryAfter": "20", "TaskRetryAfter": "20"}
    more = {
        "RequestsPerCaller": "1000000",
        "RemoteBuckets": ",".join(REMOTE_BUCKETS),
        "MirrorFrom": "3",  # files of few images are read, too
    }
    _, deployed = cloud.bring_up(quick | more)
    return deployed
