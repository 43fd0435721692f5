"""What a load leaves behind: each image compared with what was acknowledged, in every way."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests
from tests.load_client import ABSENT, SERVER_ERROR, Attributes, Client, by_name, expect

_AT_ONCE = 6


@dataclass
class Checker:
    """Asks for one client's images when nothing goes wrong any more."""

    client: Client

    def ask(self, method: str, path: str, body: object = None) -> requests.Response:
        """Send a request. Raises AssertionError where it is not answered."""
        outcome = self.client.call("check", method, path, body)
        assert outcome.answer is not None, f"{method} {path} is not answered"
        assert outcome.status < SERVER_ERROR
        return outcome.answer

    def images(self) -> dict[str, Attributes]:
        """Return this client's images: each is the same in all answers, and none is half there."""
        found = {name: self._one(name) for name in self.client.may}
        present = {name: attributes for name, attributes in found.items() if attributes}
        assert by_name(self.ask("PUT", "/images", self.client.asked(limit=50))) == present
        counted = self.ask("PUT", "/images", self.client.asked(limit=0)).json()["meta"]["count"]
        assert counted == len(present), f"client {self.client.number}: {counted} counted"
        ids = [f"{self.client.product}:{name}" for name in self.client.may]
        assert by_name(self.ask("PUT", "/images", _with_id(ids) | {"limit": 50})) == present
        return present

    def _one(self, name: str) -> Attributes:
        """Return one image, got, searched, counted and summarised by its id."""
        image_id = f"{self.client.product}:{name}"
        answer = self.ask("GET", f"/images/{image_id}")
        found = answer.json()["data"]["attributes"] if answer.ok else ABSENT
        expect(self.client.may[name], found, f"{name} at the end")
        searched = by_name(self.ask("PUT", "/images", _with_id(image_id)))
        assert searched == ({name: found} if found else {}), f"{name}: search and get differ"
        number = int(bool(found))
        counted = self.ask("PUT", "/images", _with_id(image_id) | {"limit": 0}).json()
        assert counted["meta"]["count"] == number, f"{name}: {counted}"
        assert self.summarised(_with_id(image_id)) == number, name
        return found

    def summarised(self, body: dict[str, Any]) -> int:
        """Return how many images a summary counts."""
        answer = self.ask("PUT", "/images/summary/all", body).json()
        return int(answer["data"]["attributes"]["count"])

    def by_month(self) -> dict[str, int]:
        """Return how many images of the product were acquired in each month, as summarised."""
        body = self.client.asked(tags=False)
        answer = self.ask("PUT", "/images/summary/acquired/month", body).json()
        months = (entry["attributes"] for entry in answer["data"])
        return {each["interval_start"][:7]: each["count"] for each in months if each["count"]}


def _with_id(wanted: str | list[str]) -> dict[str, Any]:
    return {"filter": json.dumps([{"op": "eq", "name": "id", "val": wanted}])}


def check(clients: list[Client]) -> int:
    """Compare everything that all clients wrote with the catalog; return how many images exist."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda client: Checker(client).images(), clients))
    months = Counter(each["acquired"][:7] for images in found for each in images.values())
    every = Checker(clients[0])
    assert every.by_month() == dict(months)
    assert every.summarised(every.client.asked(tags=False)) == months.total()
    return months.total()


# -- why requests failed


@dataclass(frozen=True)
class Evidence:
    """The lines that the functions logged, by the id of the request they are about."""

    lines: dict[str, list[dict[str, Any]]]

    @classmethod
    def of(cls, logs: Any, group: str, seconds: float = 20) -> Evidence:
        """Read a log group once it stands still. ``logs`` is a client of CloudWatch Logs."""
        before, deadline = -1, time.monotonic() + seconds
        while True:
            messages = _messages(logs, group)
            if len(messages) == before or time.monotonic() > deadline:
                break
            before = len(messages)
            time.sleep(0.5)
        lines: dict[str, list[dict[str, Any]]] = {}
        for message in messages:
            for line in message.splitlines():
                if line.startswith("{") and '"request_id"' in line:
                    parsed = json.loads(line)
                    lines.setdefault(str(parsed["request_id"]), []).append(parsed)
        return cls(lines)

    def reason(self, request: str) -> str | None:
        """Return what the function logged about a request that it answered with an error."""
        lines = self.lines.get(request, [])
        worst = [line for line in lines if line["level"] in {"ERROR", "WARNING"}]
        for line in [*worst, *lines]:
            return f"{line['message']} {line.get('exception_name', '')}".strip()
        return None

    def failures(self) -> list[str]:
        """Return what the functions logged about requests that they failed to answer at all."""
        return [
            f"{line['message']}: {line.get('exception_name')} {line.get('exception')}"[:400]
            for lines in self.lines.values()
            for line in lines
            if line["message"] == "the request failed"
        ]


def _messages(logs: Any, group: str) -> list[str]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]
