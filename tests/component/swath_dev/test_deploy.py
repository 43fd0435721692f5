from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from swath_dev import deploy, stacks
from swath_dev import session as session_module
from swath_dev._errors import CommandError
from swath_dev.artifacts import artifact_bucket
from swath_dev.deploy_package import _parameters
from swath_dev.replay import move

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "eu-central-1",
}


@pytest.fixture
def session() -> Iterator[session_module.Session]:
    with mock_aws():
        yield session_module.session_of(VARIABLES)


class Events:
    """A CloudFormation that tells these events, newest first, in one page."""

    def __init__(self, *events: tuple[str, str, str]) -> None:
        keys = ("LogicalResourceId", "ResourceStatus", "ResourceStatusReason")
        self.events = [dict(zip(keys, event, strict=True)) for event in events]

    def client(self, _: str) -> Events:
        return self

    def get_paginator(self, _: str) -> Events:
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's
        return [{"StackEvents": self.events}]


def test_without_a_region_there_is_a_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(CommandError, match="AWS_REGION"):
        session_module.session_of({})


def test_the_artifact_bucket_is_made_once_and_private(session: session_module.Session) -> None:
    name = artifact_bucket(session, "Swath")
    assert artifact_bucket(session, "Swath") == name

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

    assert stacks.first_failure(events, "swath") == "DataBucket: name is taken"  # type: ignore[arg-type]


class Stubbed:
    """A session whose clients answer what a test expects them to be asked, in order."""

    region = "eu-central-1"

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}

    def expect(self, service: str) -> Stubber:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, region_name=self.region)
            self._stubs[service] = Stubber(self._clients[service])
            self._stubs[service].activate()
        return self._stubs[service]

    def client(self, service: str) -> Any:
        return self._clients[service]

    def done(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()


NAME = "swath-artifacts-123456789012-eu-central-1"
OWNED = {"Bucket": NAME, "ExpectedBucketOwner": "123456789012"}


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    session = Stubbed()
    session.expect("sts").add_response(
        "get_caller_identity", {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root"}
    )
    yield session
    session.done()


def test_a_bucket_of_another_account_gets_no_artifacts(stubbed: Stubbed) -> None:
    stubbed.expect("s3").add_client_error("head_bucket", "403", "", 403, expected_params=OWNED)

    with pytest.raises(CommandError, match=f"{NAME} is not account 123456789012's"):
        artifact_bucket(stubbed, "swath")  # type: ignore[arg-type]


def test_a_bucket_that_was_made_meanwhile_gets_no_artifacts(stubbed: Stubbed) -> None:
    s3 = stubbed.expect("s3")
    s3.add_client_error("head_bucket", "404", "", 404, expected_params=OWNED)
    s3.add_client_error("create_bucket", "BucketAlreadyExists", "", 409)

    with pytest.raises(CommandError, match="nothing was uploaded"):
        artifact_bucket(stubbed, "swath")  # type: ignore[arg-type]


def _stack(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "swath", "StackStatus": status, "CreationTime": "2026-01-01"}]}


