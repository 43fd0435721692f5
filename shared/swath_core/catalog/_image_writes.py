"""The only writes of images.

Every write goes the same way: mark the dirty days, record on the product what its index is about
to hold, then change image and postings in one transaction.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from swath_core import times
from swath_core.documents import Attributes, Document, StoredImage
from swath_core.errors import Invalid, NotFound, SwathError, TooManyRequests
from swath_core.settings import Settings
from swath_core.store.bus import announce_deleted
from swath_core.store.images import ImageStore, StaleVersionError
from swath_core.store.objects import Objects
from swath_core.store.outbox import AT_ONCE, Note, Outbox
from swath_core.store.requests import Changes, together

from ._documents import check_version, exists, overtaken, stamped
from ._files import owned_keys
from ._image_commits import ImageCommits
from ._image_rules import changed_attributes, new_attributes

_LOG = logging.getLogger(__name__)

BULK_LIMIT = 1000
"""Images of one bulk request (10 MB and 30 s are the API's own limits)."""
_BULK_THREADS = 8
_BULK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class SavedImage(Document):
    """An image after a write, with the note of the objects that no image refers to any more.

    After :meth:`ImageWriter.delete` it is the image that was deleted. The note was written in the
    same transaction: :meth:`ImageWriter.clear` deletes its objects, or else the sweep does.
    """

    note: Note | None = None

    @classmethod
    def of(cls, image: Document, note: Note | None = None) -> SavedImage:
        """Return the saved form of a document."""
        return cls(
            image.kind,
            image.id,
            image.attributes,
            image.version,
            image.request,
            note,
        )


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one of many images: the saved image, or the error, never both."""

    index: int
    image: Document | None = None
    error: SwathError | None = None


class ImageWriter:
    """Writes images: document, postings and dirty marks together, or nothing.

    ``product`` in every method is the product's document as the caller just read it (to decide
    on access). ``request`` is the client's token of the request: a replay of a request that was
    already applied answers what it made instead of failing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._images = ImageStore(settings)
        self._commits = ImageCommits(settings, self._images)
        self._outbox = Outbox(settings)

    def clear(self, note: Note | None) -> None:
        """Delete the objects of a note and take it away; None is fine.

        What the image refers to again by now is left alone. Raises RuntimeError where S3 refuses.
        """
        if note is None:
            return
        kept = owned_keys(self.get(note.image_id), self._settings.data_bucket)
        Objects(self._settings).delete(sorted(set(note.keys) - kept))
        self._outbox.remove(note)

    def clear_now(self, note: Note | None) -> None:
        """Do what :meth:`clear` does; where that fails, it is left to the sweep."""
        try:
            self.clear(note)
        except Exception:  # noqa: BLE001 - whatever it is, the write is committed
            _LOG.exception("objects are left to the sweep")

    def postpone(self, note: Note, span: timedelta) -> None:
        """Let the sweep come back to a note later."""
        self._outbox.postpone(note, span)

    def unreachable(self, moment: str, limit: int) -> list[Note]:
        """Return notes of objects that are due to be deleted by a moment, at most ``limit``."""
        return self._outbox.due(moment, limit)

    def get(self, image_id: str) -> StoredImage | None:
        """Return an image as it is now, or None."""
        return self._images.get(image_id)

    def get_many(self, ids: Iterable[str]) -> dict[str, StoredImage]:
        """Return the images that exist out of ``ids``, by id."""
        return self._images.get_many(ids)

    def create(
        self, attributes: Mapping[str, Any], product: Document, *, request: str | None = None
    ) -> SavedImage:
        """Save a new image; its id is ``PRODUCT_ID:NAME``.

        Raises Invalid or Errors (422), Conflict (409) if the image exists and was not made by
        this very request, NotFound if the product is gone.
        """
        values = new_attributes(attributes, product, self._settings.data_bucket)
        image = _new_document(values, request)
        try:
            self._commits.commit(None, image, product)
        except StaleVersionError as error:
            stored = self.get(image.id)
            if stored is not None and stored.request == image.request:
                return SavedImage.of(stored)
            raise exists(image.id) from error
        return SavedImage.of(image)

    def replace(
        self,
        attributes: Mapping[str, Any],
        product: Document,
        *,
        request: str | None = None,
        expected_version: int | None = None,
        guard: Changes | None = None,
        keep: timedelta = AT_ONCE,
    ) -> SavedImage:
        """Save an image whether or not one of its id exists, as an ingest that overwrites does.

        Readers see the old image or the new one, never a mix; ``created`` stays. With
        ``expected_version`` (0: no image) only that version is replaced. ``guard`` adds a
        condition on another item to the transaction, ``keep`` is how long files that the image had
        stay for those who read them.
        Raises as :meth:`create`; Conflict if another writer came between or the guard refuses.
        """
        values = new_attributes(attributes, product, self._settings.data_bucket)
        fresh = _new_document(values, request)
        stored = self.get(fresh.id)
        if stored is not None and stored.request == fresh.request:
            return SavedImage.of(stored)
        check_version(fresh.id, stored, expected_version)
        if stored is None:
            return self._save(None, fresh, product, guard, keep)
        kept = fresh.attributes | {"created": stored.get("created")}
        return self._save(stored, stored.next_version(kept, fresh.request), product, guard, keep)

    def update(
        self,
        image_id: str,
        changes: Mapping[str, Any],
        product: Document,
        *,
        expected_version: int | None = None,
        request: str | None = None,
        stored: Document | None = None,
    ) -> SavedImage:
        """Change some attributes of an image; null clears one.

        ``stored`` is the image where the caller has just read it, to decide on access.
        Raises NotFound, Invalid or Errors, and Conflict if another writer came between.
        """
        stored = stored or self._existing(image_id)
        if request is not None and stored.request == request:
            return SavedImage.of(stored)
        check_version(image_id, stored, expected_version)
        values = changed_attributes(changes, stored, product, self._settings.data_bucket)
        values["modified"] = times.now()
        return self._save(stored, stored.next_version(values, _token(request)), product)

    def delete(
        self,
        image_id: str,
        *,
        expected_version: int | None = None,
        stored: Document | None = None,
    ) -> SavedImage:
        """Delete an image and its postings, and return what it was.

        The objects of its files are in ``note``; see :meth:`clear`.
        Raises NotFound, and Conflict if another writer came between.
        """
        stored = stored or self._existing(image_id)
        check_version(image_id, stored, expected_version)
        note = self._note(stored, None)
        self._write_or_conflict(stored, None, None, self._with(note))
        return SavedImage.of(stored, note)

    def remove(self, image_id: str, *, expected_version: int | None = None) -> None:
        """Delete an image, its postings and its objects, and announce it.

        Objects that S3 does not delete now are left to the sweep. Raises NotFound or Conflict.
        """
        deleted = self.delete(image_id, expected_version=expected_version)
        self.clear_now(deleted.note)
        announce_deleted(image_id, str(deleted.get("product_id")), self._settings)

    def bulk(
        self,
        items: Sequence[Mapping[str, Any]],
        product: Document,
        *,
        request: str | None = None,
    ) -> list[BulkResult]:
        """Save many new images of one product; one result per item, in order.

        Items are independent: a wrong one does not keep the others from being saved, and a
        replay with the same ``request`` answers the same. Raises Invalid for more than
        ``BULK_LIMIT`` items.
        """
        check_number(items)
        until = time.monotonic() + _BULK_SECONDS
        self._commits.rollups.mark(product.id, _days_of(items))

        def save(index: int, attributes: Mapping[str, Any]) -> BulkResult:
            token = None if request is None else f"{request}/{index}"
            try:
                return BulkResult(index, self._create_until(until, attributes, product, token))
            except SwathError as error:
                return BulkResult(index, error=error)

        with ThreadPoolExecutor(_BULK_THREADS) as threads:
            return list(threads.map(save, range(len(items)), items))

    def _create_until(
        self, until: float, attributes: Mapping[str, Any], product: Document, token: str | None
    ) -> SavedImage:
        if time.monotonic() > until:
            message = f"not tried within {_BULK_SECONDS:.0f} seconds: send it again"
            raise TooManyRequests(message)
        return self.create(attributes, product, request=token)

    def permit(self, product_id: str) -> Changes:
        """Return what makes a write depend on the product staying as it is from now on.

        The condition fails once the product was closed, to be deleted or to change its bands.
        Raises NotFound, and Unavailable while it is closed.
        """
        return self._commits.permit(product_id)

    def _existing(self, image_id: str) -> Document:
        stored = self.get(image_id)
        if stored is None:
            raise NotFound(f"Object not found: {image_id}")
        return stored

    def _save(
        self,
        before: Document | None,
        after: Document,
        product: Document,
        guard: Changes | None = None,
        keep: timedelta = AT_ONCE,
    ) -> SavedImage:
        note = self._note(before, after, keep)
        self._write_or_conflict(before, after, product, together(guard, self._with(note)))
        return SavedImage.of(after, note)

    def _note(
        self, before: Document | None, after: Document | None, keep: timedelta = AT_ONCE
    ) -> Note | None:
        """Return the note of what an image had before a write and has no more after it."""
        bucket = self._settings.data_bucket
        dropped = owned_keys(before, bucket) - owned_keys(after, bucket)
        return Note.of(before.id, dropped, keep) if before and dropped else None

    def _with(self, note: Note | None) -> Changes | None:
        return None if note is None else lambda write: self._outbox.add(write, note)

    def _write_or_conflict(
        self,
        before: Document | None,
        after: Document | None,
        product: Document | None,
        guard: Changes | None = None,
    ) -> None:
        try:
            self._commits.commit(before, after, product, guard)
        except StaleVersionError as error:
            image = after or before
            stored = self.get(image.id) if image else None
            if after is not None and stored is not None and stored.request == after.request:
                return  # our own first attempt was applied; only its answer was lost
            if after is None and stored is None:
                return
            raise overtaken(str(error)) from error


def check_number(items: Sequence[object]) -> None:
    """Raise Invalid for more images than one request may bring."""
    if len(items) > BULK_LIMIT:
        message = f"{len(items)} images were sent, but at most {BULK_LIMIT} are taken at once"
        raise Invalid(message, pointer="/data")


def _new_document(values: Attributes, request: str | None) -> Document:
    image_id = f"{values['product_id']}:{values['name']}"
    return Document("image", image_id, stamped(values), 1, _token(request))


def _token(request: str | None) -> str:
    """Return the client's token, or one of our own, to tell our own retries from other writers."""
    return request or uuid.uuid4().hex


def _days_of(items: Iterable[Mapping[str, Any]]) -> set[str]:
    days = set()
    for attributes in items:
        try:
            days.add(times.canonical_timestamp(attributes.get("acquired"))[:10])
        except ValueError:
            continue  # the item says so itself when its turn comes
    return days
