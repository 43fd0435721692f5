"""The policy for the drop folder that the operations page gives: one organisation, and no other."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import hypothesis.strategies as st
import pytest
from hypothesis import given
from moto.iam.access_control import IAMPolicy, PermissionResult

from swath_core.ingest.doors._drop import parse_drop_key
from swath_dev.build import ROOT

BUCKET = "swath-data"
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ORGS = ("acme", "acme-two", "acm", "globex")
WRITES = ("s3:PutObject", "s3:AbortMultipartUpload")
OTHERS = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObject", "s3:DeleteObjectVersion",
    "s3:ListBucket", "s3:PutObjectAcl", "s3:PutBucketPolicy", "s3:PutObjectTagging",
    "s3:BypassGovernanceRetention",
)  # fmt: skip


def policy(org: str) -> IAMPolicy:
    """Return the page's policy for one organisation."""
    found = re.search(r"<!-- drop policy -->\s*```json\n(.*?)```", PAGE, re.DOTALL)
    assert found, "the page has no policy"
    document = found[1].replace("BUCKET", BUCKET).replace("ORG", quote(org, safe=""))
    assert json.loads(document)["Version"] == "2012-10-17"
    return IAMPolicy(document)


def may(org: str, action: str, key: str, bucket: str = BUCKET) -> bool:
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    return policy(org).is_action_permitted(action, resource) is PermissionResult.PERMITTED


@pytest.mark.parametrize("action", WRITES)
def test_each_organisation_drops_files_of_its_own_products(action: str) -> None:
    for org in ORGS:
        for key in ("p/a.tif", "p/a.json", "p/a/one.tif", "p/%C3%A9/a.tif"):
            for other in ORGS:
                assert may(org, action, f"drop/{other}/{key}") == (org == other), (org, other)


@pytest.mark.parametrize("action", [*WRITES, *OTHERS])
def test_nothing_else_is_granted(action: str) -> None:
    for key in (
        "",
        "drop/",
        "drop/globex/p/a.tif",
        "uploads/u/0/a.tif",
        "images/acme/p/a.tif",
        "drop",
    ):
        assert not may("acme", action, key), key
    assert not may("acme", action, "drop/acme/p/a.tif", bucket="another")
    assert may("acme", action, "drop/acme/p/a.tif") == (action in WRITES)


pieces = st.sampled_from(
    ["acme", "globex", "acme-two", "p", "a.tif", "a.json", "..", ".", "", "drop", "%2e%2e", "%2F",
     "*", "?", "%3A", ":", "acme%3Aq", "globex%3Ap", "..%2F..%2Fglobex", "\u202e", " "]
)  # fmt: skip


@given(st.lists(pieces, max_size=7), st.sampled_from(["acme", "globex"]))
def test_no_key_that_is_granted_leads_to_products_of_another(steps: list[str], org: str) -> None:
    """As the ingest reads a key: dots and percent signs included."""
    key = "drop/" + "/".join(steps)
    drop = parse_drop_key(key)
    if drop is not None and may(org, "s3:PutObject", key):
        assert drop.product_id.startswith(f"{org}:")
        assert drop.image_id.startswith(f"{org}:")
    if drop is not None and drop.product_id.startswith(f"{org}:") and "%" not in steps[0]:
        assert may(org, "s3:PutObject", key)
