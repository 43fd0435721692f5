"""What CloudFormation says of a stack, and the removal of one that never came to life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from swath_dev._errors import CommandError
from swath_dev.session import Session

Say = Callable[[str], None]

TABLE, BUCKET, USER_POOL = "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Cognito::UserPool"

# A first deployment that failed: CloudFormation can only delete such a stack.
_STILLBORN = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"}
_DELETE_FAILED = "DELETE_FAILED"
_POLL = {"Delay": 2, "MaxAttempts": 900}


def status(session: Session, stack: str) -> str | None:
    """Return the stack's status, None where there is no stack."""
    found = _described(session, stack)
    return str(found["StackStatus"]) if found else None


def parameter(session: Session, stack: str, name: str) -> str | None:
    """Return the value that the stack has for a parameter."""
    found = _described(session, stack) or {}
    values = {p["ParameterKey"]: p["ParameterValue"] for p in found.get("Parameters", ())}
    return values.get(name)


def _described(session: Session, stack: str) -> dict[str, Any] | None:
    try:
        found = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return dict(found[0]) if found else None


def resources(session: Session, stack: str, kind: str) -> dict[str, str]:
    """Return the stack's resources of a type: physical ids by logical id, deleted ones left out."""
    pages = session.client("cloudformation").get_paginator("list_stack_resources")
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == kind
        and each.get("PhysicalResourceId")
        and each["ResourceStatus"] != "DELETE_COMPLETE"
    }


def clear_stillborn(session: Session, stack: str, say: Say) -> None:
    """Delete what a failed first deployment left, which can only be deleted.

    Raises CommandError for a stack that lived and could not be deleted wholly: that is not for a
    deployment to decide.
    """
    found = status(session, stack)
    if found == _DELETE_FAILED and _has_lived(session, stack):
        why = first_failure(session, stack) or "CloudFormation does not say why"
        raise CommandError(
            f"{stack} was being deleted and some of it could not be ({why}): "
            f"make undeploy STACK={stack} finishes that"
        )
    if found in {*_STILLBORN, _DELETE_FAILED}:
        say(f"{stack} is what a failed first deployment left ({found}): deleting it")
        _unprotect_empty_tables(session, stack)
        delete(session, stack, say)


def delete(session: Session, stack: str, say: Say) -> None:
    """Delete a stack; what CloudFormation cannot delete is left behind, and named.

    Raises CommandError where the stack stays all the same.
    """
    cloudformation = session.client("cloudformation")
    stuck: list[str] = []
    if status(session, stack) == _DELETE_FAILED:
        stuck = _undeleted(session, stack)
    for _ in range(2):
        retained = {"RetainResources": stuck} if stuck else {}
        cloudformation.delete_stack(StackName=stack, **retained)
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(
                StackName=stack, WaiterConfig=_POLL
            )
        except WaiterError:
            stuck = _undeleted(session, stack)
            say(f"could not be deleted and stay behind: {', '.join(stuck)}")
        else:
            return
    raise CommandError(f"{stack} could not be deleted: {first_failure(session, stack)}")


def _undeleted(session: Session, stack: str) -> list[str]:
    found = session.client("cloudformation").describe_stack_resources(StackName=stack)
    return [
        each["LogicalResourceId"]
        for each in found["StackResources"]
        if each["ResourceStatus"] == _DELETE_FAILED
    ]


def _has_lived(session: Session, stack: str) -> bool:
    """Return whether the stack was ever whole: then its tables may hold somebody's data."""
    return any(
        event["ResourceType"] == "AWS::CloudFormation::Stack"
        and event["ResourceStatus"] == "CREATE_COMPLETE"
        for event in _events(session, stack)
    )


def _unprotect_empty_tables(session: Session, stack: str) -> None:
    """Let the tables of a stack that never was whole be deleted. Raises CommandError."""
    dynamodb = session.client("dynamodb")
    for name in resources(session, stack, TABLE).values():
        try:
            if dynamodb.scan(TableName=name, Limit=1)["Count"]:
                raise CommandError(
                    f"{name} of the failed first deployment of {stack} is not empty: "
                    "look at it, and delete it by hand"
                )
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        except dynamodb.exceptions.ResourceNotFoundException:
            continue


def first_failure(session: Session, stack: str) -> str | None:
    """Return the first resource of the last attempt that failed, and why."""
    first = None
    try:
        for event in _events(session, stack):  # newest first
            state, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
            if reason == "User Initiated":
                break
            if state.endswith("_FAILED") and "cancelled" not in reason:
                first = f"{event['LogicalResourceId']}: {reason}"
    except ClientError:
        return None
    return first


def _events(session: Session, stack: str) -> Iterator[dict[str, Any]]:
    pages = session.client("cloudformation").get_paginator("describe_stack_events")
    for page in pages.paginate(StackName=stack):
        yield from page["StackEvents"]
