"""Uploads that failed lately, by reason: what differs between two alike is left out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from swath_core.uploads import Upload, UploadStore

from ._letters import last_trouble

MOST_READ = 2000
"""Failures that are looked at, the newest ones."""
MOST_REASONS = 50

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_UNKNOWN = "its log does not say why"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in the words of the latest of the uploads that failed for it."""

    count: int
    latest: Upload
    message: str


@dataclass(frozen=True, slots=True)
class Failures:
    """``count`` uploads failed, for ``reasons``: the most frequent ones, these first.

    ``is_whole`` is False where more failed than were looked at.
    """

    count: int
    reasons: tuple[Reason, ...]
    is_whole: bool


def failures_since(uploads: UploadStore, since: str, now: str) -> Failures:
    """Return the uploads that failed from ``since`` to ``now`` (canonical timestamps)."""
    found = list(islice(uploads.failed(since, now), MOST_READ))
    return Failures(len(found), tuple(by_reason(found)[:MOST_REASONS]), len(found) < MOST_READ)


def by_reason(uploads: Iterable[Upload]) -> list[Reason]:
    """Return the reasons of failed uploads, which come newest first."""
    groups: dict[str, list[Upload]] = {}
    for upload in uploads:
        groups.setdefault(_alike(upload), []).append(upload)
    reasons = [Reason(len(each), each[0], _message(each[0])) for each in groups.values()]
    return sorted(reasons, key=lambda reason: -reason.count)


def _alike(upload: Upload) -> str:
    """Return an upload's reason without its own names and without numbers."""
    text = _message(upload)
    keys = [part.key for part in upload.parts]
    names = [part.name for part in upload.parts]
    for own in (*keys, upload.image_id, upload.product_id, upload.id, *names):
        text = text.replace(own, "…")
    return _NUMBER.sub("…", text)


def _message(upload: Upload) -> str:
    return last_trouble(upload) or _UNKNOWN
