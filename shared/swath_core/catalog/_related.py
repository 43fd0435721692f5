"""Everything that belongs to a product: whether there is any, and deleting all of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from swath_core import times
from swath_core.access import Caller
from swath_core.documents import Attributes, Document
from swath_core.errors import Conflict, NotFound
from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore, ChangedError

from ._access import ProductAccess

if TYPE_CHECKING:
    from ._image_writes import ImageCatalog

TASK = "delete_related_objects"
KIND = "product_delete_task"
SILENT_SECONDS = 900
"""A task without progress for so long has died: it may be started again."""
_PAGE = 200
_THREADS = 8
_MOST_ERRORS = 10
_POLL_SECONDS = 0.4

Remaining = Callable[[], float]


class RelatedObjects:
    """The bands and images of a product."""

    def __init__(self, store: CatalogStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def exist(self, product_id: str) -> bool:
        """Return whether the product has bands or images."""
        found = self._store.product_with_bands(product_id)
        return bool(found and found[1]) or self.images_exist(product_id)

    def images_exist(self, product_id: str) -> bool:
        """Return whether the product has images: read from the index, consistently."""
        return any(True for _ in self.image_ids(product_id, limit=1))

    def image_ids(self, product_id: str, limit: int = _PAGE) -> Iterator[list[str]]:
        """Yield the ids of a product's images in lists of at most ``limit``, month by month."""
        from swath_core.index import split_key, time_partition  # noqa: PLC0415 - h3, on demand
        from swath_core.store.rollups import RollupStore  # noqa: PLC0415
        from swath_core.store.tables import PostingItem, bind  # noqa: PLC0415

        bind(PostingItem, self._settings)
        for month in RollupStore(self._settings).months(product_id):
            partition = time_partition(product_id, month, 0)
            rows = PostingItem.query(
                partition, consistent_read=True, page_size=limit, attributes_to_get=["pk", "sk"]
            )
            page: list[str] = []
            for row in rows:
                page.append(split_key(row.sk)[1])
                if len(page) == limit:
                    yield page
                    page = []
            if page:
                yield page

    # -- the task

    def start(
        self, access: ProductAccess, caller: Caller, product_id: str, request: str | None
    ) -> Document | None:
        """Begin to delete all bands and images; None where there are none.

        Raises NotFound, Forbidden, or Conflict while a task is under way.
        """
        access.ownable(caller, product_id)
        task = self._store.task(product_id)
        if task is not None and _is_running(task):
            if request is None or task.request != request:
                message = f"{product_id}: its related objects are being deleted already"
                raise Conflict(message)
        elif not self.exist(product_id):
            return None
        else:
            task = self._begin(product_id, task, request)
        self.send(product_id)
        return task

    def _begin(self, product_id: str, before: Document | None, request: str | None) -> Document:
        now = times.now()
        values = {
            "status": "RUNNING",
            "start_datetime": now,
            "duration_in_seconds": 0.0,
            "objects_deleted": 0,
            "errors": None,
            "modified": now,
        }
        task = (before or Document(KIND, product_id)).next_version(values, request)
        try:
            self._store.save_task(task)
        except ChangedError as error:
            message = f"{product_id}: its related objects are being deleted already"
            raise Conflict(message) from error
        return task

    def send(self, product_id: str) -> None:
        """Put the task on the queue (again)."""
        import boto3  # noqa: PLC0415 - a quarter of a second that reads need not pay

        boto3.client("sqs").send_message(
            QueueUrl=self._settings.need("tasks_queue_url"),
            MessageBody=json.dumps({"task": TASK, "product_id": product_id}),
        )

    def status(
        self, access: ProductAccess, caller: Caller, product_id: str, wait: float = 0.0
    ) -> Document:
        """Return the progress of the last task; a running one is awaited for ``wait`` seconds.

        Clients look again only after a minute: waiting a moment spares them that for most tasks.
        """
        access.readable(caller, product_id)
        until = time.monotonic() + wait
        while True:
            task = self._store.task(product_id)
            if task is None:
                return Document(KIND, product_id, {"status": "NONE"})
            if not _is_running(task) or time.monotonic() >= until:
                return task
            time.sleep(_POLL_SECONDS)


def _is_running(task: Document) -> bool:
    if task.get("status") != "RUNNING":
        return False
    silent = times.parse_timestamp(times.now()) - times.parse_timestamp(task.get("modified"))
    return silent.total_seconds() < SILENT_SECONDS


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
        from ._image_writes import ImageCatalog  # noqa: PLC0415 - not for the API's own reads

        self._settings = settings
        self._store = store
        self._task = task
        self._images: ImageCatalog = ImageCatalog(settings)
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
        """Delete images, their objects first: what a crash leaves is found by the next run."""
        from ._image_objects import delete_objects, objects_of  # noqa: PLC0415

        images = list(self._images.get_many(ids).values())
        hrefs = [href for image in images for href in objects_of(image, self._settings)]
        delete_objects(hrefs, self._settings)
        with ThreadPoolExecutor(_THREADS) as threads:
            return sum(threads.map(self._delete_image, images))

    def _delete_image(self, image: Document) -> int:
        from swath_core.store.bus import announce_deleted  # noqa: PLC0415

        from ._image_objects import delete_objects  # noqa: PLC0415

        try:
            deleted = self._images.delete(image.id)
        except NotFound:
            return 0
        except Conflict as error:
            self._error(f"{image.id}: {error.detail}")
            return 0
        delete_objects(deleted.unreferenced, self._settings)
        announce_deleted(image.id, str(image.get("product_id")), self._settings)
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
        from ._bands import product_with  # noqa: PLC0415 - bands need this module

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
