"""One attempt to make an image of an upload: from its files to ``success`` or ``failure``.

The order of steps is what makes it safe to die anywhere. COGs are written under a prefix that
belongs to the upload and is noted in its record first; the image is published in one transaction
under the upload's own token, so doing it again changes nothing; the upload says ``success`` only
after that; what is left over goes last, and is found again by the next delivery or the sweep.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from swath_core.catalog import image_prefix
from swath_core.documents import Document
from swath_core.errors import Conflict, NotFound, SwathError
from swath_core.pixels import Decoder, FileResult, FileTask, Limits, Refused
from swath_core.store.bus import IMAGE_AVAILABLE, UPLOAD_FAILED
from swath_core.store.objects import Found, ObjectGone
from swath_core.store.uploads import StaleUpload
from swath_core.times import now as clock
from swath_core.uploads import Busy, Lease, Part, Step, Upload, machine

from . import derive
from .clearing import clear, own_files
from .keys import cog_name
from .plan import Plan, acquired, plan

BEAT_SECONDS = 8.0
_ROOM = 2.5
"""Disk that a file may take: itself, its overviews and its COG, in uncompressed pixels."""


class Interrupted(Exception):
    """The attempt ended without an outcome; another will follow."""


class UploadRecords(Protocol):
    """The part of :class:`swath_core.store.uploads.UploadStore` that attempts need."""

    def get(self, upload_id: str) -> Upload | None:
        """Return an upload."""
        ...

    def create(self, upload: Upload) -> Upload:
        """Store a new upload."""
        ...

    def save(self, upload: Upload, previous: Upload, holder: str | None = None) -> Upload:
        """Store a step."""
        ...

    def renew(self, upload: Upload, lease: Lease) -> bool:
        """Prolong a lease."""
        ...

    def due(self, now: str, limit: int = 200) -> list[str]:
        """Return the ids of overdue uploads."""
        ...


class Products(Protocol):
    """The part of the catalog that attempts need."""

    def product_with_bands(self, product_id: str) -> tuple[Document, list[Document]] | None:
        """Return a product and its bands."""
        ...


class Images(Protocol):
    """The part of :class:`swath_core.catalog.images_face.ImageCatalog` that attempts need."""

    def get(self, image_id: str) -> Document | None:
        """Return an image."""
        ...

    def replace(
        self,
        attributes: dict[str, Any],
        product: Document,
        *,
        request: str | None = None,
        expected_version: int | None = None,
    ) -> Document:
        """Save an image over whatever has its id."""
        ...


class Bucket(Protocol):
    """The part of :class:`swath_core.store.objects.Objects` that attempts need."""

    bucket: str

    def href(self, key: str) -> str:
        """Return the URL of a key."""
        ...

    def head(self, key: str) -> Found | None:
        """Describe an object."""
        ...

    def read(self, key: str, most: int) -> bytes:
        """Read a small object."""
        ...

    def download(self, key: str, etag: str, size: int, target: Path) -> None:
        """Fetch one version of an object."""
        ...

    def upload(self, source: Path, key: str) -> None:
        """Store a file."""
        ...

    def copy(self, source: str, etag: str, target: str) -> None:
        """Copy one version of an object."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects."""
        ...

    def delete_version(self, key: str, etag: str) -> None:
        """Delete an object unless it was replaced."""
        ...

    def under(self, prefix: str) -> Iterator[Found]:
        """List objects."""
        ...

    def abort_parts(self, key: str, upload: str) -> None:
        """Drop an upload in parts."""
        ...


class Announcer(Protocol):
    """The part of :class:`swath_core.store.bus.Bus` that attempts need."""

    def announce(self, kind: str, detail: dict[str, Any]) -> None:
        """Put an event on the bus."""
        ...


@dataclass(frozen=True)
class Workshop:
    """Everything that an attempt works with; tests put failing or in-memory parts in its place.

    ``now`` returns a canonical timestamp, ``hold`` keeps the message that started the attempt
    invisible to others for a number of seconds.
    """

    uploads: UploadRecords
    products: Products
    images: Images
    objects: Bucket
    bus: Announcer
    decoder: Decoder
    now: Callable[[], str] = clock
    hold: Callable[[float], None] = lambda _: None
    component_id: str = "local"
    limits: Limits = field(default_factory=Limits)
    beat_seconds: float = BEAT_SECONDS

    def step(self, component: str = "ingest") -> Step:
        """Return a step of this component at this moment."""
        return Step(self.now(), component, self.component_id)