def _event(kind: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "StackId": "s",
        "EventId": f"{kind}{status}",
        "StackName": "swath",
        "Timestamp": "2026-01-01",
        "LogicalResourceId": kind.rpartition(":")[2],
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_a_stack_that_lived_is_not_cleared_by_a_deployment() -> None:
    session = Stubbed()
    events = {
        "StackEvents": [
            _event("AWS::DynamoDB::Table", "DELETE_FAILED", "is protected"),
            _event("AWS::CloudFormation::Stack", "DELETE_IN_PROGRESS", "User Initiated"),
            _event("AWS::CloudFormation::Stack", "CREATE_COMPLETE"),
        ]
    }
    cloudformation = session.expect("cloudformation")
    cloudformation.add_response("describe_stacks", _stack("DELETE_FAILED"))
    cloudformation.add_response("describe_stack_events", events)
    cloudformation.add_response("describe_stack_events", events)

    with pytest.raises(CommandError, match=r"is protected.*make undeploy STACK=swath"):
        stacks.clear_stillborn(session, "swath", print)  # type: ignore[arg-type]
    session.done()


@pytest.mark.parametrize("status", ["ROLLBACK_FAILED", "DELETE_FAILED"])
def test_protected_tables_do_not_keep_a_stillborn_stack(
    status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    session = Stubbed()
    cloudformation, dynamodb = session.expect("cloudformation"), session.expect("dynamodb")
    cloudformation.add_response("describe_stacks", _stack(status))
    if status == "DELETE_FAILED":
        cloudformation.add_response(
            "describe_stack_events",
            {"StackEvents": [_event("AWS::CloudFormation::Stack", "ROLLBACK_FAILED")]},
        )
    table = {
        "LogicalResourceId": "ImagesTable",
        "PhysicalResourceId": "swath-images",
        "ResourceType": "AWS::DynamoDB::Table",
        "ResourceStatus": "DELETE_FAILED",
        "LastUpdatedTimestamp": "2026-01-01",
    }
    cloudformation.add_response("list_stack_resources", {"StackResourceSummaries": [table]})
    dynamodb.add_response("scan", {"Count": 0}, {"TableName": "swath-images", "Limit": 1})
    dynamodb.add_response(
        "update_table", {}, {"TableName": "swath-images", "DeletionProtectionEnabled": False}
    )
    cloudformation.add_response("describe_stacks", _stack("ROLLBACK_COMPLETE"))
    cloudformation.add_response("delete_stack", {}, {"StackName": "swath"})
    cloudformation.add_response("describe_stacks", _stack("DELETE_COMPLETE"))

    stacks.clear_stillborn(session, "swath", print)  # type: ignore[arg-type]

    session.done()
    assert f"({status}): deleting it" in capsys.readouterr().out


def test_tables_with_data_are_never_unprotected_by_a_deployment() -> None:
    session = Stubbed()
    cloudformation, dynamodb = session.expect("cloudformation"), session.expect("dynamodb")
    cloudformation.add_response("describe_stacks", _stack("ROLLBACK_FAILED"))
    table = {
        "LogicalResourceId": "ImagesTable",
        "PhysicalResourceId": "swath-images",
        "ResourceType": "AWS::DynamoDB::Table",
        "ResourceStatus": "DELETE_FAILED",
        "LastUpdatedTimestamp": "2026-01-01",
    }
    cloudformation.add_response("list_stack_resources", {"StackResourceSummaries": [table]})
    dynamodb.add_response("scan", {"Count": 1})

    with pytest.raises(CommandError, match=r"swath-images .* is not empty"):
        stacks.clear_stillborn(session, "swath", print)  # type: ignore[arg-type]
    session.done()


def test_what_cannot_be_deleted_stays_behind_and_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = Stubbed()
    cloudformation = session.expect("cloudformation")
    cloudformation.add_response("describe_stacks", _stack("CREATE_COMPLETE"))
    cloudformation.add_response("delete_stack", {}, {"StackName": "swath"})
    cloudformation.add_response("describe_stacks", _stack("DELETE_FAILED"))
    stuck = _event("AWS::S3::Bucket", "DELETE_FAILED")
    keys = ("LogicalResourceId", "ResourceType", "ResourceStatus", "Timestamp")
    cloudformation.add_response(
        "describe_stack_resources", {"StackResources": [{key: stuck[key] for key in keys}]}
    )
    cloudformation.add_response(
        "delete_stack", {}, {"StackName": "swath", "RetainResources": ["Bucket"]}
    )
    cloudformation.add_response("describe_stacks", _stack("DELETE_COMPLETE"))

    stacks.delete(session, "swath", print)  # type: ignore[arg-type]

    session.done()
    assert capsys.readouterr().out == "could not be deleted and stay behind: Bucket\n"


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


def test_dead_letters_go_back_whole(session: session_module.Session) -> None:
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
