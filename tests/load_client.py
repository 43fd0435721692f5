"""Clients that write and read at once, each knowing in which states its images may be found.

A client owns some names and writes images under them (create, change, delete, alone and in bulk);
what the API acknowledged is written down. It tries again as the published clients do, with the
same ``Idempotency-Key``. A write of which nothing definite was heard leaves two states that may be
found: that before it or that after it.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

Attributes = dict[str, Any]
ABSENT: Attributes = {}
COMPARED = ("acquired", "cloud_fraction", "tags")
SERVER_ERROR = 500
_SECONDS = 120
"""Longer than any function runs: what was not answered by then is not running any more."""
_ATTEMPTS = 5
_NAMES = 6
"""Images that one client writes over and over again."""
_OK = (200, 201, 204)


@dataclass(frozen=True)
class Failure:
    """An answer that no client wants: whose it is, what it says, which request it was."""

    source: str
    detail: str
    request: str = ""


@dataclass
class Tally:
    """What was answered: statuses by kind of request, each failure, and how long it took."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def answered(self) -> int:
        """How many requests were answered without an error of a server."""
        with self.lock:
            return sum(n for (_, status), n in self.statuses.items() if 0 < status < SERVER_ERROR)

    def note(self, kind: str, answer: requests.Response | Exception, seconds: float) -> None:
        """Count an answer."""
        status = 0 if isinstance(answer, Exception) else answer.status_code
        with self.lock:
            self.seconds.append(seconds)
            self.statuses[kind, status] += 1
            if status == 0 or status >= SERVER_ERROR:
                self.failures.append(_failure(answer))

    def acknowledged(self, kind: str) -> int:
        """Return how many requests of a kind did what they were for."""
        return sum(self.statuses[kind, status] for status in _OK)


def _failure(answer: requests.Response | Exception) -> Failure:
    """Tell an error of the function, which is a JSON:API document, from one of the emulator."""
    if isinstance(answer, Exception):
        return Failure("connection", type(answer).__name__)
    try:
        error = answer.json()["errors"][0]
        detail = f"{answer.status_code} {error['detail']}"
        return Failure("function", detail, str(error.get("id", "")))
    except (ValueError, KeyError, IndexError, TypeError):
        return Failure("emulator", f"{answer.status_code} {answer.text[:200]}")


@dataclass(frozen=True)
class Outcome:
    """The last answer to a request, or None; ``unsure`` where an earlier try may have worked."""

    answer: requests.Response | None
    unsure: bool

    @property
    def status(self) -> int:
        """The status; 0 where nothing definite was heard."""
        return 0 if self.answer is None else self.answer.status_code


