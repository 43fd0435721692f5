"""The queues and their dead letters: how many messages there are, which, and sending them again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from swath_core.settings import Settings
from swath_core.times import timestamp_of

NAMES = ("ingest", "tasks")
"""The queues that have dead letters, as their settings are called."""

SHOWN = 10
"""Letters that are looked at; the most that SQS gives at once."""

_WAITING = "ApproximateNumberOfMessages"
_RUNNING = "ApproximateNumberOfMessagesNotVisible"
_DELAYED = "ApproximateNumberOfMessagesDelayed"


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue and that of its dead letters, by their URLs."""

    name: str
    url: str
    dead_url: str

    @classmethod
    def of(cls, settings: Settings, name: str) -> Queue:
        """Return the deployed queue of a name."""
        return cls(
            name, settings.need(f"{name}_queue_url"), settings.need(f"{name}_dead_letters_url")
        )


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages of a queue, as SQS counts them: approximately, and seconds late."""

    waiting: int
    running: int

    @property
    def all(self) -> int:
        """All messages."""
        return self.waiting + self.running


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: its text, and when it was first sent (a canonical timestamp)."""

    body: str
    sent: str


def depth(sqs: Any, url: str) -> Depth:
    """Return how many messages a queue has: one request."""
    names = [_WAITING, _RUNNING, _DELAYED]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    waiting, running, delayed = (int(found.get(name, 0)) for name in names)
    return Depth(waiting + delayed, running)


def look(sqs: Any, url: str) -> list[Letter]:
    """Return up to ``SHOWN`` messages, the oldest first; all of them stay where they are."""
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=SHOWN,
        VisibilityTimeout=0,
        WaitTimeSeconds=1,  # asks all of the servers that hold the queue
        AttributeNames=["SentTimestamp"],
    )
    found = [
        Letter(each["Body"], timestamp_of(int(each["Attributes"]["SentTimestamp"]) / 1000))
        for each in answer.get("Messages", ())
    ]
    return sorted(found, key=lambda letter: letter.sent)


def redrive(sqs: Any, dead_url: str, url: str, *, seconds: float = float("inf")) -> int:
    """Move dead letters back to their queue for so long, or until none is left; return how many.

    One is deleted only after it was sent: a letter that is sent twice does no harm, as each step
    of an ingest or a task is conditional on the state that it finds.
    """
    until = time.monotonic() + seconds
    moved = 0
    for letter in _received(sqs, dead_url, until):
        sqs.send_message(QueueUrl=url, MessageBody=letter["Body"])
        sqs.delete_message(QueueUrl=dead_url, ReceiptHandle=letter["ReceiptHandle"])
        moved += 1
    return moved


def _received(sqs: Any, url: str, until: float) -> Iterator[dict[str, Any]]:
    while time.monotonic() < until:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=SHOWN, WaitTimeSeconds=1)
        letters = answer.get("Messages", ())
        if not letters:
            return
        yield from letters
