"""Which files of others may be read, by their addresses alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swath_core.catalog import RemoteBuckets
from swath_core.settings import Settings

LISTED = RemoteBuckets(frozenset({"open-images", "more.open"}))


@pytest.mark.parametrize(
    ("href", "place"),
    [
        ("s3://open-images/a/b.tif", ("open-images", "a/b.tif")),
        ("s3://open-images/a%20b.TIFF", ("open-images", "a%20b.TIFF")),
        ("https://open-images.s3.amazonaws.com/a/b.tif", ("open-images", "a/b.tif")),
        ("https://open-images.s3.us-west-2.amazonaws.com/a.tif", ("open-images", "a.tif")),
        ("https://open-images.s3-us-west-2.amazonaws.com/a.tif", ("open-images", "a.tif")),
        (
            "https://open-images.s3.dualstack.us-west-2.amazonaws.com/a.tif",
            ("open-images", "a.tif"),
        ),
        ("https://more.open.s3.cn-north-1.amazonaws.com.cn/a.tif", ("more.open", "a.tif")),
        ("https://s3.us-west-2.amazonaws.com/open-images/a.tif", ("open-images", "a.tif")),
        ("https://s3.amazonaws.com/open-images/a%20%2B+b.tif", ("open-images", "a ++b.tif")),
    ],
)
def test_the_forms_of_an_objects_address(href: str, place: tuple[str, str]) -> None:
    assert LISTED.place(href) == place
    assert RemoteBuckets().place(href) is None
    assert LISTED.hold({"href": href})
    assert LISTED.hold({"provider_href": href})


@pytest.mark.parametrize(
    "href",
    [
        None,
        7,
        "",
        "s3://other/a.tif",
        "s3://open-images",
        "s3://open-images/",
        "s3://open-images/a.vrt",
        "s3://open-images/a.tif.aux.xml",
        "s3://open-images/../other/a.tif",
        "s3://open-images/a//b.tif",
        "s3://open-images/./a.tif",
        "s3://open-images/a.tif?x=.tif",
        "s3://open-images/a\n.tif",
        "s3://open-images@other/a.tif",
        "s3://OPEN-IMAGES/a.tif",
        "S3://open-images/a.tif",
        "/vsis3/open-images/a.tif",
        "/vsicurl/https://open-images.s3.amazonaws.com/a.tif",
        "gs://open-images/a.tif",
        "http://open-images.s3.amazonaws.com/a.tif",
        "https://open-images/a.tif",
        "https://169.254.169.254/open-images/a.tif",
        "https://open-images.s3.amazonaws.com.evil.example/a.tif",
        "https://evil.example/open-images.s3.amazonaws.com/a.tif",
        "https://open-images.s3.amazonaws.com@evil.example/a.tif",
        "https://evil.example#open-images.s3.amazonaws.com/a.tif",
        "https://open-images.s3.amazonaws.com:8080/a.tif",
        "https://open-images.s3xamazonaws.com/a.tif",
        "https://open-images.s3.amazonaws.com/%2e%2e/other/a.tif",
        "https://open-images.s3.amazonaws.com/a.tif?versionId=.tif",
        "https://open-images.s3.amazonaws.com/a%00.tif",
        "https://open-images.s3.amazonaws.com/a%3Fx.tif",
        "https://s3.amazonaws.com/other/a.tif",
    ],
)
def test_nothing_else_may_be_read(href: object) -> None:
    assert LISTED.place(href) is None


def test_the_catalogs_own_buckets_are_never_others() -> None:
    where = Settings.from_environment(
        {
            "SWATH_DATA_BUCKET": "data",
            "SWATH_RESULTS_BUCKET": "results",
            "SWATH_REMOTE_BUCKETS": "data, open-images,results,",
        }
    )
    assert RemoteBuckets.of(where).names == {"open-images"}
    paying = replace(where, requester_pays=("open-images", "data", "others"))
    assert RemoteBuckets.of(paying).paid == {"open-images"}
    assert not RemoteBuckets.of(where).paid
    assert not RemoteBuckets.of(replace(where, remote_buckets=())).names
    assert not RemoteBuckets.of(Settings.from_environment({})).names