@dataclass
class Client:
    """One client: ``may`` holds for each of its names the states in which it may be found."""

    number: int
    url: str
    token: str
    product: str
    tally: Tally
    may: dict[str, list[Attributes]] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.random = random.Random(self.number)
        self.may = {f"c{self.number}-{index}": [ABSENT] for index in range(_NAMES)}

    def call(self, kind: str, method: str, path: str, body: object = None) -> Outcome:
        """Send a request, and again (with the same key) while a server's error comes back."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        for attempt in range(_ATTEMPTS):
            answer = self._once(kind, method, path, body, headers)
            if not isinstance(answer, Exception) and answer.status_code < SERVER_ERROR:
                return Outcome(answer, unsure=attempt > 0)
            time.sleep(self._pause(answer, attempt))
        with self.tally.lock:
            self.tally.unanswered += 1
        return Outcome(None, unsure=True)

    def _once(
        self, kind: str, method: str, path: str, body: object, headers: Mapping[str, str]
    ) -> requests.Response | Exception:
        began = time.monotonic()
        answer: requests.Response | Exception
        try:
            address = f"{self.url}/catalog/v2{path}"
            answer = self.session.request(
                method, address, json=body, headers=dict(headers), timeout=_SECONDS
            )
        except requests.RequestException as error:
            answer = error
        self.tally.note(kind, answer, time.monotonic() - began)
        return answer

    def _pause(self, answer: requests.Response | Exception, attempt: int) -> float:
        if not isinstance(answer, Exception) and answer.headers.get("retry-after", "").isdecimal():
            return min(float(answer.headers["retry-after"]), 10.0)
        return self.random.uniform(0.2, 0.5) * 2.0**attempt

    def work(self, is_over: Callable[[], bool]) -> None:
        """Read and write at random until it is over."""
        steps: list[Callable[[], None]] = [
            self.save, self.save, self.save_many, self.change, self.change, self.remove,
            self.get, self.get, self.search, self.search_by_id, self.count, self.summary,
        ]  # fmt: skip
        while not is_over():
            self.random.choice(steps)()

    # -- writes

    def attributes(self, name: str) -> Attributes:
        """Return new attributes for an image of this client."""
        x, y = self.random.uniform(0, 10), self.random.uniform(40, 50)
        ring = [[x, y], [x + 0.1, y], [x + 0.1, y + 0.1], [x, y + 0.1], [x, y]]
        day = f"2024-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
        return {
            "name": name,
            "product_id": self.product,
            "acquired": f"{day}T00:00:00.000000Z",
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "cloud_fraction": round(self.random.random(), 6),
            "storage_state": "remote",
            "tags": [f"client{self.number}", f"t{self.random.randrange(10**9)}"],
        }

    def save(self) -> None:
        """Create an image where there is none."""
        name = self.random.choice(list(self.may))
        wanted = self.attributes(name)
        outcome = self.call("create", "POST", "/images", {"data": _resource(wanted)})
        self._created(name, wanted, outcome.status, unsure=outcome.unsure)

    def save_many(self) -> None:
        """Create several images with one request; each has its own outcome."""
        wanted = {name: self.attributes(name) for name in self.random.sample(list(self.may), 3)}
        body = {"data": [_resource(values) for values in wanted.values()]}
        outcome = self.call("create many", "POST", "/images/bulk", body)
        if outcome.answer is None:
            statuses = [0] * len(wanted)
        else:
            results = outcome.answer.json()["data"]
            statuses = [int(each["meta"]["status"]) for each in results]
        for (name, values), status in zip(wanted.items(), statuses, strict=True):
            self._created(name, values, status, unsure=outcome.unsure)

    def _created(self, name: str, wanted: Attributes, status: int, *, unsure: bool) -> None:
        """Write down what became of an image that was to be created."""
        if status in {200, 201}:
            self.may[name] = [wanted]
        elif unsure or status == 0 or status >= SERVER_ERROR:
            self.may[name] = [*self.may[name], wanted]

    def change(self) -> None:
        """Change some attributes of an image."""
        name = self.random.choice(list(self.may))
        changes = {key: self.attributes(name)[key] for key in COMPARED}
        path = f"/images/{self.product}:{name}"
        body = {"data": {"type": "image", "id": f"{self.product}:{name}", "attributes": changes}}
        outcome = self.call("change", "PATCH", path, body)
        after = [state | changes for state in self.may[name] if state]
        if outcome.status == requests.codes.ok:
            self.may[name] = after
        elif outcome.unsure:
            self.may[name] = [*self.may[name], *after]

    def remove(self) -> None:
        """Delete an image."""
        name = self.random.choice(list(self.may))
        outcome = self.call("delete", "DELETE", f"/images/{self.product}:{name}")
        if outcome.status in {200, 204, 404}:
            self.may[name] = [ABSENT]
        elif outcome.unsure:
            self.may[name] = [*self.may[name], ABSENT]

    # -- reads: what is acknowledged is there at once

    def get(self) -> None:
        """Get an image."""
        name = self.random.choice(list(self.may))
        outcome = self.call("get", "GET", f"/images/{self.product}:{name}")
        if outcome.answer is not None:
            found = outcome.answer.json()["data"]["attributes"] if outcome.answer.ok else ABSENT
            expect(self.may[name], found, f"{name} by GET")

    def search(self) -> None:
        """Search for this client's images by tag."""
        self._searched(self.call("search", "PUT", "/images", self.asked(limit=50)), list(self.may))

    def search_by_id(self) -> None:
        """Search for one image by its id."""
        name = self.random.choice(list(self.may))
        asked = {"filter": json.dumps([_is("id", f"{self.product}:{name}")])}
        self._searched(self.call("search by id", "PUT", "/images", asked), [name])

    def _searched(self, outcome: Outcome, names: list[str]) -> None:
        if outcome.answer is not None:
            found = by_name(outcome.answer)
            for name in names:
                expect(self.may[name], found.get(name, ABSENT), f"{name} by search")

    def count(self) -> None:
        """Count this client's images."""
        outcome = self.call("count", "PUT", "/images", self.asked(limit=0))
        if outcome.answer is not None:
            counted = outcome.answer.json()["meta"]["count"]
            least = sum(all(states) for states in self.may.values())
            most = sum(any(states) for states in self.may.values())
            assert least <= counted <= most, f"client {self.number}: {counted} counted"

    def summary(self) -> None:
        """Summarise the whole product, others' images, too."""
        outcome = self.call("summary", "PUT", "/images/summary/all", self.asked(tags=False))
        assert outcome.answer is None or outcome.answer.json()["data"]["attributes"]["count"] >= 0

    def asked(self, limit: int | None = None, *, tags: bool = True) -> dict[str, Any]:
        """Return the body of a search for this client's images, or for the product's."""
        terms = [_is("product_id", self.product)]
        if tags:
            terms.append(_is("tags", f"client{self.number}"))
        body: dict[str, Any] = {"filter": json.dumps(terms)}
        return body if limit is None else body | {"limit": limit}


def by_name(answer: requests.Response) -> dict[str, Attributes]:
    """Return the attributes of the images of an answer by their names."""
    return {each["attributes"]["name"]: each["attributes"] for each in answer.json()["data"]}


def expect(states: list[Attributes], found: Attributes, where: str) -> Attributes:
    """Return the state that was found. Raises AssertionError for one that nobody wrote."""
    for state in states:
        if bool(state) == bool(found) and all(
            found.get(key) == state[key] for key in COMPARED if state
        ):
            return state
    shown = {key: found.get(key) for key in COMPARED}
    raise AssertionError(
        f"{where}: found {shown if found else 'nothing'}, expected one of {states}"
    )


def _resource(attributes: Attributes) -> dict[str, Any]:
    return {"type": "image", "attributes": attributes}


def _is(name: str, value: object) -> dict[str, Any]:
    return {"op": "eq", "name": name, "val": value}
