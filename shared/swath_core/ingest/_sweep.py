"""The sweep: gives up uploads that nobody finishes, and deletes what is due to go.

The scheduled function calls it every minute; it reads only what is due.
"""

from __future__ import annotations

from dataclasses import dataclass

from swath_core.uploads import StaleUpload, Upload, machine

from ._attempt import clean_up
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

    One that cannot be cleaned up is named in ``problems`` and postponed, the longer the more often
    it failed: a sweep full of such uploads does not keep the others.
    """
    expired = cleaned = 0
    problems: list[str] = []
    due = context.uploads.due(context.now(), limit)
    for upload_id in due:
        try:
            was_given_up, is_cleaned = _look_at(context, upload_id)
            expired += was_given_up
            cleaned += is_cleaned
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others go on
            failures = _postpone(context, upload_id)
            problems.append(f"{upload_id} ({failures}): {type(problem).__name__}: {problem}")
    return Swept(len(due), expired, cleaned, tuple(problems))


def _look_at(context: IngestContext, upload_id: str) -> tuple[bool, bool]:
    """Give an upload up if it is time, and clean up if it is final; return what was done."""
    upload = context.uploads.get(upload_id)
    if upload is None:
        return False, False
    ended = upload if upload.is_final else _give_up(context, upload)
    if ended.is_final:
        clean_up(context, ended, context.step("sweep"))
    return ended is not upload, ended.is_final


def _postpone(context: IngestContext, upload_id: str) -> str:
    """Let the sweep come back later; return how often it has failed, or why that is unknown."""
    try:
        return f"failure {context.uploads.postpone(upload_id, context.now())}"
    except Exception as problem:  # noqa: BLE001 - then it is due again at the next run
        return f"not postponed: {type(problem).__name__}"


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
