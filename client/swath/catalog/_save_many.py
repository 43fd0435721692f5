"""Many new images at once: a stream of them, in chunks, several chunks at a time.

A chunk is one `POST /images/bulk`. Its idempotency key is the digest of its body, so a chunk that
is sent again, by a retry or by running the whole call again, saves nothing twice. At no time are
more than `workers` + 1 chunks held, however many images there are.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Self

from swath.arguments import public
from swath.errors import ConflictError, ServerError, SwathError, error_for
from swath.http import Client, default_client
from swath.progress import Bar, progress_bar

from ._enums import DocumentState
from ._included import Included
from ._named import NamedObject

MOST_IN_CHUNK = 1000
"""What the service takes in one request."""
_CHUNK_BYTES = 4_000_000  # of the 10 MB that a request may have
_CREATED = 201
_AGAIN = frozenset({429, 500, 503, 504})
_KEPT = 1000  # failures that a report holds


@public
@dataclass(frozen=True, slots=True)
class FailedImage:
    """An image that was not saved: its place among those given (from 0), itself, and why."""

    index: int
    image: NamedObject | Mapping[str, Any]
    error: Exception

    @property
    def id(self) -> str | None:
        """The image's id, where it has one."""
        given = self.image
        return given.get("id") if isinstance(given, Mapping) else getattr(given, "id", None)


@public
@dataclass(slots=True)
class SaveReport:
    """What became of many images.

    `failures` holds the first 1,000 that failed, by their place; `failed` counts all.
    """

    saved: int = 0
    existing: int = 0
    failed: int = 0
    requests: int = 0
    failures: list[FailedImage] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.saved:,} images saved"
        text += f", {self.existing:,} were there" if self.existing else ""
        text += f", {self.failed:,} failed" if self.failed else ""
        shown = [f"  {each.index}: {each.id}: {each.error}" for each in self.failures[:10]]
        more = [f"  and {self.failed - len(shown):,} more"] if self.failed > len(shown) else []
        return "\n".join([text, *shown, *more])

    def add(self, failure: FailedImage) -> None:
        """Count a failure, and keep it if there is room."""
        self.failed += 1
        if len(self.failures) < _KEPT:
            self.failures.append(failure)


@public
class BulkError(SwathError):
    """Of many images some were not saved: `report` says how many, which, and why."""

    def __init__(self, report: SaveReport) -> None:
        super().__init__(str(report))
        self.report = report

    def __reduce__(self) -> tuple[type[BulkError], tuple[SaveReport]]:
        return BulkError, (self.report,)


@dataclass(slots=True)
class _Chunk:
    """Images and their resources as JSON."""

    images: list[tuple[int, NamedObject]] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, index: int, image: NamedObject, text: bytes) -> None:
        self.images.append((index, image))
        self.texts.append(text)
        self.size += len(text) + 1

    def has_room(self, text: bytes, most: int) -> bool:
        return len(self.texts) < most and self.size + len(text) < _CHUNK_BYTES

    def body(self) -> bytes:
        return b'{"data":[' + b",".join(self.texts) + b"]}"


_Job = Future[tuple[_Chunk, list[dict[str, Any]], int]]


@dataclass(slots=True)
class _Load:
    """One call of `save_many`."""

    kind: type[NamedObject]
    client: Client
    exist_ok: bool
    bar: Bar
    report: SaveReport = field(default_factory=SaveReport)

    def run(
        self, given: Iterable[NamedObject | Mapping[str, Any]], most: int, workers: int
    ) -> None:
        """Save all; raises what a whole request failed with, after those on their way."""
        running: set[_Job] = set()
        with ThreadPoolExecutor(workers, thread_name_prefix="swath-save") as pool:
            for chunk in self._chunks(given, most):
                while len(running) >= workers:
                    running = self._collect(running)
                running.add(pool.submit(_send, chunk, self.client))
            while running:
                running = self._collect(running)

    def _collect(self, running: set[_Job]) -> set[_Job]:
        done, left = wait(running, return_when=FIRST_COMPLETED)
        for job in done:
            chunk, results, requests = job.result()
            self.report.requests += requests
            for (index, image), result in zip(chunk.images, results, strict=True):
                self._finish(index, image, result)
            self.bar.update(len(results))
        return left

    def _finish(self, index: int, image: NamedObject, result: dict[str, Any]) -> None:
        status = _status(result)
        if status == _CREATED:
            self.report.saved += 1
            _saved(image)
            return
        error = error_for(status, result, f"HTTP {status}")
        if self.exist_ok and isinstance(error, ConflictError):
            self.report.existing += 1
        else:
            self.report.add(FailedImage(index, image, error))

    def _chunks(
        self, given: Iterable[NamedObject | Mapping[str, Any]], most: int
    ) -> Iterator[_Chunk]:
        chunk = _Chunk()
        for index, each in enumerate(given):
            try:
                image, text = self._resource(each)
            except (SwathError, AttributeError, TypeError) as error:
                self.report.add(FailedImage(index, each, error))
                self.bar.update(1)
                continue
            if not chunk.has_room(text, most):
                yield chunk
                chunk = _Chunk()
            chunk.add(index, image, text)
        if chunk.texts:
            yield chunk

    def _resource(self, given: NamedObject | Mapping[str, Any]) -> tuple[NamedObject, bytes]:
        image = self.kind(**given) if isinstance(given, Mapping) else given
        if not isinstance(image, self.kind):
            raise TypeError(f"an Image or a mapping of its attributes is expected, not {given!r}")
        if image._state is not DocumentState.UNSAVED:
            raise SwathError(f"{image.id} is in the catalog already: change it by its own save()")
        image._before_create()
        attributes = {name: value for name, value in image._dump().items() if name != "id"}
        data = {"type": "image", "id": image.id, "attributes": attributes}
        return image, json.dumps(data, separators=(",", ":")).encode()


