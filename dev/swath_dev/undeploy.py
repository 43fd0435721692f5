"""`make undeploy`: take a stack down. Its data stays unless it is told otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from swath_dev._errors import CommandError
from swath_dev.session import Session, session_of
from swath_dev.stacks import BUCKET, TABLE, USER_POOL, Say, delete, resources, status

_BATCH = 1000


def undeploy(
    stack: str,
    *,
    delete_data: bool = False,
    confirm: Callable[[], str] = lambda: "",
    environment: Mapping[str, str] | None = None,
    say: Say = print,
) -> None:
    """Delete a stack; tables, buckets and user pool stay, and are named.

    With `delete_data` they go, too: `confirm` must then return the stack's name. Data goes before
    the stack, so that a removal that was interrupted can be run again. Raises CommandError.
    """
    session = session_of({**os.environ, **(environment or {})})
    try:
        if status(session, stack) is None:
            raise CommandError(f"there is no stack {stack} in {session.region}")
        kept = {kind: resources(session, stack, kind) for kind in (TABLE, BUCKET, USER_POOL)}
        if delete_data:
            _confirm(stack, kept, confirm, say)
            _delete_data(session, kept, say)
        say(f"deleting the stack {stack}")
        delete(session, stack, say)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(f"{stack} could not be taken down: {error}") from error
    if not delete_data:
        say(f"{stack} is gone; its data stays and costs what it holds:")
        for line in _named(kept):
            say(line)


def _named(kept: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for kind, found in kept.items():
        for name, physical in found.items():
            yield f"  {kind.rpartition(':')[2]:10} {name:16} {physical}"


def _confirm(
    stack: str, kept: Mapping[str, Mapping[str, str]], confirm: Callable[[], str], say: Say
) -> None:
    say(f"this deletes for good what {stack} holds:")
    for line in _named(kept):
        say(line)
    if confirm() != stack:
        raise CommandError(f"nothing was deleted: {stack} was not confirmed (CONFIRM={stack})")


def _delete_data(session: Session, kept: Mapping[str, Mapping[str, str]], say: Say) -> None:
    for name in kept[TABLE].values():
        say(f"deleting the table {name}")
        _delete_table(session.client("dynamodb"), name)
    for name in kept[BUCKET].values():
        say(f"emptying and deleting the bucket {name}")
        _delete_bucket(session.client("s3"), name)
    for name in kept[USER_POOL].values():
        say(f"deleting the user pool {name}")
        _delete_pool(session.client("cognito-idp"), name)


def _delete_table(dynamodb: Any, name: str) -> None:
    try:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=name)
        dynamodb.delete_table(TableName=name)
    except dynamodb.exceptions.ResourceNotFoundException:
        return  # an earlier run came this far


def _delete_bucket(s3: Any, name: str) -> None:
    """Delete every version of every object, and the bucket."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
            for start in range(0, len(objects), _BATCH):
                _delete_objects(s3, name, objects[start : start + _BATCH])
        s3.delete_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


def _delete_objects(s3: Any, name: str, objects: list[dict[str, str]]) -> None:
    answer = s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    for error in answer.get("Errors", ()):
        raise CommandError(f"s3://{name}/{error['Key']} could not be deleted: {error['Message']}")


def _delete_pool(cognito: Any, name: str) -> None:
    try:
        cognito.delete_user_pool(UserPoolId=name)
    except cognito.exceptions.ResourceNotFoundException:
        return
