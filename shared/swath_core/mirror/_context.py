"""What the mirror is kept with: where it is stored, when months are written, and what a run did."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from swath_core.store.manifests import ManifestStore
from swath_core.store.mirrored_months import Due, Group, Manifest
from swath_core.store.postings import PostingReader
from swath_core.store.rollups import RollupStore

from ._extras import DocumentReader, Extras
from ._files import MirrorFiles

QUIET_SECONDS = 900.0
LONGEST_SECONDS = 6 * 3600.0
BYTES_PER_SECOND = 2000.0
GRACE_SECONDS = 3600.0
"""How long objects stay that no manifest names: a reader may still hold an older one."""

FILE_ROWS = 50_000
"""Images after which a file ends; days are written together until they have so many."""

FILE_BYTES = 48_000_000
"""Bytes of postings after which a file ends: those of as many images with footprints of a few
corners are a third of it. Writers and readers hold a file in memory."""


@dataclass
class MirrorReport:
    """What one run did: months, images and bytes written, objects removed, and what was wrong.

    ``lost`` are months of which a reader missed a file, ``drifted`` days that differed from the
    postings; both are written again.
    """

    months: int = 0
    images: int = 0
    bytes: int = 0
    removed: int = 0
    waiting: int = 0
    lost: list[str] = field(default_factory=list)
    drifted: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Policy:
    """When months are written (see ``_keep``), and how large files become."""

    quiet: float = QUIET_SECONDS
    longest: float = LONGEST_SECONDS
    bytes_per_second: float = BYTES_PER_SECOND
    grace: float = GRACE_SECONDS
    file_rows: int = FILE_ROWS
    file_bytes: int = FILE_BYTES

    def is_changed(self, due: Due, now: float) -> bool:
        """Return whether a listed month is to be written, if its files are old enough."""
        is_listed = due.last > 0
        return is_listed and (now - due.last >= self.quiet or now - due.first >= self.longest)

    def is_swept(self, due: Due, now: float) -> bool:
        """Return whether objects of a listed month may be ones that nobody reads any more."""
        return 0 < due.sweep <= now

    def may_write(self, manifest: Manifest, now: float) -> bool:
        """Return whether a month's files are old enough to be written again."""
        if manifest.lost:
            return True
        stored = sum(file.bytes for file in manifest.files)
        return now - manifest.written >= stored / self.bytes_per_second

    def is_large(self, group: Group) -> bool:
        """Return whether files of days need not be written again with others."""
        stored = sum(file.bytes for file in group.files)
        return group.rows * 2 >= self.file_rows or stored * 2 >= self.file_bytes

    @property
    def draft_seconds(self) -> float:
        """How long a draft holds: its files are younger than what is removed."""
        return self.grace / 2


@dataclass(frozen=True)
class MirrorContext:
    """What the mirror is made of, and where it is kept.

    ``shards`` returns the shards of a product, ``extras`` the extra properties that it declares,
    whose values come from ``documents`` where postings do not hold them.
    """

    rollups: RollupStore
    manifests: ManifestStore
    postings: PostingReader
    files: MirrorFiles
    shards: Callable[[str], int] = lambda _: 1
    extras: Callable[[str], Extras] = lambda _: ()
    documents: DocumentReader | None = None
    clock: Callable[[], float] = time.time
    policy: Policy = Policy()
