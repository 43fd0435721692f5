"""The bytes of a file as far as they are here: the rest is fetched when it is looked at."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Flag

from swath_core.errors import Unavailable

from ._footer import Chunk, Span

NEAR_BYTES = 1 << 20
"""Bytes that cost about as much as another request: ranges closer than this are fetched as one, and
files no larger whole. In processor time a request is worth 4 MB, in waiting less than half of one:
see docs/analytics.md."""

Fetch = Callable[[int, int], bytes]
"""Returns the bytes of a file from one place to another. Raises LostFileError."""


class LostFileError(Unavailable):
    """An object that a manifest names is gone, or is not what was written."""


class Wanted(Flag):
    """What is fetched of a file at first: attributes always, ``SPACE`` is footprints and boxes."""

    ATTRIBUTES = 0
    CENTROIDS = 1
    SPACE = 2
    EVERYTHING = 3


class FileContent:
    """A file whose chunks are here, and compared with their checksums, when they were asked for.

    ``data`` is as large as the file, and of any value where nothing was fetched.
    """

    def __init__(self, size: int, fetch: Fetch) -> None:
        self.data = bytearray(size)
        self._fetch = fetch
        self._here: list[Span] = []
        self._good: set[Span] = set()

    @classmethod
    def whole(cls, data: bytes) -> FileContent:
        """Return a file that is here, and was compared as a whole."""
        content = cls(0, _nothing)
        content.data = bytearray(data)
        content._good = _Everything()
        return content

    def put(self, start: int, data: bytes) -> None:
        """Add bytes that were fetched."""
        self.data[start : start + len(data)] = data
        self._here.append((start, start + len(data)))

    def need(self, chunks: Sequence[Chunk]) -> None:
        """Have chunks here. Raises LostFileError where one is not as it was written."""
        wanted = [each for each in chunks if each.data not in self._good]
        for start, end in _joined(each.data for each in wanted if not self._has(each.data)):
            self.put(start, self._fetch(start, end))
        view = memoryview(self.data)
        for each in wanted:
            start, end = each.data
            if zlib.crc32(view[start:end]) != each.crc:
                message = f"a file's bytes {start} to {end} are not as they were written"
                raise LostFileError(message)
            self._good.add(each.data)

    def _has(self, span: Span) -> bool:
        return any(start <= span[0] and span[1] <= end for start, end in self._here)


class _Everything(set[Span]):
    """All spans there are."""

    def __contains__(self, span: object) -> bool:
        return True


def _nothing(start: int, end: int) -> bytes:
    message = f"bytes {start} to {end} of a file that is here"
    raise AssertionError(message)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield ranges that hold all spans, those that are near together as one."""
    first = last = None
    for start, end in sorted(spans):
        if first is None or last is None:
            first, last = start, end
        elif start - last <= NEAR_BYTES:
            last = max(last, end)
        else:
            yield first, last
            first, last = start, end
    if first is not None and last is not None:
        yield first, last
