"""What a reader may take from files, and the files themselves, several at the same time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from swath_core.store.manifests import Group, Manifest, ManifestStore
from swath_core.store.rollups import RollupState

from ._files import LostFileError, MirrorFiles
from ._footer import Bounds
from ._read import MirrorColumns

_AT_ONCE = 6
"""Parts that are fetched ahead: each takes up to 4 MB, and about 15 MB decoded."""


@dataclass(frozen=True, slots=True)
class MirrorPart:
    """Days (``01`` to ``31``) of a product's month that files tell as they are, and those files."""

    product_id: str
    month: str
    days: frozenset[str]
    group: Group


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
        months = state.months
        if not months:
            return []
        manifests = self._manifests.manifests(product_id, min(months), max(months))
        return [
            part
            for month in months
            for part in _parts(product_id, month, manifests.get(month, Manifest()), state)
        ]

    def read(
        self, parts: Sequence[MirrorPart], within: Bounds | None = None
    ) -> Iterator[tuple[MirrorPart, list[MirrorColumns] | None]]:
        """Yield parts with their files, in order; None where a file is not as it was written.

        With ``within`` (west, south, east, north) files are without what lies wholly outside.
        Such a part is to be read from postings. It is taken out of its manifest, and written
        again by the schedule. Raises Unavailable where S3 does not answer.
        """
        if not parts:
            return
        waiting: deque[tuple[MirrorPart, Future[list[MirrorColumns] | None]]] = deque()
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mirror") as threads:
            for part in parts:
                waiting.append((part, threads.submit(self._read, part, within)))
                if len(waiting) >= _AT_ONCE:
                    first, found = waiting.popleft()
                    yield first, found.result()
            while waiting:
                first, found = waiting.popleft()
                yield first, found.result()

    def _read(self, part: MirrorPart, within: Bounds | None) -> list[MirrorColumns] | None:
        try:
            return [self._files.columns(part.product_id, file, within) for file in part.group.files]
        except LostFileError:
            self._manifests.distrust(part.product_id, part.month, part.group, self._clock())
            return None


def _parts(
    product_id: str, month: str, manifest: Manifest, state: RollupState
) -> Iterator[MirrorPart]:
    clean = manifest.clean - {day[8:] for day in state.dirty_months.get(month, ())}
    for group in manifest.groups:
        days = group.days & clean
        if days:
            yield MirrorPart(product_id, month, days, group)
