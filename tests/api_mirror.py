"""The API in this process with a mirror, and the schedule that keeps it, at a time set by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest

from swath_core.mirror import (
    Extras,
    Mirror,
    MirrorContext,
    MirrorFiles,
    Policy,
    declared_extras,
)
from swath_core.settings import settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.images import ImageStore
from swath_core.store.manifests import ManifestStore
from swath_core.store.objects import Objects
from swath_core.store.postings import DynamoPostings
from swath_core.store.rollups import MEMORY, SETTLED_SECONDS, RollupStore
from swath_core.summaries import LiveCounter, Rollup
from swath_dev.inprocess import InProcessApi, running_api

BUCKET = "swath-mirror"


@contextmanager
def mirrored_api() -> Iterator[InProcessApi]:
    """Run the API with a bucket for the mirror."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWATH_MIRROR_BUCKET", BUCKET)
        with running_api() as running:
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            yield running


def declared_by(product_id: str) -> Extras:
    """Return the extra properties that a product declares."""
    product = CatalogStore(settings()).product(product_id)
    return declared_extras(product.attributes) if product else ()


class Schedule:
    """The schedule, at a time that is moved by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.policy = Policy(file_rows=2)

    def clock(self) -> float:
        return time.time() + self.ahead

    def run(self) -> None:
        store = RollupStore(settings())
        postings = DynamoPostings(settings().need("postings_table"))
        files = MirrorFiles(Objects(settings(), "mirror_bucket"))
        manifests = ManifestStore(settings())
        self.ahead += SETTLED_SECONDS + 1
        Rollup(store, LiveCounter(postings), clock=self.clock).run(60)
        self.ahead += self.policy.longest + 1
        policy, clock = self.policy, self.clock
        context = MirrorContext(
            store,
            manifests,
            postings,
            files,
            extras=declared_by,
            documents=ImageStore(settings()),
            clock=clock,
            policy=policy,
        )
        report = Mirror(context).run(60)
        assert not report.failures
        MEMORY.forget()  # what was marked lately, by a clock that is not moved
