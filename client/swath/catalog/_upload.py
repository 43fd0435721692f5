"""Uploads: files on their way to becoming an image."""

from __future__ import annotations

import time
import warnings
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from swath.arguments import public
from swath.errors import ConnectionFailedError, ServerError, UploadError
from swath.progress import Bar, progress_bar

from ._attribute import Attribute
from ._attributes import Integer, ListOf, Text, Timestamp
from ._generated import ImageUploadStatus, UploadAttributes, UploadEventAttributes
from ._included import Included
from ._object import CatalogObject
from ._structure import StructureAttribute
from ._transfer import Transfer, transfer

_PAUSES = (0.2, 0.3, 0.5, 1.0, 1.0, 2.0, 5.0)  # seconds between looks; the last one repeats
# only while files are expected
_SENT_ONCE = ("resumable_urls", "resumable_urls_expire", "part_urls", "part_bytes")


class ImageUploadEvent(UploadEventAttributes):
    """Something that happened to an upload."""

    id = Text(doc="Of the event.")

    def __str__(self) -> str:
        when = self.event_datetime.strftime("%H:%M:%S") if self.event_datetime else "--:--:--"
        return f"{when} {self.severity or '':8} {self.event_type or '':8} {self.message or ''}"


@public
class WatchedUpload(UploadAttributes, CatalogObject):
    """The part of ImageUpload that sends files and watches what becomes of them."""

    _kind = "image_upload"
    _collection = "uploads_v2"
    _include = "events"
    _sent: set[tuple[int, int]]

    resumable_urls_expire = Timestamp(
        read_only=True, doc="Until when the URLs certainly hold; `reload` brings new ones."
    )
    part_urls: Attribute[dict[str, list[str]] | None, None] = Attribute(
        read_only=True, doc="Where the parts of a file go that is too big for one request."
    )
    part_bytes = Integer(read_only=True, doc="Size of such a part.")
    events: ListOf[ImageUploadEvent] = ListOf(
        StructureAttribute(ImageUploadEvent), read_only=True, doc="What happened so far."
    )

    def wait_for_completion(
        self, timeout: float | None = None, *, raise_on_failure: bool = True
    ) -> None:
        """Return when the upload has ended; the image object is then what the catalog holds.

        Raises UploadError with the event log when it failed or was canceled (not with
        `raise_on_failure=False`), TimeoutError after `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        looks = 0
        self._look()
        while not self._ended:
            pause = _PAUSES[min(looks, len(_PAUSES) - 1)]
            if end is not None and time.monotonic() + pause > end:
                raise TimeoutError(
                    f"upload {self.id} is {self.status} after {timeout} s\n{self.event_log}"
                )
            time.sleep(pause)
            looks += 1
            self._look()
        if self.status == ImageUploadStatus.SUCCESS:
            self._succeeded()
        elif raise_on_failure:
            raise UploadError(f"upload of {self.image_id}: {self.status}\n{self.event_log}")

    def cancel(self) -> None:
        """Stop it, if it has not gone too far. Raises ConflictError when it has."""
        self._patch_status(ImageUploadStatus.CANCELED)

    def resume(
        self, files: str | Path | Iterable[str | Path], *, progress: bool | None = None
    ) -> None:
        """Send the files that have not arrived yet, then let the upload go on.

        For an upload that was interrupted, in this process or an earlier one; `files` are those of
        the first time, in the same order. Files that this process knows to have arrived are not
        sent again.
        """
        self.reload()
        if self.status != ImageUploadStatus.TRANSFERRING:
            return
        paths = as_paths(files)
        bar = progress_bar(total_size(paths), "upload", "B", show=progress)
        try:
            self._send_files(paths, bar)
        finally:
            bar.close()

    @property
    def event_log(self) -> str:
        """The events as lines of text, oldest first."""
        events = sorted(self.events, key=lambda event: str(event.event_datetime or ""))
        return "\n".join(map(str, events)) or "(no events)"

    @abstractmethod
    def _succeeded(self) -> None:
        """The image is in the catalog now."""

    @property
    def _ended(self) -> bool:
        return isinstance(self.status, ImageUploadStatus) and self.status.final

    def _look(self) -> None:
        try:
            self.reload()
        except (ServerError, ConnectionFailedError) as error:
            warnings.warn(f"still waiting for upload {self.id}: {error}", stacklevel=3)

    def _send_files(self, paths: Sequence[Path], bar: Bar) -> None:
        urls = self.resumable_urls
        if len(urls) != len(paths):
            raise UploadError(
                f"the service expects {len(urls)} files for upload {self.id}, not {len(paths)}"
            )
        transfer(self.client, list(self._missing(paths, urls)), bar)
        self._patch_status(ImageUploadStatus.PENDING)

    def _missing(self, paths: Sequence[Path], urls: Sequence[str]) -> Iterator[Transfer]:
        """What has not arrived yet: whole files, or parts of a file too big for one request."""
        parts = self.part_urls or {}
        for index, (path, url) in enumerate(zip(paths, urls, strict=True)):
            places = parts.get(str(index)) or [url]
            length = self.part_bytes if len(places) > 1 else None
            for number, place in enumerate(places):
                if (index, number) not in self._sent:
                    arrived = partial(self._sent.add, (index, number))
                    renewed = partial(self._new_url, index, number)
                    yield Transfer(path, place, arrived, renewed, number * (length or 0), length)

    def _new_url(self, index: int, number: int) -> str:
        """Where a file or part goes whose URL has expired; what arrived before stays."""
        body = self.client.catalog("GET", self._path(self._saved_id()))
        attributes = body["data"]["attributes"]
        parts = (attributes.get("part_urls") or {}).get(str(index))
        urls = parts or attributes.get("resumable_urls")
        if not urls:
            raise UploadError(f"upload {self.id} takes no more files: {attributes.get('status')}")
        return str(urls[number if parts else index])

    def _patch_status(self, status: ImageUploadStatus) -> None:
        with self._must_exist():
            self._send("PATCH", self._path(self._saved_id()), {"status": str(status)})

    def _take(self, resource: dict[str, Any], included: Included) -> None:
        listed = (resource.get("relationships") or {}).get("events") or {}
        events_sent = [
            included.get("image_upload_event", item["id"]) for item in listed.get("data", [])
        ]
        attributes = dict(resource.get("attributes") or {})
        events = [{**event["attributes"], "id": event["id"]} for event in events_sent if event]
        if events or "events" not in attributes:
            attributes["events"] = events
        known_before = self.__dict__.get("_wire") or {}
        for name in _SENT_ONCE:
            if not attributes.get(name) and known_before.get(name):
                attributes[name] = known_before[name]
        super()._take({**resource, "attributes": attributes}, included)
        self.__dict__.setdefault("_sent", set())

    def _shown(self) -> list[tuple[str, object]]:
        identity, *rest = super()._shown()
        return [identity, ("image", self.image_id), ("status", self.status), *rest]

    def __repr__(self) -> str:
        text = super().__repr__()
        if not self.events:
            return text
        log = "\n".join(f"    {line}" for line in self.event_log.splitlines())
        return f"{text}\n  events:\n{log}"


def as_paths(files: str | Path | Iterable[str | Path]) -> list[Path]:
    """One path or several. Raises ValueError without any, FileNotFoundError for what is no file."""
    listed = [files] if isinstance(files, str | Path) else list(files)
    paths = [Path(item) for item in listed]
    if not paths:
        raise ValueError("no files to upload")
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is no file")
    return paths


def total_size(paths: Iterable[Path]) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in paths)