def _send(chunk: _Chunk, client: Client) -> tuple[_Chunk, list[dict[str, Any]], int]:
    """The results of a chunk, in its order, and how many requests it took.

    Where single images were put off by the service, the whole chunk goes again: what was saved is
    recognised by the key.
    """
    body = chunk.body()
    headers = {"Idempotency-Key": hashlib.sha256(body).hexdigest()}
    requests, attempt, before = 0, 0, len(chunk.texts) + 1
    while True:
        requests, attempt = requests + 1, attempt + 1
        answer = client.catalog("POST", "/images/bulk", data=body, headers=headers)
        results = answer.get("data")
        if not isinstance(results, list) or len(results) != len(chunk.texts):
            raise ServerError("the answer does not hold one result for each image")
        put_off = sum(_status(each) in _AGAIN for each in results)
        if not put_off:
            return chunk, results, requests
        attempt = 1 if put_off < before else attempt
        if not client.http.retries.again(attempt, None):
            return chunk, results, requests
        before = put_off
        time.sleep(client.http.retries.wait(attempt))


def _status(result: Mapping[str, Any]) -> int:
    try:
        return int(result["meta"]["status"])
    except (KeyError, TypeError, ValueError) as error:
        raise ServerError("a result of the answer has no status") from error


def _saved(image: NamedObject) -> None:
    """Make an image what was sent of it; `created` and the like are there after a reload."""
    attributes = {name: value for name, value in image._dump().items() if name != "id"}
    product = image.__dict__.get("_product")
    image._take({"id": image.id, "attributes": attributes}, Included({}))
    image.__dict__["_product"] = product


def save_all(  # noqa: PLR0913 - the options of `SavedInBulk.save_many`
    kind: type[NamedObject],
    images: Iterable[NamedObject | Mapping[str, Any]],
    *,
    chunk: int,
    workers: int,
    exist_ok: bool,
    ignore_failures: bool,
    progress: bool | None,
    client: Client,
    total: int | None = None,
) -> SaveReport:
    """What `SavedInBulk.save_many` does; `total` is how many images there are, where known."""
    if not 1 <= chunk <= MOST_IN_CHUNK:
        raise ValueError(f"chunk must be 1 to {MOST_IN_CHUNK}, not {chunk}")
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    bar = progress_bar(total or length(images), "save", "images", show=progress)
    load = _Load(kind, client, exist_ok, bar)
    try:
        load.run(images, chunk, workers)
    except Exception as error:
        error.add_note(f"until then: {load.report}\nthe same call again goes on from there")
        raise
    finally:
        bar.close()
    report = load.report
    report.failures.sort(key=lambda each: each.index)
    if report.failed and not ignore_failures:
        raise BulkError(report)
    return report


def length(images: Iterable[Any]) -> int | None:
    """How many images there are, or None for a stream."""
    return len(images) if isinstance(images, Sized) else None


@public
class SavedInBulk(NamedObject):
    """What images have beside `save`: saving many."""

    @classmethod
    def save_many(
        cls,
        images: Iterable[Self | Mapping[str, Any]],
        *,
        chunk: int = 500,
        workers: int = 8,
        exist_ok: bool = False,
        ignore_failures: bool = False,
        progress: bool | None = None,
        client: Client | None = None,
    ) -> SaveReport:
        """Save many new images: Image objects, or mappings of their attributes, from any iterable.

        The iterable is read as the service takes its images, `chunk` of them (at most 1,000, and 4
        MB) in a request, `workers` requests at a time; nothing else is held. A call that broke off
        may be made again: chunks that were saved are recognised, and with `exist_ok` images that
        are there are no failures, whoever saved them. Returns the report. Raises BulkError, which
        has the report, where images failed, unless `ignore_failures`; an error of a whole request
        (no access, no service) ends the call, with what was done in its notes.
        """
        return save_all(
            cls, images, chunk=chunk, workers=workers, exist_ok=exist_ok,
            ignore_failures=ignore_failures, progress=progress, client=client or default_client(),
        )  # fmt: skip
