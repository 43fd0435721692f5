"""Published clients on the deployed stack: `descarteslabs`, `earthone`, `descarteslabs_1_12`.

`client.call("module", "function", name=value)` runs a function of tests/contract/clients/module.py
inside the client's environment and returns its result, or raises published.Raised.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.contract.published import (
    DESCARTESLABS,
    DESCARTESLABS_1_12,
    EARTHONE,
    Client,
    NoInterpreter,
    Release,
    running,
)

from swath_dev.cloud import Deployed, LocalCloud

Start = Callable[..., Client]


@pytest.fixture(scope="session")
def start(
    stack: Deployed, cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """Start a client as some caller: start(release, org=, subject=, settings=, token=, **claims).

    Without settings it gets the one setting that it needs: the platform's URL.
    """
    with ExitStack() as clients:

        def begin(
            release: Release,
            org: str | None = None,
            subject: str = "tester",
            settings: dict[str, str] | None = None,
            token: str | None = None,
            **claims: Any,
        ) -> Client:
            org = org or f"org{secrets.token_hex(4)}"
            token = token or cloud.token(org, subject, **claims)
            chosen = settings or {"platform_url": stack.api_url}
            home = tmp_path_factory.mktemp("home")
            try:
                return clients.enter_context(running(release, token, chosen, home, org))
            except NoInterpreter as reason:
                pytest.skip(str(reason))

        yield begin


@pytest.fixture(scope="session")
def descarteslabs(start: Start) -> Client:
    """The published client 3.2.2, a member of an org of its own."""
    return start(DESCARTESLABS)


@pytest.fixture(scope="session")
def earthone(start: Start) -> Client:
    """The published client's successor, a member of an org of its own."""
    return start(EARTHONE)


@pytest.fixture(scope="session")
def descarteslabs_1_12(start: Start, stack: Deployed) -> Client:
    """The last client with Scenes; it wants each service's address and an environment's name."""
    settings = {
        "env": "aws-production",
        "catalog_v2_url": f"{stack.api_url}/catalog/v2",
        "raster_url": f"{stack.api_url}/raster/v2",
        "metadata_url": f"{stack.api_url}/metadata/v1",
    }
    return start(DESCARTESLABS_1_12, settings=settings)


@pytest.fixture(scope="session", params=["descarteslabs", "earthone"])
def client(request: pytest.FixtureRequest, stack: Deployed) -> Client:
    """Both living clients in turn, on the stack of all tests: there is one in a session."""
    del stack  # named, so that the tests are seen to need it
    found: Client = request.getfixturevalue(request.param)
    return found
