"""The deployed tables, reached from the test process with the functions' own stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from swath_core.settings import Settings
from swath_core.store.fast import DynamoClient
from swath_core.store.postings import DynamoPostings
from swath_dev.cloud import Deployed


@dataclass
class Tables:
    """Settings of the deployed functions, and a reader of the search index."""

    settings: Settings
    postings: DynamoPostings


@contextmanager
def tables_of(stack: Deployed) -> Iterator[Tables]:
    """Let stores of this process reach the stack's tables, as its administrator."""
    names = {
        f"SWATH_{kind.upper()}_TABLE": stack.outputs[f"{kind}Table"]
        for kind in ("Catalog", "Images", "Postings", "Uploads", "Rollups")
    }
    found = Settings.from_environment(
        names
        | {
            "SWATH_DATA_BUCKET": stack.bucket,
            "SWATH_MIRROR_BUCKET": stack.outputs["MirrorBucket"],
        }
    )
    with mock.patch.dict("os.environ", stack.cloud.environment):
        yield Tables(found, DynamoPostings(found.postings_table, DynamoClient()))
