"""S3 object created, through SQS: each message is handled on its own, and fails on its own."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from swath_core.ingest.arrivals import Arrival, on_arrival
from swath_core.ingest.attempt import Busy
from swath_core.ingest.wiring import Message, workshop

logger = Logger()
# a batch is often one message: that it is to come again is no error of the function
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def arrivals(body: str) -> list[Arrival]:
    """Return the objects that a message of S3 tells of; none for its test event."""
    return [
        Arrival(
            key=unquote_plus(record["s3"]["object"]["key"]),
            size=int(record["s3"]["object"].get("size", 0)),
            etag=record["s3"]["object"].get("eTag", ""),
            sequencer=record["s3"]["object"].get("sequencer", ""),
        )
        for record in json.loads(body).get("Records", ())
        if record.get("eventName", "").startswith("ObjectCreated")
    ]


def handle(record: SQSRecord) -> None:
    """Process one message. Raises where it should be delivered again."""
    message = Message(
        queue_arn=record.event_source_arn,
        receipt=record.receipt_handle,
        deliveries=int(record.attributes.approximate_receive_count or 1),
        id=record.message_id,
    )
    with workshop(message) as tools:
        for arrival in arrivals(record.body):
            logger.info("object arrived", key=arrival.key, size=arrival.size)
            try:
                on_arrival(tools, arrival)
            except Busy as busy:
                message.postpone()
                logger.info("postponed", reason=str(busy))
                raise
            except Exception:
                logger.exception("to be delivered again", key=arrival.key)
                raise


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Entry point: an SQS batch in, the messages that failed out."""
    return process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )
