"""What starts an ingest, a message about objects that S3 created, and what it works with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from swath_core.catalog import ImageWriter
from swath_core.pixels import DecoderProcess, Limits
from swath_core.settings import Settings
from swath_core.store.awaited import AwaitedProducts
from swath_core.store.bus import Bus
from swath_core.store.catalog import CatalogStore
from swath_core.store.objects import Objects
from swath_core.times import now as clock
from swath_core.uploads import Part, Step, UploadStore

_FIRST_POSTPONEMENT = 35
_LONGEST_POSTPONEMENT = 900
_SENDERS = 10
_AGAIN = "ObjectCreated:Again"
"""Beside the names that S3 has: an object that was there before its product."""


@dataclass(frozen=True, slots=True)
class ObjectCreated:
    """An object as S3's event describes it; events come late, repeatedly and out of order."""

    key: str
    size: int
    etag: str
    sequencer: str


def objects_created(body: str) -> list[ObjectCreated]:
    """Return the objects that a message of S3 tells of; none for its test event."""
    return [
        ObjectCreated(
            key=unquote_plus(record["s3"]["object"]["key"]),
            size=int(record["s3"]["object"].get("size", 0)),
            etag=record["s3"]["object"].get("eTag", ""),
            sequencer=record["s3"]["object"].get("sequencer", ""),
        )
        for record in json.loads(body).get("Records", ())
        if record.get("eventName", "").startswith("ObjectCreated")
    ]


@dataclass(frozen=True, slots=True)
class Message:
    """The SQS message that an ingest was started by; ``deliveries`` counts this one too."""

    queue_arn: str
    receipt: str
    deliveries: int
    id: str

    def extend_visibility_timeout(self, seconds: float) -> None:
        """Keep the message from being delivered again for so long from now."""
        region, account, name = self.queue_arn.split(":")[3:6]
        _sqs().change_message_visibility(
            QueueUrl=f"https://sqs.{region}.amazonaws.com/{account}/{name}",
            ReceiptHandle=self.receipt,
            VisibilityTimeout=int(seconds),
        )

    def postpone(self) -> None:
        """Hide the message until a running attempt has ended or died: ever longer each time.

        The first time is as long as a lease; together they exceed the longest run of a function
        before the deliveries are used up.
        """
        seconds = _FIRST_POSTPONEMENT * 2 ** (self.deliveries - 1)
        self.extend_visibility_timeout(min(seconds, _LONGEST_POSTPONEMENT))


@cache
def _sqs() -> Any:
    import boto3  # noqa: PLC0415 - the sweep needs no queue

    return boto3.client("sqs")


HEARTBEAT_SECONDS = 8.0


def _no_message(_: float) -> None:
    """Extend the visibility timeout of no message: the schedule started this."""


def _no_queue(_: Sequence[Part]) -> None:
    raise RuntimeError("only the schedule has objects ingested again")


@dataclass(frozen=True)
class IngestContext:
    """Everything that an ingest works with.

    ``now`` returns a canonical timestamp. ``extend_visibility_timeout`` keeps the message that
    started the ingest from being delivered again for a number of seconds. ``announce_again`` has
    objects ingested as if S3 had told of them just now. ``component_id`` is what the upload's log
    names as the writer of a line.
    """

    uploads: UploadStore
    products: CatalogStore
    images: ImageWriter
    objects: Objects
    bus: Bus
    decoder: DecoderProcess
    awaited: AwaitedProducts
    now: Callable[[], str] = clock
    extend_visibility_timeout: Callable[[float], None] = _no_message
    announce_again: Callable[[Sequence[Part]], None] = _no_queue
    component_id: str = "local"
    limits: Limits = field(default_factory=Limits)
    heartbeat_seconds: float = HEARTBEAT_SECONDS

    def step(self, component: str = "ingest") -> Step:
        """Return a step of this component at this moment."""
        return Step(self.now(), component, self.component_id)


@contextmanager
def message_context(settings: Settings, message: Message) -> Iterator[IngestContext]:
    """Yield what the ingest of a message works with; its decoding process ends with it."""
    with DecoderProcess() as decoder:
        yield replace(
            _context(settings, decoder),
            component_id=message.id,
            extend_visibility_timeout=message.extend_visibility_timeout,
        )


def schedule_context(settings: Settings) -> IngestContext:
    """Return what the sweep works with: it decodes nothing and answers no message."""
    queue = settings.need("ingest_queue_url")
    return replace(
        _context(settings, DecoderProcess()),
        component_id="schedule",
        announce_again=lambda parts: send_created(queue, parts),
    )


def send_created(queue_url: str, parts: Sequence[Part]) -> None:
    """Put objects on the ingest queue in the form of S3's own events, a message each."""
    send = _sqs().send_message
    with ThreadPoolExecutor(_SENDERS) as threads:
        sent = [
            threads.submit(send, QueueUrl=queue_url, MessageBody=_created_body(part))
            for part in parts
        ]
    for each in sent:
        each.result()


def _created_body(part: Part) -> str:
    described = {
        "key": quote_plus(part.key),
        "size": part.size,
        "eTag": part.etag,
        "sequencer": part.sequencer,
    }
    return json.dumps({"Records": [{"eventName": _AGAIN, "s3": {"object": described}}]})


def _context(settings: Settings, decoder: DecoderProcess) -> IngestContext:
    return IngestContext(
        uploads=UploadStore(settings),
        products=CatalogStore(settings),
        images=ImageWriter(settings),
        objects=Objects(settings),
        bus=Bus(settings),
        decoder=decoder,
        awaited=AwaitedProducts(settings),
    )
