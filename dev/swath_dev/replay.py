"""Sending dead letters again, once what they died of is mended."""

from __future__ import annotations

import os

from swath_core.operations import redrive
from swath_dev.cloud import STACK, default_cloud
from swath_dev.deploy import outputs
from swath_dev.session import Session, session_of

_QUEUES = {
    "ingest": ("IngestDeadLetters", "IngestQueue"),
    "tasks": ("TasksDeadLetters", "TasksQueue"),
}


def replay(queue: str, stack: str | None = None) -> int:
    """Move every dead letter of `ingest` or `tasks` back to its queue; return and print how many.

    Without a stack it is the local one. A letter is deleted only after it was sent.
    """
    session = session_of(os.environ) if stack else default_cloud().session
    dead, living = (outputs(session, stack or STACK)[name] for name in _QUEUES[queue])
    moved = move(session, dead, living)
    print(f"{moved} dead letters of {queue} sent again")
    return moved


def move(session: Session, source: str, target: str) -> int:
    """Move all visible messages from one queue (URL) to another; return how many."""
    return redrive(session.client("sqs"), source, target)
