"""What a reader may take from files, and the files themselves, several at the same time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from swath_core.store.manifests import ManifestStore
from swath_core.store.mirrored_months import SCHEMA, Group, Manifest, MirrorFile
from swath_core.store.rollups import RollupState

from ._content import LostFileError, Wanted
from ._files import MirrorFiles
from ._footer import Bounds, may_touch
from ._read import MirrorColumns

_AT_ONCE = 6
"""Files that are fetched ahead: each takes up to 8 MB, and about 15 MB decoded."""


@dataclass(frozen=True, slots=True)
class MirrorPart:
    """Days (``01`` to ``31``) of a product's month that files tell as they are, and those files."""

    product_id: str
    month: str
    days: frozenset[str]
    group: Group


@dataclass(frozen=True, slots=True)
class MonthFile:
    """A file of a month, the ``number``-th (from 1) of ``total``, and the days that it tells."""

    month: str
    number: int
    total: int
    days: frozenset[str]
    file: MirrorFile


class MirrorReader:
    """Reads files in place of postings. ``clock`` is the time of day."""

    def __init__(
        self,
        manifests: ManifestStore,
        files: MirrorFiles,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._manifests = manifests
        self._files = files
        self._clock = clock

    def parts(self, product_id: str, state: RollupState) -> list[MirrorPart]:
        """Return what files tell of a product; ``state`` are its markers, read before this.

        All other days are to be read from postings. Every day is in one part at most.
        """
        return [
            part
            for month, manifest in self._months(product_id, state)
            for part in _parts(product_id, month, manifest, state)
        ]

    def files(self, product_id: str, state: RollupState) -> list[MonthFile]:
        """Return the files that tell something of a product, by month; ``state`` as above."""
        return [
            each
            for month, manifest in self._months(product_id, state)
            for each in _files(month, manifest, _clean(month, manifest, state))
            if each.days
        ]

    def file(self, product_id: str, month: str, number: int | None) -> MirrorFile | None:
        """Return a month's file by the number that it has now; None for the only one's number."""
        manifest = self._manifests.manifests(product_id, month, month).get(month, Manifest())
        files = manifest.files if manifest.schema == SCHEMA else ()
        if number is None:
            return files[0] if len(files) == 1 else None
        return files[number - 1] if 0 < number <= len(files) else None

    def _months(self, product_id: str, state: RollupState) -> Iterator[tuple[str, Manifest]]:
        months = state.months
        if months:
            manifests = self._manifests.manifests(product_id, min(months), max(months))
            for month in months:
                yield month, manifests.get(month, Manifest())

    def read(
        self,
        parts: Sequence[MirrorPart],
        within: Bounds | None = None,
        wanted: Wanted = Wanted.EVERYTHING,
    ) -> Iterator[tuple[MirrorPart, list[MirrorColumns] | None]]:
        """Yield parts with their files, in order; None where a file is not as it was written.

        With ``within`` (west, south, east, north) files are without what lies wholly outside, and
        those that do so altogether are not fetched; of the others what is ``wanted``, and more when
        it is looked at. Then LostFileError may be raised, too: see :meth:`lost`.

        A part with None is to be read from postings. Raises Unavailable where S3 does not answer.
        """
        if not parts:
            return
        waiting: deque[tuple[MirrorPart, list[Future[MirrorColumns]]]] = deque()
        with _threads() as threads:
            for part in parts:
                touched = [each for each in part.group.files if may_touch(each.bounds, within)]
                files = [
                    threads.submit(
                        self._files.columns,
                        part.product_id,
                        each,
                        within,
                        wanted,
                        part.group.extras,
                    )
                    for each in touched
                ]
                waiting.append((part, files))
                while sum(len(found) for _, found in waiting) >= _AT_ONCE:
                    yield self._read(*waiting.popleft())
            while waiting:
                yield self._read(*waiting.popleft())

    def _read(
        self, part: MirrorPart, files: Sequence[Future[MirrorColumns]]
    ) -> tuple[MirrorPart, list[MirrorColumns] | None]:
        try:
            return part, [each.result() for each in files]
        except LostFileError:
            self.lost(part)
            return part, None

    def lost(self, part: MirrorPart) -> None:
        """Take a part out of its manifest, of which a file is not as it was written.

        The schedule writes it again.
        """
        self._manifests.distrust(part.product_id, part.month, part.group, self._clock())


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """Return threads that fetch files; at the end those not begun are not fetched any more.

    Where S3 throttles, each takes many seconds to say so.
    """
    threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mirror")
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


def _parts(
    product_id: str, month: str, manifest: Manifest, state: RollupState
) -> Iterator[MirrorPart]:
    clean = _clean(month, manifest, state)
    for group in manifest.groups:
        days = group.days & clean
        if days:
            yield MirrorPart(product_id, month, days, group)


def _files(month: str, manifest: Manifest, clean: frozenset[str]) -> Iterator[MonthFile]:
    held = [(group.days & clean, file) for group in manifest.groups for file in group.files]
    for number, (days, file) in enumerate(held, 1):
        yield MonthFile(month, number, len(held), days, file)


def _clean(month: str, manifest: Manifest, state: RollupState) -> frozenset[str]:
    """Return the days of a month that its files tell as they are."""
    return manifest.clean - {day[8:] for day in state.dirty_months.get(month, ())}
