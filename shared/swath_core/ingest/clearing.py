"""Clearing up after uploads that are final: nothing stays that no image refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath_core.documents import Document
from swath_core.store.uploads import StaleUpload
from swath_core.uploads import Step, Upload, machine

from .keys import upload_prefix

if TYPE_CHECKING:
    from .attempt import Bucket, Images, UploadRecords


def own_files(image: Document | None, objects: Bucket) -> set[str]:
    """Return the keys of an image's files that lie in the data bucket."""
    prefix = objects.href("")
    hrefs = [str(file.get("href") or "") for file in (image.get("files") or [])] if image else []
    return {href.removeprefix(prefix) for href in hrefs if href.startswith(prefix)}


def clear(
    uploads: UploadRecords, objects: Bucket, images: Images, upload: Upload, step: Step
) -> None:
    """Delete what a final upload leaves behind, as far as it is time to.

    The files it was sent go at once; those of a failed drop and those of an image that was
    replaced stay until ``due``. Doing it again does no harm.
    """
    is_due = upload.due is None or upload.due <= step.now
    if upload.door != "drop":
        _clear_arrivals(objects, upload)
    elif upload.status == "success" or is_due:
        for part in (*upload.parts, *upload.companions):
            if part.arrived:
                objects.delete_version(part.key, part.etag)
    kept = own_files(images.get(upload.image_id), objects)
    if upload.outputs is not None:
        found = {entry.key for entry in objects.under(upload.outputs)}
        objects.delete(sorted(found - kept))
    if upload.due is None or not is_due:
        return
    objects.delete(sorted(set(upload.replaced) - kept))
    try:
        uploads.save(machine.settle(upload), upload)
    except StaleUpload:
        return  # somebody else cleared it


def _clear_arrivals(objects: Bucket, upload: Upload) -> None:
    for key, parts in upload.multipart.items():
        objects.abort_parts(key, parts)
    objects.delete([entry.key for entry in objects.under(upload_prefix(upload.id))])
