"""Every call that a function makes is granted, and every grant is used: seen by the emulator's IAM.

Runs last, over everything that the session's tests had the deployed functions do.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import DECISIONS, REMOTE_BUCKETS
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
    # large objects go to S3 in parts, which are taken away where S3 fails half-way (or reading
    # pixels does: tests/component/raster/test_stream.py); the emulator's S3 does not fail
    ("IngestFunction", "s3:AbortMultipartUpload"),
    ("RasterFunction", "s3:AbortMultipartUpload"),
}
"""Grants that AWS needs and the emulator does not ask for, or cannot be brought to."""
NOT_GRANTED = {("s3:ListBucket", f"arn:aws:s3:::{bucket}") for bucket in REMOTE_BUCKETS}
"""What S3 asks by itself about an absent object, to choose between 404 and 403: buckets of others
are not listed."""
NOT_SEEN_EVERYWHERE = {
    # an ingest of more than eight seconds renews its lease (tests/component/ingest/test_lease.py):
    # on a quick machine the files of these tests take less
    ("IngestFunction", "Uploads", "dynamodb:UpdateItem"),
    # files of the mirror are removed an hour after others have taken their place
    # (tests/component/mirror/test_mirror.py)
    ("RollupFunction", "Mirror", "s3:DeleteObject"),
}


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
    asked = [each for each in noted if (each.action, each.resource) not in NOT_GRANTED]
    assert not [each for each in asked if each.answer == "Deny" or each[:3] not in granted]


def test_every_grant_is_used(noted: list[Decision], request: pytest.FixtureRequest) -> None:
    ran = {item.path.name for item in request.session.items}
    missing = sorted({path.name for path in HERE.glob("test_*.py")} - ran)
    if missing:
        pytest.skip(f"only part of the integration tests ran; without {', '.join(missing)}")
    granted = {(grant.function, grant.sid, grant.action) for grant in grants(optional=True)}
    names = {function for function, _, _ in granted}
    used = {(function_of(each, names), each.sid, each.action) for each in noted}

    unused = granted - used - NOT_SEEN_EVERYWHERE
    unused = {grant for grant in unused if (grant[0], grant[2]) not in NOT_SEEN_HERE}
    assert not unused, f"grants that no test exercises: take them away, or test {sorted(unused)}"


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
