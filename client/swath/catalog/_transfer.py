"""Files to signed URLs: several at a time, each streamed from disk, tried again from its start."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from swath.errors import BadRequestError, ForbiddenError, SwathError, UploadError
from swath.http import Client, HttpSession
from swath.progress import Bar

WORKERS = 4
_ATTEMPTS = 8
_BLOCK = 1 << 20
_TIMEOUT = 300.0  # seconds without a byte moving


@dataclass(frozen=True, slots=True)
class Transfer:
    """A file or a part of one, where it goes, and whom to tell when it has arrived.

    `renewed` makes another URL once the first has expired. `offset` and `length` in bytes.
    """

    path: Path
    url: str
    arrived: Callable[[], None]
    renewed: Callable[[], str]
    offset: int = 0
    length: int | None = None


class MeteredFile(io.RawIOBase):
    """A file, or `length` bytes of it from `offset`, that tells a bar what is read of it.

    The HTTP layer sends it in blocks. Rewinding, as a retry does, takes the progress back.
    """

    def __init__(self, path: Path, bar: Bar, offset: int = 0, length: int | None = None) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._bar = bar
        self._start = offset
        left = path.stat().st_size - offset
        self._size = left if length is None else min(left, length)
        self._read = 0
        self._file.seek(offset)

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, never more than a mebibyte at once."""
        most = min(_BLOCK, self._size - self._read)
        block = self._file.read(most if size is None or size < 0 else min(size, most))
        self._read += len(block)
        self._bar.update(len(block))
        return block

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move, and take back what was counted."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._read, io.SEEK_END: self._size}[whence]
        position = self._file.seek(self._start + origin + offset) - self._start
        if position != self._read:
            self._bar.update(position - self._read)
            self._read = position
        return position

    def tell(self) -> int:
        """Where the next read begins."""
        return self._read

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def transfer(client: Client, files: Sequence[Transfer], bar: Bar) -> None:
    """Put every file at its URL, `WORKERS` at a time.

    All are tried, even when one fails for good; then UploadError names those that did not arrive.
    """
    http = _patient(client)
    with ThreadPoolExecutor(max(min(WORKERS, len(files)), 1)) as pool:
        running = [(item, pool.submit(_put, http, item, bar)) for item in files]
        failed = [(item, error) for item, job in running if (error := job.exception())]
    http.close()
    unexpected = [error for _, error in failed if not isinstance(error, SwathError | OSError)]
    if unexpected:
        raise unexpected[0]
    if failed:
        reasons = "; ".join(f"{item.path.name}: {error}" for item, error in failed)
        raise UploadError(f"{len(failed)} of {len(files)} files did not arrive: {reasons}")


def _put(http: HttpSession, item: Transfer, bar: Bar) -> None:
    with MeteredFile(item.path, bar, item.offset, item.length) as body:
        try:
            _put_at(http, item.url, body)
        except (ForbiddenError, BadRequestError):  # expired: the URL, or the session behind it
            _put_at(http, item.renewed(), body)
    item.arrived()


def _put_at(http: HttpSession, url: str, body: MeteredFile) -> None:
    http.request(
        "PUT",
        url,
        data=body if len(body) else b"",
        headers={"Content-Type": "application/octet-stream"},
        signed=True,
        read_timeout=_TIMEOUT,
    )


def _patient(client: Client) -> HttpSession:
    """A session of its own: more attempts than an ordinary request is worth."""
    attempts = max(_ATTEMPTS, client.settings.attempts)
    return HttpSession(replace(client.settings, attempts=attempts), client.tokens)
