"""S3 object created, through SQS: each message is handled on its own, and fails on its own."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from swath_core.ingest import Busy, Message, ingest, message_context, objects_created
from swath_core.settings import settings
from swath_core.uploads import parse_upload_key

logger = Logger()
# a batch is often one message: that it is to come again is no error of the function
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle(record: SQSRecord) -> None:
    """Process one message. Raises where it should be delivered again."""
    message = Message(
        queue_arn=record.event_source_arn,
        receipt=record.receipt_handle,
        deliveries=int(record.attributes.approximate_receive_count or 1),
        id=record.message_id,
    )
    logger.append_keys(message_id=record.message_id, upload_id=None)
    with message_context(settings(), message) as context:
        for created in objects_created(record.body):
            upload = parse_upload_key(created.key)  # of a drop only the key is known
            logger.append_keys(upload_id=upload[0] if upload else None)
            logger.info("object created", key=created.key, size=created.size)
            try:
                ingest(context, created)
            except Busy as busy:
                message.postpone()
                logger.info("postponed", reason=str(busy))
                raise
            except Exception:
                logger.exception("to be delivered again", key=created.key)
                raise


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Entry point: an SQS batch in, the messages that failed out."""
    logger.clear_state()
    logger.append_keys(function_request_id=getattr(context, "aws_request_id", None))
    return process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )
