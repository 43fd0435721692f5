"""The bucket that a deployment's code and template go through on their way to CloudFormation."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from swath_dev._errors import CommandError
from swath_dev.session import Session

_FORBIDDEN = 403
_NOT_FOUND = 404
_TAKEN = "BucketAlreadyExists"


def artifact_bucket(session: Session, stack: str) -> str:
    """Return the stack's bucket of artifacts, which is made when missing.

    Its name can be guessed, so that somebody else may have made it first, to read or replace the
    code. Every request names this account as the owner that it expects, and S3 refuses it on any
    other bucket. Raises CommandError where the bucket is not this account's.
    """
    account = session.client("sts").get_caller_identity()["Account"]
    name = f"{stack.lower()}-artifacts-{account}-{session.region}"
    s3 = session.client("s3")
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == _FORBIDDEN:
            raise _foreign(name, account) from error
        if status != _NOT_FOUND:
            raise
        _make_private(s3, name, session.region, account)
    return name


def _make_private(s3: Any, name: str, region: str, account: str) -> None:
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    try:
        s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
    except ClientError as error:
        if error.response["Error"]["Code"] == _TAKEN:
            raise _foreign(name, account) from error
        raise
    s3.put_public_access_block(
        Bucket=name,
        ExpectedBucketOwner=account,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )


def _foreign(name: str, account: str) -> CommandError:
    return CommandError(
        f"the bucket {name} is not account {account}'s, or these credentials may not look at it: "
        "nothing was uploaded; name another with BUCKET="
    )
