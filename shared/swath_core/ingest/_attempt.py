"""An object was created: record it with its upload, and once that is complete make its image.

The order of an attempt's steps is what makes it safe to die anywhere. COGs are written under a
prefix that belongs to the attempt and is noted in the upload's record first; the image is
published in one transaction, under the upload's own token, so doing it again changes nothing, and
only while the attempt has the lease; the upload says ``success`` only after that; what is left
over goes last, and is found again by the next delivery or the sweep.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from aws_lambda_powertools import Logger

from swath_core.catalog import owned_keys
from swath_core.documents import Document
from swath_core.errors import NotFound
from swath_core.pixels import FileResult, Refused
from swath_core.store.objects import ObjectGone
from swath_core.store.requests import Changes
from swath_core.uploads import Busy, Lease, StaleUpload, Step, Upload, machine

from ._context import IngestContext, ObjectCreated
from ._files import output_prefix, processed, store_cog
from ._plan import Plan, acquired, plan_of
from ._publication import (
    announce_available,
    announce_failure,
    check_declarer,
    image_attributes,
    is_published_by,
    publish,
)
from .doors import door_of, door_of_key

_LOG = Logger()  # the function's own: its lines carry what the request or message is called


class Interrupted(Exception):
    """The attempt ended without an outcome; another will follow."""


class _FilesChanged(Exception):
    """A file was sent again while the attempt was at work."""


def ingest(context: IngestContext, created: ObjectCreated) -> None:
    """Record an object, and bring its upload to its end if all of its files are there.

    Where an attempt is at work already, the message that began it is delivered again if it dies:
    another message has nothing to add, and need not be delivered again. Raises Busy where it is
    the same message, and Interrupted or the cause where this attempt could not finish: then it
    should be delivered again.
    """
    door = door_of_key(created.key)
    upload_id = door.record(context, created) if door else None
    if upload_id is None:
        return
    try:
        run(context, upload_id)
    except Busy as busy:
        if busy.runner == context.component_id:
            raise


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
        permit = self._permit()
        entry = self.context.products.product_with_bands(self.upload.product_id)
        if entry is None:
            raise Refused(f"there is no product {self.upload.product_id}")
        product, bands = entry
        check_declarer(self.upload, product)  # and again when it is published: minutes may pass
        plan = plan_of(self.upload, product, bands)
        results, files, taken = self._process_files(product, plan, heartbeat)
        values = image_attributes(self.upload, results, files, taken, is_array=plan.is_array)
        heartbeat.check()
        image = publish(self.context, self.upload, values, product, self.token, permit)
        announce_available(self.context, self.upload, image)
        self._advance(machine.succeed, _usage(self.upload, results))

    def _permit(self) -> Changes:
        """Return the condition that product and bands stay what the attempt is about to read."""
        try:
            return self.context.images.permit(self.upload.product_id)
        except NotFound as error:
            raise Refused(f"there is no product {self.upload.product_id}") from error

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


# ---- after the end


def clean_up(context: IngestContext, upload: Upload, step: Step) -> None:
    """Delete what a final upload leaves behind, as far as it is time to.

    The files it was made from go when its door says so; those of an image that was replaced stay
    until ``due``. Doing it again does no harm.
    """
    objects = context.objects
    is_due = upload.due is None or upload.due <= step.now
    door_of(upload).delete_sources(objects, upload, is_due=is_due)
    kept = owned_keys(context.images.get(upload.image_id), objects.bucket)
    for prefix in upload.outputs:
        found = {entry.key for entry in objects.under(prefix)}
        objects.delete(sorted(found - kept))
    if upload.due is None or not is_due:
        return
    objects.delete(sorted(set(upload.replaced) - kept))
    try:
        context.uploads.save(machine.settle(upload), upload)
    except StaleUpload:
        return  # somebody else has cleaned up


# ---- the lease, while an attempt works


class Heartbeat:
    """Renews the lease of one attempt and hides its message, for as long as the block runs.

    A beat that fails is logged and the next one tries again: a lease that ran out holds all the
    same until somebody takes it over. Only then is it lost, and :meth:`check` says so.
    """

    def __init__(self, context: IngestContext, upload: Upload, token: str) -> None:
        self._context = context
        self._upload = upload
        self._token = token
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Hide the message and begin to beat; the lease was taken just now."""
        self._hide_message()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop beating."""
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raise Interrupted where the lease was lost: what is left to do is another's to do."""
        if self._lost.is_set():
            raise Interrupted(f"upload {self._upload.id} was taken over by another attempt")

    def _run(self) -> None:
        while not self._stop.wait(self._context.heartbeat_seconds):
            self._hide_message()
            if not self._renew():
                self._lost.set()
                return

    def _renew(self) -> bool:
        """Renew the lease; False where it is somebody else's."""
        until = self._context.step().after(machine.LEASE)
        try:
            return self._context.uploads.renew(self._upload, Lease(self._token, until))
        except Exception:  # noqa: BLE001 - whatever it is, the next beat may do
            _LOG.exception("the lease of upload %s was not renewed", self._upload.id)
            return True

    def _hide_message(self) -> None:
        try:
            self._context.extend_visibility_timeout(machine.LEASE.total_seconds())
        except Exception:  # noqa: BLE001 - as above; the lease matters more
            _LOG.exception("the message of upload %s was not hidden", self._upload.id)
