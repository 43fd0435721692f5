"""Deploying a build folder: the same steps for AWS and for the local cloud."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from swath_dev._errors import CommandError

_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
# A first deployment that failed: CloudFormation can only delete such a stack.
_STILLBORN = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"}


def deploy(
    build: Path,
    *,
    stack: str,
    bucket: str | None = None,
    parameters: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Bring a stack to what the build folder says, and return its outputs.

    The artifacts go to `bucket`, or to one named after the account and region that is made when
    missing. `environment` holds variables (credentials, region, AWS_ENDPOINT_URL) that replace
    this process's own. Raises CommandError with the first reason that CloudFormation gives.
    """
    variables = {**os.environ, **(environment or {})}
    session = session_of(variables)
    try:
        _clear_stillborn(session, stack)
        artifacts = bucket or _artifact_bucket(session, stack)
        packaged = _package(build, artifacts, stack, variables)
        _apply(packaged, artifacts, stack, parameters or {}, variables)
        return outputs(session, stack)
    except _Refused as refused:
        reason = _first_failure(session, stack) or str(refused)
        message = f"the deployment of {stack} failed: {reason}"
        raise CommandError(message) from refused
    except (ClientError, BotoCoreError) as error:
        message = f"the deployment of {stack} failed: {error}"
        raise CommandError(message) from error


class Session:
    """A boto3 session bound to one endpoint: AWS, or the local cloud."""

    def __init__(self, session: boto3.Session, endpoint: str | None) -> None:
        self._session = session
        self.endpoint = endpoint

    @property
    def region(self) -> str:
        """The region of the session."""
        return str(self._session.region_name)

    def client(self, service: str, **options: Any) -> Any:
        """Return a client of the service at this endpoint."""
        return self._session.client(service, endpoint_url=self.endpoint, **options)

    def resource(self, service: str) -> Any:
        """Return a boto3 resource of the service at this endpoint."""
        return self._session.resource(service, endpoint_url=self.endpoint)


def session_of(variables: Mapping[str, str]) -> Session:
    """Return the session that these environment variables describe."""
    region = variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION")
    session = boto3.Session(
        aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=variables.get("AWS_SESSION_TOKEN"),
        region_name=region,
        profile_name=variables.get("AWS_PROFILE"),
    )
    if session.region_name is None:
        message = "no region: set AWS_REGION, or a region in the AWS profile"
        raise CommandError(message)
    return Session(session, variables.get("AWS_ENDPOINT_URL"))


def outputs(session: Session, stack: str) -> dict[str, str]:
    """Return the outputs of a deployed stack by name."""
    (found,) = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}


class _Refused(Exception):
    """A step of the AWS command line failed; the message is its last line."""


def _aws(arguments: list[str], variables: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "awscli", "cloudformation", *arguments]
    done = subprocess.run(command, env=dict(variables), capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise _Refused(lines[-1] if lines else f"aws exited with {done.returncode}")


def _package(build: Path, bucket: str, stack: str, variables: Mapping[str, str]) -> Path:
    packaged = build / "packaged.yaml"
    _aws(
        [
            *("package", "--template-file", str(build / "template.yaml")),
            *("--s3-bucket", bucket, "--s3-prefix", stack),
            *("--output-template-file", str(packaged)),
        ],
        variables,
    )
    return packaged


def _apply(
    packaged: Path,
    bucket: str,
    stack: str,
    parameters: Mapping[str, str],
    variables: Mapping[str, str],
) -> None:
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    _aws(
        [
            *("deploy", "--template-file", str(packaged), "--stack-name", stack),
            *("--s3-bucket", bucket, "--s3-prefix", stack),
            *("--capabilities", *_CAPABILITIES, "--no-fail-on-empty-changeset"),
            *(("--parameter-overrides", *overrides) if overrides else ()),
        ],
        variables,
    )


def _status(session: Session, stack: str) -> str | None:
    try:
        found = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return str(found[0]["StackStatus"]) if found else None


def _clear_stillborn(session: Session, stack: str) -> None:
    """Delete what a failed first deployment left, which can only be deleted."""
    if _status(session, stack) in _STILLBORN:
        cloudformation = session.client("cloudformation")
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 2}
        )


def _first_failure(session: Session, stack: str) -> str | None:
    """Return the first resource of the last attempt that failed, and why."""
    try:
        events = session.client("cloudformation").describe_stack_events(StackName=stack)
    except ClientError:
        return None
    first = None
    for event in events["StackEvents"]:  # newest first
        status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
        if reason == "User Initiated":
            break
        if status.endswith("_FAILED") and "cancelled" not in reason:
            first = f"{event['LogicalResourceId']}: {reason}"
    return first


def _artifact_bucket(session: Session, stack: str) -> str:
    account = session.client("sts").get_caller_identity()["Account"]
    name = f"{stack.lower()}-artifacts-{account}-{session.region}"
    s3 = session.client("s3")
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:  # noqa: PLR2004
            raise
        _make_private_bucket(s3, name, session.region)
    return name


def _make_private_bucket(s3: Any, name: str, region: str) -> None:
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
