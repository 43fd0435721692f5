"""The sweep: gives up uploads that nobody finishes, and deletes what is due to go.

The scheduled function calls it every minute; it reads only what is due.
"""

from __future__ import annotations

from dataclasses import dataclass

from swath_core.uploads import StaleUpload, Upload, machine

from ._cleanup import clean_up
from ._context import IngestContext
from ._publication import announce_failure, is_published_by


@dataclass(frozen=True, slots=True)
class Swept:
    """How many uploads were due, given up, cleaned up, and which ones could not be."""

    due: int
    expired: int
    cleaned: int
    problems: tuple[str, ...] = ()


def sweep(context: IngestContext, limit: int = 200) -> Swept:
    """Look at the uploads that are due, at most ``limit``; the next sweep goes on.

    One that cannot be cleaned up does not keep the others: it is named in ``problems``.
    """
    expired = cleaned = 0
    problems: list[str] = []
    due = context.uploads.due(context.now(), limit)
    for upload_id in due:
        upload = context.uploads.get(upload_id)
        if upload is None:
            continue
        try:
            ended = upload if upload.is_final else _give_up(context, upload)
            expired += ended is not upload
            if ended.is_final:
                clean_up(context, ended, context.step("sweep"))
                cleaned += 1
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others go on
            problems.append(f"{upload_id}: {type(problem).__name__}: {problem}")
    return Swept(len(due), expired, cleaned, tuple(problems))


def _give_up(context: IngestContext, upload: Upload) -> Upload:
    """Fail an overdue upload, or find that it had succeeded; a live one is left alone."""
    step = context.step("sweep")
    ended = machine.expire(upload, step)
    if ended is upload:
        return upload
    if is_published_by(context.images.get(upload.image_id), upload):
        ended = machine.succeed(upload, step, "its image was found in the catalog")
    else:
        announce_failure(context, upload, ended.events[-1].message)
    try:
        return context.uploads.save(ended, upload)
    except StaleUpload:
        return upload
