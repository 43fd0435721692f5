"""What starts an ingest: a message of the queue, and the objects that S3 created."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

_FIRST_POSTPONEMENT = 35
_LONGEST_POSTPONEMENT = 900


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
