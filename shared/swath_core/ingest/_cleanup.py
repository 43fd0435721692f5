"""After an upload is final, nothing stays in the bucket that no image refers to."""

from __future__ import annotations

from swath_core.catalog import owned_keys
from swath_core.uploads import StaleUpload, Step, Upload, machine

from ._context import IngestContext
from .doors import door_of


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
