"""A local cloud under load: workers warmed, worked, and killed meanwhile."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.load_client import Client, Tally

from swath_dev.cloud import LocalCloud

_ANSWERS_BETWEEN = 10
_STARTED_AT_ONCE = 4
_WARM_SECONDS = 300.0
_ANSWERS_OF_EACH = 12
_LONGEST = 6


def workers(cloud: LocalCloud, function: str = "") -> list[int]:
    """Return the processes in which the local cloud runs functions."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
            names = [v for v in environment if v.startswith("AWS_LAMBDA_FUNCTION_NAME=")]
            endpoint = f"AWS_ENDPOINT_URL={cloud.endpoint}"
            if names and endpoint in environment and function.lower() in names[0].lower():
                found.append(int(folder.name))
    return found


def warm(cloud: LocalCloud, client: Client, number: int) -> int:
    """Have workers of the API started, few at a time, and do their first work; return how many.

    The local cloud starts a process for each request that finds none free, and a process loads
    what a kind of request needs with the first of its kind. Fifty of them at once take minutes on
    two processors, and everybody's requests with them.
    """
    deadline = time.monotonic() + _WARM_SECONDS

    def ask(which: int) -> None:
        new = client.attributes(f"{which}-{uuid.uuid4().hex}")
        client.call("warm up", "POST", "/images", {"data": {"type": "image", "attributes": new}})
        client.call("warm up", "PUT", "/images", client.asked(limit=1))
        client.call("warm up", "PUT", "/images/summary/all", client.asked(tags=False))

    with ThreadPoolExecutor(number) as pool:
        while (running := len(workers(cloud, "api"))) < number and time.monotonic() < deadline:
            list(pool.map(ask, range(min(running + _STARTED_AT_ONCE, number))))
        list(pool.map(ask, range(2 * number)))
    return running


@contextlib.contextmanager
def killing(cloud: LocalCloud, tally: Tally, every: float) -> Iterator[list[int]]:
    """Kill a worker process at random every so many seconds; yields the list of those killed.

    Between two kills some requests must have been answered: else nothing would be tested.
    """
    stop, killed = threading.Event(), list[int]()
    chance = random.Random(7)

    def run() -> None:
        seen = tally.answered
        while not stop.wait(every):
            found = workers(cloud, "api")
            if found and tally.answered >= seen + _ANSWERS_BETWEEN:
                seen = tally.answered
                victim = chance.choice(found)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


def play(cloud: LocalCloud, clients: list[Client], seconds: float, every: float) -> list[int]:
    """Let all clients work at once while workers are killed; return the processes killed.

    On a machine that is busy with other things it takes longer: until there was something to see.
    """
    problems: list[Exception] = []
    tally = clients[0].tally
    began, before = time.monotonic(), tally.answered
    with killing(cloud, tally, every) as killed:

        def is_over() -> bool:
            passed = time.monotonic() - began
            seen = killed and tally.answered - before >= _ANSWERS_OF_EACH * len(clients)
            return bool(problems) or (passed > seconds and (seen or passed > _LONGEST * seconds))

        def work(client: Client) -> None:
            try:
                client.work(is_over)
            except Exception as problem:  # noqa: BLE001 - the test's to report
                problems.append(problem)

        threads = [threading.Thread(target=work, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if problems:
        message = "clients that found what nobody wrote, or could not go on"
        raise ExceptionGroup(message, problems)
    return killed
