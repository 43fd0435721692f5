"""The scheduled run (rollups, mirror, expiry, dead uploads), and the queue's background tasks."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from swath_core.catalog import complete_directory, expire_images, run_task
from swath_core.ingest import schedule_context, sweep
from swath_core.mirror import MirrorReport, scheduled_mirror
from swath_core.settings import settings
from swath_core.summaries import scheduled_rollup

ROLLUP_SECONDS = 45
EXPIRY_SECONDS = 20
MIRROR_SECONDS = 30
"""A run ends before the schedule begins the next one; what is left over is the next one's."""

logger = Logger()
metrics = Metrics(namespace="Swath")
processor = BatchProcessor(event_type=EventType.SQS)


def scheduled() -> dict[str, Any]:
    """Keep rollups, mirror and directory, and end dead uploads; return what was done."""
    report = scheduled_rollup(settings(), seconds=ROLLUP_SECONDS)
    metrics.add_metric("RollupLagSeconds", MetricUnit.Seconds, report.lag_seconds)
    metrics.add_metric("BucketsRecounted", MetricUnit.Count, report.recounted)
    metrics.add_metric("RollupDrift", MetricUnit.Count, len(report.drifted))
    if report.drifted:
        logger.error("rollups differ from the index; marked for a recount", buckets=report.drifted)
    expired = expire_images(settings(), seconds=EXPIRY_SECONDS)
    metrics.add_metric("ImagesExpired", MetricUnit.Count, expired.deleted)
    swept = sweep(schedule_context(settings()))
    problems = [*expired.problems, *swept.problems]
    metrics.add_metric("SweepBacklog", MetricUnit.Count, swept.due)
    metrics.add_metric("SweepProblems", MetricUnit.Count, len(problems))
    metrics.add_metric("AwaitedProducts", MetricUnit.Count, swept.awaited)
    mirrored = _mirrored()
    metrics.flush_metrics()
    if problems:
        logger.error("uploads and images that could not be cleaned up", problems=problems)
    if not complete_directory(settings()):
        logger.info("the directory of products is being completed: searches read every product")
    done = {
        "recounted": report.recounted,
        "lag_seconds": round(report.lag_seconds, 3),
        "audited": report.audited,
        "drifted": report.drifted,
        "finished": report.finished,
        "expired_uploads": swept.expired,
        "expired_images": expired.deleted,
        "awaited_products": swept.awaited,
        "mirrored_months": mirrored.months,
        "mirrored_images": mirrored.images,
        "mirrored_bytes": mirrored.bytes,
    }
    logger.info("scheduled run", extra=done)
    failures = [*report.failures, *mirrored.failures]
    if failures:
        raise ExceptionGroup("products that could not be recounted or mirrored", failures)
    return done


def _mirrored() -> MirrorReport:
    """Keep the mirror, and tell how it is."""
    report = scheduled_mirror(settings(), seconds=MIRROR_SECONDS)
    metrics.add_metric("MirroredImages", MetricUnit.Count, report.images)
    metrics.add_metric("MirroredBytes", MetricUnit.Bytes, report.bytes)
    metrics.add_metric("MirrorDrift", MetricUnit.Count, len(report.drifted) + len(report.lost))
    if report.drifted:
        logger.error("mirror differs from the index; written again", days=report.drifted)
    if report.lost:
        logger.error("mirror files were lost or changed; written again", months=report.lost)
    return report


def run(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Run one task of the queue. Raises where it should be delivered again."""
    logger.append_keys(message_id=record.message_id)
    task = json.loads(record.body)
    logger.info("task", task=task)
    if task["task"] != "delete_related_objects":
        raise ValueError(f"no such task: {task['task']}")
    run_task(
        settings(),
        task["product_id"],
        lambda: lambda_context.get_remaining_time_in_millis() / 1000,
    )


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Entry point: the schedule's event, or an SQS batch whose failed messages are returned."""
    logger.clear_state()
    logger.append_keys(
        function_request_id=getattr(context, "aws_request_id", None), event_id=event.get("id")
    )
    if "Records" in event:
        return process_partial_response(
            event=event, record_handler=run, processor=processor, context=context
        )
    return scheduled()
