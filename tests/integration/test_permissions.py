"""Every call that a function makes is granted, and every grant is used: seen by the emulator's IAM.

Runs last, over everything that the session's tests had the deployed functions do.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import DECISIONS
from tests.recorded_cloud import Decision, decisions

from swath_dev.cloud import LocalCloud
from swath_dev.permissions import Grant, grants

pytestmark = [pytest.mark.stack, pytest.mark.last]

HERE = Path(__file__).parent
NOT_SEEN_HERE = {
    # AWS answers 403 instead of 404 about an absent object to who may not list its bucket; the
    # emulator answers 404 to anybody
    ("ApiFunction", "s3:ListBucket"),
    ("RasterFunction", "s3:ListBucket"),
    # AWS lets only those delete an object by its ETag who may read it; the emulator anybody
    ("RollupFunction", "s3:GetObject"),
}
"""Grants that AWS needs and the emulator does not ask for."""

NOT_YET_EXERCISED = {
    ("ApiFunction", "Announce", "events:PutEvents"),
    ("ApiFunction", "DeleteObjectsOfDeletedImages", "s3:DeleteObject"),
    ("ApiFunction", "DeleteObjectsOfDeletedImages", "s3:GetObject"),
    ("ApiFunction", "Images", "dynamodb:DeleteItem"),
    ("ApiFunction", "Images", "dynamodb:GetItem"),
    ("ApiFunction", "Postings", "dynamodb:DeleteItem"),
    ("ApiFunction", "PresignUploads", "s3:AbortMultipartUpload"),
    ("ApiFunction", "PresignUploads", "s3:DeleteObject"),
    ("ApiFunction", "PresignUploads", "s3:GetObject"),
    ("ApiFunction", "PresignUploads", "s3:ListMultipartUploadParts"),
    ("ApiFunction", "RollupsAndMarkers", "dynamodb:PutItem"),
    ("ApiFunction", "Uploads", "dynamodb:UpdateItem"),
    ("ApiFunction", "UploadsByProduct", "dynamodb:Query"),
    ("IngestFunction", "Images", "dynamodb:BatchGetItem"),
    ("IngestFunction", "Images", "dynamodb:DeleteItem"),
    ("IngestFunction", "KeepImages", "s3:AbortMultipartUpload"),
    ("IngestFunction", "KeepImages", "s3:DeleteObject"),
    ("IngestFunction", "KeepImages", "s3:GetObject"),
    ("IngestFunction", "MarkDaysDirty", "dynamodb:BatchWriteItem"),
    ("IngestFunction", "Postings", "dynamodb:DeleteItem"),
    ("IngestFunction", "Postings", "dynamodb:Query"),
    ("IngestFunction", "ProductsAndBands", "dynamodb:BatchGetItem"),
    ("IngestFunction", "UploadsByProduct", "dynamodb:Query"),
    ("RasterFunction", "MakeSigningKey", "dynamodb:PutItem"),
    ("RasterFunction", "ReadImageDocuments", "dynamodb:GetItem"),
    ("RasterFunction", "ReadRollups", "dynamodb:Query"),
    ("RasterFunction", "WriteResults", "s3:AbortMultipartUpload"),
    ("RollupFunction", "ClearObjects", "s3:AbortMultipartUpload"),
    ("RollupFunction", "ClearObjects", "s3:DeleteObject"),
    ("RollupFunction", "ContinueTasks", "sqs:SendMessage"),
    ("RollupFunction", "FindObjects", "s3:ListBucket"),
    ("RollupFunction", "Images", "dynamodb:PutItem"),
    ("RollupFunction", "Postings", "dynamodb:PutItem"),
    ("RollupFunction", "ProductsAndTasks", "dynamodb:BatchGetItem"),
    ("RollupFunction", "Rollups", "dynamodb:BatchGetItem"),
    ("RollupFunction", "Rollups", "dynamodb:DeleteItem"),
    ("RollupFunction", "Rollups", "dynamodb:PutItem"),
    ("RollupFunction", "Uploads", "dynamodb:GetItem"),
    ("RollupFunction", "Uploads", "dynamodb:PutItem"),
    ("RollupFunction", "Uploads", "dynamodb:UpdateItem"),
}
"""Grants that the tests on the shared stack are not known to exercise: a debt; none is added."""


def function_of(decision: Decision, names: set[str]) -> str | None:
    """Return the template's name of the function whose role this is."""
    return next((name for name in names if f"-{name}Role" in decision.role), None)


@pytest.fixture
def noted(cloud: LocalCloud) -> list[Decision]:
    return list(decisions(cloud.state / DECISIONS))


def test_every_call_is_granted(noted: list[Decision]) -> None:
    if not noted:
        pytest.skip("no test of this session used the deployed stack")

    # the policy of a bucket or queue is asked as well, and grants a role nothing of its own
    granted = {each[:3] for each in noted if each.answer == "Allow"}
    assert not [each for each in noted if each.answer == "Deny" or each[:3] not in granted]


def test_every_grant_is_used(noted: list[Decision], request: pytest.FixtureRequest) -> None:
    ran = {item.path.name for item in request.session.items}
    missing = sorted({path.name for path in HERE.glob("test_*.py")} - ran)
    if missing:
        pytest.skip(f"only part of the integration tests ran; without {', '.join(missing)}")
    granted = {(grant.function, grant.sid, grant.action) for grant in grants()}
    names = {function for function, _, _ in granted}
    used = {(function_of(each, names), each.sid, each.action) for each in noted}

    unused = {grant for grant in granted - used if (grant[0], grant[2]) not in NOT_SEEN_HERE}
    unused -= NOT_YET_EXERCISED
    assert not sorted(unused), "grants that no test exercises: take them away, or test them"


def test_grants_are_read_action_by_action() -> None:
    template = {
        "Resources": {
            "AFunction": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Policies": [
                        {
                            "Statement": [
                                {
                                    "Sid": "S",
                                    "Action": ["s3:GetObject", "s3:PutObject"],
                                    "Resource": {"Fn::Sub": "${DataBucket.Arn}/a/*"},
                                }
                            ]
                        }
                    ]
                },
            }
        }
    }

    assert list(grants(template)) == [
        Grant("AFunction", "S", "s3:GetObject", ("DataBucket/a/*",)),
        Grant("AFunction", "S", "s3:PutObject", ("DataBucket/a/*",)),
    ]
