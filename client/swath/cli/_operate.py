"""`swath dlq` and `swath local`: for whoever runs the service."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from importlib.util import find_spec
from typing import Any

from swath.config import store_profile
from swath.errors import ConfigurationError

from ._output import emit, emit_json
from ._upload import _boto3

_QUEUES = {
    "ingest": ("IngestDeadLetters", "IngestQueue"),
    "tasks": ("TasksDeadLetters", "TasksQueue"),
}
_SHOWN = 10  # letters that `show` looks at; the most that SQS gives at once


def list_letters(options: Namespace) -> None:
    """How many letters wait in each queue."""
    outputs = _outputs(options.stack)
    sqs = _boto3().client("sqs")
    rows = []
    for name, (dead, _) in _QUEUES.items():
        answer = sqs.get_queue_attributes(
            QueueUrl=outputs[dead], AttributeNames=["ApproximateNumberOfMessages"]
        )
        rows.append([name, int(answer["Attributes"]["ApproximateNumberOfMessages"])])
    emit(options, ("queue", "letters"), rows)


def show_letters(options: Namespace) -> None:
    """The bodies of some letters, which stay where they are."""
    queue = _outputs(options.stack)[_QUEUES[options.queue][0]]
    sqs = _boto3().client("sqs")
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=_SHOWN, VisibilityTimeout=0)
    emit_json([_body(letter["Body"]) for letter in answer.get("Messages", [])])


def replay(options: Namespace) -> None:
    """Send every letter again; one is deleted only after it was sent."""
    outputs = _outputs(options.stack)
    dead, living = (outputs[name] for name in _QUEUES[options.queue])
    sqs = _boto3().client("sqs")
    moved = 0
    while letters := sqs.receive_message(
        QueueUrl=dead, MaxNumberOfMessages=_SHOWN, WaitTimeSeconds=1
    ).get("Messages"):
        for letter in letters:
            sqs.send_message(QueueUrl=living, MessageBody=letter["Body"])
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
            moved += 1
    emit(options, ("queue", "sent_again"), [[options.queue, moved]])


def local_up(options: Namespace) -> None:
    """Start the local service and store it as a profile."""
    _developer("up")
    stated = _developer("env", capture=True)
    values = dict(
        line.removeprefix("export ").split("=", 1) for line in stated.splitlines() if "=" in line
    )
    profile = options.profile or "local"
    url, token = (values.get(name, "").strip("'\"") for name in ("SWATH_URL", "SWATH_TOKEN"))
    path = store_profile(profile, url=url, token=token)
    print(f"stored as profile {profile!r} in {path}: --profile {profile} uses it")


def local_down(_: Namespace) -> None:
    """End the local service."""
    _developer("down")


def _developer(command: str, *, capture: bool = False) -> str:
    if find_spec("swath_dev") is None:
        raise ConfigurationError(
            "the local service comes with a checkout of Swath: run this in one, with "
            "PYTHONPATH=shared, or use `make up` there"
        )
    done = subprocess.run(  # noqa: S603 - our own package in our own interpreter
        [sys.executable, "-m", "swath_dev", command],
        check=False,
        stdout=subprocess.PIPE if capture else None,
        text=True,
    )
    if done.returncode:
        raise ConfigurationError(f"`swath_dev {command}` ended with status {done.returncode}")
    return done.stdout or ""


def _outputs(stack: str) -> dict[str, str]:
    described: dict[str, Any] = _boto3().client("cloudformation").describe_stacks(StackName=stack)
    outputs = described["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def _body(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
