from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from swath_dev import deploy
from swath_dev._errors import CommandError
from swath_dev.deploy_package import _parameters
from swath_dev.replay import move

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "eu-central-1",
}


@pytest.fixture
def session() -> Iterator[deploy.Session]:
    with mock_aws():
        yield deploy.session_of(VARIABLES)


class Events:
    """A CloudFormation that tells these events, newest first."""

    def __init__(self, *events: tuple[str, str, str]) -> None:
        keys = ("LogicalResourceId", "ResourceStatus", "ResourceStatusReason")
        self.events = [dict(zip(keys, event, strict=True)) for event in events]

    def client(self, _: str) -> Events:
        return self

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        return {"StackEvents": self.events}


def test_without_a_region_there_is_a_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(CommandError, match="AWS_REGION"):
        deploy.session_of({})


def test_the_artifact_bucket_is_made_once_and_private(session: deploy.Session) -> None:
    name = deploy._artifact_bucket(session, "Swath")
    assert deploy._artifact_bucket(session, "Swath") == name

    assert name == "swath-artifacts-123456789012-eu-central-1"
    block = session.client("s3").get_public_access_block(Bucket=name)
    assert all(block["PublicAccessBlockConfiguration"].values())


def test_the_first_failure_is_told_not_its_consequences() -> None:
    events = Events(
        ("swath", "ROLLBACK_COMPLETE", ""),
        ("HttpApi", "CREATE_FAILED", "Resource creation cancelled"),
        ("DataBucket", "CREATE_FAILED", "name is taken"),
        ("Role", "CREATE_COMPLETE", ""),
        ("swath", "CREATE_IN_PROGRESS", "User Initiated"),
        ("Old", "CREATE_FAILED", "of an earlier attempt"),
    )

    assert deploy._first_failure(events, "swath") == "DataBucket: name is taken"  # type: ignore[arg-type]


def test_what_the_tool_says_last_is_the_reason(tmp_path: Path) -> None:
    with pytest.raises(deploy._Refused) as refused:
        deploy._aws(["package", "--template-file", str(tmp_path / "none.yaml")], VARIABLES)

    assert "template-file" in str(refused.value) or "s3-bucket" in str(refused.value)


def test_assignments_become_parameters() -> None:
    assert _parameters(["Issuer=https://a/?b=c", "Audience="]) == {
        "Issuer": "https://a/?b=c",
        "Audience": "",
    }
    with pytest.raises(CommandError, match="NAME=VALUE"):
        _parameters(["Issuer"])


def test_dead_letters_go_back_whole(session: deploy.Session) -> None:
    sqs = boto3.client("sqs", region_name="eu-central-1")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    living = sqs.create_queue(QueueName="living")["QueueUrl"]
    for number in range(12):
        sqs.send_message(QueueUrl=dead, MessageBody=f"letter {number}")

    assert move(session, dead, living) == 12

    count = "ApproximateNumberOfMessages"
    for queue, expected in ((dead, "0"), (living, "12")):
        answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[count])
        assert answer["Attributes"][count] == expected
