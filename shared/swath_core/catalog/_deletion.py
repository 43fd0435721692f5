"""Deleting all that belongs to a product: the task ``delete_related_objects``, run in parts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from swath_core import times
from swath_core.documents import Attributes, Document
from swath_core.errors import Conflict, NotFound
from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore, ChangedError

from ._bands import product_with
from ._image_writes import ImageWriter
from ._related import RelatedObjects

_THREADS = 8
_MOST_ERRORS = 10

Remaining = Callable[[], float]
"""Returns the seconds that are left."""


def run_task(settings: Settings, product_id: str, remaining: Remaining) -> bool:
    """Go on deleting what belongs to a product while ``remaining()`` seconds are left.

    Return whether all is done; if not, the message has been put on the queue once more.
    Whatever was deleted before a crash stays deleted, and the rest is found again.
    """
    store = CatalogStore(settings)
    task = store.task(product_id)
    if task is None or task.get("status") != "RUNNING":
        return True
    return _Deletion(settings, store, task).run(remaining)


class _Deletion:
    """One run of the task."""

    margin_seconds = 15.0

    def __init__(self, settings: Settings, store: CatalogStore, task: Document) -> None:
        self._settings = settings
        self._store = store
        self._task = task
        self._images = ImageWriter(settings)
        self._related = RelatedObjects(store, settings)
        self._errors: list[str] = []

    def run(self, remaining: Remaining) -> bool:
        for ids in self._related.image_ids(self._task.id):
            self._progress(self._delete_images(ids))
            if self._errors:
                return self._finish("FAILURE")
            if remaining() < self.margin_seconds:
                self._related.send(self._task.id)
                return False
        self._progress(self._delete_bands())
        return self._finish("FAILURE" if self._errors else "SUCCESS")

    def _delete_images(self, ids: list[str]) -> int:
        """Delete images, then their objects: what a crash leaves of those is in the outbox."""
        images = list(self._images.get_many(ids).values())
        with ThreadPoolExecutor(_THREADS) as threads:
            return sum(threads.map(self._delete_image, images))

    def _delete_image(self, image: Document) -> int:
        try:
            self._images.remove(image.id)
        except NotFound:
            return 0
        except Conflict as error:
            self._error(f"{image.id}: {error.detail}")
            return 0
        return 1

    def _delete_bands(self) -> int:
        count = 0
        for _ in range(1000):
            found = self._store.product_with_bands(self._task.id)
            if not found or not found[1]:
                return count
            product, bands = found
            count += self._delete_band(product, bands)
        self._error("the bands keep changing")
        return count

    def _delete_band(self, product: Document, bands: list[Document]) -> int:
        band, *rest = bands
        try:
            self._store.delete_band(band, product, product_with(product, rest), None)
        except ChangedError:
            return 0
        return 1

    def _error(self, text: str) -> None:
        if len(self._errors) < _MOST_ERRORS:
            self._errors.append(text)

    def _progress(self, deleted: int) -> None:
        done = int(self._task.get("objects_deleted", 0)) + deleted
        self._save({"objects_deleted": done})

    def _finish(self, status: str) -> bool:
        self._save({"status": status, "errors": self._errors or None})
        return True

    def _save(self, changes: Attributes) -> None:
        now = times.now()
        started = times.parse_timestamp(self._task.get("start_datetime"))
        seconds = (times.parse_timestamp(now) - started).total_seconds()
        values: dict[str, Any] = {
            **self._task.attributes,
            "modified": now,
            "duration_in_seconds": seconds,
            **changes,
        }
        task = self._task.next_version(values, self._task.request)
        try:
            self._store.save_task(task)
        except ChangedError:
            # a second delivery of the message runs at the same time: count from where it is
            stored = self._store.task(self._task.id)
            task = stored or task
        self._task = task