def run(workshop: Workshop, upload_id: str) -> None:
    """Bring a complete upload to its end; do nothing where it is not complete, or at its end.

    Raises Busy where another attempt is alive, and Interrupted or the cause where this one could
    not finish: the message that led here should then be delivered again.
    """
    token = uuid.uuid4().hex
    while True:
        upload = workshop.uploads.get(upload_id)
        if upload is None:
            return
        if upload.is_final:
            clear(workshop.uploads, workshop.objects, workshop.images, upload, workshop.step())
            return
        started = machine.start(upload, workshop.step(), token)
        if started is upload:
            return
        try:
            started = workshop.uploads.save(started, upload)
        except StaleUpload:
            continue
        if _Attempt(workshop, started, token).work():
            return


class _FilesChanged(Exception):
    """A file was sent again while the attempt was reading the one before."""


class _Attempt:
    """The state of one attempt; ``upload`` is always what was last saved or read."""

    def __init__(self, workshop: Workshop, upload: Upload, token: str) -> None:
        self.workshop = workshop
        self.upload = upload
        self.token = token
        self.seen = upload.parts

    def work(self) -> bool:
        """Do it. False asks for another round with the files as they are now."""
        try:
            with self._heart():
                self._make()
        except Refused as refusal:
            self._fail(str(refusal))
        except _FilesChanged:
            self._advance(machine.release, "a file was sent again")
            return False
        except ObjectGone as error:
            return self._restart_or_fail(error)
        except Interrupted:
            raise
        except Exception as error:
            self._release(error)
            raise
        clear(
            self.workshop.uploads,
            self.workshop.objects,
            self.workshop.images,
            self.upload,
            self.workshop.step(),
        )
        return True

    def _restart_or_fail(self, error: ObjectGone) -> bool:
        """A file vanished or changed under the attempt: its event is late, or it was deleted."""
        self._reload()
        if self.upload.parts != self.seen:
            self._advance(machine.release, "a file was sent again")
            return False
        found = self.workshop.objects.head(str(error))
        if found is None:
            self._fail(f"{error}: the file was deleted before it was read")
            return True
        if self.upload.door == "drop":
            self._fail(f"{error}: the file was replaced by a newer one, which is a new upload")
            return True
        self._advance(machine.release, f"{error} was sent again")
        raise Interrupted(str(error)) from error

    # -- the work itself

    def _make(self) -> None:
        upload = self.upload
        entry = self.workshop.products.product_with_bands(upload.product_id)
        if entry is None:
            raise Refused(f"there is no product {upload.product_id}")
        product, bands = entry
        wishes = plan(upload, product, bands)
        results: list[FileResult] = []
        files: list[dict[str, Any]] = []
        taken = ""
        for index, part in enumerate(upload.parts):
            with self._file(index, part, wishes) as (result, path):
                results.append(result)
                if index == 0:
                    taken = acquired(upload, product, result.acquired)
                    self._prepare(taken)
                files.append(self._store(index, part, result, path, wishes))
        values = derive.attributes(upload, results, files, taken, is_array=wishes.is_array)
        image = self._publish(values, product)
        self._announce(image)
        self._advance(machine.succeed, _usage(upload, results))

    @contextmanager
    def _file(self, index: int, part: Part, wishes: Plan) -> Iterator[tuple[FileResult, Path]]:
        """Yield what one file holds and where its COG lies; its disk space is freed after."""
        folder = Path(tempfile.mkdtemp(prefix="swath-"))
        try:
            self._check_disk(part, folder)
            source = folder / "source" / "file"
            source.parent.mkdir()
            self.workshop.objects.download(part.key, part.etag, part.size, source)
            task = FileTask(
                path=str(source),
                name=part.name,
                folder=str(folder),
                bands=wishes.bands[index],
                given=wishes.given,
                is_array=wishes.is_array,
                overviews=wishes.overviews,
                resampler=wishes.resampler,
                compression=wishes.compression,
                outline=wishes.outline,
                limits=self.workshop.limits,
            )
            result = self.workshop.decoder.process(task)
            yield result, Path(result.output) if result.output else source
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def _check_disk(part: Part, folder: Path) -> None:
        usage = shutil.disk_usage(folder)
        if part.size * _ROOM > usage.total:
            raise Refused(
                f"{part.name}: has {part.size} bytes; the ingest's disk of {usage.total} bytes "
                "cannot hold it together with its COG"
            )

    def _prepare(self, taken: str) -> None:
        """Note where COGs go and which files they replace, before the first is written."""
        upload = self.upload
        name = upload.image_id.rpartition(":")[2]
        day = taken[:10].replace("-", "/")
        outputs = f"{image_prefix(upload.product_id)}{day}/{name}/{upload.id}/"
        current = self.workshop.images.get(upload.image_id)
        mine = current is not None and _is_of(current, upload)
        replaced = (
            upload.replaced if mine else tuple(sorted(own_files(current, self.workshop.objects)))
        )
        self._advance(machine.prepare, outputs, replaced)

    def _store(
        self, index: int, part: Part, result: FileResult, path: Path, wishes: Plan
    ) -> dict[str, Any]:
        """Put a COG at its final key and return its entry in the image's files."""
        upload = self.upload
        names = [
            cog_name(
                other.name,
                number,
                len(upload.parts),
                upload.image_id.rpartition(":")[2],
                is_array=wishes.is_array,
            )
            for number, other in enumerate(upload.parts)
        ]
        name = names[index] if names.count(names[index]) == 1 else f"{index}-{names[index]}"
        key = f"{upload.outputs}{name}"
        if result.output is None:
            self.workshop.objects.copy(part.key, part.etag, key)
        else:
            self.workshop.objects.upload(path, key)
        return {
            "href": self.workshop.objects.href(key),
            "size_bytes": result.size_bytes,
            "hash": result.md5,
        }

    def _publish(self, values: dict[str, Any], product: Document) -> Document:
        try:
            return self.workshop.images.replace(values, product, request=self._request())
        except (Conflict, NotFound):
            raise
        except SwathError as error:
            raise Refused("; ".join(single.detail for single in error)) from error

    def _request(self) -> str:
        """Return the token of the image's write: of this upload and these versions of its files."""
        return f"{self.upload.id}/" + "-".join(part.etag[:8] for part in self.seen)[:200]

    def _announce(self, image: Document) -> None:
        self.workshop.bus.announce(
            IMAGE_AVAILABLE,
            {
                "image_id": image.id,
                "product_id": self.upload.product_id,
                "upload_id": self.upload.id,
                "acquired": image.get("acquired"),
                "version": image.version,
                "files": [file["href"] for file in image.get("files")],
            },
        )

    # -- the record

    def _advance(self, step: Callable[..., Upload], *arguments: Any) -> None:
        """Take a step of the state machine as the holder of the lease.

        Raises Interrupted where the lease is lost, _FilesChanged where a file was sent again.
        """
        while True:
            moment = self.workshop.step()
            after = step(self.upload, moment, *arguments)
            if after.lease is not None:
                after = replace(after, lease=Lease(self.token, moment.after(machine.LEASE)))
            try:
                self.upload = self.workshop.uploads.save(after, self.upload, self.token)
            except StaleUpload:
                self._reload()
                if self.upload.parts != self.seen and step is not machine.release:
                    raise _FilesChanged from None
            else:
                return

    def _reload(self) -> None:
        upload = self.workshop.uploads.get(self.upload.id)
        if upload is None or upload.lease is None or upload.lease.token != self.token:
            raise Interrupted(f"upload {self.upload.id} was taken over by another attempt")
        self.upload = upload

    def _fail(self, message: str) -> None:
        """End the upload as a failure, unless its image is in the catalog after all."""
        current = self.workshop.images.get(self.upload.image_id)
        if current is not None and _is_of(current, self.upload):
            self._advance(machine.succeed, f"published before: {message}")
            return
        announce_failure(self.workshop.bus, self.upload, message)
        self._advance(machine.fail, message)

    def _release(self, error: Exception) -> None:
        """Let another attempt follow; after the last one, fail."""
        message = f"{type(error).__name__}: {error}"
        if self.upload.attempts >= machine.MOST_ATTEMPTS:
            self._fail(f"gave up after {self.upload.attempts} attempts: {message}")
        else:
            self._advance(machine.release, message)

    @contextmanager
    def _heart(self) -> Iterator[None]:
        """Keep the lease and the message while the attempt lives."""
        stop = threading.Event()

        def beat() -> None:
            while not stop.wait(self.workshop.beat_seconds):
                until = self.workshop.step().after(machine.LEASE)
                if not self.workshop.uploads.renew(self.upload, Lease(self.token, until)):
                    return
                self.workshop.hold(machine.LEASE.total_seconds())

        self.workshop.hold(machine.LEASE.total_seconds())
        thread = threading.Thread(target=beat, name="heart", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def announce_failure(bus: Announcer, upload: Upload, message: str) -> None:
    """Put ``swath.upload.failed`` on the bus."""
    bus.announce(
        UPLOAD_FAILED,
        {
            "upload_id": upload.id,
            "image_id": upload.image_id,
            "product_id": upload.product_id,
            "message": message[:2000],
        },
    )


def _is_of(image: Document, upload: Upload) -> bool:
    """Return whether an image was written by this upload."""
    return (image.request or "").startswith(f"{upload.id}/")


def _usage(upload: Upload, results: list[FileResult]) -> str:
    read = sum(part.size for part in upload.parts)
    written = sum(result.size_bytes for result in results)
    pixels = sum(result.width * result.height * result.bands for result in results)
    return f"{len(results)} files: {read} bytes read, {pixels} pixels, {written} bytes stored"


__all__ = ["Busy", "Interrupted", "Workshop", "announce_failure", "run"]
