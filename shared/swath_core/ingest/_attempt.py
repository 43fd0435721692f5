"""One attempt to make an image of an upload: from its files to ``success`` or ``failure``.

The order of steps is what makes it safe to die anywhere. COGs are written under a prefix that
belongs to the attempt and is noted in the upload's record first; the image is published in one
transaction, under the upload's own token, so doing it again changes nothing, and only while the
attempt has the lease; the upload says ``success`` only after that; what is left over goes last,
and is found again by the next delivery or the sweep.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from swath_core.catalog import owned_keys
from swath_core.documents import Document
from swath_core.pixels import FileResult, Refused
from swath_core.store.objects import ObjectGone
from swath_core.uploads import Lease, StaleUpload, Upload, machine

from ._attributes import image_attributes
from ._cleanup import clean_up
from ._context import IngestContext
from ._files import output_prefix, processed, store_cog
from ._heartbeat import Heartbeat, Interrupted
from ._plan import Plan, acquired, plan_of
from ._publication import (
    announce_available,
    announce_failure,
    check_declarer,
    is_published_by,
    publish,
)
from .doors import door_of


class _FilesChanged(Exception):
    """A file was sent again while the attempt was at work."""


def run(context: IngestContext, upload_id: str) -> None:
    """Bring a complete upload to its end; do nothing where it is not complete, or at its end.

    Raises Busy where another attempt is alive, and Interrupted or the cause where this one could
    not finish: the message that led here should then be delivered again.
    """
    token = uuid.uuid4().hex
    while True:
        upload = context.uploads.change(
            upload_id, lambda current: machine.start(current, context.step(), token)
        )
        if upload is None:
            return
        if upload.lease is not None and upload.lease.token == token:
            upload = _Attempt(context, upload, token).work()
        elif not upload.is_final:
            return  # files are missing
        if upload.is_final:
            clean_up(context, upload, context.step())
            return


class _Attempt:
    """The state of one attempt; ``upload`` is always what was last saved or read.

    ``parts`` are the versions of the files that the attempt works on.
    """

    def __init__(self, context: IngestContext, upload: Upload, token: str) -> None:
        self.context = context
        self.upload = upload
        self.token = token
        self.parts = upload.parts

    def work(self) -> Upload:
        """Do it, and return the upload: final, or pending where a file was sent again."""
        try:
            self._make_image_or_fail()
        except _FilesChanged:
            self._advance(machine.release, "a file was sent again")
        return self.upload

    def _make_image_or_fail(self) -> None:
        try:
            with Heartbeat(self.context, self.upload, self.token) as heartbeat:
                self._make_image(heartbeat)
        except Refused as refusal:
            self._fail(str(refusal))
        except ObjectGone as error:
            self._after_lost_file(error)
        except (Interrupted, _FilesChanged):
            raise
        except Exception as error:
            self._release(error)
            raise

    # -- the work itself

    def _make_image(self, heartbeat: Heartbeat) -> None:
        entry = self.context.products.product_with_bands(self.upload.product_id)
        if entry is None:
            raise Refused(f"there is no product {self.upload.product_id}")
        product, bands = entry
        check_declarer(self.upload, product)  # and again when it is published: minutes may pass
        plan = plan_of(self.upload, product, bands)
        results, files, taken = self._process_files(product, plan, heartbeat)
        values = image_attributes(self.upload, results, files, taken, is_array=plan.is_array)
        heartbeat.check()
        image = publish(self.context, self.upload, values, product, self.token)
        announce_available(self.context, self.upload, image)
        self._advance(machine.succeed, _usage(self.upload, results))

    def _process_files(
        self, product: Document, plan: Plan, heartbeat: Heartbeat
    ) -> tuple[list[FileResult], list[dict[str, Any]], str]:
        """Return what the files hold, their entries in the image, and when it was acquired."""
        results: list[FileResult] = []
        files: list[dict[str, Any]] = []
        taken = ""
        for index, part in enumerate(self.parts):
            heartbeat.check()
            with processed(self.context, part, index, plan) as (result, path):
                results.append(result)
                if index == 0:
                    taken = acquired(self.upload, product, result.acquired)
                    self._prepare(taken)
                files.append(store_cog(self.context, self.upload, index, result, path))
        return results, files, taken

    def _prepare(self, taken: str) -> None:
        """Note where COGs go and which files they replace, before the first is written."""
        upload = self.upload
        current = self.context.images.get(upload.image_id)
        replaced = upload.replaced
        if not is_published_by(current, upload):
            replaced = tuple(sorted(owned_keys(current, self.context.objects.bucket)))
        self._advance(machine.prepare, output_prefix(upload, self.token, taken), replaced)

    # -- the record

    def _advance(self, step: Callable[..., Upload], *arguments: Any) -> None:
        """Take a step of the state machine as the holder of the lease.

        Raises Interrupted where the lease is lost, _FilesChanged where a file was sent again.
        """
        while True:
            moment = self.context.step()
            after = step(self.upload, moment, *arguments)
            if after.lease is not None:
                after = replace(after, lease=Lease(self.token, moment.after(machine.LEASE)))
            try:
                self.upload = self.context.uploads.save(after, self.upload, self.token)
            except StaleUpload:
                self._reload()
                if self.upload.parts != self.parts and step is not machine.release:
                    raise _FilesChanged from None
            else:
                return

    def _reload(self) -> None:
        upload = self.context.uploads.get(self.upload.id)
        if upload is None or upload.lease is None or upload.lease.token != self.token:
            raise Interrupted(f"upload {self.upload.id} was taken over by another attempt")
        self.upload = upload

    def _after_lost_file(self, error: ObjectGone) -> None:
        """A file vanished or changed under the attempt: its event is late, or it was deleted.

        Raises Interrupted where the event of the new file is still to come.
        """
        self._reload()
        if self.upload.parts != self.parts:
            raise _FilesChanged
        if self.context.objects.head(str(error)) is None:
            self._fail(f"{error}: the file was deleted before it was read")
        elif door_of(self.upload).newer_file_is_new_upload:
            self._fail(f"{error}: the file was replaced by a newer one, which is a new upload")
        else:
            self._advance(machine.release, f"{error} was sent again")
            raise Interrupted(str(error)) from error

    def _fail(self, message: str) -> None:
        """End the upload as a failure, unless its image is in the catalog after all.

        Raises _FilesChanged where what failed is not what was sent last, and Interrupted.
        """
        self._reload()
        if self.upload.parts != self.parts:
            raise _FilesChanged
        if is_published_by(self.context.images.get(self.upload.image_id), self.upload):
            self._advance(machine.succeed, f"published before: {message}")
            return
        announce_failure(self.context, self.upload, message)
        self._advance(machine.fail, message)

    def _release(self, error: Exception) -> None:
        """Let another attempt follow; after the last one, fail."""
        message = f"{type(error).__name__}: {error}"
        if self.upload.attempts >= machine.MOST_ATTEMPTS:
            self._fail(f"gave up after {self.upload.attempts} attempts: {message}")
        else:
            self._advance(machine.release, message)


def _usage(upload: Upload, results: list[FileResult]) -> str:
    read = sum(part.size for part in upload.parts)
    written = sum(result.size_bytes for result in results)
    pixels = sum(result.width * result.height * result.bands for result in results)
    usage = f"{len(results)} files: {read} bytes read, {pixels} pixels, {written} bytes stored"
    return "; ".join([usage, *(note for result in results for note in result.notes)])
