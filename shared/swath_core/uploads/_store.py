"""The Uploads table: one item per upload, every step conditional on the one before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pynamodb.transactions import TransactWrite

from swath_core.settings import Settings
from swath_core.store.requests import Changes, ConditionError, explained
from swath_core.store.tables import UploadItem, bind, is_key
from swath_core.times import format_timestamp, parse_timestamp

from ._record import Lease, Upload

_SWEEP = "due"
_FIRST_DELAY = timedelta(minutes=1)
_LONGEST_DELAY = timedelta(minutes=50)  # at least one failure an hour: what the alarm looks for
_MOST_DOUBLINGS = 10
_DAY = timedelta(days=1)
_REMEMBERED_SECONDS = 400 * 86_400


class StaleUpload(Exception):
    """Another step was taken since the upload was read: read it again and decide anew."""


class UploadStore:
    """Uploads in DynamoDB. Reads by id are consistent; the index by product is not."""

    def __init__(self, settings: Settings) -> None:
        bind(UploadItem, settings)

    def get(self, upload_id: str) -> Upload | None:
        """Return an upload: one consistent GetItem."""
        if not is_key(upload_id):
            return None
        try:
            return _upload(UploadItem.get(upload_id, consistent_read=True))
        except UploadItem.DoesNotExist:
            return None

    def everything(self) -> Iterator[tuple[str, Upload | None]]:
        """Yield all uploads by id, None for a damaged one: a Scan, for operators only."""
        with explained():
            for item in UploadItem.scan(consistent_read=True):
                try:
                    yield item.id, _upload(item)
                except (KeyError, TypeError, ValueError):
                    yield item.id, None

    def create(self, upload: Upload) -> Upload:
        """Store a new upload and return it with its version. Raises StaleUpload if it exists."""
        return self._put(upload, UploadItem.id.does_not_exist(), 1)

    def save(self, upload: Upload, previous: Upload, holder: str | None = None) -> Upload:
        """Store the step from ``previous`` and return the upload with its new version.

        ``holder`` is the token of the attempt that takes the step. A step of anybody else holds
        only if the attempt that has the lease stayed silent. Raises StaleUpload.
        """
        condition = UploadItem.version == previous.version
        if previous.lease is not None and previous.lease.token != holder:
            condition &= UploadItem.lease_until == previous.lease.until
        return self._put(upload, condition, previous.version + 1)

    def change(
        self, upload_id: str, step: Callable[[Upload], Upload], *, stored: Upload | None = None
    ) -> Upload | None:
        """Take a step from an upload as it is now, and return the upload after it.

        ``step`` returns its argument where there is nothing to change. It is asked again where
        another step came between reading and writing. ``stored`` is the upload where the caller
        has just read it. Returns None where there is no such upload.
        """
        upload = stored or self.get(upload_id)
        while upload is not None:
            after = step(upload)
            if after is upload:
                return upload
            try:
                return self.save(after, upload)
            except StaleUpload:
                upload = self.get(upload_id)
        return None

    def _put(self, upload: Upload, condition: Any, version: int) -> Upload:
        item = _item(upload, version)
        try:
            item.save(condition=condition)
        except ConditionError as error:
            stored = self.get(upload.id)
            if stored is not None and _is_same(stored, upload, version):
                return stored  # our own first try was applied; its answer was lost
            raise StaleUpload(upload.id) from error
        return replace(upload, version=version)

    def renew(self, upload: Upload, lease: Lease) -> bool:
        """Prolong a lease; False where it is not this attempt's any more."""
        try:
            UploadItem(upload.id).update(
                actions=[UploadItem.lease_until.set(lease.until)],
                condition=UploadItem.lease_token == lease.token,
            )
        except ConditionError:
            return False
        return True

    def lease_check(self, upload_id: str, token: str) -> Changes:
        """Return what adds to a transaction the condition that an attempt still has its lease.

        It fails from the moment at which another attempt took over, or the upload became final.
        """

        def check(write: TransactWrite) -> None:
            condition = UploadItem.lease_token == token
            write.condition_check(UploadItem, upload_id, condition=condition)

        return check

    def of_product(self, product_id: str) -> Iterator[Upload]:
        """Yield the uploads of a product, the newest first, as the index shows them."""
        rows = UploadItem.by_product.query(product_id, scan_index_forward=False)
        for row in rows:
            yield _upload(row)

    def failed(self, since: str, until: str) -> Iterator[Upload]:
        """Yield uploads that failed in a span of time (canonical timestamps), the newest first.

        A Query for each day of it, as the index shows them; times are those of failing.
        """
        first, day = parse_timestamp(since).date(), parse_timestamp(until).date()
        while day >= first:
            between = UploadItem.failed_at.between(since, until)
            rows = UploadItem.by_failure.query(day.isoformat(), between, scan_index_forward=False)
            yield from map(_upload, rows)
            day -= _DAY

    def due(self, now: str, limit: int = 200) -> list[str]:
        """Return the ids of uploads that the sweep must look at by now, the longest due first."""
        rows = UploadItem.by_due.query(_SWEEP, UploadItem.due <= now, limit=limit)
        return [row.id for row in rows]

    def postpone(self, upload_id: str, now: str) -> int:
        """Let the sweep look at an upload later, after it failed; return how often it has.

        The record itself need not be readable. Any later step of the upload starts anew. An
        upload that is not due any more is left alone.
        """
        try:
            item = UploadItem.get(upload_id, attributes_to_get=["id", "sweep_failures"])
            failures = int(item.sweep_failures or 0) + 1
            UploadItem(upload_id).update(
                actions=[
                    UploadItem.due.set(_later(now, failures)),
                    UploadItem.sweep_failures.set(failures),
                ],
                condition=UploadItem.due <= now,
            )
        except (ConditionError, UploadItem.DoesNotExist):
            return 0
        return failures


def sweep_delay(failures: int) -> timedelta:
    """Return how long the sweep waits after so many failures on one upload."""
    doublings: int = min(failures - 1, _MOST_DOUBLINGS)
    return min(_FIRST_DELAY * (1 << doublings), _LONGEST_DELAY)


def _later(now: str, failures: int) -> str:
    return format_timestamp(parse_timestamp(now) + sweep_delay(failures))


def _item(upload: Upload, version: int) -> UploadItem:
    lease = upload.lease
    failed = upload.modified if upload.status == "failure" else None
    return UploadItem(
        upload.id,
        product_id=upload.product_id,
        created=upload.created,
        document=upload.to_json(),
        version=version,
        lease_token=lease.token if lease else None,
        lease_until=lease.until if lease else None,
        sweep=_SWEEP if upload.due else None,
        due=upload.due,
        failed_on=failed[:10] if failed else None,
        failed_at=failed,
        expires=int(parse_timestamp(upload.modified).timestamp()) + _REMEMBERED_SECONDS,
    )


def _upload(item: UploadItem) -> Upload:
    lease = Lease(item.lease_token, item.lease_until) if item.lease_token else None
    return Upload.from_json(
        item.document,
        id=item.id,
        product_id=item.product_id,
        created=item.created,
        version=int(item.version),
        lease=lease,
        due=item.due,
    )


def _is_same(stored: Upload, upload: Upload, version: int) -> bool:
    """Return whether what is stored is the upload: leases may have been prolonged since."""
    return replace(stored, lease=None) == replace(upload, version=version, lease=None)
