"""Everything that belongs to a product: whether there is any, and the task that deletes it all.

The task itself is run in the background (``_deletion``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from swath_core import times
from swath_core.access import Caller
from swath_core.documents import Document
from swath_core.errors import Conflict
from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore, ChangedError
from swath_core.store.permits import Permits

from ._access import ProductAccess

TASK = "delete_related_objects"
KIND = "product_delete_task"
SILENT_SECONDS = 900
"""A task without progress for so long has died: it may be started again."""
SETTLE_SECONDS = 0.25
"""How long a transaction that was committed just before a condition of it went may be invisible, in
part or whole, to a Query: ten times what a transaction takes."""
_PAGE = 200
_POLL_SECONDS = 0.4


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

    def image_ids(
        self, product_id: str, limit: int = _PAGE, acquired_before: str | None = None
    ) -> Iterator[list[str]]:
        """Yield the ids of a product's images in lists of at most ``limit``, month by month.

        Of those alone that were acquired before a canonical timestamp, if it is given.
        """
        from swath_core.index import split_key, time_partition  # noqa: PLC0415 - h3, on demand
        from swath_core.store.rollups import RollupStore  # noqa: PLC0415
        from swath_core.store.tables import PostingItem, bind  # noqa: PLC0415

        bind(PostingItem, self._settings)
        product = self._store.product(product_id)
        shards = product.shards if product else 1
        earlier = PostingItem.sk < acquired_before if acquired_before else None
        for month in RollupStore(self._settings).months(product_id):
            if acquired_before and month > acquired_before[:7]:
                return
            for shard in range(shards):
                rows = PostingItem.query(
                    time_partition(product_id, month, shard),
                    earlier,
                    consistent_read=True,
                    page_size=limit,
                    attributes_to_get=["pk", "sk"],
                )
                ids = (split_key(row.sk)[1] for row in rows)
                while page := list(islice(ids, limit)):
                    yield page

    @contextmanager
    def closed(self, product: Document) -> Iterator[float]:
        """Keep new bands and images out of a product while the block runs; yield its token.

        No image that was decided on before can be committed any more: what is found in the block
        is all there is. Ended by an error, the product is open again; otherwise the block has
        deleted or opened it. Raises ChangedError where it is not as given.
        """
        token = self._store.close_product(product)
        try:
            time.sleep(SETTLE_SECONDS)  # permits that were being taken
            if Permits(self._settings).revoke(product.id):
                time.sleep(SETTLE_SECONDS)
            yield token
        except BaseException:
            self._store.reopen_product(product, token)
            raise

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
