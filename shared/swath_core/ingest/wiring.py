"""Puts the parts of an ingest together for a function, and knows the message it works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from swath_core.catalog import ImageCatalog
from swath_core.pixels import DecoderProcess
from swath_core.settings import Settings, settings
from swath_core.store.bus import Bus
from swath_core.store.catalog import CatalogStore
from swath_core.store.objects import Objects
from swath_core.store.uploads import UploadStore

from .attempt import Workshop

_LONGEST_POSTPONEMENT = 900
_FIRST_POSTPONEMENT = 35


@cache
def _sqs() -> Any:
    import boto3  # noqa: PLC0415 - the sweep needs no queue

    return boto3.client("sqs")


@dataclass(frozen=True, slots=True)
class Message:
    """The SQS message that an ingest was started by; ``deliveries`` counts this one too."""

    queue_arn: str
    receipt: str
    deliveries: int
    id: str

    def hide(self, seconds: float) -> None:
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
        self.hide(min(_FIRST_POSTPONEMENT * 2 ** (self.deliveries - 1), _LONGEST_POSTPONEMENT))


@contextmanager
def workshop(message: Message) -> Iterator[Workshop]:
    """Yield what an attempt works with; its decoding process ends with it."""
    with DecoderProcess() as decoder:
        yield _workshop(settings(), decoder, message)


def _workshop(environment: Settings, decoder: DecoderProcess, message: Message | None) -> Workshop:
    return Workshop(
        uploads=UploadStore(environment),
        products=CatalogStore(environment),
        images=ImageCatalog(environment),
        objects=Objects(environment),
        bus=Bus(environment),
        decoder=decoder,
        component_id=message.id if message else "schedule",
        hold=message.hide if message else _nothing_to_hold,
    )


def _nothing_to_hold(_: float) -> None:
    """The sweep answers no message."""


def sweeper(environment: Settings) -> Workshop:
    """Return what the sweep works with: it decodes nothing."""
    return _workshop(environment, DecoderProcess(), None)
