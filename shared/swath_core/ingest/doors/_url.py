"""Presigned URLs: files that were declared with ``POST /uploads_v2`` and PUT to its URLs."""

from __future__ import annotations

from dataclasses import replace

from swath_core.ingest._context import IngestContext, ObjectCreated
from swath_core.store.objects import Objects
from swath_core.uploads import UPLOADS, Upload, machine, parse_upload_key, upload_prefix

from ._door import Door


class UrlDoor(Door):
    """Files under ``uploads/ID/INDEX/NAME``, each awaited by an upload on record."""

    name = "url"
    prefix = UPLOADS
    newer_file_is_new_upload = False

    def record(self, context: IngestContext, created: ObjectCreated) -> str | None:
        """Record that a file has arrived; an object that no upload awaits is deleted."""
        place = parse_upload_key(created.key)
        if place is None:
            return None
        upload_id, index = place
        upload = context.uploads.get(upload_id)
        if upload is None or not _awaits(upload, index, created.key):
            context.objects.delete([created.key])
            return None
        part = replace(
            upload.parts[index],
            etag=created.etag,
            size=created.size,
            sequencer=created.sequencer,
        )
        context.uploads.change(
            upload_id,
            lambda current: machine.arrive(current, context.step(), index, part),
            stored=upload,
        )
        return upload_id

    def delete_sources(self, objects: Objects, upload: Upload, *, is_due: bool) -> None:  # noqa: ARG002 - they go at once
        """Delete all that was sent, and what was begun in parts."""
        for key, parts in upload.multipart.items():
            objects.abort_parts(key, parts)
        objects.delete([entry.key for entry in objects.under(upload_prefix(upload.id))])


def _awaits(upload: Upload, index: int, key: str) -> bool:
    return index < len(upload.parts) and upload.parts[index].key == key
